"""What is counted once per Parquet file, so that nobody has to count again: row groups with their limits, and how often each
combination of the columns with few values occurs in each group.

A file of the lake never changes, so that its counts hold as long as it exists; a table's counts are those of its files.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from maru.services.opendata.engine.contracts import ColumnInfo

# A column is counted value by value if it has at most this many in one file; text is dictionary-encoded, so looking is cheap.
MOST_VALUES = 20_000
# Cells of a group for all joint columns together: one for four rows. More would be slower than reading the rows.
ROWS_PER_CELL = 4
MOST_JOINT_VALUES = 2_000
Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.unsignedinteger[Any]]
_ZONED = {"integer", "number", "date", "datetime"}


@dataclass(frozen=True)
class Group:
    """A row group: where it lies, how many rows it has, and for each column (low, high, empty cells) where known."""

    path: Path
    first: int  # number of its first row in the file
    rows: int
    limits: Mapping[str, tuple[Any, Any, int]]
    sorted_by: str = ""  # rows stand in the order of this column


@dataclass(frozen=True)
class Cells:
    """How often values occur together, group by group. ``codes[i]`` are numbers into ``values[i]`` of column ``columns[i]``.

    ``starts`` has the first cell of each group, and one more at the end.
    """

    columns: tuple[str, ...]
    values: tuple[tuple[Any, ...], ...]
    codes: tuple[Codes, ...]
    counts: Codes
    starts: Ints


@dataclass(frozen=True)
class Part:
    """A file counted. ``singles`` by column."""

    groups: tuple[Group, ...]
    joint: Cells
    singles: Mapping[str, Cells]

    @property
    def rows(self) -> int:
        """Of all groups."""
        return sum(group.rows for group in self.groups)


@dataclass
class _Column:
    """A column of one file while it is counted: values by number, and the numbers of each group's rows."""

    name: str
    numbers: dict[Any, int]
    groups: list[Codes]


def count_file(
    path: Path, columns: Sequence[ColumnInfo], time: str, joint: Sequence[str] | None = None
) -> Part:
    """Count a file. ``joint`` names the columns of the joint cells; None: those that pay, fewest values first."""
    file = pq.ParquetFile(path, memory_map=True)
    known = set(file.schema_arrow.names)
    shown = [one for one in columns if one.name in known]
    read = [_read_column(file, one) for one in shown if one.type != "number"]
    counted = [one for one in read if one is not None]
    groups = _groups(file, path, shown, time)
    if joint is None:
        joint = _choose_joint(counted, groups)
    by_name = {one.name: one for one in counted}
    chosen = [by_name[name] for name in joint if name in by_name]
    return Part(groups, _cells(chosen, groups), {one.name: _cells([one], groups) for one in counted})


def _read_column(file: pq.ParquetFile, one: ColumnInfo) -> _Column | None:
    """The column as numbers; None if it has too many values."""
    numbers: dict[Any, int] = {}
    groups: list[Codes] = []
    for at in range(file.num_row_groups):
        column = file.read_row_group(at, columns=[one.name], use_threads=False).column(0).combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = column.chunk(0) if column.num_chunks else pa.array([], column.type)
        if not pa.types.is_dictionary(column.type):
            column = pc.dictionary_encode(column, null_encoding="encode")
        if len(column.dictionary) > MOST_VALUES:
            return None
        table = np.empty(len(column.dictionary) + 1, dtype=np.uint32)
        for place, value in enumerate(column.dictionary.to_pylist()):
            table[place] = numbers.setdefault(value, len(numbers))
        if column.indices.null_count:
            table[-1] = numbers.setdefault(None, len(numbers))
        if len(numbers) > MOST_VALUES:
            return None
        indices = pc.fill_null(column.indices, -1).to_numpy(zero_copy_only=False)
        groups.append(table[indices])
    return _Column(one.name, numbers, groups)


def _groups(file: pq.ParquetFile, path: Path, columns: Sequence[ColumnInfo], time: str) -> tuple[Group, ...]:
    metadata = file.metadata
    places = {metadata.schema.column(at).name: at for at in range(metadata.num_columns)}
    zoned = [one.name for one in columns if one.type in _ZONED and one.name in places]
    found, first = [], 0
    for at in range(metadata.num_row_groups):
        group = metadata.row_group(at)
        limits = {}
        for name in zoned:
            statistics = group.column(places[name]).statistics
            if statistics is not None and statistics.has_min_max and statistics.has_null_count:
                limits[name] = (statistics.min, statistics.max, statistics.null_count)
        by = time if time in limits and not limits[time][2] and _is_sorted(file, at, time) else ""
        found.append(Group(path, first, group.num_rows, limits, by))
        first += group.num_rows
    return tuple(found)


