"""Tags of answers, as pages and programs compare them."""

from __future__ import annotations


def matches(given: str, etag: str) -> bool:
    """Whether an If-None-Match names this tag, weakened by a packer or not."""
    if not given:
        return False
    return given.strip() == "*" or etag in {
        one.strip().removeprefix("W/").replace('-gzip"', '"') for one in given.split(",")
    }
