"""What of a delivery is new: rows against the present versions, and against each other. Pure, vectorised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from maru.platform.ports.lake.contracts import ARROW, TableSpec
from maru.platform.ports.lake.digests import Words, digest
from maru.platform.ports.lake.index import GONE, Found

_STEP = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Batch:
    """Rows ready to be compared. ``low`` and ``high`` are the ends of ``at``; ``timed``: every row has a time of its own."""

    rows: pa.Table
    first: Words
    second: npt.NDArray[np.uint32]
    content: npt.NDArray[np.int64]
    at: npt.NDArray[np.int64]
    timed: bool

    def __len__(self) -> int:
        return len(self.first)

    def taken(self, mask: npt.NDArray[np.bool_]) -> Batch:
        """Only the rows where the mask is true."""
        return Batch(
            self.rows.filter(pa.array(mask)),
            self.first[mask],
            self.second[mask],
            self.content[mask],
            self.at[mask],
            self.timed,
        )


def prepared(rows: pa.Table, spec: TableSpec, seen: int) -> Batch:
    """Digest the rows, which have the table's columns and types. A row without a time has that of its arrival."""
    names = [column.name for column in spec.columns]
    key = list(spec.key) or names
    rest = [name for name in names if name not in set(key)]
    first, second, content = digest(rows, key, rest)
    if not spec.key:
        # Nothing identifies a row but all of it: of equal rows in one delivery the second is another record.
        first = first + _counted(first, second).astype(np.uint64) * _STEP
    timed = bool(spec.time)
    if spec.time:
        column = rows.column(spec.time)
        timed = column.null_count == 0
        whole = pc.cast(pc.cast(column, ARROW["datetime"]), pa.int64())
        at = pc.fill_null(whole, seen).to_numpy()
    else:
        at = np.full(rows.num_rows, seen, np.int64)
    return Batch(rows, first, second, content, at, timed)


def _counted(first: Words, second: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    """How many equal identities stand before each row."""
    count = np.zeros(len(first), np.int64)
    place, again = _grouped(first, second)
    if again.any():
        count[place] = _run_lengths(again)
    return count


def _grouped(
    first: Words, second: npt.NDArray[np.uint32]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Rows in an order where equal identities stand together in order of arrival, and where one goes on."""
    place = np.argsort(first, kind="stable")
    again = np.zeros(len(first), bool)
    again[1:] = first[place[1:]] == first[place[:-1]]
    if again.any():
        place = np.lexsort((second, first))
        again[1:] = (first[place[1:]] == first[place[:-1]]) & (second[place[1:]] == second[place[:-1]])
    return place, again


def _run_lengths(again: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """0 where a group begins, then 1, 2, 3…"""
    position = np.arange(len(again))
    return position - np.maximum.accumulate(np.where(again, 0, position))


@dataclass(frozen=True)
class Verdict:
    """Of the rows that are kept (``keep``): number of the version within the commit, whether it takes the place of
    another, whether a later one of the same delivery takes its own. ``replaced``: numbers of the files with replaced rows."""

    keep: npt.NDArray[np.bool_]
    turn: npt.NDArray[np.int64]
    corrects: npt.NDArray[np.bool_]
    superseded: npt.NDArray[np.bool_]
    replaced: npt.NDArray[np.int32]
    added: int
    corrected: int
    unchanged: int


def judged(batch: Batch, found: Found) -> Verdict:
    """Compare each row with the version before it: the present one, or an earlier row of the same delivery."""
    place, again = _grouped(batch.first, batch.second)
    if not again.any():
        known = found.order >= 0
        keep = ~known | (found.content != batch.content)
        corrects = keep & known
        revived = corrects & (found.content == GONE)
        corrected = int(corrects.sum() - revived.sum())
        kept = int(keep.sum())
        zeros = np.zeros(kept, np.int64)
        return Verdict(
            keep, zeros, corrects[keep], zeros.astype(bool), np.unique(found.file[corrects]),
            kept - corrected, corrected, len(batch) - kept,
        )  # fmt: skip
    content, order = batch.content[place], found.order[place]
    before = found.content[place]
    before[1:] = np.where(again[1:], content[:-1], before[1:])
    known = again | (order >= 0)
    keep = ~known | (content != before)
    corrects = keep & known
    revived = corrects & (before == GONE)
    # Numbers of the kept versions within their group, and whether a later one is kept too.
    chosen = np.flatnonzero(keep)
    groups = np.cumsum(~again)[chosen]
    more: npt.NDArray[np.bool_] = np.zeros(len(chosen), np.bool_)
    more[1:] = groups[1:] == groups[:-1]
    turn = _run_lengths(more)
    superseded = np.append(more[1:], False)
    replaced = np.unique(found.file[place][chosen[~more & (order[chosen] >= 0)]])
    back = np.argsort(place[chosen])
    mask = np.zeros(len(batch), bool)
    mask[place[chosen]] = True
    corrected = int(corrects.sum() - revived.sum())
    return Verdict(
        mask, turn[back], corrects[chosen][back], superseded[back], replaced,
        len(chosen) - corrected, corrected, len(batch) - len(chosen),
    )  # fmt: skip
