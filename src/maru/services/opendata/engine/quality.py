"""The quality of a dataset, checked by machine: nine criteria, each with its points and the facts behind them. No Django."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from maru.services.opendata.engine import duck
from maru.services.opendata.engine.contracts import ColumnInfo
from maru.services.opendata.engine.licences import is_open
from maru.services.opendata.engine.sheets import Sheet
from maru.services.opendata.engine.sql import quoted

# What a criterion is worth at most. They make 100 together; one that does not apply is taken out of the whole.
POINTS = {
    "completeness": 15,
    "freshness": 15,
    "types": 10,
    "key": 10,
    "languages": 15,
    "columns": 10,
    "licence": 10,
    "geometry": 5,
    "machine": 10,
}
LANGUAGES = ("ko", "en")
# Rows looked at; what a longer table holds beyond is taken to be like these.
SAMPLE = 2_000_000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_MEASURED = {"integer", "number", "date", "datetime", "boolean"}


@dataclass(frozen=True)
class Facts:
    """What was measured on the rows. ``filled`` is the share of cells with a value by column."""

    rows: int
    filled: Mapping[str, float]
    distinct: Mapping[str, int]
    without_key: int
    twice: int
    points: int
    inside: int
    bounds: tuple[float, float, float, float] | None
    since: dt.datetime | None
    until: dt.datetime | None


@dataclass(frozen=True)
class About:
    """What is said of the dataset, beside its rows."""

    titles: Mapping[str, str]
    summaries: Mapping[str, str]
    columns: tuple[ColumnInfo, ...]
    key: tuple[str, ...]
    licence: str
    cadence_s: float
    changed_at: dt.datetime | None
    formats: Sequence[str]
    made_key: bool = False  # the key is a line number that nobody at the source knows


@dataclass(frozen=True)
class Check:
    """One criterion: ``points`` of ``most`` and what they rest on. ``most`` 0: it does not apply."""

    code: str
    points: int
    most: int
    details: Mapping[str, Any] = field(default_factory=dict)


def measure(sheet: Sheet, key: Sequence[str], time: str, city: tuple[float, float, float, float]) -> Facts:
    """Look at the rows once. ``city`` is the box (west, south, east, north) in which places are expected."""
    if not sheet.rows:
        return Facts(0, {}, {}, 0, 0, 0, 0, None, None, None)
    source = sheet.source
    if sheet.rows > SAMPLE:
        source = f"(SELECT * FROM {sheet.source} LIMIT {SAMPLE}) AS t"  # noqa: S608  # a table of ours
    names = [one.name for one in sheet.columns]
    parts = ["count(*)"]
    for name in names:
        parts += [f"count({quoted(name)})", f"approx_count_distinct({quoted(name)})"]
    known = [name for name in key if name in names]
    parts.append(f"count(*) FILTER ({' OR '.join(f'{quoted(name)} IS NULL' for name in known) or 'FALSE'})")
    parts += _place_parts(sheet.columns, city)
    when = next((one for one in sheet.columns if one.name == time and one.type in {"date", "datetime"}), None)
    parts += [f"min({quoted(when.name)})", f"max({quoted(when.name)})"] if when else ["NULL", "NULL"]
    row = duck.rows(f"SELECT {', '.join(parts)} FROM {source}")[0]  # noqa: S608  # names of the table's own columns
    seen = int(row[0])
    filled = {name: row[1 + 2 * at] / seen if seen else 0.0 for at, name in enumerate(names)}
    distinct = {name: int(row[2 + 2 * at]) for at, name in enumerate(names)}
    without, points, inside, west, south, east, north, since, until = row[1 + 2 * len(names) :]
    bounds = None if west is None else (float(west), float(south), float(east), float(north))
    return Facts(
        rows=seen,
        filled=filled,
        distinct=distinct,
        without_key=int(without),
        twice=_twice(source, known, len(known) == len(key)),
        points=int(points),
        inside=int(inside),
        bounds=bounds,
        since=_moment(since),
        until=_moment(until),
    )


def judge(about: About, facts: Facts, now: dt.datetime) -> tuple[Check, ...]:
    """Every criterion in its order."""
    return (
        _completeness(about, facts),
        _freshness(about, now),
        _types(about, facts),
        _key(about, facts),
        _languages(about),
        _columns(about),
        _licence(about),
        _geometry(about, facts),
        _machine(about),
    )


def score(checks: Sequence[Check]) -> int:
    """0 to 100, of what applies."""
    most = sum(one.most for one in checks)
    return round(100 * sum(one.points for one in checks) / most) if most else 0


def _place_parts(columns: Sequence[ColumnInfo], city: tuple[float, float, float, float]) -> list[str]:
    roles = {one.role: quoted(one.name) for one in columns if one.role}
    if "longitude" not in roles or "latitude" not in roles:
        return ["0", "0", "NULL", "NULL", "NULL", "NULL"]
    x, y = roles["longitude"], roles["latitude"]
    west, south, east, north = city
    there = f"{x} BETWEEN -180 AND 180 AND {y} BETWEEN -90 AND 90"
    inside = f"{x} BETWEEN {west} AND {east} AND {y} BETWEEN {south} AND {north}"
    return [
        f"count(*) FILTER ({x} IS NOT NULL AND {y} IS NOT NULL)",
        f"count(*) FILTER ({inside})",
        f"min({x}) FILTER ({there})",
        f"min({y}) FILTER ({there})",
        f"max({x}) FILTER ({there})",
        f"max({y}) FILTER ({there})",
    ]


def _twice(source: str, key: Sequence[str], whole: bool) -> int:
    """Records that share their key with an earlier one. 0 where a part of the key is not shown: it cannot be told."""
    if not key or not whole:
        return 0
    names = ", ".join(map(quoted, key))
    statement = f"SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM {source} GROUP BY {names} HAVING n > 1)"  # noqa: S608  # as above
    return int(duck.rows(statement)[0][0])


def _moment(value: Any) -> dt.datetime | None:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC)
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    return None


def _share(code: str, share: float, details: Mapping[str, Any]) -> Check:
    most = POINTS[code]
    return Check(code, min(most, int(most * share + 1e-9)), most, details)


def _completeness(about: About, facts: Facts) -> Check:
    if not facts.rows:
        return Check("completeness", 0, POINTS["completeness"], {"filled": 0, "worst": "-"})
    shares = {one.name: facts.filled.get(one.name, 0.0) for one in about.columns}
    mean = sum(shares.values()) / max(1, len(shares))
    worst = min(shares, key=lambda name: shares[name]) if shares else "-"
    # 98 % are full points: a column such as "remarks" is empty by nature.
    return _share("completeness", min(1.0, mean / 0.98), {"filled": round(100 * mean, 1), "worst": worst})


def _freshness(about: About, now: dt.datetime) -> Check:
    if not about.cadence_s:
        return Check("freshness", 0, 0, {"age_h": 0, "promise_h": 0})
    most = POINTS["freshness"]
    promise = round(about.cadence_s / 3600, 2)
    if about.changed_at is None:
        return Check("freshness", 0, most, {"age_h": "?", "promise_h": promise})
    age = max(0.0, (now - about.changed_at).total_seconds())
    lateness = age / about.cadence_s
    share = 1.0 if lateness <= 1.5 else max(0.0, 1.5 / lateness)
    return _share("freshness", share, {"age_h": round(age / 3600, 1), "promise_h": promise})


def _types(about: About, facts: Facts) -> Check:
    typed = sum(
        one.type in _MEASURED or (facts.rows > 0 and facts.distinct.get(one.name, 0) > 0)
        for one in about.columns
    )
    return _share(
        "types", typed / max(1, len(about.columns)), {"typed": typed, "columns": len(about.columns)}
    )


def _key(about: About, facts: Facts) -> Check:
    details = {"twice": facts.twice, "nokey": facts.without_key}
    if about.made_key or not about.key:
        return Check("key", 0, POINTS["key"], details)
    bad = facts.twice + facts.without_key
    return _share("key", 1.0 if not bad else max(0.0, 0.9 - bad / max(1, facts.rows)), details)


def _languages(about: About) -> Check:
    missing = [
        f"{name} ({language})"
        for name, words in (("title", about.titles), ("summary", about.summaries))
        for language in LANGUAGES
        if not words.get(language)
    ]
    columns = [
        one.name for one in about.columns if any(not one.titles.get(language) for language in LANGUAGES)
    ]
    share = (4 - len(missing)) / 4 * 0.6 + (1 - len(columns) / max(1, len(about.columns))) * 0.4
    shown = [*missing, *columns[:5], *(["…"] if len(columns) > 5 else [])]
    return _share("languages", share, {"missing": ", ".join(shown) or "-"})


def _columns(about: About) -> Check:
    titled = sum(all(one.titles.get(language) for language in LANGUAGES) for one in about.columns)
    numbers = [
        one
        for one in about.columns
        if one.type in {"integer", "number"} and not one.role and one.name not in about.key
    ]
    units = sum(bool(one.unit) for one in numbers)
    share = 0.5 * titled / max(1, len(about.columns)) + 0.5 * (units / len(numbers) if numbers else 1.0)
    details = {"titled": titled, "columns": len(about.columns), "units": units, "numbers": len(numbers)}
    return _share("columns", share, details)


def _licence(about: About) -> Check:
    known = is_open(about.licence)
    share = 1.0 if known else 0.5 if about.licence else 0.0
    return _share("licence", share, {"licence": about.licence or "-"})


def _geometry(about: About, facts: Facts) -> Check:
    if not {"longitude", "latitude"} <= {one.role for one in about.columns}:
        return Check("geometry", 0, 0, {"inside": 0, "points": 0, "missing": 0})
    details = {"inside": facts.inside, "points": facts.points, "missing": facts.rows - facts.points}
    return _share("geometry", facts.inside / max(1, facts.rows), details)


def _machine(about: About) -> Check:
    names = sum(bool(_NAME.fullmatch(one.name)) for one in about.columns)
    details = {"formats": ", ".join(about.formats), "names": names, "columns": len(about.columns)}
    return _share("machine", 0.5 + 0.5 * names / max(1, len(about.columns)), details)
