"""Deliveries of one source on their way into the lake: put together, appended, then handed to the ledger.

Order is everything: rows are durable in the lake before the cursor moves. Cut off in between, the source is asked
again, and the lake knows the rows by their keys.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping

import pyarrow as pa

from maru.commons.sources.contracts import JSON, DeadRow, Declaration, Delivery, Drift
from maru.commons.sources.keys import Keys
from maru.commons.sources.records import to_records
from maru.commons.sources.runner import latest
from maru.commons.sources.runner.standing import Standing
from maru.commons.sources.settlements import DriftChange, Settlement
from maru.platform.ports.lake.contracts import Column, Commit, Lake, TableSpec

MOST_ROWS = 50_000
MOST_S = 2.0
SOON_S = 0.3  # before another wait for the network, rows that have waited so long go first
MOST_LETTERS = 20_000  # of one source; more are counted, not kept
_SHRUNK = 0.5


def table_spec(declaration: Declaration) -> TableSpec:
    """The lake's table of a source."""
    return TableSpec(
        name=declaration.name,
        columns=tuple(Column(rule.name, rule.type, rule.personal) for rule in declaration.fields),
        key=declaration.key,
        time=declaration.time,
    )


class Batch:
    """Collects what one run delivers. ``then`` of a flush runs when it is committed."""

    def __init__(
        self,
        standing: Standing,
        lake: Lake,
        hand_in: Callable[[Settlement], None],
        keys: Keys,
    ) -> None:
        self.standing = standing
        self.lake = lake
        self.added = 0
        self.dead = 0
        self._hand_in = hand_in
        self._keys = keys
        self._tables: list[pa.Table] = []
        self._letters: list[DeadRow] = []
        self._rows = 0
        self._began = 0.0
        self._pending = False
        self._cursor: tuple[JSON] | None = None
        self._drift: Drift | None = None
        self._shrinking = False
        self._last_value_at: dt.datetime | None = None
        self._thens: list[Callable[[], None]] = []
        self._received_at = dt.datetime.now(dt.UTC)

    def add(
        self, delivery: Delivery, received_at: dt.datetime, then: Callable[[], None] | None = None
    ) -> None:
        """Take one delivery; append what waits when it is enough."""
        records = to_records(self.standing.declaration, delivery.rows, received_at)
        letters = (*delivery.dead, *records.dead)
        if delivery.complete:
            self.flush()
        if not self._pending:
            self._began = time.monotonic()
        self._pending = True
        self._received_at = received_at
        self._cursor = (self._keys.hide_in(delivery.cursor),)
        self._letters += [DeadRow(self._keys.mask_bytes(one.raw), one.reason, one.field) for one in letters]
        if then is not None:
            self._thens.append(then)
        if records.table.num_rows:
            self._take(records.table, received_at)
        if records.table.num_rows or records.drift:
            self._drift = _joined(self._drift, records.drift)
        if delivery.complete:
            self.flush(complete=not letters and not self._shrunk(records.table.num_rows, delivery.total))
        elif self._rows >= MOST_ROWS or time.monotonic() - self._began > MOST_S:
            self.flush()

    def dead_letter(self, raw: bytes, reason: str, then: Callable[[], None] | None = None) -> None:
        """Keep what nobody could read at all."""
        if not self._pending:
            self._began = time.monotonic()
        self._pending = True
        self._letters.append(DeadRow(self._keys.mask_bytes(raw), reason))
        if then is not None:
            self._thens.append(then)

    def flush_if_due(self) -> None:
        """Called before each wait for the network."""
        if self._pending and (self._rows >= MOST_ROWS or time.monotonic() - self._began > SOON_S):
            self.flush()

    def flush(self, *, complete: bool = False) -> None:
        """Append what waits and hand it to the ledger. Raises OSError or LakeFault if the lake cannot take it."""
        if not self._pending:
            return
        standing = self.standing
        settlement = Settlement(source=standing.name, at=self._received_at, health=standing.health())
        if self._tables:
            rows = self._tables[0] if len(self._tables) == 1 else pa.concat_tables(self._tables)
            commit = self._append(rows, complete)
            settlement.latest = latest.newest(standing.declaration, rows, self._received_at)
            settlement.added, settlement.corrected = commit.added, commit.corrected
            settlement.unchanged, settlement.gone = commit.unchanged, commit.gone
            self.added += commit.added + commit.corrected
            # From the lake itself: rows that a collector before this one kept, but never wrote down, count as well.
            settlement.records = standing.present = self.lake.snapshot(standing.name).rows
            if self._last_value_at and (
                not standing.last_value_at or self._last_value_at > standing.last_value_at
            ):
                standing.last_value_at = self._last_value_at
        if self._cursor is not None:
            standing.cursor = self._cursor[0]
        settlement.dead_count = len(self._letters)
        settlement.dead = self._kept()
        settlement.drift = self._alarms()
        # The source answered with rows: that counts at once, also when a long history is still on its way.
        if self._tables:
            standing.last_ok_at = self._received_at
        settlement.health = standing.health()
        settlement.place = standing.place()
        thens, self._thens = self._thens, []
        settlement.then = _all(thens)
        self._tables, self._rows, self._letters = [], 0, []
        self._pending, self._drift, self._last_value_at, self._cursor = False, None, None, None
        self._hand_in(settlement)

    def _take(self, table: pa.Table, received_at: dt.datetime) -> None:
        self._tables.append(table)
        self._rows += table.num_rows
        newest = latest.last_value_at(self.standing.declaration, table, received_at)
        if newest and (self._last_value_at is None or newest > self._last_value_at):
            self._last_value_at = newest

    def _append(self, rows: pa.Table, complete: bool) -> Commit:
        standing = self.standing
        if not standing.ensured:
            self.lake.ensure(table_spec(standing.declaration))
            standing.present = self.lake.snapshot(standing.name).rows
            standing.ensured = True
        return self.lake.append(standing.name, rows, seen=self._received_at, complete=complete)

    def _shrunk(self, rows: int, total: int | None) -> bool:
        """A whole state that suddenly holds less than half (or less than the provider says) is not believed: nothing is
        taken for gone, and an alarm says so."""
        if total is not None and rows < total:
            return True
        if not self.standing.ensured:
            self.lake.ensure(table_spec(self.standing.declaration))
            self.standing.present = self.lake.snapshot(self.standing.name).rows
            self.standing.ensured = True
        shrunk = rows < self.standing.present * _SHRUNK
        if shrunk:
            self._drift = _joined(self._drift, Drift())
            self._shrinking = True
        return shrunk

    def _kept(self) -> list[DeadRow]:
        self.dead += len(self._letters)
        room = max(0, MOST_LETTERS - self.standing.letters)
        self.standing.letters += min(room, len(self._letters))
        return self._letters if len(self._letters) <= room else self._letters[:room]

    def _alarms(self) -> list[DriftChange]:
        if self._drift is None:
            return []
        now = dict(_alarms_of(self._drift))
        if self._shrinking:
            now[("shrunk", "rows")] = ""
            self._shrinking = False
        known = self.standing.drift
        changes = [
            DriftChange(kind, name, becomes)
            for (kind, name), becomes in now.items()
            if (kind, name) not in known
        ]
        changes += [DriftChange(kind, name, closed=True) for kind, name in known if (kind, name) not in now]
        self.standing.drift = dict.fromkeys(now, 0.0)
        return changes


def _alarms_of(drift: Drift) -> Mapping[tuple[str, str], str]:
    return {
        **{("new", name): "" for name in drift.new},
        **{("gone", name): "" for name in drift.gone},
        **{("renamed", old): new for old, new in drift.renamed},
        **{("assumed", old): new for old, new in drift.assumed},
    }


def _joined(one: Drift | None, other: Drift) -> Drift:
    if one is None:
        return other
    return Drift(
        new=tuple(dict.fromkeys((*one.new, *other.new))),
        gone=tuple(dict.fromkeys((*one.gone, *other.gone))),
        renamed=tuple(dict.fromkeys((*one.renamed, *other.renamed))),
        assumed=tuple(dict.fromkeys((*one.assumed, *other.assumed))),
    )


def _all(thens: list[Callable[[], None]]) -> Callable[[], None] | None:
    if not thens:
        return None

    def run() -> None:
        for then in thens:
            then()

    return run
