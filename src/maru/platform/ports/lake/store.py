"""The lake on a folder of files. See README.md for the layout and for what it promises."""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import os
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from maru.platform.ports.lake import duck, sql
from maru.platform.ports.lake.batch import Batch, Verdict, judged, prepared
from maru.platform.ports.lake.changes import Changes, changes
from maru.platform.ports.lake.checking import check_table
from maru.platform.ports.lake.compaction import Compacted, compact, needs, sweep
from maru.platform.ports.lake.contracts import (
    ARROW,
    Commit,
    FileEntry,
    Finding,
    LakeFault,
    Snapshot,
    TableSpec,
    Version,
)
from maru.platform.ports.lake.digests import packed
from maru.platform.ports.lake.erasure import admitted, erase, retain
from maru.platform.ports.lake.log import DataFile, Log, Record, State
from maru.platform.ports.lake.lookup import Lookup, bury, timed_key
from maru.platform.ports.lake.merging import merge_small
from maru.platform.ports.lake.parquet import FILE_ROWS, ORDER_BITS, FileWriter, fitted, system_columns
from maru.platform.ports.lake.table import Table, tentative
from maru.platform.ports.lake.times import micros, moment

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,126}$")
_COLUMN = re.compile(r"^[^_\W]\w*$")


class FileLake:
    """contracts.Lake on a folder. Threads may share one; processes open their own on the same folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tables: dict[str, Table] = {}
        self._lock = threading.Lock()
        self.lookup = Lookup()

    def table(self, name: str) -> Table:
        """The table's place, whether it exists or not. Raises LakeFault for a name that cannot be one."""
        found = self._tables.get(name)
        if found is None:
            if not _NAME.match(name):
                raise LakeFault(f"{name!r} cannot be the name of a table")
            folder = self.folder / name
            with self._lock:
                found = self._tables.setdefault(name, Table(name, folder, Log(folder / "log")))
        return found

    @contextlib.contextmanager
    def writing(self, table: Table) -> Iterator[None]:
        """Be the only writer of the table, in all processes; a process that dies lets go."""
        with table.lock:
            handle = os.open(table.folder / "lock", os.O_RDWR | os.O_CREAT, 0o640)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
            finally:
                os.close(handle)

    def state(self, name: str) -> State:
        """The table's state. Raises LakeFault if there is none."""
        state = self.table(name).log.state()
        if state is None:
            raise LakeFault(f"{name}: there is no such table")
        return state

    def tables(self) -> Sequence[str]:
        """Names, sorted."""
        if not self.folder.is_dir():
            return ()
        return sorted(
            entry.name
            for entry in self.folder.iterdir()
            if _NAME.match(entry.name) and any(not one.name.startswith(".") for one in entry.glob("log/*"))
        )

    def spec(self, table: str) -> TableSpec:
        """Columns and key."""
        return self.state(table).spec

    def ensure(self, spec: TableSpec) -> TableSpec:
        """Make the table, or add the columns it lacks."""
        table = self.table(spec.name)
        _checked(spec)
        known = table.log.state()
        if known is not None and _joined(known.spec, spec) == known.spec:
            return known.spec
        table.log.folder.mkdir(parents=True, exist_ok=True)
        table.data.mkdir(exist_ok=True)
        with self.writing(table), disk(spec.name):
            state = table.log.state()
            wanted = spec if state is None else _joined(state.spec, spec)
            if state is None:
                self.commit(table, Record(1, "spec", 0, time.time(), 0, spec=wanted))
            elif wanted != state.spec:
                self.commit(
                    table,
                    Record(state.version + 1, "spec", state.seen, time.time(), state.rows, spec=wanted),
                )
        return wanted

    def commit(self, table: Table, record: Record) -> State:
        """Make the record the table's next commit; the caller is the only writer. Raises LakeFault if it was not."""
        state = table.log.commit(record)
        if state is None:
            raise LakeFault(f"{table.name}: another writer came between")
        return state

    def append(
        self,
        table: str,
        rows: pa.Table,
        *,
        delivery: str = "",
        seen: dt.datetime | None = None,
        complete: bool = False,
    ) -> Commit:
        """Add what is new of the rows. See contracts.Lake."""
        place = self.table(table)
        if place.log.state() is None:
            raise LakeFault(f"{table}: there is no such table")
        with self.writing(place), disk(table):
            state = self.state(table)
            if delivery and delivery in state.deliveries:
                return Commit(table, state.version)
            # Time of arrival never runs backwards within a table, so that "as of" has one meaning.
            arrived = max(state.seen, micros(seen) if seen else time.time_ns() // 1000)
            batch = admitted(prepared(fitted(rows, state.spec), state.spec, arrived), state)
            found = self.lookup.find(place, state, batch, everything=complete)
            verdict = judged(batch, found)
            version = state.version + 1
            skipped = len(rows) - len(batch)
            written: list[DataFile] = []
            with tentative(place, written):
                gone, stale = 0, self.lookup.names(place, verdict.replaced)
                if complete:
                    gone, held = bury(self.lookup, place, state, batch, version, arrived, written)
                    stale |= held
                if not written and not verdict.keep.any():
                    return Commit(table, state.version, unchanged=verdict.unchanged + skipped)
                self._write(place, state, batch, verdict, version, arrived, written)
                record = Record(
                    version, "append", arrived, time.time(), state.rows + verdict.added - gone, delivery,
                    verdict.added, verdict.corrected, gone, tuple(written), tuple(sorted(stale)),
                )  # fmt: skip
                state = self.commit(place, record)
            with contextlib.suppress(LakeFault, OSError):  # the next append tries again, and check tells why
                merge_small(self, place, state)
        return Commit(table, version, verdict.added, verdict.corrected, verdict.unchanged + skipped, gone)

    def _write(
        self,
        place: Table,
        state: State,
        batch: Batch,
        verdict: Verdict,
        version: int,
        arrived: int,
        written: list[DataFile],
    ) -> None:
        """Write the kept rows as fresh files, and note them in the index."""
        kept = batch if verdict.keep.all() else batch.taken(verdict.keep)
        order = (version << ORDER_BITS) + np.minimum(verdict.turn, (1 << ORDER_BITS) - 1)
        for start in range(0, len(kept), FILE_ROWS):
            part = slice(start, start + FILE_ROWS)
            rows = system_columns(
                kept.rows.slice(start, FILE_ROWS),
                packed(kept.first[part], kept.second[part]),
                pa.array(kept.at[part]).cast(ARROW["datetime"]),
                arrived,
                False,
                kept.content[part],
                order[part],
            )
            writer = FileWriter(place.data, state.spec, "fresh")
            writer.write(rows)
            file = writer.close(
                corrections=bool(verdict.corrects[part].any()), stale=bool(verdict.superseded[part].any())
            )
            written.append(file)
            self.lookup.note(
                place,
                file.name,
                kept.first[part],
                kept.second[part],
                kept.content[part],
                order[part],
                timed_key=timed_key(state),
            )

    def snapshot(
        self, table: str, *, version: int | None = None, as_of: dt.datetime | None = None
    ) -> Snapshot:
        """The table now, at a version, or as it was at a time."""
        place = self.table(table)
        state = self.state(table)
        now = place.snapshot
        if now is None or now.version != state.version:
            now = place.snapshot = _snapshot(place, state)
        if version is not None and version < state.version:
            if version < 0:
                raise LakeFault(f"{table}: there is no version {version}")
            return self._counted(replace(now, upto=version, version=version))
        if as_of is not None and micros(as_of) < state.seen:
            return self._counted(replace(now, until=as_of, at=as_of))
        return now

    @staticmethod
    def _counted(snapshot: Snapshot) -> Snapshot:
        with duck.connection(snapshot.spec.name) as made:
            count = duck.number(made, f"SELECT count(*) FROM {sql.current_sql(snapshot)}")  # noqa: S608
        return replace(snapshot, rows=count)

    def current_sql(self, snapshot: Snapshot) -> str:
        """The present state as a DuckDB table expression."""
        return sql.current_sql(snapshot)

    def history_sql(self, snapshot: Snapshot) -> str:
        """All versions as a DuckDB table expression."""
        return sql.history_sql(snapshot)

    def versions(self, table: str) -> Sequence[Version]:
        """The table's last changes (2,000 at most), newest first; compactions change nothing and are not among them."""
        state = self.state(table)
        return [state.version_of(one) for one in reversed(state.versions)]

    def changes(self, table: str, from_version: int, to_version: int, limit: int = 100) -> Changes:
        """The difference between two versions; see ``changes.changes``."""
        return changes(self, table, from_version, to_version, limit)

    def compact(self, table: str) -> Compacted:
        """Put fresh files together, sorted, present and past versions apart; see ``compaction.compact``."""
        with disk(table):
            return compact(self, table)

    def sweep(self, table: str, *, now: float | None = None) -> int:
        """Delete the files that nobody has needed for an hour. How many."""
        with disk(table):
            return sweep(self, table, now=now)

    def tend(self) -> list[Compacted]:
        """Compact the tables that need it and sweep all: for a task every few minutes."""
        done = []
        for name in self.tables():
            if needs(self.state(name)):
                done.append(self.compact(name))
            self.sweep(name)
        return done

    def erase(self, table: str, where: Mapping[str, Any]) -> int:
        """Make a person's values null in all versions; see ``erasure.erase``."""
        with disk(table):
            return erase(self, table, where)

    def retain(self, table: str, before: dt.datetime) -> int:
        """Take away what happened before a moment; see ``erasure.retain``."""
        with disk(table):
            return retain(self, table, before)

    def check(self, table: str | None = None) -> list[Finding]:
        """What is not as the log says, of one table or all; empty if the lake is sound."""
        names = self.tables() if table is None else [table]
        return [finding for name in names for finding in check_table(self.table(name))]


@contextlib.contextmanager
def disk(table: str) -> Iterator[None]:
    """Turn what the file system refuses into a LakeFault."""
    try:
        yield
    except OSError as fault:
        raise LakeFault(f"{table}: cannot be written: {fault}") from fault


def _checked(spec: TableSpec) -> None:
    names = [column.name for column in spec.columns]
    for name in names:
        if not _COLUMN.match(name):
            raise LakeFault(f"{spec.name}: {name!r} cannot be the name of a column")
    if len({name.lower() for name in names}) != len(names) or not names:
        raise LakeFault(f"{spec.name}: a column's name stands twice, or there is none")
    kinds = {column.name: column.type for column in spec.columns}
    for name in (*spec.key, *([spec.time] if spec.time else [])):
        if name not in kinds:
            raise LakeFault(f"{spec.name}: there is no column {name!r}")
    if spec.time and kinds[spec.time] not in {"date", "datetime"}:
        raise LakeFault(f"{spec.name}: {spec.time!r} holds no time")


def _joined(known: TableSpec, wanted: TableSpec) -> TableSpec:
    """The table's columns with the wanted ones added; what identifies a record cannot change."""
    if (known.key, known.time) != (wanted.key, wanted.time):
        raise LakeFault(
            f"{known.name}: its key is {known.key} and its time {known.time!r}, which cannot change"
        )
    have = {column.name.lower(): column for column in known.columns}
    columns = {column.name: column for column in known.columns}
    for column in wanted.columns:
        held = have.get(column.name.lower())
        if held is not None and (held.type != column.type or held.name != column.name):
            raise LakeFault(f"{known.name}: column {held.name!r} holds {held.type}, not {column.type}")
        columns[column.name] = column
    return TableSpec(known.name, tuple(columns.values()), known.key, known.time, wanted.partition)


def _snapshot(place: Table, state: State) -> Snapshot:
    files = tuple(
        FileEntry(
            place.data / one.name, one.rows, one.size, one.kind, moment(one.low), moment(one.high),
            one.corrections, one.stale, one.width,
        )
        for one in state.files.values()
    )  # fmt: skip
    at = moment(state.seen) if state.versions else None
    return Snapshot(state.spec, state.version, at, files, state.rows, state.changed)
