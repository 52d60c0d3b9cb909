"""Plain filters on small tables without a query: columns as arrays in memory, compared in some microseconds each.

A program that asks for the rows of one district after another sends thousands of questions that differ in a value. For
tables of up to ``MOST_ROWS`` whose data stays for a while, rows are picked by masks over the columns; everything else
(words, places, patterns, OR, order) goes to the engine. Both give the same rows in the same order.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from maru.services.opendata.engine.contracts import (
    And,
    Between,
    ColumnInfo,
    Compare,
    Comparison,
    Condition,
    OneOf,
    Page,
    Query,
    Value,
)
from maru.services.opendata.rest.shelf import Holding

MOST_ROWS = 400_000
MOST_BYTES = 96_000_000
# A table is taken into memory at this many filtered questions to the same data: a living one changes before.
WORTH = 3
Mask = npt.NDArray[np.bool_]
_ORDERED = ("integer", "number", "date", "datetime")


class Unfit(Exception):
    """This condition is one for the engine."""


class Table:
    """The rows of one version in the table's own order; arrays to compare are made when first asked for."""

    def __init__(self, rows: pa.Table, columns: Iterable[ColumnInfo]) -> None:
        self.rows = rows
        self.columns = {one.name: one for one in columns}
        self._lock = threading.Lock()
        self._codes: dict[str, tuple[dict[Any, int], npt.NDArray[np.int32]]] = {}
        self._numbers: dict[str, tuple[npt.NDArray[Any], Mask]] = {}

    def page(self, query: Query, version: int) -> Page:
        """As the engine's, for a query that only filters. Raises Unfit."""
        found = np.flatnonzero(self.mask(query.where)) if query.where else np.arange(self.rows.num_rows)
        chosen = found[query.offset : query.offset + query.limit]
        names = list(query.columns) or list(self.columns)
        part = self.rows.select(names).take(pa.array(chosen))
        lists = [part.column(at).to_pylist() for at in range(len(names))]
        rows = list(zip(*lists, strict=True)) if len(chosen) else []
        return Page(tuple(self.columns[name] for name in names), rows, len(found), version)

    def mask(self, condition: Condition | None) -> Mask:
        """Where the condition holds. Raises Unfit."""
        match condition:
            case And(parts) if parts:
                found = self.mask(parts[0])
                for part in parts[1:]:
                    found = found & self.mask(part)
                return found
            case Compare(name, op, value) if value is not None:
                return self._compared(self._column(name), op, value)
            case Between(name, low, high) if low is not None and high is not None:
                column = self._column(name)
                return self._compared(column, ">=", low) & self._compared(column, "<=", high)
            case OneOf(name, values) if 0 < len(values) <= 20 and None not in values:
                column = self._column(name)
                found = self._compared(column, "=", values[0])
                for value in values[1:]:
                    found = found | self._compared(column, "=", value)
                return found
        raise Unfit

    def _column(self, name: str) -> ColumnInfo:
        try:
            return self.columns[name]
        except KeyError:  # the engine says so in its words
            raise Unfit from None

    def _compared(self, column: ColumnInfo, op: Comparison, value: Value) -> Mask:
        if column.type in _ORDERED:
            return self._number_mask(column, op, value)
        if op not in ("=", "!="):
            raise Unfit
        with self._lock:
            if column.name not in self._codes:
                self._codes[column.name] = _coded(self.rows.column(column.name))
        known, codes = self._codes[column.name]
        code = known.get(value, -2)
        same: Mask = codes == code
        return same if op == "=" else ~same & (codes >= 0)

    def _number_mask(self, column: ColumnInfo, op: Comparison, value: Value) -> Mask:
        with self._lock:
            if column.name not in self._numbers:
                self._numbers[column.name] = _numbered(self.rows.column(column.name))
        numbers, valid = self._numbers[column.name]
        edge = _edge(column, value)
        found: Mask = _OPERATIONS[op](numbers, edge)
        return found & valid


