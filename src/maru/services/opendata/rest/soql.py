"""SoQL: the clauses of a SODA query string become a Query. Columns are checked here, values travel as values.

Written from the public description of SoQL (dev.socrata.com); what it has beyond a single table (joins, sub-queries,
arithmetic between columns) is refused by name, not ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from maru.services.opendata.engine.contracts import (
    Aggregate,
    And,
    ColumnInfo,
    Compare,
    Comparison,
    Condition,
    IsNull,
    Like,
    Measure,
    Not,
    Order,
    QueryFault,
    Within,
)
from maru.services.opendata.rest.geometry import circle, geometry_box, polygon_of
from maru.services.opendata.rest.literals import column_of, is_dated, pattern_of, span_of
from maru.services.opendata.rest.parsing import (
    FLIPPED,
    Words,
    between,
    compare,
    either,
    folded,
    one_of,
    together,
    wild,
)
from maru.services.opendata.rest.soql_tokens import tokens

AGGREGATES: Mapping[str, Aggregate] = {
    "count": "count",
    "sum": "sum",
    "avg": "avg",
    "min": "min",
    "max": "max",
}
_TRUNCATED = {"date_trunc_y": 4, "date_trunc_ym": 7, "date_trunc_ymd": 10}
_COMPARED: Mapping[str, Comparison] = {
    "=": "=",
    "==": "=",
    "!=": "!=",
    "<>": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
}
Columns = Mapping[str, ColumnInfo]


def where_of(text: str, columns: Columns, where: str = "$where") -> Condition | None:
    """The condition that ``text`` says; None if it says nothing. Raises QueryFault."""
    words = Words(tokens(text, where), where)
    if words.now.kind == "end":
        return None
    found = _Clause(words, columns).any()
    if words.now.kind != "end":
        raise words.fault("expected the end")
    return found


def having_of(text: str, names: Columns) -> Condition | None:
    """The condition over the names that a grouped query gives."""
    return where_of(text, names, "$having")


def order_of(text: str, columns: Columns) -> tuple[Order, ...]:
    """``column [asc|desc], ...``."""
    words = Words(tokens(text, "$order"), "$order")
    found: list[Order] = []
    while words.now.kind != "end":
        name = _measured_name(words) or column_of(columns, words.step().value, "$order").name
        descending = words.take("desc") or words.take("descending")
        if not descending:
            _ = words.take("asc") or words.take("ascending")
        if words.take("null", "last") or words.take("null", "first"):
            raise QueryFault("$order", "The place of nulls cannot be chosen; they come last.")
        found.append(Order(name, descending))
        if words.now.kind != "end":
            words.need(",")
    return tuple(found)


def _measured_name(words: Words) -> str:
    """``count(*)`` in $order and $having means the column that $select made of it."""
    if words.now.word in AGGREGATES and words.after.value == "(":
        return _measure(words).name
    return ""


def _measure(words: Words, columns: Columns | None = None) -> Measure:
    """``count(*)``, ``count(distinct x)``, ``sum(x)`` ...; named as the original names it (``sum_x``)."""
    aggregate: Aggregate = AGGREGATES[words.step().word]
    words.need("(")
    if words.sign("*"):
        if aggregate != "count":
            raise words.fault("only count(*) takes a star")
        words.need(")")
        return Measure("count", "*", "count")
    if words.take("distinct"):
        if aggregate != "count":
            raise words.fault("only count takes distinct")
        aggregate = "count_distinct"
    name = words.step().value
    if columns is not None:
        column = column_of(columns, name, words.where)
        if aggregate in ("sum", "avg") and column.type not in ("integer", "number"):
            raise QueryFault(
                words.where, f"{aggregate}() needs a column of numbers; {name} is {column.type}."
            )
        name = column.name
    words.need(")")
    return Measure(aggregate, name, f"{aggregate}_{name}")


class Selection:
    """What $select asks for: plain columns with the names they go out under, and measures."""

    def __init__(self) -> None:
        self.columns: list[tuple[str, str]] = []
        self.measures: list[Measure] = []

    @property
    def names(self) -> list[str]:
        """In the order of the answer: columns first, as the engine gives them."""
        return [shown for _name, shown in self.columns] + [one.name for one in self.measures]


def select_of(text: str, columns: Columns, every: list[ColumnInfo]) -> Selection:
    """``*``, ``a, b as c, count(*) as n, sum(x)``."""
    words = Words(tokens(text, "$select"), "$select")
    found = Selection()
    while words.now.kind != "end":
        if words.sign("*"):
            found.columns += [(one.name, one.name) for one in every]
        elif words.now.word in AGGREGATES and words.after.value == "(":
            one = _measure(words, columns)
            found.measures.append(Measure(one.aggregate, one.column, _as(words) or one.name))
        else:
            _ = words.take("distinct")
            if words.after.value == "(":
                raise words.fault(f"{words.now.value[:30]}() cannot be selected; expected a column")
            name = column_of(columns, words.step().value, "$select").name
            found.columns.append((name, _as(words) or name))
        if words.now.kind != "end":
            words.need(",")
    shown = found.names
    if len(set(shown)) != len(shown):
        raise QueryFault("$select", "Two columns of the answer have the same name.")
    return found


def _as(words: Words) -> str:
    if not words.take("as"):
        return ""
    word = words.step()
    if word.kind not in ("name", "quoted") or not word.value.isidentifier() or len(word.value) > 60:
        raise words.fault("expected a plain name after AS")
    return word.value


def group_of(text: str, columns: Columns) -> tuple[str, ...]:
    """``a, b``."""
    words = Words(tokens(text, "$group"), "$group")
    found: list[str] = []
    while words.now.kind != "end":
        if words.after.value == "(":
            raise words.fault(f"{words.now.value[:30]}() cannot be grouped by; expected a column")
        found.append(column_of(columns, words.step().value, "$group").name)
        if words.now.kind != "end":
            words.need(",")
    return tuple(dict.fromkeys(found))


class _Clause:
    """Recursive descent: OR over AND over NOT over one predicate."""

    def __init__(self, words: Words, columns: Columns) -> None:
        self.words = words
        self.columns = columns
        self.tests: dict[str, Callable[[], Condition]] = {
            "within_box": self._within_box,
            "within_circle": self._within_circle,
            "within_polygon": self._within_polygon,
            "intersects": self._within_polygon,
            "starts_with": lambda: self._like("{}%"),
            "contains": lambda: self._like("%{}%"),
        }

    def any(self) -> Condition:
        self.words.deeper()
        found = [self._every()]
        while self.words.take("or"):
            found.append(self._every())
        self.words.back()
        return either(found)

    def _every(self) -> Condition:
        found = [self._one()]
        while self.words.take("and"):
            found.append(self._one())
        return found[0] if len(found) == 1 else And(tuple(found))

    def _one(self) -> Condition:
        if self.words.take("not"):
            self.words.deeper()
            found = Not(self._one())
            self.words.back()
            return found
        if self.words.sign("("):
            inner = self.any()
            self.words.need(")")
            return inner
        return self._predicate()

    def _predicate(self) -> Condition:
        words = self.words
        if words.now.word in self.tests and words.after.value == "(":
            return self.tests[words.step().word]()
        if words.now.kind in ("text", "number") or (
            words.now.word in ("true", "false") and words.after.value in _COMPARED
        ):
            return self._flipped()
        shape, column = self._operand()
        op = words.sign(*_COMPARED)
        if op:
            return self._compared(shape, column, _COMPARED[op], self._literal())
        return self._worded(shape, column)

    def _flipped(self) -> Condition:
        """``5 < column``."""
        value = self._literal()
        op = self.words.sign(*_COMPARED)
        if not op:
            raise self.words.fault("expected a comparison")
        shape, column = self._operand()
        return self._compared(shape, column, FLIPPED[_COMPARED[op]], value)

    def _worded(self, shape: str, column: ColumnInfo) -> Condition:
        """IS NULL, BETWEEN, IN, LIKE, each with NOT; or a column of true and false alone."""
        words = self.words
        if words.take("is"):
            negated = words.take("not")
            if not words.take("null"):
                raise words.fault("expected NULL")
            null = IsNull(column.name)
            return Not(null) if negated else null
        negated = words.take("not")
        found: Condition
        if words.take("between"):
            low = self._literal()
            if not words.take("and"):
                raise words.fault("expected AND")
            high = self._literal()
            found = self._spanned(shape, column, low, high)
        elif words.take("in"):
            found = self._listed(shape, column)
        elif words.take("like"):
            found = self._liked(shape, column)
        elif column.type == "boolean" and not negated:
            return Compare(column.name, "=", True)
        else:
            raise words.fault("expected a comparison")
        return Not(found) if negated else found

    def _spanned(self, shape: str, column: ColumnInfo, low: Any, high: Any) -> Condition:
        if shape in _TRUNCATED:
            first = self._compared(shape, column, ">=", low)
            return And((first, self._compared(shape, column, "<=", high)))
        return between(column, low, high, self.words.where)

    def _listed(self, shape: str, column: ColumnInfo) -> Condition:
        self.words.need("(")
        values = [self._literal()]
        while self.words.sign(","):
            values.append(self._literal())
        self.words.need(")")
        if shape:
            return either([self._compared(shape, column, "=", value) for value in values])
        return one_of(column, values, self.words.where)

    def _liked(self, shape: str, column: ColumnInfo) -> Condition:
        value = self._literal()
        if column.type != "text" or not isinstance(value, str):
            raise QueryFault(self.words.where, "LIKE compares text.")
        return Like(column.name, wild(value), fold=shape in ("upper", "lower"))

    def _operand(self) -> tuple[str, ColumnInfo]:
        """A column, or one function around it: (function, column)."""
        words = self.words
        if words.now.word in AGGREGATES and words.after.value == "(":
            return "", column_of(self.columns, _measure(words).name, words.where)
        if words.after.kind == "sign" and words.after.value == "(":
            shape = words.now.word
            if shape not in ("upper", "lower", *_TRUNCATED):
                raise words.fault(f"there is no function {words.now.value[:30]!r} here; expected a condition")
            words.step()
            words.need("(")
            column = self._column()
            words.need(")")
            return shape, column
        return "", self._column()

    def _column(self) -> ColumnInfo:
        word = self.words.now
        if word.kind not in ("name", "quoted"):
            raise self.words.fault("expected a column")
        self.words.step()
        return column_of(self.columns, word.value, self.words.where)

    def _literal(self) -> Any:
        words = self.words
        word = words.now
        if words.sign("-", "+"):
            if words.now.kind != "number":
                raise words.fault("expected a number")
            text = words.step().value
            return f"-{text}" if word.value == "-" else text
        if word.kind in ("text", "number"):
            return words.step().value
        if word.word in ("true", "false"):
            words.step()
            return word.word == "true"
        if words.take("null"):
            return None
        raise words.fault("expected a value")

    def _compared(self, shape: str, column: ColumnInfo, op: Comparison, value: Any) -> Condition:
        where = self.words.where
        if shape in ("upper", "lower"):
            return folded(column, op, value, where)
        if shape in _TRUNCATED:
            return _truncated(column, op, str(value), _TRUNCATED[shape], where)
        return compare(column, op, value, where)

    def _like(self, form: str) -> Condition:
        self.words.need("(")
        shape, column = self._operand()
        self.words.need(",")
        value = self._literal()
        self.words.need(")")
        if column.type != "text" or not isinstance(value, str):
            raise QueryFault(self.words.where, "starts_with() and contains() compare text.")
        return Like(column.name, form.format(pattern_of(value)), fold=bool(shape))

    def _numbers(self, count: int) -> list[float]:
        found: list[float] = []
        for _each in range(count):
            self.words.need(",")
            value = self._literal()
            try:
                found.append(float(value))
            except (TypeError, ValueError):
                raise self.words.fault("expected a number") from None
        self.words.need(")")
        return found

    def _place(self) -> None:
        """The first argument names the location; here it is always the row's own point."""
        self.words.need("(")
        if self.words.step().kind not in ("name", "quoted"):
            raise self.words.fault("expected the name of the location")

    def _within_box(self) -> Condition:
        self._place()
        north, west, south, east = self._numbers(4)
        return geometry_box(west, south, east, north, self.words.where)

    def _within_circle(self) -> Condition:
        self._place()
        latitude, longitude, metres = self._numbers(3)
        return circle(latitude, longitude, metres, self.words.where)

    def _within_polygon(self) -> Condition:
        self._place()
        self.words.need(",")
        text = self._literal()
        self.words.need(")")
        box, shape = polygon_of(str(text), self.words.where)
        return Within(box, shape)