def _is_sorted(file: pq.ParquetFile, at: int, name: str) -> bool:
    column = file.read_row_group(at, columns=[name], use_threads=False).column(0)
    numbers = (
        column.cast(pa.int64())
        if pa.types.is_timestamp(column.type)
        else column.cast(pa.int32()).cast(pa.int64())
    )
    values = numbers.to_numpy()
    return bool(np.all(values[1:] >= values[:-1]))


def _choose_joint(columns: Sequence[_Column], groups: Sequence[Group]) -> list[str]:
    """Columns for the joint cells: fewest values first, as long as the cells of a group stay few beside its rows."""
    # What the rows stand in the order of is told by the groups' limits.
    ordered = {group.sorted_by for group in groups}
    usable = (one for one in columns if len(one.numbers) <= MOST_JOINT_VALUES and one.name not in ordered)
    by_size = sorted(usable, key=lambda one: len(one.numbers))
    chosen: list[_Column] = []
    # Looked at in the middle of the file: first and last groups are often not like the others.
    middle = len(groups) // 2
    for one in by_size:
        keys = _keys([*chosen, one], middle)
        if keys is None or len(np.unique(keys)) * ROWS_PER_CELL > max(groups[middle].rows, 1):
            continue
        chosen.append(one)
    return [one.name for one in chosen]


def _keys(columns: Sequence[_Column], at: int) -> Ints | None:
    """One number for each combination of values, of each row of a group; None if they do not fit into 63 bits."""
    sizes = [len(one.numbers) for one in columns]
    if np.prod([float(size) for size in sizes]) > 2**62:
        return None
    keys = np.zeros(len(columns[0].groups[at]), dtype=np.int64)
    for one, size in zip(columns, sizes, strict=True):
        keys = keys * size + one.groups[at]
    return keys


def _cells(columns: Sequence[_Column], groups: Sequence[Group]) -> Cells:
    names = tuple(one.name for one in columns)
    values = tuple(tuple(one.numbers) for one in columns)
    codes: list[list[Codes]] = [[] for _one in columns]
    counts: list[Ints] = []
    starts = [0]
    for at, group in enumerate(groups):
        if not columns:
            counts.append(np.array([group.rows], dtype=np.int64))
            starts.append(starts[-1] + 1)
            continue
        keys = _keys(columns, at)
        assert keys is not None  # chosen so
        found, number = np.unique(keys, return_counts=True)
        for place in reversed(range(len(columns))):
            size = len(columns[place].numbers)
            codes[place].append((found % size).astype(np.uint32))
            found = found // size
        counts.append(number.astype(np.int64))
        starts.append(starts[-1] + len(number))
    return Cells(
        names,
        values,
        tuple(
            _small(np.concatenate(one) if one else np.zeros(0, dtype=np.uint32), len(known))
            for one, known in zip(codes, values, strict=True)
        ),
        (np.concatenate(counts) if counts else np.zeros(0, dtype=np.int64)).astype(np.uint32),
        np.array(starts, dtype=np.int64),
    )


def _small(codes: Codes, values: int) -> Codes:
    """In as few bytes as so many values need: millions of cells are kept."""
    return codes.astype(np.uint8 if values <= 256 else np.uint16 if values <= 65_536 else np.uint32)


def joined(parts: Sequence[Cells], columns: Sequence[str]) -> Cells:
    """The cells of several files as one, of the columns that all of them have (in this order)."""
    values: list[tuple[Any, ...]] = []
    codes: list[Codes] = []
    for name in columns:
        numbers: dict[Any, int] = {}
        pieces = []
        for part in parts:
            at = part.columns.index(name)
            table = np.array(
                [numbers.setdefault(value, len(numbers)) for value in part.values[at]], dtype=np.uint32
            )
            pieces.append(table[part.codes[at]] if len(table) else part.codes[at])
        values.append(tuple(numbers))
        codes.append(_small(np.concatenate(pieces), len(numbers)))
    starts, at = [np.zeros(1, dtype=np.int64)], 0
    for part in parts:
        starts.append(part.starts[1:] + at)
        at += int(part.starts[-1])
    counts = np.concatenate([part.counts for part in parts])
    return Cells(tuple(columns), tuple(values), tuple(codes), counts, np.concatenate(starts))


@functools.lru_cache(maxsize=4_096)
def counted(
    path: Path, columns: tuple[tuple[str, str], ...], time: str, joint: tuple[str, ...] | None
) -> Part:
    """``count_file``, remembered: ``columns`` as (name, type)."""
    infos = [ColumnInfo(name, kind) for name, kind in columns]  # type: ignore[arg-type]  # types of a dataset's columns
    return count_file(path, infos, time, joint)
