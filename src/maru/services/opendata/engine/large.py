"""The sheet of a table too large to be held: read from the lake's files, with counts that were made once for each file.

Rows come in the order of the files (by time), then those few that corrections have touched since the last compaction.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from maru.platform.ports.lake.contracts import FileEntry, Lake, LakeFault, Snapshot
from maru.platform.ports.lake.sql import literal, parts, quoted
from maru.services.opendata.engine import duck
from maru.services.opendata.engine.contracts import (
    And,
    Between,
    ColumnInfo,
    Compare,
    Condition,
    FacetCount,
    IsNull,
    Page,
    Query,
    Value,
)
from maru.services.opendata.engine.cube import Group, Ints, counted
from maru.services.opendata.engine.groups import number_sql, runs
from maru.services.opendata.engine.index import Fit, Index
from maru.services.opendata.engine.sheets import Sheet
from maru.services.opendata.engine.sql import TYPES, Compiler

MOST_PIECES = (
    6  # parts of files that one page is put together from; beyond, one question to DuckDB is cheaper
)
MOST_APART = 2  # values of what a page is ordered by that are looked for one after the other
MOST_HOLD = 400_000  # corrected rows that are held in memory


class LargeSheet(Sheet):
    """A version of a large table. Until its counts are there (a second for a million rows) it answers slowly."""

    def __init__(
        self,
        table: str,
        columns: Sequence[ColumnInfo],
        snapshot: Snapshot,
        source: str,
        files: Sequence[FileEntry],
        rest: Sheet | None,
    ) -> None:
        super().__init__(table, columns, snapshot, source)
        self.files = sorted(files, key=lambda one: (str(one.low or ""), str(one.path)))
        self.rest = rest if rest is not None and rest.rows else None
        self.index: Index | None = None
        self._time = snapshot.spec.time
        self._has = {
            str(one.path): {
                column.name for column in snapshot.spec.columns[: one.width or len(snapshot.spec.columns)]
            }
            for one in self.files
        }

    def build(self) -> None:
        """Count what is not counted yet. What one file's counts cost is paid once while the process lives."""
        shown = tuple((one.name, one.type) for one in self.columns)
        joint: tuple[str, ...] | None = None
        found = {}
        # The largest file chooses the columns whose values are counted together; the others follow it.
        for entry in sorted(self.files, key=lambda one: -one.rows):
            part = counted(entry.path, shown, self._time, joint)
            joint = part.joint.columns if joint is None else joint
            found[str(entry.path)] = part
        if found:
            self.index = Index([found[str(entry.path)] for entry in self.files], self.columns)

    def build_soon(self, done: Callable[[], None] = lambda: None) -> None:
        """Count beside the answers."""

        def work() -> None:
            try:
                self.build()
            except (
                OSError,
                LakeFault,
            ):  # a file went meanwhile: a newer version of the table will be counted
                return
            done()

        threading.Thread(target=work, name=f"count {self.table}", daemon=True).start()

    def count(self, where: Condition | None = None) -> int:
        """As of every sheet."""
        if where is None or self.index is None:
            return super().count(where)
        found = int(self._fit(self.index, where).counts.sum())
        return found + (self.rest.count(where) if self.rest else 0)

    def facet(self, column: str, where: Condition | None = None, limit: int = 20) -> tuple[FacetCount, ...]:
        """As of every sheet."""
        Compiler(self.columns).name(column)
        if where is not None:
            Compiler(self.columns).condition(where)
        found = self._facet(column, where)
        if found is None:
            return super().facet(column, where, limit)
        ordered = sorted(found.items(), key=lambda one: (-one[1], one[0] is None, one[0]))
        return tuple(FacetCount(value, number) for value, number in ordered[: max(1, min(limit, 10_000))])

    def _facet(self, column: str, where: Condition | None) -> dict[Any, int] | None:
        found = self.index.facet(column, where) if self.index is not None else None
        if found is None or self.rest is None:
            return found
        for one in self.rest.facet(column, where, 10_000):
            found[one.value] = found.get(one.value, 0) + one.count
        return found

    def _grouped(self, query: Query) -> Page:
        found = self._facet(query.group[0], query.where) if _is_plain_count(query) else None
        if found is None or len(found) > query.limit:
            return super()._grouped(query)
        columns = (
            *(one for one in self.columns if one.name == query.group[0]),
            ColumnInfo(query.measures[0].name, "integer"),
        )
        rows = sorted(found.items(), key=lambda pair: (pair[0] is None, pair[0]))
        return Page(columns, rows, len(rows), self.version)

    def _rows(
        self, query: Query, columns: Sequence[ColumnInfo], offset: int, limit: int
    ) -> list[tuple[Any, ...]]:
        index = self.index
        if index is None:
            return super()._rows(query, columns, offset, limit)
        for order in query.order:
            Compiler(self.columns).name(order.column)
        if len(query.order) > 1 and self.rest is None:
            return self._ordered(index, query, columns, offset, limit)
        if len(query.order) > 1:
            return super()._rows(query, columns, offset, limit)
        if not query.order:
            return self._natural(index, query.where, columns, offset, limit)
        [order] = query.order
        if self.rest is None and index.sorted_by(order.column):
            if not order.descending:
                return self._natural(index, query.where, columns, offset, limit)
            total = int(self._fit(index, query.where).counts.sum())
            first = max(0, total - offset - limit)
            found = self._natural(index, query.where, columns, first, max(0, total - offset) - first)
            return found[::-1]
        if self.rest is None:
            ordered = self._by_values(index, query, columns, offset, limit)
            return ordered if ordered is not None else self._ordered(index, query, columns, offset, limit)
        return super()._rows(query, columns, offset, limit)

    def _by_values(
        self, index: Index, query: Query, columns: Sequence[ColumnInfo], offset: int, limit: int
    ) -> list[tuple[Any, ...]] | None:
        """A page in the order of a counted column; None if its counts cannot be told."""
        [order] = query.order
        if query.where is not None:
            Compiler(self.columns).condition(query.where)
        found = index.facet(order.column, query.where)
        if found is None:
            return None
        values = sorted((one for one in found if one is not None), reverse=order.descending)
        wanted: list[tuple[Any, int]] = []
        before = skipped = 0
        for value in [*values, *([None] if None in found else [])]:
            if before + found[value] <= offset:
                skipped = before + found[value]
            elif before < offset + limit:
                wanted.append((value, found[value]))
            before += found[value]
        if len(wanted) <= MOST_APART:
            return self._one_by_one(index, query, columns, wanted, offset - skipped, limit)
        if wanted[-1][0] is None:
            return None
        ends = sorted((wanted[0][0], wanted[-1][0]))
        narrowed = _both(query.where, Between(order.column, ends[0], ends[1]))
        return self._ordered(index, replace(query, where=narrowed), columns, offset - skipped, limit)

    def _ordered(
        self, index: Index, query: Query, columns: Sequence[ColumnInfo], offset: int, limit: int
    ) -> list[tuple[Any, ...]]:
        """A page in any order, of the groups that hold rows that fit; equal rows in the order of the files."""
        groups = np.flatnonzero(self._fit(index, query.where).counts).tolist()
        if not groups:
            return []
        compiler = Compiler(self.columns)
        source = self._source(
            index, groups, query.where, columns, compiler, [one.column for one in query.order]
        )
        order = ", ".join(
            f"_by{at} {'DESC' if one.descending else 'ASC'} NULLS LAST" for at, one in enumerate(query.order)
        )
        names = ", ".join(quoted(one.name) for one in columns)
        statement = (
            f"SELECT {names} FROM ({source}) ORDER BY {order}, _file, file_row_number LIMIT ? OFFSET ?"  # noqa: S608  # names are checked, values are parameters
        )
        return duck.rows(statement, [*compiler.parameters, limit, offset])

    def _one_by_one(
        self,
        index: Index,
        query: Query,
        columns: Sequence[ColumnInfo],
        wanted: Sequence[tuple[Any, int]],
        offset: int,
        limit: int,
    ) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        for value, _number in wanted:
            one: Condition = (
                IsNull(query.order[0].column)
                if value is None
                else Compare(query.order[0].column, "=", _value(value))
            )
            rows += self._natural(index, _both(query.where, one), columns, offset, limit - len(rows))
            offset = 0
        return rows

    def _natural(
        self, index: Index, where: Condition | None, columns: Sequence[ColumnInfo], offset: int, limit: int
    ) -> list[tuple[Any, ...]]:
        """Rows of a page in the order of the files: only the groups that hold some of them are read."""
        counts = self._fit(index, where).counts
        ends = np.cumsum(counts)
        total = int(ends[-1]) if len(ends) else 0
        last = min(offset + limit, total)
        rows: list[tuple[Any, ...]] = []
        if offset < last:
            first = int(np.searchsorted(ends, offset, side="right"))
            needed = (np.flatnonzero(counts[first : int(np.searchsorted(ends, last)) + 1]) + first).tolist()
            skip = offset - int(ends[first] - counts[first])
            if len(needed) > MOST_PIECES:
                rows = self._far(index, needed, where, columns, skip, last - offset)
            else:
                for at in needed:
                    rest = None if counts[at] == index.sizes[at] else where
                    rows += self._fetch(index.groups[at], rest, columns, skip, last - offset - len(rows))
                    skip = 0
        if len(rows) < limit and self.rest is not None:
            names = tuple(one.name for one in columns)
            rows += self.rest.page(
                Query(names, where, (), max(0, offset - total), limit - len(rows), total=False)
            ).rows
        return rows

    def _far(
        self,
        index: Index,
        groups: Sequence[int],
        where: Condition | None,
        columns: Sequence[ColumnInfo],
        offset: int,
        limit: int,
    ) -> list[tuple[Any, ...]]:
        """A page whose rows lie far apart, in one question."""
        compiler = Compiler(self.columns)
        source = self._source(index, groups, where, columns, compiler)
        return duck.rows(f"{source} LIMIT ? OFFSET ?", [*compiler.parameters, limit, offset])

    def _fetch(
        self, group: Group, where: Condition | None, columns: Sequence[ColumnInfo], offset: int, limit: int
    ) -> list[tuple[Any, ...]]:
        compiler = Compiler(self.columns)
        names = self._names(group, columns)
        first, last = group.first, group.first + group.rows - 1
        if where is None:
            first, last = first + offset, min(last, first + offset + limit - 1)
        statement = (
            f"SELECT {names} FROM {self._file(group)} WHERE file_row_number BETWEEN {first} AND {last}"  # noqa: S608  # as above
        )
        if where is not None:
            statement += f" AND {compiler.condition(where)} LIMIT ? OFFSET ?"
            compiler.parameters += [limit, offset]
        return duck.rows(statement, compiler.parameters, heavy=False)

    def _fit(self, index: Index, where: Condition | None) -> Fit:
        if where is not None:
            Compiler(self.columns).condition(where)  # says what is wrong with it, if anything is
        return index.fit(where, lambda condition, groups: self._read(index, condition, groups))

    def _read(self, index: Index, where: Condition, groups: Sequence[int]) -> Ints:
        """Count in these groups by reading them."""
        compiler = Compiler(self.columns)
        selects = []
        for start, stop in runs(index.groups, groups):
            first, last = index.groups[start], index.groups[stop]
            number = number_sql(index.groups, start, stop)
            selects.append(
                f"SELECT {number} AS g, count(*) AS n FROM {self._file(first)} WHERE file_row_number BETWEEN {first.first} "  # noqa: S608  # as above
                f"AND {last.first + last.rows - 1} AND {compiler.condition(where)} GROUP BY 1"
            )
        found = dict(duck.rows(" UNION ALL ".join(selects), compiler.parameters))
        return np.array([found.get(at, 0) for at in groups], dtype=np.int64)

    def _source(
        self,
        index: Index,
        groups: Sequence[int],
        where: Condition | None,
        columns: Sequence[ColumnInfo],
        compiler: Compiler,
        by: Sequence[str] = (),
    ) -> str:
        """The rows of these groups that fit, as a SELECT; ``by`` adds columns ``_by0`` … to order by, and the place."""
        selects = []
        for start, stop in runs(index.groups, groups):
            first, last = index.groups[start], index.groups[stop]
            names = self._names(first, columns)
            if by:
                ranked = ", ".join(f"{quoted(name)} AS _by{at}" for at, name in enumerate(by))
                names += f", {ranked}, {start} AS _file, file_row_number"
            rule = f" AND {compiler.condition(where)}" if where is not None else ""
            selects.append(
                f"SELECT {names} FROM {self._file(first)} WHERE file_row_number BETWEEN {first.first} "  # noqa: S608  # as above
                f"AND {last.first + last.rows - 1}{rule}"
            )
        return " UNION ALL ".join(selects)

    def _names(self, group: Group, columns: Sequence[ColumnInfo]) -> str:
        has = self._has[str(group.path)]
        return ", ".join(
            quoted(one.name) if one.name in has else f"NULL::{TYPES[one.type]} AS {quoted(one.name)}"
            for one in columns
        )

    def _file(self, group: Group) -> str:
        """The file as a table; columns that were added after it was written are empty in it."""
        has = self._has[str(group.path)]
        read = f"read_parquet({literal(str(group.path))}, file_row_number=true, hive_partitioning=false)"
        lacking = [one for one in self.columns if one.name not in has]
        if not lacking:
            return read
        nulls = ", ".join(f"NULL::{TYPES[one.type]} AS {quoted(one.name)}" for one in lacking)
        return f"(SELECT *, {nulls} FROM {read})"  # noqa: S608  # as above


