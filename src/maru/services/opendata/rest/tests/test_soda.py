"""SODA: clauses against the same computed in Python."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from maru.services.opendata.rest.tests.plaza import AIR, BIKES, GRADES, rows_of

Get = Callable[..., httpx.Response]
BIKE = rows_of("bikes")
AIRS = rows_of("air")
Row = tuple[Any, ...]


def _ids(get: Get, where: str) -> set[str]:
    answer = get("/resource/bikes.json", **{"$where": where, "$limit": "50000", "$select": "station_id"})
    assert answer.status_code == 200, answer.text
    return {row["station_id"] for row in answer.json()}


@pytest.mark.parametrize(
    ("where", "test"),
    [
        ("bikes > 20", lambda r: r[3] > 20),
        ("20 < bikes", lambda r: r[3] > 20),
        (
            "bikes > 20 and racks = 12 or station_id = 'ST-0001'",
            lambda r: (r[3] > 20 and r[2] == 12) or r[0] == "ST-0001",
        ),
        ("not (bikes > 20)", lambda r: not r[3] > 20),
        ("bikes between 5 and 7", lambda r: 5 <= r[3] <= 7),
        ("bikes not between 5 and 7", lambda r: not 5 <= r[3] <= 7),
        ("bikes in (1, 2, 3)", lambda r: r[3] in (1, 2, 3)),
        ("bikes not in (1, 2, 3)", lambda r: r[3] not in (1, 2, 3)),
        ("shared is null", lambda r: r[4] is None),
        ("shared is not null and shared < 1.5", lambda r: r[4] is not None and r[4] < 1.5),
        ("shared = null", lambda r: r[4] is None),
        ("station_name like '%마루역 3번%'", lambda r: "마루역 3번" in r[1]),
        ("starts_with(station_id, 'ST-00')", lambda r: r[0].startswith("ST-00")),
        ("starts_with(lower(station_id), 'st-00')", lambda r: r[0].startswith("ST-00")),
        ("contains(station_name, '%')", lambda r: "%" in r[1]),
        ("upper(station_id) = 'ST-0009'", lambda r: r[0] == "ST-0009"),
        ("open", lambda r: r[5]),
        ("open = false", lambda r: not r[5]),
        (
            "within_box(location, 36.40, 130.80, 36.35, 130.90)",
            lambda r: r[6] is not None and 130.8 <= r[6] <= 130.9 and 36.35 <= r[7] <= 36.4,
        ),
        (
            "within_polygon(location, 'POLYGON((130.8 36.35, 130.9 36.35, 130.9 36.4, 130.8 36.4, 130.8 36.35))')",
            lambda r: r[6] is not None and 130.8 < r[6] < 130.9 and 36.35 < r[7] < 36.4,
        ),
        ("updated < '2024-05-01T01:00:00'", lambda r: r[8].isoformat() < "2024-05-01T01"),
        ("date_trunc_ymd(updated) = '2024-05-02'", lambda r: r[8].day == 2),
        ("date_trunc_ym(updated) >= '2024-05-01'", lambda r: True),
        ("date_trunc_y(updated) > '2024-01-01'", lambda r: False),
        ("`station_id` = 'ST-0009' or stationId = 'ST-0010'", lambda r: r[0] in ("ST-0009", "ST-0010")),
    ],
)
def test_where(get: Get, where: str, test: Callable[[Row], bool]) -> None:
    wanted = {row[0] for row in BIKE if test(row)}
    got = _ids(get, where)
    if where.startswith("within"):  # edges of boxes are floats
        assert len(wanted ^ got) <= 60
        assert wanted & got
    else:
        assert got == wanted


def test_a_circle_is_a_circle(get: Get) -> None:
    import math

    got = _ids(get, "within_circle(location, 36.40, 130.90, 3000)")

    def metres(row: Row) -> float:
        east = (row[6] - 130.9) * 111_320 * math.cos(math.radians(36.4))
        return math.hypot(east, (row[7] - 36.4) * 111_320)

    wanted = {row[0] for row in BIKE if row[6] is not None and metres(row) < 3000}
    assert len(wanted) > 20
    assert len(wanted ^ got) <= len(wanted) * 0.02


def test_groups_and_aggregates(get: Get) -> None:
    answer = get(
        "/resource/air.json",
        **{
            "$select": "grade as g, count(*) as n, avg(pm10) as mean, max(pm10), count(distinct district) as d",
            "$group": "grade",
            "$having": "n > 10",
            "$order": "n desc, g",
        },
    )
    rows = answer.json()
    assert [row["n"] for row in rows] == sorted((row["n"] for row in rows), reverse=True)
    assert {row["g"] for row in rows} == set(GRADES)
    for row in rows:
        values = [one[3] for one in AIRS if one[4] == row["g"] and one[3] is not None]
        assert row["n"] == sum(1 for one in AIRS if one[4] == row["g"])
        assert row["mean"] == pytest.approx(sum(values) / len(values))
        assert row["max_pm10"] == max(values)
        assert row["d"] == 25
    total = get("/resource/air.json", **{"$select": "count(*)"}).json()
    assert total == [{"count": AIR}]


def test_order_limit_offset_and_simple_equality(get: Get) -> None:
    answer = get(
        "/resource/bikes.json", **{"$order": "bikes desc, station_id", "$limit": "5", "$offset": "3"}
    )
    wanted = sorted(BIKE, key=lambda r: (-r[3], r[0]))[3:8]
    assert [row["station_id"] for row in answer.json()] == [row[0] for row in wanted]
    assert len(get("/resource/bikes.json").json()) == 1000
    assert len(get("/resource/bikes.json", racks="12", **{"$limit": "5000"}).json()) == sum(
        1 for r in BIKE if r[2] == 12
    )
    found = get("/resource/bikes.json", **{"$q": "마루역 24번", "$limit": "5000"}).json()
    assert found
    assert all("마루역" in row["station_name"] and "24번" in row["station_name"] for row in found)


def test_csv_and_geojson(get: Get) -> None:
    text = get("/resource/bikes.csv", **{"$limit": "7"}).text
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == 7
    assert rows[0]["updated"].endswith("Z")
    shown = get("/resource/bikes.geojson", **{"$limit": "200", "$select": "station_id"}).json()
    assert shown["type"] == "FeatureCollection"
    assert {tuple(one["properties"]) for one in shown["features"]} == {("station_id",)}
    assert sum(1 for one in shown["features"] if one["geometry"]) > 190
    assert get("/resource/air.geojson").status_code == 404
    assert BIKES > 200


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"$where": "nothing = 1"}, "$where"),
        ({"$where": "bikes = 'many'"}, "$where"),
        ({"$where": "bikes >"}, "$where"),
        ({"$where": "(" * 50 + "bikes=1" + ")" * 50}, "$where"),
        ({"$where": "bikes = 1; drop table x"}, "$where"),
        ({"$where": "within_box(location, 1, 2)"}, "$where"),
        ({"$where": "bikes = racks"}, "$where"),
        ({"$select": "upper(station_id)"}, "$select"),
        ({"$select": "bikes, count(*)"}, "$select"),
        ({"$select": "sum(station_id)"}, "$select"),
        ({"$group": "nothing"}, "$group"),
        ({"$having": "n > 1"}, "$having"),
        ({"$limit": "50001"}, "$limit"),
        ({"$limit": "x"}, "$limit"),
        ({"$join": "x"}, "$join"),
        ({"nothing": "1"}, "nothing"),
        ({"$order": "bikes sideways"}, "$order"),
    ],
)
def test_what_cannot_be_answered_is_said(get: Get, parameters: dict[str, str], field: str) -> None:
    answer = get("/resource/bikes.json", **parameters)
    assert answer.status_code == 400
    assert answer.json()["error"] is True
    assert answer.json()["data"]["parameter"] == field


def test_only_what_is_published_is_found(get: Get) -> None:
    for name in ("gone", "draft", "nothing", "%00", "a" * 300):
        assert get(f"/resource/{name}.json").status_code == 404


@pytest.mark.parametrize(
    ("statement", "clauses"),
    [
        ("SELECT station_id, racks WHERE racks > 20 ORDER BY racks DESC, station_id LIMIT 3", {"$select": "station_id, racks", "$where": "racks > 20", "$order": "racks DESC, station_id", "$limit": "3"}),
        ("select * where station_id like '%limit 5 where%' limit 2", {"$where": "station_id like '%limit 5 where%'", "$limit": "2"}),
        ("select racks, count(*) as n group by racks having count(*) > 10 order  by n desc limit 4 offset 1", {"$select": "racks, count(*) as n", "$group": "racks", "$having": "count(*) > 10", "$order": "n desc", "$limit": "4", "$offset": "1"}),
        ("limit 1", {"$limit": "1"}),
    ],
)  # fmt: skip
def test_a_whole_statement_is_its_clauses(get: Get, statement: str, clauses: dict[str, str]) -> None:
    whole = get("/resource/bikes.json", **{"$query": statement})
    assert whole.status_code == 200, whole.text
    assert whole.json() == get("/resource/bikes.json", **clauses).json()


@pytest.mark.parametrize(
    "given",
    [
        {"$query": "drop table bikes"},
        {"$query": "select racks select racks"},
        {"$query": "limit 5 where racks > 1"},
        {"$query": "select racks where"},
        {"$query": "select racks", "$limit": "3"},
        {"$query": "select racks from bikes"},
        {"$query": "x" * 9_000},
    ],
)
def test_what_is_no_statement_is_refused(get: Get, given: dict[str, str]) -> None:
    answer = get("/resource/bikes.json", **given)
    assert answer.status_code == 400
    assert answer.json()["error"] is True
