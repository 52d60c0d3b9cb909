"""What the runner hands to the ledger when rows are safe in the lake, or an attempt has failed. Plain dataclasses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from maru.commons.sources.contracts import DeadRow


@dataclass(frozen=True)
class LatestRow:
    """The newest value of one series within a delivery."""

    series: str
    key: str
    labels: str
    number: float | None
    text: str
    unit: str
    at: dt.datetime


@dataclass(frozen=True)
class DriftChange:
    """An alarm that opens, or closes (``closed``)."""

    kind: str
    name: str
    becomes: str = ""
    closed: bool = False


@dataclass(frozen=True)
class Health:
    """How a source stands after this: written as it is over what was."""

    state: str
    last_ok_at: dt.datetime | None
    last_value_at: dt.datetime | None
    last_try_at: dt.datetime | None
    next_at: dt.datetime | None
    failures: int
    error: str
    error_detail: str
    error_at: dt.datetime | None
    drift: int


@dataclass(frozen=True)
class Place:
    """Where to go on from: cursor and validators as JSON text."""

    cursor: str
    validators: str


@dataclass
class Settlement:
    """One step of one source. ``then`` runs once all of it is committed (spool files are removed there)."""

    source: str
    at: dt.datetime
    health: Health
    place: Place | None = None
    latest: list[LatestRow] = field(default_factory=list)
    dead: list[DeadRow] = field(default_factory=list)
    dead_count: int = 0  # of a flood not every letter is kept
    drift: list[DriftChange] = field(default_factory=list)
    records: int | None = None  # that the lake holds now; None: not looked
    added: int = 0
    corrected: int = 0
    unchanged: int = 0
    gone: int = 0
    ended: bool = False
    code: str = ""
    detail: str = ""
    seconds: float = 0.0
    requests: int = 0
    size: int = 0
    former: str = ""  # the state before, where it changed
    then: Callable[[], None] | None = None


@dataclass(frozen=True)
class Watch:
    """Seconds of one hour that a source was watched, and was late."""

    source: str
    hour: dt.datetime
    watched_s: float
    late_s: float