def open_large(
    lake: Lake,
    table: str,
    columns: Sequence[ColumnInfo],
    snapshot: Snapshot,
    rest_of: Callable[[str, Snapshot], Sheet],
) -> LargeSheet | None:
    """The sheet of a large table; None for one shown as it was, or with more corrected rows than can be held."""
    if snapshot.until is not None or snapshot.upto is not None:
        return None
    plain, mixed, _past = parts(snapshot)
    if not plain or sum(one.rows for one in mixed) > MOST_HOLD:
        return None
    began = time.monotonic()
    rest = None
    if mixed:
        part = replace(snapshot, files=tuple(mixed), rows=0)
        rest = rest_of(lake.current_sql(part), part)
    made = LargeSheet(table, columns, snapshot, f"{lake.current_sql(snapshot)} AS t", plain, rest)
    made.rows = sum(one.rows for one in plain) + (rest.rows if rest is not None else 0)
    made.cost_s = time.monotonic() - began
    return made


def _is_plain_count(query: Query) -> bool:
    """Whether it only asks how many rows there are of each value of a column."""
    measured = len(query.measures) == 1 and query.measures[0].column == "*"
    whole = query.having is None and not (query.columns or query.order or query.cursor or query.offset)
    return measured and len(query.group) == 1 and whole


def _both(where: Condition | None, one: Condition) -> Condition:
    return one if where is None else And((where, one))


def _value(value: Any) -> Value:
    found: Value = value
    return found
