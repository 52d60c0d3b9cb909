"""Simple filters of a query string: ``column=value``, ``column.from=``, ``column.to=``, ``q=``, ``sort=-column``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from maru.services.opendata.engine.contracts import (
    ColumnInfo,
    Compare,
    Comparison,
    Condition,
    IsNull,
    Not,
    OneOf,
    Order,
    QueryFault,
    Words,
)
from maru.services.opendata.rest.literals import column_of, is_dated, span_of, typed
from maru.services.opendata.rest.parsing import either, together

_ENDS: Mapping[str, Comparison] = {".from": ">=", ".to": "<="}


def conditions(
    pairs: Iterable[tuple[str, str]], columns: Mapping[str, ColumnInfo], reserved: frozenset[str]
) -> list[Condition]:
    """One condition for each parameter that is not ``reserved``; the same column twice means either. Raises QueryFault."""
    equal: dict[str, list[str]] = {}
    found: list[Condition] = []
    for name, value in pairs:
        if name in reserved:
            continue
        ending = next((one for one in _ENDS if name.endswith(one)), "")
        if ending:
            found.append(
                _edge(column_of(columns, name.removesuffix(ending), name), _ENDS[ending], value, name)
            )
        else:
            equal.setdefault(column_of(columns, name, name).name, []).append(value)
    found += [_equal(columns[name], values, name) for name, values in equal.items()]
    return found


def _equal(column: ColumnInfo, values: list[str], where: str) -> Condition:
    if column.type == "datetime":
        return either([_day(column, value, where) for value in values])
    present = [typed(column, value, where) for value in values if value != ""]
    parts: list[Condition] = [IsNull(column.name)] if len(present) < len(values) else []
    if len(present) == 1:
        parts.append(Compare(column.name, "=", present[0]))
    elif present:
        parts.append(OneOf(column.name, tuple(present)))
    return either(parts)


def _day(column: ColumnInfo, value: str, where: str) -> Condition:
    """A time equals a day if it lies in it."""
    if value == "":
        return IsNull(column.name)
    low, high = _span(column, value, where)
    if low == high:
        return Compare(column.name, "=", low)
    both = together([Compare(column.name, ">=", low), Compare(column.name, "<", high)])
    return both or Not(IsNull(column.name))


def _edge(column: ColumnInfo, op: Comparison, value: str, where: str) -> Condition:
    if column.type == "datetime":
        low, high = _span(column, value, where)
        # ``to=2024-05-01`` means the whole day.
        return Compare(column.name, op, low) if op == ">=" or low == high else Compare(column.name, "<", high)
    return Compare(column.name, op, typed(column, value, where))


def _span(column: ColumnInfo, value: str, where: str) -> tuple[dt.datetime, dt.datetime]:
    try:
        return span_of(value)
    except (ValueError, OverflowError):
        raise QueryFault(where, f"{value[:40]!r} is not a date or time.") from None


def words(text: str) -> list[Condition]:
    """``q``: every word somewhere in the row."""
    return [Words(text[:200])] if text.strip() else []


def orders(text: str, columns: Mapping[str, ColumnInfo], where: str = "sort") -> tuple[Order, ...]:
    """``-column,other``."""
    found = []
    for part in text.split(","):
        name = part.strip()
        if name:
            plain = name.lstrip("+-").strip()
            found.append(Order(column_of(columns, plain, where).name, name.startswith("-")))
    if len(found) > 8:
        raise QueryFault(where, "At most 8 columns.")
    return tuple(found)


def fields(text: str, columns: Mapping[str, ColumnInfo], where: str = "fields") -> tuple[str, ...]:
    """``a,b``: names of columns, each once."""
    names = [part.strip() for part in text.split(",") if part.strip()]
    return tuple(dict.fromkeys(column_of(columns, name, where).name for name in names))


def condition(parts: list[Condition]) -> Condition | None:
    """All parts together."""
    return together(parts)


def can_order(column: ColumnInfo) -> bool:
    """Whether ranges of it make sense."""
    return is_dated(column) or column.type in ("integer", "number")
