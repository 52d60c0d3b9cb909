"""One source as the collector holds it in memory. The collector is the only writer of these facts; the table follows."""

from __future__ import annotations

import datetime as dt
import json
import random
import time
from dataclasses import dataclass, field

from maru.commons.sources import schedule
from maru.commons.sources.contracts import JSON, Declaration
from maru.commons.sources.models import Source, State
from maru.commons.sources.settlements import Health, Place


@dataclass
class Standing:
    """How one source stands. Changed by one thread at a time: its run, or the round when it does not run."""

    declaration: Declaration
    cursor: JSON = None
    validators: dict[str, list[str]] = field(default_factory=dict)
    paused: bool = False
    state: str = State.WAITING
    failures: int = 0
    since: float = field(default_factory=time.time)
    last_ok_at: dt.datetime | None = None
    last_value_at: dt.datetime | None = None
    last_try_at: dt.datetime | None = None
    next_at: float = 0.0
    error: str = ""
    error_detail: str = ""
    error_at: dt.datetime | None = None
    drift: dict[tuple[str, str], float] = field(default_factory=dict)
    letters: int = 0
    present: int = 0
    running: bool = False
    ensured: bool = False
    watched_s: float = 0.0
    late_s: float = 0.0

    @classmethod
    def of(
        cls, declaration: Declaration, row: Source, *, drift: set[tuple[str, str]], letters: int
    ) -> Standing:
        """From its row, after a start."""
        one = cls(
            declaration=declaration,
            cursor=json.loads(row.cursor or "null"),
            validators=json.loads(row.validators or "{}"),
            paused=row.paused,
            state=row.state,
            failures=row.failures,
            since=row.added_at.timestamp(),
            last_ok_at=row.last_ok_at,
            last_value_at=row.last_value_at,
            last_try_at=row.last_try_at,
            error=row.error,
            error_detail=row.error_detail,
            error_at=row.error_at,
            drift=dict.fromkeys(drift, 0.0),
            letters=letters,
        )
        planned = row.next_at.timestamp() if row.next_at else None
        one.next_at = schedule.at_start(planned, time.time(), declaration.schedule.every_s, random.random)
        return one

    @property
    def name(self) -> str:
        """Of the source."""
        return self.declaration.name

    @property
    def provider(self) -> str:
        """Whose limits count."""
        return self.declaration.provider or self.declaration.name

    @property
    def fresh_at(self) -> dt.datetime | None:
        """The moment its promise counts from: of the newest value, or of the last word that nothing changed where a
        delivery is the whole state or records carry no time of their own."""
        if self.declaration.complete or not self.declaration.time:
            return self.last_ok_at
        return self.last_value_at

    def judged(self, now: float) -> State:
        """Its state at this moment."""
        fresh_at = self.fresh_at
        return schedule.state_of(
            paused=self.paused,
            now=now,
            fresh_at=fresh_at.timestamp() if fresh_at else None,
            fresh_s=self.declaration.fresh_s,
            failures=self.failures,
            since=self.since,
        )

    def health(self) -> Health:
        """As it goes into the table."""
        return Health(
            state=str(self.state),
            last_ok_at=self.last_ok_at,
            last_value_at=self.last_value_at,
            last_try_at=self.last_try_at,
            next_at=dt.datetime.fromtimestamp(self.next_at, dt.UTC) if self.next_at else None,
            failures=self.failures,
            error=self.error,
            error_detail=self.error_detail,
            error_at=self.error_at,
            drift=len(self.drift),
        )

    def place(self) -> Place:
        """As it goes into the table."""
        return Place(
            cursor=json.dumps(self.cursor, ensure_ascii=False, separators=(",", ":"), default=str),
            validators=json.dumps(self.validators, separators=(",", ":")),
        )