def _truncated(column: ColumnInfo, op: Comparison, text: str, digits: int, where: str) -> Condition:
    """``date_trunc_ym(column) op 'day'``, said without the function, so that the engine can skip files."""
    if not is_dated(column):
        raise QueryFault(where, f"date_trunc needs a date; {column.name} is {column.type}.")
    try:
        instant = span_of(text)[0]
        low, high = span_of(instant.date().isoformat().replace("-", "")[: {4: 4, 7: 6, 10: 8}[digits]])
    except (ValueError, OverflowError):
        raise QueryFault(where, f"{text[:40]!r} is not a date.") from None
    whole = instant == low
    if op == "=":
        # A truncated date never equals an instant inside the month.
        inside = And((_at(column, ">=", low), _at(column, "<", high)))
        return inside if whole else And((IsNull(column.name), Not(IsNull(column.name))))
    if op == "!=":
        return Not(_truncated(column, "=", text, digits, where))
    # Truncated values are beginnings of spans: >= low and > anything before high mean different edges.
    edges: dict[str, Condition] = {
        "<": _at(column, "<", low if whole else high),
        "<=": _at(column, "<", high),
        ">": _at(column, ">=", high),
        ">=": _at(column, ">=", low if whole else high),
    }
    return edges[op]


def _at(column: ColumnInfo, op: Comparison, moment: Any) -> Condition:
    return Compare(column.name, op, moment.date() if column.type == "date" else moment)


__all__ = ["Selection", "group_of", "having_of", "order_of", "select_of", "together", "where_of"]
