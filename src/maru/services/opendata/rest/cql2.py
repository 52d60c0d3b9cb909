"""CQL2 (OGC 21-065r2): its JSON form becomes a Condition; its text form (``cql2_text``) is read into the JSON form first.

Basic CQL2, the advanced comparisons (LIKE, BETWEEN, IN), CASEI, basic spatial functions on the row's point and
temporal functions on columns of dates. What the tables here cannot answer is refused by name.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from maru.services.opendata.engine.contracts import (
    And,
    ColumnInfo,
    Compare,
    Comparison,
    Condition,
    IsNull,
    Like,
    Not,
    Or,
    QueryFault,
    Within,
)
from maru.services.opendata.rest.geometry import geojson_polygon, geometry_box
from maru.services.opendata.rest.literals import column_of, is_dated, span_of
from maru.services.opendata.rest.parsing import (
    DEEPEST,
    FLIPPED,
    between,
    compare,
    either,
    folded,
    one_of,
    wild,
)

GEOMETRY = "geometry"
_COMPARED: Mapping[str, Comparison] = {"=": "=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_MOST_NODES = 500


class Cql2:
    """A compiler for one dataset. ``where`` is the parameter's name, for messages."""

    def __init__(self, columns: Mapping[str, ColumnInfo], located: bool, where: str = "filter") -> None:
        self.columns = columns
        self.located = located
        self.where = where
        self.depth = 0
        self.nodes = 0
        self.operations: dict[str, Callable[[list[Any]], Condition]] = {
            "and": lambda args: And(self._all(args)),
            "or": lambda args: Or(self._all(args)),
            "not": self._not,
            "like": self._like,
            "between": self._between,
            "in": self._in,
            "isNull": self._null,
            "s_intersects": self._inside,
            "s_within": self._inside,
            "s_disjoint": lambda args: Not(self._inside(args)),
            "s_equals": self._inside,
        }
        for name in ("t_after", "t_before", "t_during", "t_equals", "t_intersects", "t_disjoint"):
            self.operations[name] = lambda args, name=name: self._temporal(name, args)  # type: ignore[misc]

    def compile(self, node: Any) -> Condition:
        """The condition of one node of CQL2 JSON. Raises QueryFault."""
        self.depth += 1
        self.nodes += 1
        if self.depth > DEEPEST or self.nodes > _MOST_NODES:
            raise self._fault("The filter is too deep or too long.")
        found = self._node(node)
        self.depth -= 1
        return found

    def _node(self, node: Any) -> Condition:
        if isinstance(node, dict) and "property" in node:
            column = self._column(node)
            if column.type != "boolean":
                raise self._fault(f"{column.name} alone is no condition.")
            return Compare(column.name, "=", True)
        if not isinstance(node, dict) or not isinstance(node.get("op"), str):
            raise self._fault('Each condition is an object with "op" and "args".')
        op, args = node["op"], node.get("args")
        if not isinstance(args, list):
            raise self._fault(f'"args" of {op[:30]!r} must be a list.')
        if op in _COMPARED:
            return self._compared(_COMPARED[op], args)
        operation = self.operations.get(op)
        if operation is None:
            raise self._fault(f"{op[:40]!r} is not offered here.")
        return operation(args)

    def _all(self, args: list[Any]) -> tuple[Condition, ...]:
        if len(args) < 2:
            raise self._fault("and/or join at least two conditions.")
        return tuple(self.compile(arg) for arg in args)

    def _not(self, args: list[Any]) -> Condition:
        self._exactly(args, 1)
        return Not(self.compile(args[0]))

    def _compared(self, op: Comparison, args: list[Any]) -> Condition:
        self._exactly(args, 2)
        left, right = args
        if not _names_column(left):
            left, right, op = right, left, FLIPPED[op]
        fold, column = self._operand(left)
        value = self._value(right)
        if fold:
            return folded(column, op, value, self.where)
        return compare(column, op, value, self.where)

    def _like(self, args: list[Any]) -> Condition:
        self._exactly(args, 2)
        fold, column = self._operand(args[0])
        pattern = self._value(args[1])
        if column.type != "text" or not isinstance(pattern, str):
            raise self._fault("LIKE compares text.")
        return Like(column.name, wild(pattern), fold=fold)

    def _between(self, args: list[Any]) -> Condition:
        self._exactly(args, 3)
        return between(self._column(args[0]), self._value(args[1]), self._value(args[2]), self.where)

    def _in(self, args: list[Any]) -> Condition:
        self._exactly(args, 2)
        if not isinstance(args[1], list):
            raise self._fault("IN needs a list.")
        fold, column = self._operand(args[0])
        values = [self._value(value) for value in args[1]]
        if fold and values:
            return either([folded(column, "=", value, self.where) for value in values])
        return one_of(column, values, self.where)

    def _null(self, args: list[Any]) -> Condition:
        self._exactly(args, 1)
        return IsNull(self._column(args[0]).name)

    def _inside(self, args: list[Any]) -> Condition:
        self._exactly(args, 2)
        place, figure = args
        if not _names_column(place):
            place, figure = figure, place
        if not self.located or place != {"property": GEOMETRY}:
            raise self._fault(f'Spatial functions take the property "{GEOMETRY}" of a dataset that has one.')
        if isinstance(figure, dict) and "bbox" in figure:
            numbers = figure["bbox"]
            if (
                not isinstance(numbers, list)
                or len(numbers) not in (4, 6)
                or not all(_is_number(n) for n in numbers)
            ):
                raise self._fault("A bbox is four or six numbers.")
            west, south, east, north = numbers if len(numbers) == 4 else (*numbers[:2], *numbers[3:5])
            return geometry_box(west, south, east, north, self.where)
        return Within(*geojson_polygon(figure, self.where))

    def _temporal(self, op: str, args: list[Any]) -> Condition:
        self._exactly(args, 2)
        column = self._column(args[0])
        if not is_dated(column):
            raise self._fault(f"{op} needs a column of dates; {column.name} is {column.type}.")
        low, high = self._period(args[1])
        first, last = _edge(column, low), _edge(column, high)
        if op == "t_after":
            return self._at(column, ">", last)
        if op == "t_before":
            return self._at(column, "<", first)
        ends = [self._at(column, ">=", first), self._at(column, "<=", last)]
        inside: Condition = And(tuple(ends))
        return Not(inside) if op == "t_disjoint" else inside

    def _at(self, column: ColumnInfo, op: Comparison, edge: dt.date | None) -> Condition:
        if edge is None:  # an open end holds for every row that has a value
            return Not(IsNull(column.name))
        return Compare(column.name, op, edge)

    def _period(self, node: Any) -> tuple[dt.datetime | None, dt.datetime | None]:
        if isinstance(node, dict) and isinstance(node.get("interval"), list) and len(node["interval"]) == 2:
            low, high = (self._instant(end)[i] for i, end in enumerate(node["interval"]))
            return low, high
        if not isinstance(node, dict):
            raise self._fault("Expected a date, a timestamp or an interval.")
        return self._instant(node)

    def _instant(self, node: Any) -> tuple[dt.datetime | None, dt.datetime | None]:
        text = self._value(node) if isinstance(node, dict) else node
        if text in ("..", ""):
            return None, None
        try:
            low, high = span_of(str(text))
        except (ValueError, OverflowError):
            raise self._fault(f"{str(text)[:40]!r} is not a date or time.") from None
        return low, high if high == low else high - dt.timedelta(microseconds=1)

    def _operand(self, node: Any) -> tuple[bool, ColumnInfo]:
        if isinstance(node, dict) and node.get("op") in ("casei", "accenti"):
            if node["op"] == "accenti":
                raise self._fault("accenti is not offered here.")
            args = node.get("args")
            if not isinstance(args, list) or len(args) != 1:
                raise self._fault("casei takes one argument.")
            return True, self._column(args[0])
        return False, self._column(node)

    def _column(self, node: Any) -> ColumnInfo:
        if not isinstance(node, dict) or not isinstance(node.get("property"), str):
            raise self._fault('Expected {"property": name}; columns are compared with values only.')
        return column_of(self.columns, node["property"], self.where)

    def _value(self, node: Any) -> Any:
        if isinstance(node, dict):
            for kind in ("timestamp", "date"):
                if isinstance(node.get(kind), str):
                    return node[kind]
            if node.get("op") == "casei" and isinstance(node.get("args"), list) and len(node["args"]) == 1:
                return self._value(node["args"][0])
            raise self._fault("Expected a value; columns are compared with values only.")
        if isinstance(node, list):
            raise self._fault("Expected a value, not a list.")
        return node

    def _exactly(self, args: list[Any], count: int) -> None:
        if len(args) != count:
            raise self._fault(f"Expected {count} arguments, not {len(args)}.")

    def _fault(self, reason: str) -> QueryFault:
        return QueryFault(self.where, reason)


def _edge(column: ColumnInfo, moment: dt.datetime | None) -> dt.date | None:
    return moment.date() if moment is not None and column.type == "date" else moment


def _names_column(node: Any) -> bool:
    if not isinstance(node, dict):
        return False
    if node.get("op") in ("casei", "accenti"):
        args = node.get("args")
        return isinstance(args, list) and len(args) == 1 and _names_column(args[0])
    return "property" in node


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
