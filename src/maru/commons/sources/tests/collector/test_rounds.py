"""From the outside to the lake and the table of newest values, and everything that may go wrong on the way."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import duckdb

from maru.commons.sources.models import DeadLetter, DriftAlarm, Hour, Latest, Run, Source
from maru.commons.sources.tests.collector.world import Trial, World, drawer

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)


def row(station: str, value: Any, minutes_ago: int = 0) -> dict[str, Any]:
    at = NOW - dt.timedelta(minutes=minutes_ago)
    return {"station": station, "at": at.isoformat(), "value": value}


def kept(trial: Trial, name: str) -> list[tuple[Any, ...]]:
    lake = trial.desk.lake
    sql = f'SELECT station, value FROM {lake.current_sql(lake.snapshot(name))} ORDER BY station, "at"'
    return duckdb.sql(sql).fetchall()


def test_a_source_becomes_records_and_newest_values(trial: Trial, world: World, home: Path) -> None:
    drawer(home, "air", f"{world.url}/air")
    world.rows = [row("a", 1, 10), row("a", 2), row("b", "3.5")]
    trial.round()
    trial.round()
    assert kept(trial, "air") == [("a", 1.0), ("a", 2.0), ("b", 3.5)]
    found = {one.key: (one.number, one.unit) for one in Latest.objects.filter(source_id="air")}
    assert found == {"a": (2.0, "ug/m3"), "b": (3.5, "ug/m3")}
    source = Source.objects.get(name="air")
    assert (source.state, source.records, source.failures, source.error) == ("ok", 3, 0, "")
    assert source.last_value_at == NOW
    assert Run.objects.filter(source_id="air").count() == 1  # the second one gave nothing new
    assert Hour.objects.get(source_id="air").added == 3
