"""A home and a lake of one's own, a declared source in it, and its dataset."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from maru.commons.sources.declaration import load
from maru.platform.ports.lake.contracts import ARROW, Column, TableSpec
from maru.services.opendata.models import Dataset
from maru.services.opendata.operations.publishing import publish_source
from maru.services.opendata.queries.lake import lake

DRAWER = """
names = { ko = "따릉이 대여소", en = "Bike stations" }
summaries = { ko = "대여소마다 남은 자전거", en = "Bikes left at each station" }
office = "roads"
owner = "Roads Division"
category = "transport"
kind = "json"
address = "https://bikes.example/stations"
personal = "pseudonymous"
fresh_s = 3600

[schedule]
every_s = 60
term = "once a minute"

[licence]
id = "KOGL-1"
title = "KOGL Type 1"

[record]
key = ["station"]
time = "seen_at"

[options]
service = "bikeList"

[[fields]]
name = "station"
names = ["stationId"]
titles = { ko = "대여소", en = "Station" }

[[fields]]
name = "district"
names = ["gu"]
titles = { ko = "자치구", en = "District" }

[[fields]]
name = "bikes"
names = ["parkingBikeTotCnt"]
type = "integer"
unit = "bikes"
titles = { ko = "자전거", en = "Bikes" }

[[fields]]
name = "longitude"
names = ["stationLongitude"]
role = "longitude"
type = "number"
titles = { ko = "경도", en = "Longitude" }

[[fields]]
name = "latitude"
names = ["stationLatitude"]
role = "latitude"
type = "number"
titles = { ko = "위도", en = "Latitude" }

[[fields]]
name = "seen_at"
names = ["at"]
type = "datetime"
titles = { ko = "시각", en = "Time" }

[[fields]]
name = "keeper"
names = ["keeper"]
personal = true
titles = { ko = "관리자", en = "Keeper" }
"""
NOON = dt.datetime(2026, 5, 1, 3, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> Path:
    """The home and the lake of this test alone."""
    settings.MARU = replace(settings.MARU, home=tmp_path, lake=tmp_path / "lake", media=tmp_path / "media")
    return tmp_path


def station(number: int, bikes: int = 5, **more: Any) -> dict[str, Any]:
    """One row of the source."""
    return {
        "station": f"ST-{number}",
        "district": "가람구" if number % 2 else "노을구",
        "bikes": bikes,
        "longitude": 130.9 + number / 1000,
        "latitude": 36.4,
        "seen_at": NOON + dt.timedelta(minutes=number),
        "keeper": f"keeper {number}",
    } | more


@pytest.fixture
def declared(home: Path) -> str:
    """The name of a source that the home declares."""
    folder = home / "connectors" / "test_bikes"
    folder.mkdir(parents=True)
    (folder / "connector.toml").write_text(DRAWER, encoding="utf-8")
    return "test_bikes"


@pytest.fixture
def give(declared: str, home: Path) -> Callable[..., Any]:
    """``give([row, …])``: the source delivers these rows into the lake."""

    def append(rows: Sequence[Mapping[str, Any]], **options: Any) -> Any:
        [declaration] = load(home / "connectors" / declared, code=False)
        columns = tuple(Column(rule.name, rule.type, rule.personal) for rule in declaration.fields)
        lake().ensure(TableSpec(declared, columns, declaration.key, declaration.time))
        table = pa.table(
            {one.name: pa.array([row.get(one.name) for row in rows], ARROW[one.type]) for one in columns}
        )
        return lake().append(declared, table, **options)

    return append


@pytest.fixture
def bikes(db: None, office: Any, declared: str, give: Callable[..., Any]) -> Dataset:
    """The dataset of the source, with ten rows."""
    give([station(number, bikes=number) for number in range(10)])
    return publish_source(name=declared, by=None, slug="bikes")
