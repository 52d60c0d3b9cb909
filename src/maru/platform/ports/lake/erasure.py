"""What the law takes back: personal values of one person, and records past their retention. In every version, for good.

Both rewrite the files that hold the rows and commit once. No query sees the values from then on; the bytes leave the disk with the
sweep, when the readers of the version before are done. A source that delivers an erased record again cannot bring the values back.
"""

# ruff: noqa: S608 - names are quoted, values travel as parameters
from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from maru.platform.ports.lake import duck, sql
from maru.platform.ports.lake.batch import Batch
from maru.platform.ports.lake.compaction import alone
from maru.platform.ports.lake.contracts import ARROW, LakeFault, TableSpec
from maru.platform.ports.lake.digests import KEY_BYTES, digest, packed
from maru.platform.ports.lake.index import GONE, Index
from maru.platform.ports.lake.log import DataFile, Record, State
from maru.platform.ports.lake.parquet import FileWriter, schema
from maru.platform.ports.lake.table import Table, tentative
from maru.platform.ports.lake.times import micros

if TYPE_CHECKING:
    from maru.platform.ports.lake.store import FileLake

Change = Callable[[pa.Table], pa.Table]


def erase(lake: FileLake, name: str, where: Mapping[str, Any]) -> int:
    """Make the personal columns null in all versions of the records of which a version has these values. How many records.

    Where a personal column is part of the key, the record gets another identity, and a new delivery of it is left out.
    """
    spec = lake.spec(name)
    personal = [column.name for column in spec.columns if column.personal]
    known = {column.name: column for column in spec.columns}
    if not personal:
        raise LakeFault(f"{name}: no column is declared personal")
    if not where or any(column not in known for column in where):
        raise LakeFault(f"{name}: say by columns of the table whom to erase")
    place = lake.table(name)
    with alone(place, wait=True), lake.writing(place):
        state = lake.state(name)
        keys = _matching(lake, name, spec, where)
        if not keys:
            return 0
        wanted = pa.array(sorted(keys), pa.binary(KEY_BYTES))
        identities: dict[bytes, bytes] = {}
        if set(personal) & set(spec.key or known):
            identities = {key: secrets.token_bytes(KEY_BYTES) for key in keys}

        def change(rows: pa.Table) -> pa.Table:
            return _blanked(rows, spec, personal, wanted, identities)

        files = [one.name for one in state.files.values()]
        _rewrite(
            lake, place, state, files, change,
            Record(
                state.version + 1, "erase", state.seen, time.time(), state.rows, gone=0,
                erased=tuple(sorted(key.hex() for key in keys)),
            ),
        )  # fmt: skip
    return len(keys)


def _matching(lake: FileLake, name: str, spec: TableSpec, where: Mapping[str, Any]) -> set[bytes]:
    rule = " AND ".join(f"{sql.quoted(column)} = ?::{_type(spec, column)}" for column in where)
    with duck.connection(name) as made:
        query = f"SELECT DISTINCT _key FROM {sql.history_sql(lake.snapshot(name))} WHERE {rule}"
        return {bytes(row[0]) for row in made.execute(query, list(where.values())).fetchall()}


def _type(spec: TableSpec, name: str) -> str:
    return next(sql.TYPES[column.type] for column in spec.columns if column.name == name)


def _blanked(
    rows: pa.Table, spec: TableSpec, personal: list[str], wanted: pa.Array, identities: Mapping[bytes, bytes]
) -> pa.Table:
    mask = pc.is_in(rows.column("_key"), value_set=wanted)
    if not pc.any(mask).as_py():
        return rows
    for name in personal:
        at = rows.schema.get_field_index(name)
        column = rows.column(name)
        rows = rows.set_column(
            at, rows.schema.field(at), pc.if_else(mask, pa.scalar(None, column.type), column)
        )
    hit = mask.to_numpy()
    key = list(spec.key) or [column.name for column in spec.columns]
    rest = [column.name for column in spec.columns if column.name not in set(key)]
    _, _, content = digest(rows.filter(mask), key, rest)
    sums = rows.column("_sum").to_numpy().copy()
    sums[hit] = np.where(sums[hit] == GONE, GONE, content)
    rows = _replaced(rows, "_sum", pa.array(sums))
    if identities:
        fresh = [identities.get(one, one) for one in rows.column("_key").to_pylist()]
        rows = _replaced(rows, "_key", pa.array(fresh, pa.binary(KEY_BYTES)))
    return rows


