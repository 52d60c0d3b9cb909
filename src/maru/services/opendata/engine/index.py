"""The counts of a large table's files put together: how many rows of each row group fit a condition, often without reading any.

A condition is split into its parts. What concerns columns with counted values alone is answered from the cells; what concerns
ranges of sorted or clustered columns, from the groups' limits. Only groups of which that leaves some, not all, rows are read.
"""

from __future__ import annotations

import operator
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from maru.services.opendata.engine import duck
from maru.services.opendata.engine.contracts import (
    And,
    Between,
    ColumnInfo,
    Compare,
    Condition,
    IsNull,
    Like,
    Not,
    OneOf,
    Or,
    Within,
    Words,
)
from maru.services.opendata.engine.cube import Cells, Group, Ints, Part, joined
from maru.services.opendata.engine.postings import Postings
from maru.services.opendata.engine.sql import TYPES, Compiler, coerce, quoted

Mask = npt.NDArray[np.bool_]
REMEMBERED = 200
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


@dataclass(frozen=True)
class Fit:
    """How many rows of each group fit. ``exact`` where the number is known; elsewhere rows must be read."""

    counts: Ints
    exact: Mask

    @property
    def total(self) -> int:
        """Of the groups that are exact."""
        return int(self.counts[self.exact].sum())


