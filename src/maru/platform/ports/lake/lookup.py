"""Finding the present versions of a batch's records: in memory, or in the files that can hold them."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from maru.platform.ports.lake import index
from maru.platform.ports.lake.batch import Batch
from maru.platform.ports.lake.contracts import LakeFault
from maru.platform.ports.lake.digests import Words
from maru.platform.ports.lake.index import GONE, Found, Index, Run
from maru.platform.ports.lake.log import DataFile, State
from maru.platform.ports.lake.parquet import (
    ORDER_BITS,
    FileWriter,
    identities,
    schema,
    system_columns,
)
from maru.platform.ports.lake.table import Table

BUDGET = 5_000_000  # entries in memory, of all tables together (index.ENTRY_BYTES each)
BULK = 10_000  # a larger batch of a table whose records never change their time is not worth remembering


class Lookup:
    """The indexes of all tables, within one budget: the tables longest unused are forgotten first."""

    def __init__(self, budget: int = BUDGET) -> None:
        self.budget = budget
        self._lock = threading.Lock()
        self._recent: dict[str, tuple[Table, int]] = {}

    def find(self, place: Table, state: State, batch: Batch, *, everything: bool) -> Found:
        """What is known of the batch's records. ``everything``: the index shall hold the whole table afterwards."""
        if not place.index.covered <= state.files.keys():
            place.index = Index()  # compaction has put other files in the place of some
        wanted = _candidates(state, batch, everything)
        missing = [one for one in wanted if one.name not in place.index.covered]
        size = sum(one.rows for one in missing)
        if size + len(place.index) > self.budget and not everything:
            place.index = Index()
            missing = wanted
            size = sum(one.rows for one in missing)
        if size > self.budget and not everything:
            return self._scan(place, missing, batch)
        runs = []
        for file in missing:
            first, second, content, order = identities(place.data / file.name)
            number = np.full(len(first), place.index.number(file.name), np.int32)
            runs.append(index.run(first, second, content, order, number))
        for one in sorted(runs, key=len, reverse=True):
            place.index.add(one)
        self._account(place)
        return place.index.look(batch.first, batch.second)

    def _scan(self, place: Table, files: Sequence[DataFile], batch: Batch) -> Found:
        """Look through files without remembering them."""
        found = index.nothing(len(batch))
        for file in files:
            first, second, content, order = identities(place.data / file.name)
            place.index.names.append(file.name)
            number = np.full(len(first), len(place.index.names) - 1, np.int32)
            index.look(index.run(first, second, content, order, number), found, batch.first, batch.second)
        return found

    def _account(self, place: Table) -> None:
        with self._lock:
            self._recent.pop(place.name, None)
            self._recent[place.name] = (place, len(place.index))
            total = sum(count for _, count in self._recent.values())
            for name, (other, count) in list(self._recent.items())[:-1]:
                if total <= self.budget:
                    break
                if other.lock.acquire(blocking=False):
                    try:
                        other.index = Index()
                    finally:
                        other.lock.release()
                    del self._recent[name]
                    total -= count

    def note(
        self,
        place: Table,
        name: str,
        first: Words,
        second: npt.NDArray[np.uint32],
        content: npt.NDArray[np.int64],
        order: npt.NDArray[np.int64],
        *,
        timed_key: bool,
    ) -> None:
        """Remember what was just written, where that is cheaper than reading it again."""
        if (timed_key and len(first) > BULK) or len(first) + len(place.index) > self.budget:
            return
        number = np.full(len(first), place.index.number(name), np.int32)
        place.index.add(index.run(first, second, content, order, number))

    def names(self, place: Table, numbers: npt.NDArray[np.int32]) -> set[str]:
        """The files behind the numbers of the last ``find``."""
        return {place.index.names[number] for number in numbers.tolist()}


def timed_key(state: State) -> bool:
    """Whether all versions of a record have the same time, so that only files of that time can hold it."""
    return bool(state.spec.time) and state.spec.time in (
        state.spec.key or tuple(c.name for c in state.spec.columns)
    )


def _candidates(state: State, batch: Batch, everything: bool) -> list[DataFile]:
    files = [one for one in state.files.values() if one.kind != "past"]
    if everything or not (timed_key(state) and batch.timed):
        return files
    if not len(batch):
        return []
    low, high = int(batch.at.min()), int(batch.at.max())
    return [one for one in files if one.low <= high and one.high >= low]


def bury(
    lookup: Lookup,
    place: Table,
    state: State,
    batch: Batch,
    version: int,
    seen: int,
    written: list[DataFile],
) -> tuple[int, set[str]]:
    """Write versions that say "gone" for all records that are not in the batch. How many, and in which files they were."""
    entries = place.index.everything()
    alive = entries.content != GONE
    known = set(zip(batch.first.tolist(), batch.second.tolist(), strict=True))
    alive &= np.fromiter(
        (pair not in known for pair in zip(entries.first.tolist(), entries.second.tolist(), strict=True)),
        bool,
        len(entries),
    )
    if not alive.any():
        return 0, set()
    columns = schema(state.spec).names[: len(state.spec.columns)]
    writer = FileWriter(place.data, state.spec, "fresh")
    files = lookup.names(place, np.unique(entries.file[alive]))
    for name in sorted(files):
        number = {at for at, one in enumerate(place.index.names) if one == name}
        mine = alive & np.isin(entries.file, list(number))
        rows = _rows(place, state, name, entries, mine)
        count = rows.num_rows
        gone = system_columns(
            rows.select(columns), rows.column("_key"), rows.column("_at"), seen, True,
            np.full(count, GONE, np.int64), np.full(count, version << ORDER_BITS, np.int64),
        )  # fmt: skip
        writer.write(gone)
    total = writer.rows
    file = writer.close(corrections=True)
    written.append(file)
    mine_entries = Run(
        *(getattr(entries, name)[alive] for name in ("first", "second", "content", "order", "file"))
    )
    lookup.note(
        place, file.name, mine_entries.first, mine_entries.second, np.full(total, GONE, np.int64),
        np.full(total, version << ORDER_BITS, np.int64), timed_key=False,
    )  # fmt: skip
    return total, files


def _rows(place: Table, state: State, name: str, entries: Run, mine: npt.NDArray[np.bool_]) -> pa.Table:
    """The rows of a file that the entries stand for, with all of the table's columns."""
    try:
        found = pq.read_table(place.data / name, partitioning=None, use_threads=False)
    except (OSError, pa.ArrowException) as fault:
        raise LakeFault(f"{state.spec.name}: {name} cannot be read: {fault}") from fault
    for column in schema(state.spec):
        if column.name not in found.column_names:
            found = found.append_column(column, pa.nulls(found.num_rows, column.type))
    first, second, _, order = identities(place.data / name)
    wanted = set(
        zip(
            entries.first[mine].tolist(),
            entries.second[mine].tolist(),
            entries.order[mine].tolist(),
            strict=True,
        )
    )
    here = zip(first.tolist(), second.tolist(), order.tolist(), strict=True)
    return found.filter(pa.array([one in wanted for one in here], pa.bool_()))
