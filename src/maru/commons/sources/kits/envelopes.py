"""What an answer was: rows, none, or a fault. A result code of the body always counts before the HTTP status.

Public servers answer 200 on errors and say in words what they mean, so that words count where codes are unknown or doubtful.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from maru.commons.sources.contracts import JSON, Answer, DeadRow, RawRows, SourceFault
from maru.commons.sources.kits import bodies
from maru.commons.sources.kits.words import NONE, by_words

_KEPT = 64 * 1024
OK = "ok"


@dataclass(frozen=True)
class Envelope:
    """One good answer. ``total`` is the provider's count of all pages; ``next`` its link or token to the next page;
    ``partial`` says that the provider gave less than was asked for (a sample key, for instance)."""

    rows: RawRows
    total: int | None = None
    next: str = ""
    dead: tuple[DeadRow, ...] = ()
    partial: bool = False


EMPTY = Envelope(rows=[], total=0)


def require(code: str, provider_code: str, message: str, raw: bytes = b"") -> bool:
    """True for an answer with rows, False for one without any; raises SourceFault for every other ``code``."""
    if code == OK:
        return True
    if code == NONE:
        return False
    raise SourceFault(code, f"{provider_code} {message}".strip()[:300], raw=raw[:_KEPT])


def settle(answer: Answer, read: Callable[[bytes, str], Envelope]) -> Envelope:
    """Read an answer by its body first and by its status where the body says nothing. Raises SourceFault."""
    content_type = answer.headers.get("content-type", "")
    if answer.status == 204:
        return EMPTY
    if answer.status < 400:
        return read(answer.body, content_type)
    try:
        read(answer.body, content_type)
    except SourceFault as fault:
        if fault.code not in ("malformed", "empty", "server"):
            raise with_wait(fault, answer.headers) from fault
    raise status_fault(answer)


def status_fault(answer: Answer) -> SourceFault:
    """What an HTTP status of 400 and more means."""
    status = answer.status
    codes = {401: "refused_key", 403: "refused_key", 404: "not_found", 408: "timeout", 410: "not_found",
             413: "too_large", 429: "quota", 504: "timeout"}  # fmt: skip
    code = codes.get(status, "server" if status >= 500 else "bad_request")
    said = " ".join(bodies.text_of(answer.body[:2000]).split())
    if said[:1] == "<":
        said = bodies.page_title(said)
    if status in (400, 403, 500, 503) and (words := by_words(said)) in ("quota", "refused_key"):
        code = words
    return with_wait(
        SourceFault(code, f"HTTP {status}: {said[:200]}", raw=answer.body[:_KEPT]), answer.headers
    )


def with_wait(fault: SourceFault, headers: Mapping[str, str]) -> SourceFault:
    """The fault with the provider's Retry-After, in seconds."""
    text = headers.get("retry-after", "").strip()
    wait: float | None = None
    if text.isdigit():
        wait = float(text)
    elif text:
        try:
            wait = max(0.0, (parsedate_to_datetime(text) - dt.datetime.now(dt.UTC)).total_seconds())
        except (TypeError, ValueError):
            wait = None
    return SourceFault(
        fault.code,
        fault.detail,
        raw=fault.raw,
        retry_after_s=min(wait, 86_400.0) if wait is not None else None,
    )


def count(value: JSON) -> int | None:
    """A provider's count, whatever it was written as; None where it is none."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = int(float(str(value).replace(",", "").strip()))
    except (ValueError, OverflowError):
        return None
    return number if number >= 0 else None


def rows_of(value: JSON) -> list[JSON]:
    """Rows of a list, of one object that stands for a list of one, or of nothing."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and value:
        return [value]
    return []
