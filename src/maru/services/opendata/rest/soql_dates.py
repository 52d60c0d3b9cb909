"""``date_trunc_ym(column) = ...`` said without the function."""

from __future__ import annotations

from typing import Any

from maru.services.opendata.engine.contracts import (
    And,
    ColumnInfo,
    Compare,
    Comparison,
    Condition,
    IsNull,
    Not,
    QueryFault,
)
from maru.services.opendata.rest.literals import is_dated, span_of

# Function -> characters of an ISO date that it keeps.
TRUNCATED = {"date_trunc_y": 4, "date_trunc_ym": 7, "date_trunc_ymd": 10}


def truncated(column: ColumnInfo, op: Comparison, text: str, digits: int, where: str) -> Condition:
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
        return Not(truncated(column, "=", text, digits, where))
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
