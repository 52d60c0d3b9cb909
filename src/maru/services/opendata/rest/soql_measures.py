"""Aggregates of SoQL: ``count(*)``, ``count(distinct x)``, ``sum(x)`` …"""

from __future__ import annotations

from collections.abc import Mapping

from maru.services.opendata.engine.contracts import Aggregate, ColumnInfo, Measure, QueryFault
from maru.services.opendata.rest.literals import column_of
from maru.services.opendata.rest.parsing import Words

Columns = Mapping[str, ColumnInfo]
AGGREGATES: Mapping[str, Aggregate] = {
    "count": "count",
    "sum": "sum",
    "avg": "avg",
    "min": "min",
    "max": "max",
}


def measure(words: Words, columns: Columns | None = None) -> Measure:
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
