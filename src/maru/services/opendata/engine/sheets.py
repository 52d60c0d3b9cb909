"""The sheet of a dataset: rows by page, exact counts, facets, streams; from the lake's snapshot, by many at once.

Small tables are held in DuckDB's memory, large ones are read from the lake's files. A sheet stands for one version
and never changes; ``open_sheet`` gives the newest, and shares it among all who ask.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import itertools
import json
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from maru.platform.ports.lake.contracts import Column, Lake, Snapshot, TableSpec
from maru.services.opendata.engine import duck
from maru.services.opendata.engine.contracts import (
    ColumnInfo,
    Condition,
    FacetCount,
    Page,
    Query,
    QueryFault,
)
from maru.services.opendata.engine.sql import TYPES, Compiler, aggregate_sql, chosen, order_sql, quoted

MOST_ROWS = 50_000  # of one page
HELD_ROWS = 400_000  # a table up to this size is held in memory
HELD_CELLS = 24_000_000  # of all held tables together; the longest unused goes first
# A living table has a new version every second. Holding it anew is worth it only if it is cheap, or the copy is old.
CHEAP_S = 0.1
SMALL_ROWS = 20_000  # up to so many it is always cheap; only a busy machine makes it look dear
_LONGEST_CURSOR = 100
_numbers = itertools.count(1)


class Sheet:
    """One version of one table for readers. Safe to use from many threads."""

    def __init__(self, table: str, columns: Sequence[ColumnInfo], snapshot: Snapshot, source: str) -> None:
        self.table = table
        self.columns = tuple(columns)
        # What compaction does to the files is no new version to a reader.
        self.version = snapshot.changed or snapshot.version
        self.files_version = snapshot.version
        self.at = snapshot.at
        self.rows = snapshot.rows
        # The digest of a key that readers may not see could be guessed from all possible keys: it is not given out.
        self.named = set(snapshot.spec.key) <= {one.name for one in columns}
        self.source = source  # an SQL table expression
        self.held = False
        # Rows that are equal in what they are ordered by still need an order, lest pages repeat some and miss others.
        self.tie = "_key"
        self.opened = time.monotonic()
        self.cost_s = 0.0

    def page(self, query: Query) -> Page:
        """Rows, with the exact total of all that match unless ``total`` is off. Raises QueryFault."""
        if query.group or query.measures or query.distinct:
            return self._grouped(query)
        columns = chosen(query, self.columns)
        offset = self._offset(query)
        limit = min(max(0, query.limit), MOST_ROWS)
        total = self.count(query.where) if query.total else -1
        found: list[tuple[Any, ...]] = []
        if limit and (total < 0 or offset < total):
            found = self._rows(query, columns, offset, limit)
        more = len(found) == limit and limit > 0 and (total < 0 or offset + limit < total)
        return Page(
            columns, found, total, self.version, _cursor(self.version, offset + limit) if more else ""
        )

    def count(self, where: Condition | None = None) -> int:
        """How many rows match, exactly."""
        if where is None:
            return self.rows
        compiler = Compiler(self.columns)
        condition = compiler.condition(where)
        statement = f"SELECT count(*) FROM {self.source} WHERE {condition}"  # noqa: S608  # names are checked, values are parameters
        return int(duck.rows(statement, compiler.parameters)[0][0])

    def facet(self, column: str, where: Condition | None = None, limit: int = 20) -> tuple[FacetCount, ...]:
        """The most frequent values of a column among the rows that match, with their counts."""
        compiler = Compiler(self.columns)
        name = compiler.name(column)
        condition = f"WHERE {compiler.condition(where)}" if where is not None else ""
        statement = (
            f"SELECT {name}, count(*) AS n FROM {self.source} {condition} GROUP BY 1 "  # noqa: S608  # as above
            "ORDER BY n DESC, 1 NULLS LAST LIMIT ?"
        )
        found = duck.rows(statement, [*compiler.parameters, max(1, min(limit, 10_000))])
        return tuple(FacetCount(value, int(count)) for value, count in found)

    def stream(self, query: Query, batch: int = 20_000) -> Iterator[pa.RecordBatch]:
        """All rows that match, as Arrow batches in the query's order; ``offset`` and ``limit`` count if ``limit`` > 0."""
        columns = chosen(query, self.columns)
        compiler = Compiler(self.columns)
        statement = self._select(query, columns, compiler)
        if query.limit:
            statement += " LIMIT ? OFFSET ?"
            compiler.parameters += [query.limit, self._offset(query)]
        with duck.cursor(heavy=False) as one:
            reader = one.sql(statement, params=compiler.parameters).to_arrow_reader(batch)
            yield from reader

    def ids(self, query: Query) -> list[str]:
        """The lake's digests of the records of a page, in its order: stable ids where a table has no key of its own."""
        if not self.named:
            raise QueryFault("id", "the records of this dataset have no public ids")
        compiler = Compiler(self.columns)
        where = f"WHERE {compiler.condition(query.where)}" if query.where is not None else ""
        order = self._order(query, compiler)
        statement = f"SELECT _key FROM {self.source} {where} {order} LIMIT ? OFFSET ?"  # noqa: S608  # as above
        compiler.parameters += [min(query.limit, MOST_ROWS), self._offset(query)]
        return [_shown_key(row[0]) for row in duck.rows(statement, compiler.parameters)]

    def one(self, key: str) -> tuple[Any, ...] | None:
        """The record with this digest (``ids``), None if there is none."""
        if not self.named:
            return None
        names = ", ".join(quoted(one.name) for one in self.columns)
        # Bytes or text: the comparison is made on the text that ``ids`` gave.
        statement = f"SELECT {names} FROM {self.source} WHERE {_KEY_TEXT} = ? LIMIT 1"  # noqa: S608  # as above
        found = duck.rows(statement, [key])
        return found[0] if found else None

    def _rows(
        self, query: Query, columns: Sequence[ColumnInfo], offset: int, limit: int
    ) -> list[tuple[Any, ...]]:
        compiler = Compiler(self.columns)
        statement = self._select(query, columns, compiler) + " LIMIT ? OFFSET ?"
        return duck.rows(statement, [*compiler.parameters, limit, offset])

    def _select(self, query: Query, columns: Sequence[ColumnInfo], compiler: Compiler) -> str:
        names = ", ".join(quoted(one.name) for one in columns)
        where = f"WHERE {compiler.condition(query.where)}" if query.where is not None else ""
        return f"SELECT {names} FROM {self.source} {where} {self._order(query, compiler)}"  # noqa: S608  # as above

    def _order(self, query: Query, compiler: Compiler) -> str:
        made = order_sql(query.order, compiler)
        return f"{made}, {self.tie}" if made else ""

    def _grouped(self, query: Query) -> Page:
        columns = chosen(query, self.columns)
        compiler = Compiler(self.columns)
        if query.measures or query.group:
            for name in query.columns:
                if name not in query.group:
                    raise QueryFault(name, "is neither grouped nor aggregated")
        plain = [quoted(one.name) for one in columns[: len(columns) - len(query.measures)]]
        measures = [
            f"{aggregate_sql(one.aggregate, one.column)} AS {quoted(one.name)}" for one in query.measures
        ]
        where = f"WHERE {compiler.condition(query.where)}" if query.where is not None else ""
        group = "GROUP BY " + ", ".join(map(compiler.name, query.group)) if query.group else ""
        first = "SELECT DISTINCT" if query.distinct and not group else "SELECT"
        inner = f"{first} {', '.join(plain + measures)} FROM {self.source} {where} {group}"  # as above
        outer = Compiler(columns)
        having = f"WHERE {outer.condition(query.having)}" if query.having is not None else ""
        ordered = order_sql(query.order, outer) or "ORDER BY ALL"
        offset, limit = self._offset(query), min(max(0, query.limit), MOST_ROWS)
        body = f"FROM ({inner}) {having}"
        parameters = [*compiler.parameters, *outer.parameters]
        total = int(duck.rows(f"SELECT count(*) {body}", parameters)[0][0]) if query.total else -1  # as above
        found = (
            duck.rows(f"SELECT * {body} {ordered} LIMIT ? OFFSET ?", [*parameters, limit, offset])
            if limit
            else []
        )  # as above
        found = [tuple(map(_plain, row)) for row in found]
        more = len(found) == limit and limit > 0 and (total < 0 or offset + limit < total)
        return Page(
            columns, found, total, self.version, _cursor(self.version, offset + limit) if more else ""
        )

    def _offset(self, query: Query) -> int:
        if query.cursor:
            return _read_cursor(query.cursor)
        return max(0, query.offset)


