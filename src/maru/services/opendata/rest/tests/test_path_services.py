"""Services that the original's programs know: what is now, the order of arguments, the list of all datasets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar
from xml.etree import ElementTree as ET

import httpx
import orjson
import pytest

from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.seoul_citydata import read_body
from maru.services.opendata.engine.contracts import ColumnInfo, Compare, Condition, Like, Or, Page, Query
from maru.services.opendata.rest import path_services
from maru.services.opendata.rest.path_bodies import json_body, rows_body
from maru.services.opendata.rest.path_codes import MESSAGES
from maru.services.opendata.rest.shelf import Holding
from maru.services.opendata.rest.tests.plaza import AIR, KEY

Get = Callable[..., httpx.Response]
BEGAN = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
COLUMNS = (ColumnInfo("station", "text", alias="stationId"), ColumnInfo("at", "datetime", alias="stationDt"))


class _Rows:
    """A sheet of stations, each seen every five minutes."""

    version = 3

    def __init__(self, rows: list[tuple[Any, ...]]) -> None:
        self.all = rows
        self.asked = 0

    def page(self, query: Query) -> Page:
        """Rows as they stand; newest first if an order is asked for."""
        self.asked += 1
        if query.measures:
            newest = max((row[1] for row in self.all), default=None)
            return Page((), [(newest,)], 1, self.version)
        assert isinstance(query.where, Compare)
        since: Any = query.where.value
        rows = sorted((row for row in self.all if row[1] > since), key=lambda row: row[1], reverse=True)
        return Page(COLUMNS, rows[: query.limit], -1, self.version)


def _holding(rows: list[tuple[Any, ...]], token: int = 1) -> Holding:
    view: Any = type("View", (), {"slug": "bikes", "key": ("station", "at"), "time": "at", "cadence_s": 600.0, "columns": COLUMNS})()  # fmt: skip
    return Holding(view, _Rows(rows), {}, token)  # type: ignore[arg-type]


def test_each_thing_once_and_nothing_that_is_long_gone() -> None:
    rows = [(f"S{n}", BEGAN + dt.timedelta(minutes=5 * turn)) for turn in range(50) for n in range(4)]
    rows.append(("gone", BEGAN))
    rows.append(("late", BEGAN + dt.timedelta(minutes=5 * 48)))
    page = path_services.present(_holding(rows), None)
    assert [row[0] for row in page.rows] == ["S0", "S1", "S2", "S3", "late"]
    assert {row[1] for row in page.rows[:4]} == {BEGAN + dt.timedelta(minutes=245)}
    assert page.total == 5


def test_an_empty_dataset_has_nothing_now() -> None:
    assert path_services.present(_holding([]), None).rows == ()


def test_rows_are_encoded_once_for_each_change() -> None:
    presents = path_services.Presents()
    holding = _holding([("S1", BEGAN)])
    assert presents.held(holding) is None
    made = presents.rows(holding, lambda page: [str(row[0]).encode() for row in page.rows])
    assert made == (b"S1",) == presents.held(holding)
    assert presents.held(replace(holding, token=2)) is None


@pytest.mark.parametrize(("service", "now"), [("bikeList", True), ("airArchive", False)])
def test_only_services_that_are_known_to_be_of_the_moment(service: str, now: bool) -> None:
    assert path_services.is_now(service, _holding([])) is now


def test_a_dataset_without_a_past_is_shown_as_it_is(get: Get) -> None:
    # Its promise of freshness is none: every hour of the archive stays.
    assert (
        get(f"/openapi/{KEY}/json/RealtimeCityAir/1/5").json()["RealtimeCityAir"]["list_total_count"] == AIR
    )


def _columns(*names: str) -> tuple[ColumnInfo, ...]:
    return tuple(ColumnInfo(name.lower(), "text", alias=name) for name in names)


def _equal(column: ColumnInfo, text: str) -> Condition:
    return Compare(column.name, "=", text)


def test_arguments_stand_where_the_original_had_them() -> None:
    columns = _columns("EVENT_NO", "CODENAME", "GUNAME", "TITLE", "STRTDATE")
    first, second, third = path_services.arguments("culturalEventInfo", columns)
    assert path_services.condition(first, "콘서트", _equal) == Compare("codename", "=", "콘서트")
    assert path_services.condition(second, "100%_\\", _equal) == Like("title", "%100\\%\\_\\\\%")
    assert third.columns[0].name == "strtdate"


def test_either_of_two_columns() -> None:
    (place,) = path_services.arguments("citydata", _columns("X", "AREA_NM", "AREA_CD"))
    assert path_services.condition(place, "POI001", _equal) == Or(
        (Compare("area_nm", "=", "POI001"), Compare("area_cd", "=", "POI001"))
    )


def test_a_dataset_of_other_columns_keeps_its_own_order() -> None:
    columns = _columns("A", "B")
    assert [one.columns for one in path_services.arguments("culturalEventInfo", columns)] == [
        (column,) for column in columns
    ]


class TestCatalogue:
    """``SearchCatalogService``."""

    def test_every_published_dataset_page_by_page(self, get: Get) -> None:
        body = get(f"/openapi/{KEY}/json/SearchCatalogService/1/1000/").json()["SearchCatalogService"]
        assert body["list_total_count"] == 3
        assert [row["INF_ID"] for row in body["row"]] == ["air", "bikes", "strange"]
        bikes = body["row"][1]
        assert bikes["INF_NM"] == "공공자전거 실시간 대여정보"
        assert bikes["MNG_ORGAN_NAME"] == "교통과"
        assert bikes["SRV_TYPE"] == "File,Sheet,Chart,Map,Api"
        assert bikes["LINK_INFO"].endswith("/data/bikes/")
        second = get(f"/openapi/{KEY}/json/SearchCatalogService/2/2/", headers={"accept-language": "en"})
        assert second.json()["SearchCatalogService"]["row"] == [bikes]

    @pytest.mark.parametrize(
        ("arguments", "found"),
        [
            ("bikes", ["bikes"]),
            ("%20/자전거", ["bikes"]),
            ("%20/%20/교통", ["air", "bikes", "strange"]),
            ("bikes/대기", []),
        ],
    )
    def test_by_id_name_and_office(self, get: Get, arguments: str, found: list[str]) -> None:
        body = get(f"/openapi/{KEY}/json/SearchCatalogService/1/10/{arguments}").json()
        if found:
            assert [row["INF_ID"] for row in body["SearchCatalogService"]["row"]] == found
        else:
            assert body["RESULT"]["CODE"] == "INFO-200"

    def test_in_xml_and_with_the_sample_key(self, get: Get) -> None:
        root = ET.fromstring(get("/openapi/sample/xml/SearchCatalogService/1/5/").content)  # our own answer
        assert root.findtext("list_total_count") == "3"
        answer = get("/openapi/sample/json/SearchCatalogService/1/6/").json()
        assert answer["RESULT"]["CODE"] == "ERROR-335"


class TestCityData:
    """``citydata``: our own reader of the original's answers reads ours."""

    ROW: ClassVar = {
        "AREA_NM": "빛광장 & 길", "AREA_CD": "POI1", "AREA_CONGEST_LVL": "여유", "AREA_PPLTN_MIN": 10, "TEMP": 7.5,
        "ROAD_TRAFFIC_SPD": 21, "SBIKE_PARKING_CNT": 4, "NEW_FIELD": "x",
    }  # fmt: skip

    @staticmethod
    def _read(body: bytes) -> dict[str, Any]:
        [row] = read_body(body, "", Options({})).rows
        # Bicycles are summed up by an option of that reader, for a place has many stations.
        return {name: str(row[name]) for name in TestCityData.ROW if name != "SBIKE_PARKING_CNT"}

    def test_the_blocks_of_the_original(self) -> None:
        body = orjson.loads(json_body("citydata", 1, orjson.dumps(self.ROW)))
        assert body["RESULT"] == {"RESULT.CODE": "INFO-000", "RESULT.MESSAGE": MESSAGES["INFO-000"]}
        place = body["CITYDATA"]
        assert place["LIVE_PPLTN_STTS"] == [{"AREA_CONGEST_LVL": "여유", "AREA_PPLTN_MIN": 10}]
        assert place["ROAD_TRAFFIC_STTS"] == {"AVG_ROAD_DATA": {"ROAD_TRAFFIC_SPD": 21}}
        assert place["NEW_FIELD"] == "x"

    def test_json_and_xml_are_read_back(self) -> None:
        wanted = {name: str(value) for name, value in self.ROW.items() if name != "SBIKE_PARKING_CNT"}
        assert self._read(json_body("citydata", 1, orjson.dumps(self.ROW))) == wanted
        columns = tuple(ColumnInfo(name.lower(), "text", alias=name) for name in self.ROW)
        page = Page(columns, [tuple(str(value) for value in self.ROW.values())], 1, 1)
        assert self._read(rows_body("xml", "citydata", page, dt.UTC)[0]) == wanted

    def test_several_places_stand_in_rows(self) -> None:
        body = orjson.loads(json_body("citydata", 2, orjson.dumps(self.ROW) + b"," + orjson.dumps(self.ROW)))
        assert len(body["citydata"]["row"]) == 2
