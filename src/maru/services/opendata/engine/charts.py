"""A sensible chart for any dataset, and the few numbers it is drawn from. The same numbers are its table twin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from maru.services.opendata.engine import duck
from maru.services.opendata.engine.contracts import Aggregate, ColumnInfo, Condition, QueryFault
from maru.services.opendata.engine.sheets import Sheet
from maru.services.opendata.engine.sql import Compiler, aggregate_sql, quoted

Kind = Literal["line", "bar", "histogram"]
Bucket = Literal["", "minute", "hour", "day", "month", "year"]
BUCKETS: tuple[Bucket, ...] = ("minute", "hour", "day", "month", "year")
MOST_POINTS = 400
MOST_BARS = 30
MOST_SERIES = 6
BINS = 20
MOST_TOLD = 2_000_000  # rows of a table that are looked through for its moments
LEAST_TOLD = 3  # things told of at one moment, at least, on average
_SECONDS: dict[Bucket, float] = {
    "minute": 60,
    "hour": 3_600,
    "day": 86_400,
    "month": 2_629_746,
    "year": 31_556_952,
}
_COORDINATES = {"lon", "lat", "lng", "longitude", "latitude", "x", "y"}


@dataclass(frozen=True)
class Chart:
    """What is drawn: ``y`` aggregated over ``x`` ("" counts rows), one series for each value of ``by``.

    ``bucket`` cuts a time axis; "" lets the span decide. A histogram has no ``y``.
    """

    kind: Kind
    x: str
    y: str = ""
    by: str = ""
    aggregate: Aggregate = "count"
    bucket: Bucket = ""


@dataclass(frozen=True)
class Series:
    """Points (x, y); x is a moment, a date, a text or the lower end of a bin."""

    name: str
    points: tuple[tuple[Any, float | int | None], ...]


@dataclass(frozen=True)
class Drawing:
    """A chart with its numbers. ``rest`` says how many bars or series were left out."""

    chart: Chart
    x: ColumnInfo
    y: ColumnInfo | None
    series: tuple[Series, ...]
    rest: int = 0


def choose(columns: Sequence[ColumnInfo], time: str = "", key: Sequence[str] = ()) -> Chart | None:
    """The chart to show first; None if nothing can be drawn."""
    times = [one for one in columns if one.type in {"datetime", "date"}]
    when = next((one for one in times if one.name == time), None) or next(
        (one for one in times if one.name in key), None
    )
    value = next((one for one in columns if _is_measure(one, key)), None)
    words = [one for one in columns if one.type in {"text", "boolean"}]
    if when is not None and value is not None:
        return Chart("line", when.name, value.name, aggregate="avg")
    if when is not None:
        return Chart("line", when.name)
    # A text that is part of a key of several tells groups apart; the only key column has a value of its own in each row.
    groups = [one for one in words if not (len(key) == 1 and one.name in key)]
    if groups and value is not None:
        return Chart("bar", groups[0].name, value.name, aggregate="avg")
    if groups:
        return Chart("bar", groups[0].name)
    if value is not None:
        return Chart("histogram", value.name)
    if times:
        return Chart("line", times[0].name)
    return Chart("bar", words[0].name) if words else None


def standing(sheet: Sheet, key: Sequence[str] = ()) -> Chart | None:
    """The chart of a state that has no course over time yet: by a column of few values, else how a measure spreads."""
    columns = [one for one in sheet.columns if one.type not in {"datetime", "date"}]
    parts = [
        one.name for one in columns if one.name in key
    ]  # what tells apart has a value of its own in each row
    value = next((one for one in columns if _is_measure(one, key)), None)
    for one in columns:
        if one.type not in {"text", "boolean"} or parts == [one.name]:
            continue
        if 2 <= len(sheet.facet(one.name, None, MOST_BARS + 1)) <= MOST_BARS:
            return Chart("bar", one.name, value.name if value else "", aggregate="avg" if value else "count")
    if value is not None:
        return Chart("histogram", value.name)
    return choose(columns, "", key)


def newest_telling(sheet: Sheet, time: str) -> datetime | None:
    """The newest moment of a table that tells of many things at once, again and again; None for any other table."""
    column = Compiler(sheet.columns).column(time)
    if column.type != "datetime" or sheet.rows > MOST_TOLD:
        return None
    name = quoted(time)
    statement = (
        f"WITH told AS (SELECT {name} AS moment, count(*) AS n FROM {sheet.source} WHERE {name} IS NOT NULL GROUP BY 1) "  # noqa: S608  # as above
        "SELECT max(moment), max_by(n, moment), avg(n), count(*) FROM told"
    )
    newest, last, usual, moments = duck.rows(statement)[0]
    told_at_once = moments > 1 and usual >= LEAST_TOLD and last >= usual / 2
    return newest if told_at_once else None


def draw(sheet: Sheet, chart: Chart, where: Condition | None = None, zone: str = "UTC") -> Drawing:
    """The numbers of a chart. ``zone`` is the city's, in which days begin. Raises QueryFault."""
    compiler = Compiler(sheet.columns)
    x = compiler.column(chart.x)
    y = compiler.column(chart.y) if chart.y else None
    if y is not None and chart.aggregate in {"sum", "avg"} and y.type not in {"integer", "number"}:
        raise QueryFault(chart.y, f"{chart.aggregate} needs numbers")
    if chart.kind == "histogram":
        return _histogram(sheet, chart, x, where)
    if chart.kind == "line" and x.type in {"datetime", "date"}:
        return _line(sheet, chart, x, y, where, zone)
    return _bars(sheet, chart, x, y, where)


