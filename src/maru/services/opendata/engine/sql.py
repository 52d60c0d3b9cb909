"""From a Query to DuckDB's SQL: names are checked against the columns, values travel as parameters."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

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
    Order,
    Query,
    QueryFault,
    Value,
    Within,
    Words,
)

MOST_DEPTH = 40  # of conditions inside conditions: more is no question but an attack
MOST_VALUES = 1_000
MOST_WORDS = 8
MOST_PATTERN = 300
# DuckDB's names of the columns' types.
TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMPTZ",
}
_INT64 = 2**63
_TRUE, _FALSE = {"true", "t", "1", "y", "yes"}, {"false", "f", "0", "n", "no"}
_NAME = re.compile(r"[A-Za-z_가-힣][\w가-힣]*")


def quoted(name: str) -> str:
    """A name as SQL takes it."""
    return '"' + name.replace('"', '""') + '"'


def coerce(column: ColumnInfo, value: Value) -> Value:
    """The value as the column's type. QueryFault if it cannot be one; times without a zone are UTC."""
    if value is None:
        return None
    try:
        return _READERS[column.type](value)
    except (ValueError, TypeError, OverflowError) as fault:
        raise QueryFault(column.name, f"{str(value)[:80]!r} is not a value of type {column.type}") from fault


def _text(value: Value) -> Value:
    text = str(value)
    if "\x00" in text:
        raise ValueError("NUL")
    return text


def _integer(value: Value) -> Value:
    if isinstance(value, dt.date):
        raise TypeError("a date")
    if isinstance(value, str):
        number: float | int = float(value) if _has_fraction(value) else int(value)
    else:
        number = float(value) if isinstance(value, float) else int(value or 0)
    if isinstance(number, float):
        if not math.isfinite(number):
            raise ValueError("no number")
        return int(number) if number.is_integer() and abs(number) < _INT64 else number
    if abs(number) >= _INT64:
        return float(number)
    return number


def _has_fraction(text: str) -> bool:
    return any(mark in text for mark in ".eE")


def _number(value: Value) -> Value:
    if isinstance(value, dt.date):
        raise TypeError("a date")
    number = float(value or 0) if not isinstance(value, str) else float(value)
    if not math.isfinite(number):
        raise ValueError("no number")
    return number


def _boolean(value: Value) -> Value:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError("neither true nor false")


def _date(value: Value) -> Value:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    return dt.date.fromisoformat(str(value).strip()[:10])


def _datetime(value: Value) -> Value:
    if isinstance(value, dt.datetime):
        moment = value
    elif isinstance(value, dt.date):
        moment = dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    else:
        moment = dt.datetime.fromisoformat(str(value).strip())
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


_READERS = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
}