class Index:
    """The counts of a table's files. Safe for many threads: nothing changes after it is made but a memory of answers."""

    def __init__(self, parts: Sequence[Part], columns: Sequence[ColumnInfo]) -> None:
        self.columns = {one.name: one for one in columns}
        self.groups: tuple[Group, ...] = tuple(group for part in parts for group in part.groups)
        self.sizes: Ints = np.array([group.rows for group in self.groups], dtype=np.int64)
        self.rows = int(self.sizes.sum())
        shared = [
            name for name in parts[0].joint.columns if all(name in part.joint.columns for part in parts)
        ]
        self.joint = (
            joined([part.joint for part in parts], shared)
            if len(shared) == len(parts[0].joint.columns)
            else None
        )
        singles = [name for name in parts[0].singles if all(name in part.singles for part in parts)]
        self.singles = {name: joined([part.singles[name] for part in parts], [name]) for name in singles}
        every = [*self.singles.values(), *([self.joint] if self.joint is not None else [])]
        self._posted = {id(cells): Postings(cells) for cells in every}
        self._fits: OrderedDict[Any, Fit] = OrderedDict()
        self._lock = threading.Lock()

    def fit(self, where: Condition | None, read: Callable[[Condition, Sequence[int]], Ints]) -> Fit:
        """How many rows of each group fit, exactly; ``read`` counts in the groups of which that cannot be told."""
        if where is None:
            return Fit(self.sizes, np.ones(len(self.sizes), dtype=bool))
        key = repr(where)
        with self._lock:
            known = self._fits.get(key)
        if known is not None:
            return known
        found = self.known(where)
        doubtful = np.flatnonzero(~found.exact)
        if len(doubtful):
            counts = found.counts.copy()
            counts[doubtful] = read(where, doubtful.tolist())
            found = Fit(counts, np.ones(len(counts), dtype=bool))
        with self._lock:
            self._fits[key] = found
            while len(self._fits) > REMEMBERED:
                self._fits.popitem(last=False)
        return found

    def known(self, where: Condition) -> Fit:
        """What can be told without reading a row."""
        counted: list[Condition] = []
        none = np.zeros(len(self.sizes), dtype=bool)
        every = np.ones(len(self.sizes), dtype=bool)
        for part in conjuncts(where):
            cells = self._cells_of(columns_of(part, self.columns))
            if cells is not None:
                counted.append(part)
                continue
            part_none, part_all = self._limits(part)
            none |= part_none
            every &= part_all
        together = self._cells_of({name for part in counted for name in columns_of(part, self.columns)})
        if counted and together is None:
            # Each alone has its counts, but not how often they occur together: only none and all can be told.
            for part in counted:
                numbers = self._per_group(part)
                none |= numbers == 0
                every &= numbers == self.sizes
            counts = self.sizes.copy()
        else:
            counts = self._per_group(And(tuple(counted))) if counted else self.sizes.copy()
        none |= counts == 0
        return Fit(np.where(none, 0, counts), none | every)

    def facet(self, column: str, where: Condition | None) -> dict[Any, int] | None:
        """How often each value occurs among what fits; None if that cannot be told without reading."""
        parts = conjuncts(where) if where is not None else ()
        counted = [one for one in parts if self._cells_of(columns_of(one, self.columns)) is not None]
        rest = [one for one in parts if one not in counted]
        names = {column, *(name for part in counted for name in columns_of(part, self.columns))}
        cells = self._cells_of(names)
        if cells is None:
            return None
        places = self._places(cells, conjuncts(And(tuple(counted))))
        for part in rest:
            part_none, part_all = self._limits(part)
            if not np.all(part_none | part_all):
                return None
            group_of = self._posted[id(cells)].group_of
            places = (
                np.flatnonzero(part_all[group_of]) if places is None else places[part_all[group_of[places]]]
            )
        at = cells.columns.index(column)
        codes, counts = cells.codes[at], cells.counts
        if places is not None:
            codes, counts = codes[places], counts[places]
        found = np.bincount(codes, weights=counts, minlength=len(cells.values[at]))
        return {value: int(n) for value, n in zip(cells.values[at], found, strict=True) if n}

    def values(self, column: str) -> tuple[Any, ...] | None:
        """All values of a counted column; None if it is not counted."""
        cells = self._cells_of({column})
        return None if cells is None else cells.values[cells.columns.index(column)]

    def sorted_by(self, column: str) -> bool:
        """Whether the rows of all groups, one after the other, stand in the order of a column without empty cells."""
        before: Any = None
        for group in self.groups:
            if group.sorted_by != column:
                return False
            low, high, _empty = group.limits[column]
            if before is not None and low < before:
                return False
            before = high
        return True

    def _cells_of(self, names: set[str]) -> Cells | None:
        if len(names) == 1 and (one := next(iter(names))) in self.singles:
            return self.singles[one]
        if self.joint is not None and names <= set(self.joint.columns):
            return self.joint
        return None

    def _per_group(self, where: Condition) -> Ints:
        cells = self._cells_of(columns_of(where, self.columns))
        assert cells is not None  # asked before
        places = self._places(cells, conjuncts(where))
        if places is None:
            return self.sizes.copy()
        groups = self._posted[id(cells)].group_of[places]
        found = np.bincount(groups, weights=cells.counts[places], minlength=len(self.sizes))
        return found.astype(np.int64)

    def _places(self, cells: Cells, parts: Sequence[Condition]) -> Ints | None:
        """The cells of which all parts are true, narrowed part by part, the most telling first; None for all cells."""
        posted = self._posted[id(cells)]
        simple: list[tuple[int, int, Mask]] = []
        others: list[Condition] = []
        for part in parts:
            if isinstance(part, And | Or | Not | Words | Within):
                others.append(part)
                continue
            at = cells.columns.index(part.column)
            fits = _fitting(self.columns[part.column], cells.values[at], part)
            if not len(fits):
                return np.zeros(0, dtype=np.int64)
            simple.append((posted.size(at, fits), at, fits))
        places: Ints | None = None
        for _size, at, fits in sorted(simple, key=lambda one: one[0]):
            if places is None:
                places = posted.places(at, fits)
            else:
                places = places[np.take(fits, cells.codes[at][places])]
        for part in others:
            if isinstance(part, Words):
                places = self._words_places(cells, part, places)
                continue
            mask = self._mask(cells, part)
            places = np.flatnonzero(mask) if places is None else places[mask[places]]
        return places

    def _words_places(self, cells: Cells, where: Words, places: Ints | None) -> Ints | None:
        """Of ``places`` (None: of all cells) those where every word stands in one of the texts."""
        posted = self._posted[id(cells)]
        for fitting in self._words_fitting(cells, where):
            if places is None:
                pieces = [posted.places(at, fits) for at, fits in fitting]
                places = np.unique(np.concatenate(pieces)) if pieces else np.zeros(0, dtype=np.int64)
                continue
            somewhere = np.zeros(len(places), dtype=bool)
            for at, fits in fitting:
                somewhere |= np.take(fits, cells.codes[at][places])
            places = places[somewhere]
        return places

    def _words_fitting(self, cells: Cells, where: Words) -> list[list[tuple[int, Mask]]]:
        """For each word the columns it stands in, and in which of their values."""
        texts = [
            (at, cells.values[at])
            for at, name in enumerate(cells.columns)
            if self.columns[name].type == "text"
        ]
        found: list[list[tuple[int, Mask]]] = []
        for word in where.text.replace("\x00", " ").casefold().split()[:8]:
            every = [
                (at, np.array([value is not None and word in value.lower() for value in values], dtype=bool))
                for at, values in texts
            ]
            found.append([(at, fits) for at, fits in every if fits.any()])
        return found

    def _mask(self, cells: Cells, where: Condition) -> Mask:
        match where:
            case And(parts):
                masks = [self._mask(cells, part) for part in parts]
                return np.logical_and.reduce(masks) if masks else np.ones(len(cells.counts), dtype=bool)
            case Or(parts):
                masks = [self._mask(cells, part) for part in parts]
                return np.logical_or.reduce(masks) if masks else np.zeros(len(cells.counts), dtype=bool)
            case Not(part):
                return ~self._mask(cells, part)
            case Words():
                return self._words_mask(cells, where)
            case Compare() | Between() | OneOf() | Like() | IsNull():
                at = cells.columns.index(where.column)
                fits = _fitting(self.columns[where.column], cells.values[at], where)
                return (
                    np.asarray(fits[cells.codes[at]], dtype=bool)
                    if len(fits)
                    else np.zeros(len(cells.counts), dtype=bool)
                )
        raise TypeError("conditions on places are not counted")

    def _words_mask(self, cells: Cells, where: Words) -> Mask:
        mask = np.ones(len(cells.counts), dtype=bool)
        for fitting in self._words_fitting(cells, where):
            somewhere = np.zeros(len(cells.counts), dtype=bool)
            for at, fits in fitting:
                somewhere |= np.take(fits, cells.codes[at])
            mask &= somewhere
        return mask

    def _limits(self, part: Condition) -> tuple[Mask, Mask]:
        """Groups of which no row, and of which every row fits, as far as their limits tell."""
        none = np.zeros(len(self.groups), dtype=bool)
        every = np.zeros(len(self.groups), dtype=bool)
        spans = _spans(part, self.columns)
        if spans is None:
            return none, every
        every[:] = True
        for column, (low, low_in, high, high_in) in spans.items():
            for at, group in enumerate(self.groups):
                limits = group.limits.get(column)
                if limits is None:
                    every[at] = False
                    continue
                least, most, empty = limits
                none[at] |= (low is not None and (most < low or (most == low and not low_in))) or (
                    high is not None and (least > high or (least == high and not high_in))
                )
                inside = (low is None or least > low or (least == low and low_in)) and (
                    high is None or most < high or (most == high and high_in)
                )
                every[at] &= inside and not empty
        if isinstance(part, Within) and part.polygon:
            every[:] = False
        return none, every & ~none


