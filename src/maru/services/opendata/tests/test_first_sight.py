"""What a reader sees who has asked for nothing yet: order, chart, map, names of units and licences, the home page."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from django.test import Client

from maru.platform.ports.lake.contracts import ARROW, Column, TableSpec
from maru.services.opendata.engine import sheets
from maru.services.opendata.models import Dataset
from maru.services.opendata.operations.publishing import publish_source
from maru.services.opendata.queries.lake import lake
from maru.services.opendata.tests.conftest import station

T0 = dt.datetime(2026, 6, 1, 9, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def fresh() -> None:
    """Each test has a lake of its own; what is held of a table of the same name is another lake's."""
    sheets.forget()


def page(client: Client, address: str, language: str = "en") -> str:
    answer = client.get(address, headers={"accept-language": language})
    assert answer.status_code == 200, address
    return answer.content.decode()


def first_cells(html: str) -> list[str]:
    return re.findall(r'<tr><td class=""[^>]*>([^<]*)', html)


def test_the_newest_row_stands_first(client: Client, bikes: Dataset, give: Callable[..., Any]) -> None:
    give([station(77, bikes=1, seen_at=T0 + dt.timedelta(days=900))])
    html = page(client, "/data/bikes/sheet/")
    assert "newest first" in html
    assert first_cells(html)[0].endswith("77")
    assert "newest first" not in page(client, "/data/bikes/sheet/?sort=bikes")


def test_units_and_licences_in_the_readers_language(client: Client, bikes: Dataset) -> None:
    assert '<span class="sheet__unit">대</span>' in page(client, "/data/bikes/sheet/", "ko")
    korean, english = page(client, "/data/bikes/", "ko"), page(client, "/data/bikes/")
    assert "공공누리 제1유형" in korean and "KOGL Type 1" not in korean
    assert "KOGL Type 1 (attribution)" in english and "공공누리" not in english


def test_a_state_without_a_course_is_drawn_in_bars(
    client: Client, db: None, office: Any, declared: str, give: Callable[..., Any]
) -> None:
    give([station(number, bikes=number, seen_at=T0) for number in range(10)])
    publish_source(name=declared, by=None, slug="standing")
    html = page(client, "/data/standing/chart/")
    data = json.loads(re.search(r'<script id="chart-data"[^>]*>(.*?)</script>', html, re.S)[1])  # type: ignore[index]
    assert data["bars"] and sorted(data["names"]) == ["가람구", "노을구"]
    asked = page(client, "/data/standing/chart/?x=seen_at&y=bikes")
    assert '"time": true' in asked


def test_a_map_shows_the_newest_telling(client: Client, bikes: Dataset) -> None:
    again = [
        station(number, bikes=number, seen_at=T0 + dt.timedelta(minutes=5 * turn))
        for turn in range(3)
        for number in range(4)
    ]
    columns = [Column(one["name"], one["type"]) for one in bikes.columns]
    spec = TableSpec("told", tuple(columns), key=("station", "seen_at"), time="seen_at")
    table = lake()
    table.ensure(spec)
    table.append(
        "told",
        pa.table({one.name: pa.array([row[one.name] for row in again], ARROW[one.type]) for one in columns}),
    )
    Dataset.objects.filter(pk=bikes.pk).update(table="told", key=["station", "seen_at"])
    html = page(client, "/data/bikes/map/")
    assert "4 places" in html and "newest moment" in html
    assert re.search(r"files/bikes\.geojson\?seen_at\.from=", html)
    earlier = re.search(r'href="(\?[^"]*)">Show what came earlier', html)
    assert earlier
    whole = page(client, "/data/bikes/map/" + earlier[1].replace("&amp;", "&"))
    assert "12 places" in whole and "newest moment" not in whole


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_home_page_invites(client: Client, bikes: Dataset, language: str) -> None:
    html = page(client, "/", language)
    assert 'action="/data/"' in html and "/data/bikes/" in html


def test_the_home_page_is_silent_about_an_empty_plaza(client: Client, db: None) -> None:
    assert 'action="/data/"' not in page(client, "/")


def test_a_source_leads_to_its_dataset(client: Client, bikes: Dataset) -> None:
    assert "1 dataset" in page(client, f"/data/?source={bikes.source}")
    assert "0 datasets" in page(client, "/data/?source=another")
