"""What pages and the front of the interfaces know of keys and of use: frozen dataclasses, no models."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

# The key that everyone may use, for the first rows only.
SAMPLE = "sample"
SAMPLE_ROWS = 5
INTERFACES = ("path", "ckan", "soda", "ogc", "rest", "dcat", "openapi")


@dataclass(frozen=True)
class KeyView:
    """A key as its owner sees it. ``key`` is filled only in the answer that makes it; nobody can show it again."""

    id: int
    shown: str
    purpose: str
    per_minute: int
    per_day: int
    made_at: dt.datetime
    ends_at: dt.datetime | None
    revoked_at: dt.datetime | None
    live: bool
    calls_today: int = 0
    key: str = ""


@dataclass(frozen=True)
class KeyGrant:
    """What a valid key allows: for the front, which looks at it in each call."""

    id: int
    per_minute: int
    per_day: int
    calls_today: int
    ends_at: dt.datetime | None


@dataclass(frozen=True)
class UseRow:
    """Calls and rows on one day (UTC), or of one interface, or of one dataset: ``name`` says which."""

    name: str
    calls: int
    rows: int
    refused: int


@dataclass(frozen=True)
class UseReport:
    """The public statistics of the interfaces for ``since`` to ``until`` (both days included)."""

    since: dt.date
    until: dt.date
    calls: int
    rows: int
    refused: int
    days: tuple[UseRow, ...]  # name: ISO day, each day of the span
    interfaces: tuple[UseRow, ...]  # most called first
    datasets: tuple[UseRow, ...]  # name: slug, most called first, at most 20