def conjuncts(where: Condition) -> tuple[Condition, ...]:
    """The parts that must all be true."""
    if isinstance(where, And):
        return tuple(one for part in where.all for one in conjuncts(part))
    return (where,)


def columns_of(where: Condition, columns: Mapping[str, ColumnInfo]) -> set[str]:
    """Every column that a condition looks at."""
    match where:
        case And(parts) | Or(parts):
            return {name for part in parts for name in columns_of(part, columns)}
        case Not(part):
            return columns_of(part, columns)
        case Words():
            return {one.name for one in columns.values() if one.type == "text"}
        case Within():
            return {one.name for one in columns.values() if one.role}
        case _:
            return {where.column}


def _fitting(column: ColumnInfo, values: Sequence[Any], where: Condition) -> Mask:
    """Which of a column's values fit; DuckDB says so, that there be one meaning."""
    # Whole numbers, dates and moments are ordered alike everywhere; texts only when they are equal.
    ordered = column.type in {"integer", "date", "datetime"}
    if (
        isinstance(where, Compare)
        and where.value is not None
        and (where.op == "=" or (ordered and where.op in _COMPARED))
    ):
        wanted, compared = coerce(column, where.value), _COMPARED[where.op]
        return np.array([value is not None and compared(value, wanted) for value in values], dtype=bool)
    if isinstance(where, Between) and ordered and where.low is not None and where.high is not None:
        low, high = coerce(column, where.low), coerce(column, where.high)
        return np.array([value is not None and low <= value <= high for value in values], dtype=bool)
    if isinstance(where, IsNull):
        return np.array([value is None for value in values], dtype=bool)
    compiler = Compiler([column])
    condition = compiler.condition(where)
    kind = TYPES[column.type]
    statement = (
        f"SELECT coalesce({condition}, FALSE) FROM (SELECT unnest(?::{kind}[]) AS {quoted(column.name)})"  # noqa: S608  # the name is checked, values are parameters
    )
    found = duck.rows(statement, [*compiler.parameters, list(values)], heavy=False)
    return np.array([row[0] for row in found], dtype=bool)


Span = tuple[Any, bool, Any, bool]


def _spans(part: Condition, columns: Mapping[str, ColumnInfo]) -> dict[str, Span] | None:
    """The range of each column that a condition amounts to; None if it is no range."""
    if isinstance(part, Within):
        west, south, east, north = part.box
        roles = {one.role: one.name for one in columns.values() if one.role}
        if west > east or "longitude" not in roles or "latitude" not in roles:
            return None
        return {roles["longitude"]: (west, True, east, True), roles["latitude"]: (south, True, north, True)}
    if isinstance(part, Between):
        column = columns[part.column]
        return {part.column: (coerce(column, part.low), True, coerce(column, part.high), True)}
    if (
        not isinstance(part, Compare)
        or part.value is None
        or columns[part.column].type in {"text", "boolean"}
    ):
        return None
    value = coerce(columns[part.column], part.value)
    spans: dict[str, Span] = {
        "=": (value, True, value, True),
        "<": (None, True, value, False),
        "<=": (None, True, value, True),
        ">": (value, False, None, True),
        ">=": (value, True, None, True),
    }
    return {part.column: spans[part.op]} if part.op in spans else None
