"""Is the lake as its log says? Every file there, whole, readable; nothing left over by a crash."""

from __future__ import annotations

import time

import pyarrow as pa
import pyarrow.parquet as pq

from maru.platform.ports.lake.compaction import KEPT_S, strays
from maru.platform.ports.lake.contracts import Finding, LakeFault
from maru.platform.ports.lake.log import DataFile, State
from maru.platform.ports.lake.parquet import file_digest
from maru.platform.ports.lake.table import Table


def check_table(place: Table, *, now: float | None = None) -> list[Finding]:
    """Compare the files of a table with its log: all bytes are read. Strays are told once they are older than an hour."""
    try:
        state = place.log.state()
    except LakeFault as fault:
        return [Finding(place.name, "log", str(place.log.folder), str(fault))]
    if state is None:
        return [Finding(place.name, "log", str(place.log.folder), "there is no such table")]
    found = [finding for one in state.files.values() if (finding := _checked(place, one))]
    if not found and (total := _total(state)) < state.rows:
        found.append(
            Finding(
                place.name,
                "rows",
                str(place.data),
                f"the log counts {state.rows} records, the files hold {total}",
            )
        )
    before = (time.time() if now is None else now) - KEPT_S
    return found + [
        Finding(
            place.name,
            "stray",
            str(path),
            "no version of the table needs it; `maru lake compact` takes it away",
        )
        for path in strays(place, state, before)
    ]


def _total(state: State) -> int:
    return sum(one.rows for one in state.files.values() if one.kind != "past")


def _checked(place: Table, file: DataFile) -> Finding | None:
    path = place.data / file.name
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return Finding(place.name, "missing", str(path), f"the file with {file.rows} rows is not there")
    if size != file.size:
        return Finding(place.name, "size", str(path), f"it has {size} bytes, {file.size} were written")
    if file_digest(path) != file.digest:
        return Finding(place.name, "damaged", str(path), "its bytes are not those that were written")
    try:
        rows = pq.read_metadata(path).num_rows
    except (OSError, pa.ArrowException) as fault:
        return Finding(place.name, "damaged", str(path), f"it cannot be read: {fault}")
    if rows != file.rows:
        return Finding(place.name, "rows", str(path), f"it has {rows} rows, {file.rows} were written")
    return None