_KEY_TEXT = "CASE WHEN typeof(_key) = 'BLOB' THEN lower(hex(_key::BLOB)) ELSE CAST(_key AS VARCHAR) END"


def _shown_key(key: Any) -> str:
    return key.hex() if isinstance(key, bytes | bytearray) else str(key)


def _plain(value: Any) -> Any:
    """A sum of whole numbers may leave 64 bits, and then no format of ours can hold it: near enough, as a float."""
    return float(value) if type(value) is int and abs(value) >= 2**63 else value


def _cursor(version: int, offset: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([version, offset]).encode()).decode().rstrip("=")


def _read_cursor(text: str) -> int:
    try:
        if len(text) > _LONGEST_CURSOR:
            raise ValueError("too long")
        _version, offset = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return min(max(0, int(offset)), 2**62)
    except (ValueError, TypeError, OverflowError, binascii.Error) as fault:
        raise QueryFault("cursor", "is not one that was given out") from fault


class Sheets:
    """The sheets of a process, shared and bounded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # A fixed number: readers choose the times for which sheets are made.
        self._building = [threading.Lock() for _each in range(256)]
        self._open: OrderedDict[tuple[str, str], tuple[Sheet, int]] = OrderedDict()

    def get(
        self, lake: Lake, table: str, columns: Sequence[ColumnInfo], as_of: dt.datetime | None = None
    ) -> Sheet:
        """The sheet of a table, newest or as it was. LakeFault if there is no such table."""
        place = (table, as_of.isoformat() if as_of else "")
        with self._building[hash(place) % len(self._building)]:
            found = self._get(lake, place, columns, as_of)
        return found if found is not None else self.get(lake, table, columns)

    def _get(
        self, lake: Lake, place: tuple[str, str], columns: Sequence[ColumnInfo], as_of: dt.datetime | None
    ) -> Sheet | None:
        """None if nothing has changed since ``as_of``: then the present sheet is that of then."""
        with self._lock:
            known = self._open.get(place)
            if known is not None:
                self._open.move_to_end(place)
        if known is not None and self._is_young(known[0]) and known[0].columns == tuple(columns):
            return known[0]
        snapshot = lake.snapshot(place[0], as_of=as_of)
        if as_of is not None and snapshot.until is None:
            return None
        if (
            known is not None
            and known[0].files_version == snapshot.version
            and known[0].columns == tuple(columns)
        ):
            return known[0]
        made, cells = _build(lake, place[0], columns, snapshot, again=known is not None)
        with self._lock:
            self._open[place] = (made, cells)
            self._open.move_to_end(place)
            self._evict()
        return made

    def _is_young(self, sheet: Sheet) -> bool:
        dear = sheet.cost_s > CHEAP_S and sheet.rows > SMALL_ROWS
        return dear and time.monotonic() - sheet.opened < min(30.0, 20 * sheet.cost_s)

    def _evict(self) -> None:
        held = sum(cells for _sheet, cells in self._open.values())
        while (held > HELD_CELLS or len(self._open) > 2_000) and len(self._open) > 1:
            _place, (_gone, cells) = self._open.popitem(last=False)
            held -= cells

    def forget(self, table: str = "") -> None:
        """Forget the sheets of a table ("": of all), as after erasing or masking in it."""
        with self._lock:
            for place in [one for one in self._open if not table or one[0] == table]:
                del self._open[place]


def _build(
    lake: Lake, table: str, columns: Sequence[ColumnInfo], snapshot: Snapshot, *, again: bool
) -> tuple[Sheet, int]:
    if snapshot.rows > HELD_ROWS:
        from maru.services.opendata.engine.large import open_large  # it is built on the sheet above

        large = open_large(
            lake, table, columns, snapshot, lambda expression, part: _held(table, columns, part, expression)
        )
        if large is not None:
            if again:  # most files are counted already
                large.build()
            else:
                large.build_soon()
            return large, 0
        return Sheet(table, columns, snapshot, f"{lake.current_sql(snapshot)} AS t"), 0
    sheet = _held(table, columns, snapshot, lake.current_sql(snapshot))
    return sheet, sheet.rows * (len(columns) + 1)


def _held(table: str, columns: Sequence[ColumnInfo], snapshot: Snapshot, expression: str) -> Sheet:
    """A sheet whose rows are in DuckDB's memory."""
    began = time.monotonic()
    name = f"held_{next(_numbers)}"
    names = ", ".join(["_key", *(quoted(one.name) for one in columns)])
    # The present is made for everybody and once; the past for whoever names a time, so it waits for its turn.
    past = snapshot.until is not None
    duck.run(f"CREATE TABLE {name} AS SELECT {names} FROM {expression} ORDER BY _at, _key", heavy=past)  # noqa: S608  # names from the lake's own spec
    sheet = Sheet(table, columns, snapshot, name)
    sheet.held, sheet.tie = True, "rowid"
    sheet.rows = int(duck.rows(f"SELECT count(*) FROM {name}", heavy=False)[0][0])  # noqa: S608  # as above
    sheet.cost_s = time.monotonic() - began
    weakref.finalize(sheet, _drop, name).atexit = False
    return sheet


def _drop(name: str) -> None:
    duck.run(f"DROP TABLE IF EXISTS {name}")


_sheets = Sheets()


def open_sheet(
    lake: Lake, table: str, columns: Sequence[ColumnInfo], as_of: dt.datetime | None = None
) -> Sheet:
    """The sheet of a table for readers with these columns. Raises LakeFault if there is no such table."""
    return _sheets.get(lake, table, columns, as_of)


def empty_sheet(table: str, columns: Sequence[ColumnInfo]) -> Sheet:
    """The sheet of a table that nothing has come into yet."""
    spec = TableSpec(table, tuple(Column(one.name, one.type) for one in columns), ())
    nulls = ", ".join(
        [f"NULL::{TYPES[one.type]} AS {quoted(one.name)}" for one in columns] or ["NULL AS nothing"]
    )
    return Sheet(
        table, columns, Snapshot(spec, 0, None), f"(SELECT {nulls}, ''::BLOB AS _key WHERE FALSE) AS t"
    )  # as above


def forget(table: str = "") -> None:
    """Forget what is held of a table ("": of all)."""
    _sheets.forget(table)


def widened(query: Query, **changes: Any) -> Query:
    """The query with changes, for who builds one on another."""
    return replace(query, **changes)
