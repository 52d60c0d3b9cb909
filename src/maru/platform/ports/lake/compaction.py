"""Compaction: fresh files become few, sorted ones; present and past versions part. The content stays as it is.

Writers go on meanwhile. ``compact.lock`` is held by whoever takes files out of a table, so that the inputs stay; the table's own
lock is only taken for the commit.
"""

# ruff: noqa: S608 - names are quoted and values are the lake's own
from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from maru.platform.ports.lake import duck
from maru.platform.ports.lake.contracts import LakeFault, TableSpec
from maru.platform.ports.lake.log import DataFile, Record, State
from maru.platform.ports.lake.parquet import FILE_ROWS, FileWriter, schema
from maru.platform.ports.lake.sql import TYPES, literal, quoted
from maru.platform.ports.lake.table import Table, tentative

if TYPE_CHECKING:
    from maru.platform.ports.lake.store import FileLake

KEPT_S = (
    3600.0  # how long a file stays after it was taken out of a table: readers may hold the version before
)
CUT_ROWS = 131_072  # a file is cut at the end of a month or day only when it has at least so many rows
PAST_FILES = 8


@dataclass(frozen=True)
class Compacted:
    """What a compaction did: files and rows taken in, files made of them."""

    table: str
    inputs: int = 0
    rows: int = 0
    outputs: int = 0


@contextlib.contextmanager
def alone(place: Table, *, wait: bool) -> Iterator[bool]:
    """Be the only one who takes files out of the table. False if somebody else is and ``wait`` is not asked for."""
    handle = os.open(place.folder / "compact.lock", os.O_RDWR | os.O_CREAT, 0o640)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def needs(state: State) -> bool:
    """Whether compaction is worth its work now: many fresh files or rows, or corrections that slow readers."""
    fresh = [one for one in state.files.values() if one.kind == "fresh"]
    corrected = sum(
        one.rows for one in state.files.values() if one.kind != "past" and (one.corrections or one.stale)
    )
    return len(fresh) >= 16 or sum(one.rows for one in fresh) >= 2 * CUT_ROWS or corrected >= 1000