_OPERATIONS: dict[Comparison, Any] = {
    "=": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def _edge(column: ColumnInfo, value: Value) -> Any:
    """The value as the column's array holds it. Raises Unfit for what only the engine can turn round."""
    if column.type == "datetime" and isinstance(value, dt.datetime) and value.tzinfo is not None:
        return np.datetime64(value.astimezone(dt.UTC).replace(tzinfo=None), "us")
    if column.type == "date" and isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return np.datetime64(value, "D")
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    # Beyond 2^53 a float and a whole number may seem the same.
    if column.type in ("integer", "number") and numeric and abs(value) < 2**53:  # type: ignore[arg-type]
        return value
    raise Unfit


def _coded(column: pa.ChunkedArray) -> tuple[dict[Any, int], npt.NDArray[np.int32]]:
    """Each value a number, -1 for none."""
    whole = column.combine_chunks()
    if not pa.types.is_dictionary(whole.type):
        whole = pc.dictionary_encode(whole)
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks)
    codes = pc.fill_null(whole.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    return {value: at for at, value in enumerate(whole.dictionary.to_pylist())}, codes


def _numbered(column: pa.ChunkedArray) -> tuple[npt.NDArray[Any], Mask]:
    valid = pc.is_valid(column).to_numpy(zero_copy_only=False)
    if pa.types.is_timestamp(column.type):
        plain = column.cast(pa.timestamp("us", "UTC")).cast(pa.int64())
        return pc.fill_null(plain, 0).to_numpy().astype("datetime64[us]"), valid
    if pa.types.is_date(column.type):
        plain = column.cast(pa.date32()).cast(pa.int32())
        return pc.fill_null(plain, 0).to_numpy().astype("datetime64[D]"), valid
    return pc.fill_null(column, 0).to_numpy(), valid


class Tables:
    """The tables in memory, bounded by bytes; the least lately used go first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: OrderedDict[tuple[str, int], int] = OrderedDict()
        self._held: OrderedDict[tuple[str, int], Table] = OrderedDict()
        self._making: set[tuple[str, int]] = set()

    def page(self, holding: Holding, query: Query) -> Page | None:
        """The page, if the table is in memory and the query is one for it."""
        plain = not (query.order or query.group or query.measures or query.distinct or query.cursor)
        if query.where is None or not plain or not query.limit:
            return None
        table = self._table(holding)
        if table is None:
            return None
        try:
            return table.page(query, holding.rows.version)
        except Unfit:
            return None

    def _table(self, holding: Holding) -> Table | None:
        place = (holding.slug, holding.token)
        with self._lock:
            held = self._held.get(place)
            if held is not None:
                self._held.move_to_end(place)
                return held
            self._asked[place] = self._asked.get(place, 0) + 1
            while len(self._asked) > 2_000:
                self._asked.popitem(last=False)
            if self._asked[place] < WORTH or place in self._making or holding.rows.count(None) > MOST_ROWS:
                return None
            self._making.add(place)
        try:
            return self._make(place, holding)
        finally:
            with self._lock:
                self._making.discard(place)

    def _make(self, place: tuple[str, int], holding: Holding) -> Table | None:
        batches = list(holding.rows.stream(Query(limit=0)))
        if not batches:
            return None
        rows = pa.Table.from_batches(batches)
        if rows.nbytes > MOST_BYTES // 2:
            with self._lock:
                self._asked[place] = -1_000_000  # too wide: not asked again for a long time
            return None
        made = Table(rows, holding.view.columns)
        with self._lock:
            # An older version of the same table is of no use any more.
            for old in [one for one in self._held if one[0] == place[0]]:
                del self._held[old]
            self._held[place] = made
            while len(self._held) > 1 and sum(one.rows.nbytes for one in self._held.values()) > MOST_BYTES:
                self._held.popitem(last=False)
        return made

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._held.clear()
            self._asked.clear()


tables = Tables()