class Compiler:
    """Conditions of one statement; ``parameters`` gathers their values in order."""

    def __init__(self, columns: Iterable[ColumnInfo]) -> None:
        self.columns: Mapping[str, ColumnInfo] = {one.name: one for one in columns}
        self.parameters: list[Any] = []

    def column(self, name: str) -> ColumnInfo:
        """QueryFault if there is none."""
        found = self.columns.get(name)
        if found is None:
            raise QueryFault(name[:80], "there is no such column")
        return found

    def name(self, name: str) -> str:
        """The column's name, checked and quoted."""
        return quoted(self.column(name).name)

    def condition(self, one: Condition, depth: int = 0) -> str:
        """SQL of a condition."""
        if depth > MOST_DEPTH:
            raise QueryFault("where", "conditions are nested too deep")
        match one:
            case And(parts):
                return self._joined(parts, " AND ", "TRUE", depth)
            case Or(parts):
                return self._joined(parts, " OR ", "FALSE", depth)
            case Not(part):
                # Of an unknown value neither a condition nor its contrary is true; readers expect the rest of the rows.
                return f"(NOT coalesce({self.condition(part, depth + 1)}, FALSE))"
            case _:
                return self._simple(one)

    def _simple(self, one: Condition) -> str:
        match one:
            case Compare():
                return self._compare(one)
            case Between(name, low, high):
                return self._between(name, low, high)
            case OneOf(name, values):
                return self._one_of(name, values)
            case Like(name, pattern, fold):
                return self._like(name, pattern, fold)
            case IsNull(name):
                return f"({self.name(name)} IS NULL)"
            case Within():
                return self._within(one)
            case Words(text):
                return self._words(text)
        raise QueryFault("where", "this condition is not known")

    def _joined(self, parts: Sequence[Condition], word: str, empty: str, depth: int) -> str:
        if not parts:
            return empty
        return "(" + word.join(self.condition(part, depth + 1) for part in parts) + ")"

    def _value(self, column: ColumnInfo, value: Value) -> str:
        self.parameters.append(coerce(column, value))
        return "?"

    def _compare(self, one: Compare) -> str:
        column = self.column(one.column)
        if one.op not in {"=", "!=", "<", "<=", ">", ">="}:
            raise QueryFault(one.column, "there is no such comparison")
        if one.value is None:
            if one.op == "=":
                return f"({quoted(column.name)} IS NULL)"
            if one.op == "!=":
                return f"({quoted(column.name)} IS NOT NULL)"
            raise QueryFault(one.column, "nothing cannot be compared by order")
        return f"({quoted(column.name)} {one.op} {self._value(column, one.value)})"

    def _between(self, name: str, low: Value, high: Value) -> str:
        column = self.column(name)
        parts = []
        if low is not None:
            parts.append(f"{quoted(name)} >= {self._value(column, low)}")
        if high is not None:
            parts.append(f"{quoted(name)} <= {self._value(column, high)}")
        return "(" + " AND ".join(parts) + ")" if parts else f"({quoted(name)} IS NOT NULL)"

    def _one_of(self, name: str, values: tuple[Value, ...]) -> str:
        column = self.column(name)
        if len(values) > MOST_VALUES:
            raise QueryFault(name, f"at most {MOST_VALUES} values at once")
        given = [value for value in values if value is not None]
        parts = []
        if given:
            marks = ", ".join(self._value(column, value) for value in given)
            parts.append(f"{quoted(name)} IN ({marks})")
        if len(given) < len(values):
            parts.append(f"{quoted(name)} IS NULL")
        return "(" + " OR ".join(parts) + ")" if parts else "FALSE"

    def _like(self, name: str, pattern: str, fold: bool) -> str:
        column = self.column(name)
        # Cut off, a pattern would mean another one.
        if len(pattern) > MOST_PATTERN or (len(pattern) - len(pattern.rstrip("\\"))) % 2:
            raise QueryFault(
                name, f"a pattern has at most {MOST_PATTERN} characters and no backslash at its end"
            )
        self.parameters.append(_text(pattern))
        shown = quoted(name) if column.type == "text" else f"CAST({quoted(name)} AS VARCHAR)"
        return f"({shown} {'ILIKE' if fold else 'LIKE'} ? ESCAPE '\\')"

    def _words(self, text: str) -> str:
        texts = [quoted(one.name) for one in self.columns.values() if one.type == "text"]
        words = text.replace("\x00", " ").casefold().split()[:MOST_WORDS]
        if not words:
            return "TRUE"
        if not texts:
            return "FALSE"
        parts = []
        for word in words:
            parts.append("(" + " OR ".join(f"contains(lower({name}), ?)" for name in texts) + ")")
            self.parameters += [word] * len(texts)
        return "(" + " AND ".join(parts) + ")"

    def _within(self, one: Within) -> str:
        longitude, latitude = self.point()
        west, south, east, north = one.box
        if not all(math.isfinite(edge) for edge in one.box):
            raise QueryFault("bbox", "four numbers: west, south, east, north")
        # A box whose west lies east of its east crosses the 180th meridian.
        across = f"({longitude} >= ? {'AND' if west <= east else 'OR'} {longitude} <= ?)"
        self.parameters += [west, east, south, north]
        inside = f"({across} AND {latitude} >= ? AND {latitude} <= ?)"
        if not one.polygon:
            return inside
        self.parameters.append(one.polygon)
        return f"({inside} AND in_polygon(?, {longitude}, {latitude}))"

    def point(self) -> tuple[str, str]:
        """The quoted columns of longitude and latitude. QueryFault if rows have no place."""
        roles = {one.role: one.name for one in self.columns.values() if one.role}
        if "longitude" not in roles or "latitude" not in roles:
            raise QueryFault("geometry", "this dataset has no places")
        return quoted(roles["longitude"]), quoted(roles["latitude"])


def chosen(query: Query, columns: Sequence[ColumnInfo]) -> tuple[ColumnInfo, ...]:
    """The columns a query gives, those of measures after those of the group."""
    compiler = Compiler(columns)
    if query.group or query.measures:
        given = [compiler.column(name) for name in (query.columns or query.group)]
        return (*given, *(measured(one.aggregate, one.column, one.name, compiler) for one in query.measures))
    return tuple(compiler.column(name) for name in query.columns) if query.columns else tuple(columns)


def measured(aggregate: str, column: str, name: str, compiler: Compiler) -> ColumnInfo:
    """The column that an aggregate gives."""
    if not _NAME.fullmatch(name) or len(name) > 100:
        raise QueryFault(name[:80], "an alias is made of letters, digits and _")
    if column == "*":
        if aggregate != "count":
            raise QueryFault(aggregate, "only count can be of *")
        return ColumnInfo(name, "integer")
    info = compiler.column(column)
    if aggregate in {"count", "count_distinct"}:
        return ColumnInfo(name, "integer")
    if aggregate in {"min", "max"}:
        return ColumnInfo(name, info.type, unit=info.unit)
    if aggregate in {"sum", "avg"}:
        if info.type not in {"integer", "number"}:
            raise QueryFault(column, f"{aggregate} needs numbers")
        whole = info.type == "integer" and aggregate == "sum"
        return ColumnInfo(name, "integer" if whole else "number", unit=info.unit)
    raise QueryFault(aggregate[:40], "there is no such aggregate")


def aggregate_sql(aggregate: str, column: str) -> str:
    """SQL of an aggregate; the column is checked already."""
    if column == "*":
        return "count(*)"
    if aggregate == "count_distinct":
        return f"count(DISTINCT {quoted(column)})"
    if aggregate == "sum":
        # A sum of bigints is a hugeint, which not every format can hold.
        return f"sum({quoted(column)})"
    return f"{aggregate}({quoted(column)})"


def order_sql(order: Sequence[Order], compiler: Compiler) -> str:
    """``ORDER BY …`` or ""; empty values come last whichever way."""
    parts = [f"{compiler.name(one.column)} {'DESC' if one.descending else 'ASC'} NULLS LAST" for one in order]
    return "ORDER BY " + ", ".join(parts) if parts else ""
