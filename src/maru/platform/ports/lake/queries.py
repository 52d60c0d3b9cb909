"""Questions to a table, the same for every engine: each takes Ibis tables and gives one, with rows in a fixed order.

``rows`` is ``engines.current`` or ``engines.history`` of a snapshot. Column names must be the table's. Periods are "h", "D", "W", "M" or "Y" and
begin at UTC; a time shifted by the city's zone can be given as a column of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import datetime as dt

    import ibis.expr.types as ir

from maru.platform.ports.lake.engines import moment_of


def between(rows: ir.Table, since: dt.datetime | None, until: dt.datetime | None) -> ir.Table:
    """Rows whose own time lies in [since, until)."""
    if since is not None:
        rows = rows.filter(rows["_at"] >= moment_of(rows["_at"], since))
    if until is not None:
        rows = rows.filter(rows["_at"] < moment_of(rows["_at"], until))
    return rows


def count(rows: ir.Table) -> ir.Table:
    """How many: column ``n``."""
    return rows.aggregate(n=rows.count())


def facet(rows: ir.Table, column: str, limit: int = 20) -> ir.Table:
    """The most frequent values of a column: ``value``, ``n``; equal numbers by value."""
    found = rows.group_by(value=rows[column]).agg(n=rows.count())
    return found.order_by(ibis.desc("n"), ibis.asc("value", nulls_first=True)).limit(limit)


def roll_up(rows: ir.Table, value: str, every: str, by: Sequence[str] = ()) -> ir.Table:
    """A number by period and group: ``period``, the groups, ``n`` values, ``mean``, ``low``, ``high``, ``total``."""
    rows = rows.filter(rows[value].notnull()).mutate(period=rows["_at"].truncate(every))
    of = rows[value]
    found = rows.group_by(["period", *by]).agg(
        n=rows.count(), mean=of.mean(), low=of.min(), high=of.max(), total=of.sum()
    )
    return found.order_by(["period", *by])


def latest(rows: ir.Table, by: Sequence[str]) -> ir.Table:
    """The last row of each series, by its own time, then by arrival."""
    place = ibis.row_number().over(
        ibis.window(group_by=list(by), order_by=[ibis.desc("_at"), ibis.desc("_seen"), ibis.desc("_key")])
    )
    return rows.mutate(place=place).filter(ibis._.place == 0).drop("place").order_by(list(by))


def top(rows: ir.Table, value: str, by: Sequence[str], limit: int = 10) -> ir.Table:
    """The groups with the largest sum of a number: the groups, ``total``."""
    found = rows.group_by(list(by)).agg(total=rows[value].sum())
    return found.order_by(ibis.desc("total"), *by).limit(limit)


def gaps(rows: ir.Table, by: Sequence[str], longest_s: int) -> ir.Table:
    """Where a series was silent for longer than ``longest_s`` seconds: the groups, ``since``, ``until``, ``seconds``."""
    rows = rows.select(*by, at=rows["_at"]).distinct()
    before = rows["at"].lag().over(ibis.window(group_by=list(by), order_by="at"))
    rows = rows.mutate(since=before).filter(ibis._.since.notnull())
    rows = rows.mutate(
        seconds=rows["at"].epoch_seconds().cast("int64") - rows["since"].epoch_seconds().cast("int64")
    )
    found = rows.filter(rows["seconds"] > longest_s)
    return found.select(*by, since=found["since"], until=found["at"], seconds=found["seconds"]).order_by(
        [*by, "since"]
    )


def percentiles(
    rows: ir.Table, value: str, by: Sequence[str], shares: Sequence[float] = (0.5, 0.9, 0.99)
) -> ir.Table:
    """Exact percentiles (interpolated) of a number by group: the groups, ``p50``, ``p90``…"""
    rows = rows.filter(rows[value].notnull())
    measures = {f"p{share * 100:g}".replace(".", "_"): rows[value].quantile(share) for share in shares}
    return rows.group_by(list(by)).agg(**measures).order_by(list(by))


def growth(rows: ir.Table, value: str, every: str) -> ir.Table:
    """A number's sum by period and its change since the period before: ``period``, ``total``, ``before``, ``change`` (a share)."""
    rows = rows.mutate(period=rows["_at"].truncate(every))
    found = rows.group_by("period").agg(total=rows[value].sum())
    found = found.mutate(before=found["total"].lag().over(ibis.window(order_by="period")))
    change = (found["total"] - found["before"]) / found["before"].cast("float64").nullif(0.0)
    return found.mutate(change=change).order_by("period")


def moving(rows: ir.Table, value: str, by: Sequence[str], every: str, width: int) -> ir.Table:
    """Mean by period and group, and the mean of the last ``width`` such means: the groups, ``period``, ``mean``, ``smooth``."""
    rows = rows.mutate(period=rows["_at"].truncate(every))
    found = rows.group_by([*by, "period"]).agg(mean=rows[value].mean())
    window = ibis.window(group_by=list(by), order_by="period", preceding=width - 1, following=0)
    return found.mutate(smooth=found["mean"].mean().over(window)).order_by([*by, "period"])


def profile(rows: ir.Table, columns: Sequence[str]) -> ir.Table:
    """How full and how varied columns are, in one row: ``rows`` and per column ``c_nulls``, ``c_distinct``."""
    measures = {"rows": rows.count()}
    for name in columns:
        measures[f"{name}_nulls"] = rows[name].isnull().sum()
        measures[f"{name}_distinct"] = rows[name].nunique()
    return rows.aggregate(**measures)


def daily_course(rows: ir.Table, value: str) -> ir.Table:
    """The usual course of a day: mean by hour (UTC) on working days and others: ``hour``, ``weekend``, ``mean``, ``n``."""
    at = rows["_at"]
    rows = rows.mutate(hour=at.hour().cast("int64"), weekend=at.day_of_week.index() >= 5)
    found = rows.group_by(["hour", "weekend"]).agg(mean=rows[value].mean(), n=rows.count())
    return found.order_by(["hour", "weekend"])


def shares(rows: ir.Table, column: str, by: str) -> ir.Table:
    """What part of each group has which value: ``by``, ``column``, ``n``, ``share``."""
    found = rows.group_by([by, column]).agg(n=rows.count())
    whole = found["n"].sum().over(ibis.window(group_by=by))
    return found.mutate(share=found["n"] / whole.cast("float64")).order_by([by, column])


def versions(rows: ir.Table, key: dict[str, str | int]) -> ir.Table:
    """All versions of the records with these values, oldest first; ``rows`` is a history."""
    for name, value in key.items():
        rows = rows.filter(rows[name] == value)
    return rows.order_by(["_seen", "_at", "_key"])
