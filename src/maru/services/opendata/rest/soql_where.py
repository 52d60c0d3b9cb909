"""Conditions of SoQL: ``$where`` and ``$having``, and ``where=`` of the house's own interface."""

from __future__ import annotations

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
    QueryFault,
    Within,
)
from maru.services.opendata.rest.geometry import circle, geometry_box, polygon_of
from maru.services.opendata.rest.literals import column_of, pattern_of
from maru.services.opendata.rest.parsing import FLIPPED, Words, between, compare, either, folded, one_of, wild
from maru.services.opendata.rest.soql_dates import TRUNCATED, truncated
from maru.services.opendata.rest.soql_measures import AGGREGATES, Columns, measure
from maru.services.opendata.rest.soql_tokens import tokens

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


def where_of(text: str, columns: Columns, where: str = "$where") -> Condition | None:
    """The condition that ``text`` says; None if it says nothing. Raises QueryFault."""
    words = Words(tokens(text, where), where)
    if words.done:
        return None
    found = _Clause(words, columns).any()
    if not words.done:
        raise words.fault("expected the end")
    return found


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
        if shape in TRUNCATED:
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
            return "", column_of(self.columns, measure(words).name, words.where)
        if words.after.kind == "sign" and words.after.value == "(":
            shape = words.now.word
            if shape not in ("upper", "lower", *TRUNCATED):
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
        if shape in TRUNCATED:
            return truncated(column, op, str(value), TRUNCATED[shape], where)
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