def _replaced(rows: pa.Table, name: str, column: pa.Array) -> pa.Table:
    at = rows.schema.get_field_index(name)
    return rows.set_column(at, rows.schema.field(at), column)


def retain(lake: FileLake, name: str, before: dt.datetime) -> int:
    """Take away all versions of what happened before a moment, and never take such records in again. How many present
    records went."""
    place = lake.table(name)
    floor = micros(before)
    limit = pa.scalar(floor, pa.int64()).cast(ARROW["datetime"])
    with alone(place, wait=True), lake.writing(place):
        state = lake.state(name)
        if state.floor is not None and state.floor >= floor:
            return 0
        files = [one.name for one in state.files.values() if one.low < floor]
        with duck.connection(name) as made:
            query = f"SELECT count(*) FROM {sql.current_sql(lake.snapshot(name))} WHERE _at < make_timestamptz({floor})"
            count = duck.number(made, query)
        _rewrite(
            lake, place, state, files, lambda rows: rows.filter(pc.greater_equal(rows.column("_at"), limit)),
            Record(
                state.version + 1, "retain", state.seen, time.time(), state.rows - count, gone=count, floor=floor
            ),
        )  # fmt: skip
    return count


def _rewrite(
    lake: FileLake, place: Table, state: State, names: list[str], change: Change, record: Record
) -> None:
    """Put changed copies in the place of the files that the change touches."""
    made: list[DataFile] = []
    drop: list[str] = []
    with tentative(place, made):
        for name in names:
            before = _read(place, state, name)
            after = change(before)
            if after is before:
                continue
            drop.append(name)
            if after.num_rows:
                old = state.files[name]
                writer = FileWriter(place.data, state.spec, old.kind)
                writer.write(after)
                made.append(writer.close(corrections=old.corrections, stale=old.stale))
        lake.commit(place, replace(record, files=tuple(made), drop=tuple(drop)))
    place.index = Index()


def _read(place: Table, state: State, name: str) -> pa.Table:
    wanted = schema(state.spec, past=state.files[name].kind == "past")
    try:
        found = pq.read_table(place.data / name, partitioning=None, use_threads=False)
    except (OSError, pa.ArrowException) as fault:
        raise LakeFault(f"{place.name}: {name} cannot be read: {fault}") from fault
    for column in wanted:
        if column.name not in found.column_names:
            found = found.append_column(column, pa.nulls(found.num_rows, column.type))
    return found.select(wanted.names).cast(wanted)


def admitted(batch: Batch, state: State) -> Batch:
    """The batch without what retention and erasure took away for good: too old rows, personal values of erased records."""
    if state.floor is not None:
        batch = batch.taken(batch.at >= state.floor)
    if not state.erased or not len(batch):
        return batch
    spec = state.spec
    personal = {column.name for column in spec.columns if column.personal}
    key = list(spec.key) or [column.name for column in spec.columns]
    erased = pa.array([bytes.fromhex(one) for one in sorted(state.erased)], pa.binary(KEY_BYTES))
    hit: npt.NDArray[np.bool_] = pc.is_in(packed(batch.first, batch.second), value_set=erased).to_numpy(
        zero_copy_only=False
    )
    if not hit.any():
        return batch
    if personal & set(key):
        return batch.taken(~hit)
    rows = batch.rows
    mask = pa.array(hit)
    for name in personal:
        column = rows.column(name)
        column = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
        rows = rows.set_column(
            rows.schema.get_field_index(name), name, pc.if_else(mask, pa.scalar(None, column.type), column)
        )
    _, _, content = digest(rows, key, [name for name in rows.column_names if name not in set(key)])
    return Batch(rows, batch.first, batch.second, content, batch.at, batch.timed)