def _is_measure(one: ColumnInfo, key: Sequence[str]) -> bool:
    return (
        one.type in {"integer", "number"}
        and not one.role
        and one.name not in key
        and one.name.lower() not in _COORDINATES
        and not one.name.lower().endswith(("id", "code", "_cd", "_no", "year"))
    )


def _measure(chart: Chart) -> str:
    return aggregate_sql(chart.aggregate, chart.y) if chart.y else "count(*)"


def _where(compiler: Compiler, where: Condition | None, *more: str) -> str:
    parts = [*more, *([compiler.condition(where)] if where is not None else [])]
    return "WHERE " + " AND ".join(parts) if parts else ""


def _line(
    sheet: Sheet, chart: Chart, x: ColumnInfo, y: ColumnInfo | None, where: Condition | None, zone: str
) -> Drawing:
    bucket = chart.bucket or _bucket(sheet, x, where)
    compiler = Compiler(sheet.columns)
    name = quoted(x.name)
    moment = f"date_trunc('{bucket}', {name})"
    if x.type == "datetime":
        # Cut in the city's own time, given back as the moment at which the bucket began.
        moment = f"timezone(?, date_trunc('{bucket}', timezone(?, {name})))"
        compiler.parameters += [zone, zone]
    named, rest = _leading(sheet, chart, where)
    by = f"CAST({compiler.name(chart.by)} AS VARCHAR)" if chart.by else "''"
    conditions = [f"{name} IS NOT NULL"]
    if chart.by:
        conditions.append(f"{by} IN ({', '.join('?' for _one in named) or 'NULL'})")
        compiler.parameters += named
    rule = _where(compiler, where, *conditions)
    statement = (
        f"SELECT {moment} AS at, {by} AS series, {_measure(chart)} FROM {sheet.source} {rule} "  # noqa: S608  # names are checked, values are parameters
        "GROUP BY 1, 2 ORDER BY 1 DESC LIMIT ?"
    )
    found = duck.rows(statement, [*compiler.parameters, MOST_POINTS * max(1, len(named))])
    order = named if chart.by else [""]
    series = tuple(
        Series(one, tuple((row[0], row[2]) for row in reversed(found) if row[1] == one)) for one in order
    )
    return Drawing(Chart("line", chart.x, chart.y, chart.by, chart.aggregate, bucket), x, y, series, rest)


def _leading(sheet: Sheet, chart: Chart, where: Condition | None) -> tuple[list[str], int]:
    """The most frequent values of the series' column, as text, and whether there are more."""
    if not chart.by:
        return [""], 0
    found = sheet.facet(chart.by, where, MOST_SERIES + 1)
    named = [str(one.value) for one in found if one.value is not None]
    return named[:MOST_SERIES], max(0, len(named) - MOST_SERIES)


def _bucket(sheet: Sheet, x: ColumnInfo, where: Condition | None) -> Bucket:
    compiler = Compiler(sheet.columns)
    rule = _where(compiler, where)
    name = quoted(x.name)
    statement = f"SELECT epoch(max({name})) - epoch(min({name})) FROM {sheet.source} {rule}"  # noqa: S608  # as above
    span = float(duck.rows(statement, compiler.parameters)[0][0] or 0)
    for bucket in BUCKETS:
        if bucket in {"minute", "hour"} and x.type == "date":
            continue
        if span / _SECONDS[bucket] <= MOST_POINTS / 2:
            return bucket
    return "year"


def _bars(
    sheet: Sheet, chart: Chart, x: ColumnInfo, y: ColumnInfo | None, where: Condition | None
) -> Drawing:
    compiler = Compiler(sheet.columns)
    rule = _where(compiler, where, f"{quoted(x.name)} IS NOT NULL")
    grouped = f"SELECT {quoted(x.name)} AS x, {_measure(chart)} AS y FROM {sheet.source} {rule} GROUP BY 1"  # noqa: S608  # as above
    statement = f"SELECT x, y, count(*) OVER () FROM ({grouped}) ORDER BY y DESC NULLS LAST, x LIMIT ?"  # noqa: S608  # as above
    found = duck.rows(statement, [*compiler.parameters, MOST_BARS])
    rest = max(0, int(found[0][2]) - len(found)) if found else 0
    return Drawing(chart, x, y, (Series("", tuple((row[0], row[1]) for row in found)),), rest)


def _histogram(sheet: Sheet, chart: Chart, x: ColumnInfo, where: Condition | None) -> Drawing:
    if x.type not in {"integer", "number"}:
        raise QueryFault(x.name, "a histogram needs numbers")
    compiler = Compiler(sheet.columns)
    name = quoted(x.name)
    rule = _where(compiler, where, f"isfinite({name}::DOUBLE)")
    ends = duck.rows(f"SELECT min({name}), max({name}) FROM {sheet.source} {rule}", compiler.parameters)[0]  # noqa: S608  # as above
    if ends[0] is None:
        return Drawing(chart, x, None, (Series("", ()),))
    low, high = float(ends[0]), float(ends[1])
    width = (high - low) / BINS or 1.0
    if x.type == "integer":
        # Bins of whole numbers: a width of 1.1 would find two values in one bin and none in the next but one.
        width = float(max(1, math.ceil((high - low + 1) / BINS)))
    statement = f"SELECT least(floor(({name} - ?) / ?), ?)::INTEGER AS bin, count(*) FROM {sheet.source} {rule} GROUP BY 1"  # noqa: S608  # as above
    counted = dict(duck.rows(statement, [low, width, BINS - 1, *compiler.parameters]))
    bins = range(min(BINS, int((high - low) / width) + 1) if high > low else 1)
    points = tuple((low + width * number, int(counted.get(number, 0))) for number in bins)
    return Drawing(chart, x, None, (Series("", points),))
