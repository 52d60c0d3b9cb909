"""One query for every API of the plaza: sheet, Seoul path, CKAN, SODA, OGC. Plain Python, no Django.

Each API parses its own grammar into a Query; ``sheets`` runs it. Column names are checked against the dataset's columns
before any SQL is made; values travel as parameters.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Value = str | int | float | bool | dt.date | dt.datetime | None
Comparison = Literal["=", "!=", "<", "<=", ">", ">="]
Aggregate = Literal["count", "sum", "avg", "min", "max", "count_distinct"]


@dataclass(frozen=True)
class ColumnInfo:
    """A column of a dataset as readers see it. ``titles`` by language; ``alias`` is its outside name (Seoul's upper-case
    field names), kept so that old programs find theirs."""

    name: str
    type: Literal["text", "integer", "number", "boolean", "date", "datetime"]
    titles: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    alias: str = ""
    role: Literal["", "longitude", "latitude"] = ""


@dataclass(frozen=True)
class Compare:
    column: str
    op: Comparison
    value: Value


@dataclass(frozen=True)
class Between:
    column: str
    low: Value
    high: Value


@dataclass(frozen=True)
class OneOf:
    column: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Like:
    """``pattern`` with % and _ as SQL has them; without regard to case if ``fold``."""

    column: str
    pattern: str
    fold: bool = False


@dataclass(frozen=True)
class IsNull:
    column: str


@dataclass(frozen=True)
class Within:
    """The point of the row lies in the box (west, south, east, north) or, if given, in the polygon (WKT), WGS 84."""

    box: tuple[float, float, float, float]
    polygon: str = ""


@dataclass(frozen=True)
class Words:
    """Every word stands somewhere in the row's text columns."""

    text: str


@dataclass(frozen=True)
class Not:
    one: Condition


@dataclass(frozen=True)
class And:
    all: tuple[Condition, ...]


@dataclass(frozen=True)
class Or:
    any: tuple[Condition, ...]


Condition = Compare | Between | OneOf | Like | IsNull | Within | Words | Not | And | Or


@dataclass(frozen=True)
class Order:
    column: str
    descending: bool = False


@dataclass(frozen=True)
class Measure:
    """An aggregate for a grouped query; ``column`` "*" for count."""

    aggregate: Aggregate
    column: str
    name: str


@dataclass(frozen=True)
class Query:
    """``columns`` empty: all. ``limit`` 0: no rows, only the total. ``cursor`` (opaque, from Page.next) instead of ``offset`` goes on
    where a page ended. ``group`` or ``measures`` make it a grouped query. ``as_of``: the dataset as it was."""

    columns: tuple[str, ...] = ()
    where: Condition | None = None
    order: tuple[Order, ...] = ()
    offset: int = 0
    limit: int = 100
    cursor: str = ""
    group: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    having: Condition | None = None
    distinct: bool = False
    total: bool = True
    as_of: dt.datetime | None = None


@dataclass(frozen=True)
class Page:
    """``rows`` are tuples in the order of ``columns``; ``total`` is exact (-1 when it was not asked for)."""

    columns: tuple[ColumnInfo, ...]
    rows: Sequence[tuple[Any, ...]]
    total: int
    version: int
    next: str = ""


@dataclass(frozen=True)
class FacetCount:
    value: Value
    count: int


@dataclass(frozen=True)
class RowChange:
    """A record that differs between two versions: ``before`` None for an added one, ``after`` None for one that is gone."""

    key: tuple[Any, ...]
    kind: Literal["added", "corrected", "gone"]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    changed: tuple[str, ...] = ()


class QueryFault(Exception):
    """The query cannot be run: ``field`` and ``reason`` say where and why, for the citizen's program."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
