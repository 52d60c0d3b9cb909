"""Question and answer between the server and the systems."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from maru.simulator.outside.ledger import Ledger
from maru.simulator.outside.model import System

MOST = 1000
JSON = "application/json;charset=UTF-8"
XML = "application/xml;charset=UTF-8"
REFUSED = ("wrong", "bad", "expired", "unknown")
_PARTS = 5000


@dataclass(frozen=True)
class Question:
    """One request to a system. ``path`` lies below the system's name, percent-decoded."""

    path: str
    query: Mapping[str, str]
    now: float
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def number(self, name: str, default: int) -> int:
        """A whole number of the query; ``default`` if it is none."""
        value = self.query.get(name, "")
        return int(value) if value.isdigit() else default


@dataclass
class Answer:
    """``body`` may come in parts. ``span`` are the records in it; ``tag`` names the state that it shows ("" if it cannot be asked
    for conditionally)."""

    body: bytes | Iterator[bytes]
    type: str = JSON
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    span: tuple[int, int] = (0, 0)
    tag: str = ""


def origin(system: System) -> str:
    """Scheme and host of the real provider: links in answers lead there, and the house finds its way to here by itself."""
    parts = urlsplit(system.address)
    return f"{parts.scheme}://{parts.netloc}"


def refused(key: str) -> bool:
    """Whether a key is not accepted. Any key is, unless it says itself that it is none."""
    return not key or key.lower().startswith(REFUSED)


def page(ledger: Ledger, now: float, offset: int, size: int) -> tuple[int, int, int]:
    """First and one past the last record of a page that begins ``offset`` rows into what is shown, and how many are shown."""
    low, high = ledger.visible(now)
    first = min(low + max(0, offset), high)
    return first, min(high, first + max(0, size)), high - low


def tag(ledger: Ledger, first: int, end: int, more: str = "") -> str:
    """Names the content of records [first, end)."""
    faults = ledger.faults
    return f'"{first:x}-{end:x}{"-renamed" if faults.renamed else ""}{more and "-"}{more}"'


def parts(first: int, end: int) -> Iterator[tuple[int, int]]:
    """Portions of a long answer."""
    for low in range(first, end, _PARTS):
        yield low, min(end, low + _PARTS)


def moment(text: str) -> float | None:
    """Unix time of an ISO text (without zone: nine hours ahead of UTC); None if it is none."""
    try:
        found = dt.datetime.fromisoformat(
            text.strip().strip("'").replace(" ", "+") if "T" in text else text.strip()
        )
    except ValueError:
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=dt.timezone(dt.timedelta(hours=9)))
    return found.timestamp()
