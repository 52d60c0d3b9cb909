"""Where the next page is: in the Link header, or at one of the places where JSON APIs put it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from maru.commons.sources.contracts import JSON
from maru.commons.sources.kits import shapes

_HEADER = re.compile(r"<([^>]{1,4000})>([^<]*)")
_NEXT = re.compile(r"""rel\s*=\s*["']?(?:[\w-]+\s+)*next\b""", re.IGNORECASE)
_PLACES = (
    ("next",),
    ("links", "next"),
    ("_links", "next"),
    ("@odata.nextLink",),
    ("@iot.nextLink",),
    ("nextLink",),
    ("next_url",),
    ("next_page_url",),
    ("paging", "next"),
    ("pagination", "next"),
    ("pagination", "next_url"),
    ("meta", "next"),
)


def in_header(headers: Mapping[str, str]) -> str:
    """The address of rel=next in a Link header, "" if there is none."""
    for address, parameters in _HEADER.findall(headers.get("link", "")):
        if _NEXT.search(parameters):
            return str(address)
    return ""


def in_document(document: JSON) -> str:
    """The address of the next page in a document, "" if there is none."""
    if not isinstance(document, dict):
        return ""
    links = document.get("links", document.get("link"))
    if isinstance(links, list):
        for link in links:
            if isinstance(link, dict) and (link.get("rel") or link.get("relation")) == "next":
                return str(link.get("href") or link.get("url") or "")
    for place in _PLACES:
        value = shapes.pick(document, place)
        if isinstance(value, dict):
            value = value.get("href")
        if isinstance(value, str) and value.startswith(("http://", "https://", "/", "?")):
            return value
    return ""