def _inputs(state: State) -> list[DataFile]:
    """All fresh files, all live ones with replaced rows, and the small live ones of the same times."""
    files = list(state.files.values())
    chosen = [one for one in files if one.kind == "fresh" or (one.kind == "live" and one.stale)]
    if not chosen:
        return []
    low, high = min(one.low for one in chosen), max(one.high for one in chosen)
    small = [one for one in files if one.kind == "live" and not one.stale and one.rows < FILE_ROWS // 2]
    if len(small) <= PAST_FILES:
        small = [one for one in small if one.low <= high and one.high >= low]
    return chosen + small


def compact(lake: FileLake, name: str) -> Compacted:
    """Compact a table as far as it is worth while. Raises LakeFault, and leaves the table as it was, if it cannot."""
    place = lake.table(name)
    lake.state(name)
    with alone(place, wait=False) as mine:
        if not mine:
            return Compacted(name)
        state = lake.state(name)
        inputs = _inputs(state)
        past = [one for one in state.files.values() if one.kind == "past" and one.rows < FILE_ROWS // 2]
        if len(past) < PAST_FILES:
            past = []
        if not inputs and not past:
            return Compacted(name)
        made: list[DataFile] = []
        with tentative(place, made):
            _rewrite(place, state.spec, inputs, past, made)
            rows = sum(one.rows for one in inputs + past)
            if sum(one.rows for one in made) != rows:
                raise LakeFault(
                    f"{name}: {rows} rows went into the compaction, others came out; nothing was changed"
                )
            with lake.writing(place):
                now = lake.state(name)
                chosen = {one.name for one in inputs}
                replaced = any(now.files[one.name].stale and not one.stale for one in inputs)
                if replaced:
                    # By an append since the inputs were read: some row of the new files is not the last.
                    made[:] = [replace(one, stale=one.kind == "live") for one in made]
                drop = (*chosen, *(one.name for one in past))
                lake.commit(
                    place,
                    Record(
                        now.version + 1, "compact", now.seen, time.time(), now.rows,
                        files=tuple(made), drop=drop,
                    ),
                )  # fmt: skip
    return Compacted(name, len(inputs) + len(past), rows, len(made))


def _select(place: Table, spec: TableSpec, files: list[DataFile], own: str) -> str:
    """All rows of the files, with nulls for the columns that came later."""
    parts = []
    for width in sorted({one.width for one in files}):
        names = ", ".join(literal(str(place.data / one.name)) for one in files if one.width == width)
        columns = [
            quoted(column.name) if at < width else f"NULL::{TYPES[column.type]} AS {quoted(column.name)}"
            for at, column in enumerate(spec.columns)
        ]
        parts.append(
            f"SELECT {', '.join(columns)}, {own} FROM read_parquet([{names}], hive_partitioning=false)"
        )
    return " UNION ALL ".join(parts)


_OWN = "_key, _at, _seen, _gone, _sum, _order"


def _rewrite(
    place: Table, spec: TableSpec, inputs: list[DataFile], past: list[DataFile], made: list[DataFile]
) -> None:
    order = ", ".join(["_at", *(quoted(name) for name in spec.key), "_order"])
    mixed = [one for one in inputs if one.corrections or one.stale]
    plain = [one for one in inputs if not one.corrections and not one.stale]
    live, ended = [], []
    if plain:
        live.append(_select(place, spec, plain, _OWN))
    if past:
        ended.append(_select(place, spec, past, f"{_OWN}, _until, _next"))
    with duck.connection(place.name, place.folder / f".spill-{os.getpid()}-{time.monotonic_ns()}") as made_by:
        if mixed:
            window = "(PARTITION BY _key ORDER BY _order)"
            made_by.execute(
                "CREATE TEMP TABLE versions AS SELECT *, lead(_seen) OVER "
                f"{window} AS _until, lead(_order) OVER {window} AS _next FROM ({_select(place, spec, mixed, _OWN)})"
            )
            live.append("SELECT * EXCLUDE (_until, _next) FROM versions WHERE _next IS NULL AND NOT _gone")
            ended.append("SELECT * FROM versions WHERE _next IS NOT NULL OR _gone")
        for kind, selects in (("live", live), ("past", ended)):
            if selects:
                query = f"SELECT * FROM ({' UNION ALL '.join(selects)}) ORDER BY {order}"
                _write(place, spec, duck.stream(made_by, query), kind, made)  # type: ignore[arg-type]


def _write(
    place: Table,
    spec: TableSpec,
    parts: Iterator[pa.Table],
    kind: Literal["live", "past"],
    made: list[DataFile],
) -> None:
    columns = schema(spec, past=kind == "past")
    writer: FileWriter | None = None
    last = None
    try:
        for part in parts:
            rows = part.cast(columns)
            cuts = _cuts(rows, spec)
            for start, end, period in cuts:
                full = writer is not None and (
                    writer.rows >= FILE_ROWS or (period != last and writer.rows >= CUT_ROWS)
                )
                if full and writer is not None:
                    made.append(writer.close())
                    writer = None
                writer = writer or FileWriter(place.data, spec, kind)
                writer.write(rows.slice(start, end - start))
                last = period
        if writer is not None:
            made.append(writer.close())
            writer = None
    finally:
        if writer is not None:
            writer.abandon()


def _cuts(rows: pa.Table, spec: TableSpec) -> list[tuple[int, int, str]]:
    """Runs of rows of the same month or day, as (start, end, period)."""
    if spec.partition == "none":
        return [(0, rows.num_rows, "")]
    unit = "D" if spec.partition == "day" else "M"
    times = rows.column("_at").cast(pa.timestamp("us")).to_numpy().astype(f"datetime64[{unit}]")
    edges = [0, *(np.flatnonzero(times[1:] != times[:-1]) + 1).tolist(), rows.num_rows]
    return [(start, end, str(times[start])) for start, end in itertools.pairwise(edges)]


def sweep(lake: FileLake, name: str, *, now: float | None = None, kept_s: float = KEPT_S) -> int:
    """Delete files that no version of the last hour needs: those that were taken out, and what crashes left. How many."""
    place = lake.table(name)
    before = (time.time() if now is None else now) - kept_s
    count = 0
    with alone(place, wait=False) as mine:
        if not mine:
            return 0
        with lake.writing(place):
            state = lake.state(name)
            if state.version >= 2:
                place.log.checkpoint(state)
            for path in strays(place, state, before):
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()
                    count += 1
            for path in list(place.log.swept(before)):
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()
    return count


def strays(place: Table, state: State, before: float) -> list[Path]:
    """Data files that the table does not need and that were not needed at ``before`` either."""
    found = []
    for path in sorted(place.data.iterdir()):
        if path.name in state.files:
            continue
        with contextlib.suppress(FileNotFoundError):
            if state.dropped.get(path.name, path.stat().st_mtime) < before:
                found.append(path)
    return found
