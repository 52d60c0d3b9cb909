"""Many small fresh files become one, by the append that finds them: nothing is compared, only put together."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from maru.platform.ports.lake.compaction import alone
from maru.platform.ports.lake.contracts import LakeFault
from maru.platform.ports.lake.log import DataFile, Record, State
from maru.platform.ports.lake.parquet import FileWriter, schema
from maru.platform.ports.lake.table import Table, tentative

if TYPE_CHECKING:
    from maru.platform.ports.lake.store import FileLake

MERGE_AT = 48
SMALL_ROWS = 20_000


def merge_small(lake: FileLake, place: Table, state: State) -> None:
    """Put small fresh files together once there are MERGE_AT of them. The caller is the only writer."""
    small = [one for one in state.files.values() if one.kind == "fresh" and one.rows < SMALL_ROWS]
    if len(small) < MERGE_AT:
        return
    with alone(place, wait=False) as mine:
        if mine:
            _merge(lake, place, state, small)


def _merge(lake: FileLake, place: Table, state: State, small: list[DataFile]) -> None:
    wanted = schema(state.spec)
    parts = []
    for one in small:
        try:
            found = pq.read_table(place.data / one.name, partitioning=None, use_threads=False)
        except (OSError, pa.ArrowException) as fault:
            raise LakeFault(f"{place.name}: {one.name} cannot be read: {fault}") from fault
        for at, column in enumerate(wanted):
            if column.name not in found.column_names:
                found = found.add_column(at, column, pa.nulls(found.num_rows, column.type))
        parts.append(found.select(wanted.names).cast(wanted))
    # Corrections stay apart, so that the others can go on being read straight.
    groups: dict[bool, list[int]] = {False: [], True: []}
    for at, one in enumerate(small):
        groups[one.corrections or one.stale].append(at)
    files: list[DataFile] = []
    renamed: dict[str, str] = {}
    with tentative(place, files):
        for members in groups.values():
            if members:
                writer = FileWriter(place.data, state.spec, "fresh")
                writer.write(pa.concat_tables([parts[at] for at in members]))
                file = writer.close(
                    corrections=any(small[at].corrections for at in members),
                    stale=any(small[at].stale for at in members),
                )
                files.append(file)
                renamed.update((small[at].name, file.name) for at in members)
        lake.commit(
            place,
            Record(
                state.version + 1, "compact", state.seen, time.time(), state.rows,
                files=tuple(files), drop=tuple(one.name for one in small),
            ),
        )  # fmt: skip
    place.index.rename(renamed)
