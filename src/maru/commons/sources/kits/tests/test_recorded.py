"""Every recorded answer of the shared data parses, each with the number of rows that its file holds."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import pytest

from maru.commons.sources.kits.tests.feeds import DATA, fault_of, parse, recorded

SEOUL = [
    ("api_answers/openapi_seoul_cultural-event-info.json", 1, 19_429),
    ("api_answers/openapi_seoul_realtime-city-air.json", 2, 25),
    ("api_answers/openapi_seoul_search-park-info-service.json", 2, 133),
    ("prices/listnecessariespricesservice_sample_2021_05.json", 1, 284_756),
    ("prices/mgismulgainfo_prices_2018_12.json.gz", 102, 102),
    ("prices/mgismulgainfo_prices_short.json", 10, 102),
]
AIR = [
    ("airkorea_getCtprvnRltmMesureDnsty_seoul_2024-07-02T17.json", 10, 40),
    ("airkorea_getMsrstnAcctoRltmMesureDnsty_2023-05-21.json", 5, 23),
    ("airkorea_items_with_communication_failure_2023-02-05T20.json", 3, None),
]


@pytest.mark.parametrize(("name", "rows", "total"), SEOUL)
def test_seoul_answers(name: str, rows: int, total: int) -> None:
    delivery = parse("seoul", recorded(name))
    assert (len(delivery.rows), delivery.total) == (rows, total)
    assert all(isinstance(value, str | int | float) for row in delivery.rows for value in row.values())


@pytest.mark.parametrize(("name", "rows", "total"), AIR)
def test_airkorea_answers(name: str, rows: int, total: int | None) -> None:
    delivery = parse("dataportal", recorded(f"api_answers/{name}"))
    assert (len(delivery.rows), delivery.total) == (rows, total)
    assert all("dataTime" in row and "so2Value" in row for row in delivery.rows)


def test_airkorea_keeps_dash_and_flag() -> None:
    row = parse("dataportal", recorded(f"api_answers/{AIR[2][0]}")).rows[0]
    assert (row["pm10Value"], row["pm10Flag"]) == ("-", "통신장애")


def test_citydata_population_of_one_place_and_its_forecast() -> None:
    body = recorded("api_answers/citydata_ppltn_gangnam_2026-07-10.json")
    (row,) = parse("seoul_citydata", body).rows
    assert (row["AREA_NM"], row["AREA_PPLTN_MIN"]) == ("강남역", "66000")
    assert "FCST_PPLTN" not in row
    forecast = parse("seoul_citydata", body, block="FCST_PPLTN").rows
    assert [entry["FCST_TIME"] for entry in forecast] == ["2026-07-10 11:00", "2026-07-10 12:00"]
    assert {entry["AREA_NM"] for entry in forecast} == {"강남역"}


def test_topis_arrival_and_used_up_quota() -> None:
    (row,) = parse("topis", recorded("api_answers/topis_getArrInfoByRoute_example.xml")).rows
    assert (row["stNm"], row["traTime1"]) == ("북가좌동삼거리", "371")
    assert fault_of("topis", recorded("api_answers/topis_limit_exceeded_example.xml")) == "quota"


@pytest.mark.parametrize(("name", "polls"), [("18", 18), ("30", 30)])
def test_train_polls_with_the_moment_of_their_poll(name: str, polls: int) -> None:
    body = recorded(f"api_answers/seoulmetro_smss_trains_{name}_polls.json.gz")
    document = json.loads(body)
    expected = sum(len(poll["smss"]["trains"]) for poll in document["snapshots"])
    delivery = parse(
        "json",
        body,
        rows="snapshots.smss.trains",
        up={"polled_at": "snapshots.timestamp", "source": "snapshots.smss.source"},
    )
    assert len(delivery.rows) == expected > 0
    assert len({row["polled_at"] for row in delivery.rows}) == polls
    assert {row["source"] for row in delivery.rows} == {"smss"}


OPEN311 = [
    ("cfa_get_service_request.xml", 1),
    ("cfa_post_service_request.xml", 1),
    ("cfa_request_id_from_token.xml", 1),
    ("cfa_service_requests.xml", 2),
    ("cfa_service_requests_empty.xml", 0),
    ("san_francisco_requests.xml", 56),
    ("san_francisco_services.xml", 38),
]


@pytest.mark.parametrize(("name", "rows"), OPEN311)
def test_open311_answers(name: str, rows: int) -> None:
    assert len(parse("open311", recorded(f"open311/{name}")).rows) == rows


def test_open311_services_definition_errors_and_what_is_not_georeport() -> None:
    body = recorded("open311/cfa_services.xml")
    assert len(parse("open311", body).rows) == body.count(b"<service>")
    (attribute,) = parse("open311", recorded("open311/cfa_service_definition.xml")).rows
    assert (attribute["service_code"], attribute["code"]) == ("DMV66", "WHISHETN")
    assert fault_of("open311", recorded("open311/cfa_get_service_request_not_found.xml")) == "not_found"
    assert fault_of("open311", recorded("open311/mysociety_services.json")) == "malformed"
    assert fault_of("open311", recorded("open311/endpoints_2012.json")) == "malformed"


def test_open311_nil_is_null_and_cities_are_rows() -> None:
    first = parse("open311", recorded("open311/san_francisco_requests.xml")).rows[0]
    assert first["updated_datetime"] is None
    body = recorded("open311/endpoints_2012.json")
    cities = parse("json", body, keys="city").rows
    assert len(cities) == len(json.loads(body))
    assert {"city": "bainbridge", "endpoint": "http://seeclickfix.com/bainbridge-island/open311/"} in cities


CKAN = [
    ("envidat_organization_list.json", None),
    ("envidat_organization_show.json", None),
    ("envidat_package_search.json", 858),
    ("envidat_package_show.json", None),
    ("envidat_tag_list.json", None),
]


@pytest.mark.parametrize(("name", "total"), CKAN)
def test_ckan_answers(name: str, total: int | None) -> None:
    body = recorded(f"ckan/{name}")
    result = json.loads(body)["result"]
    found = result if isinstance(result, list) else result.get("results", [result])
    delivery = parse("ckan", body)
    assert (len(delivery.rows), delivery.total) == (len(found), total)
    assert all(row.get("name") for row in delivery.rows)
    assert not any(isinstance(value, dict | list) for row in delivery.rows for value in row.values())


def test_ckan_packages_of_an_organisation() -> None:
    body = recorded("ckan/envidat_organization_show.json")
    assert len(parse("ckan", body, rows="packages").rows) == len(json.loads(body)["result"]["packages"])


@pytest.mark.parametrize("name", ["station_information", "station_status"])
def test_gbfs_feeds(name: str) -> None:
    body = recorded(f"gtfs/gbfs_{name}.json.gz")
    document = json.loads(body)
    delivery = parse("gbfs", body)
    assert len(delivery.rows) == len(document["data"]["stations"])
    assert {row["last_updated"] for row in delivery.rows} == {document["last_updated"]}


ZIPS = [
    "bart_gtfs",
    "bart_rt_matching_gtfs",
    "bullrunner-gtfs",
    "caltrain_gtfs",
    "ct_rt_matching_gtfs",
    "google_sample_feed_1",
]


@pytest.mark.parametrize("name", ZIPS)
def test_every_table_of_every_gtfs_zip(name: str) -> None:
    body = recorded(f"gtfs/{name}.zip")
    archive = zipfile.ZipFile(io.BytesIO(body))
    for entry in archive.namelist():
        delivery = parse("gtfs", body, file=entry)
        lines = list(csv.reader(io.StringIO(archive.read(entry).decode("utf-8-sig"), newline="")))
        lines = [line for line in lines if line]
        assert not delivery.dead, entry
        assert delivery.total == max(0, len(lines) - 1), entry
        assert delivery.rows.column_names == [column.strip() for column in lines[0]], entry
        names = delivery.rows.column_names
        padded = sorted(tuple((line + [""] * len(names))[: len(names)]) for line in lines[1:])
        assert sorted(tuple(row.values()) for row in delivery.rows.to_pylist()) == padded, entry


@pytest.mark.parametrize(
    ("name", "entity"),
    [
        ("bart-trip-updates", "trip_update"),
        ("ct-trip-updates", "trip_update"),
        ("ct-vehicle-positions", "vehicle"),
    ],
)
def test_gtfs_realtime_says_the_same_in_both_formats(name: str, entity: str) -> None:
    binary = parse("gtfs_realtime", recorded(f"gtfs/rt_{name}.pb"), entity=entity).rows
    text = parse("gtfs_realtime", recorded(f"gtfs/rt_{name}.pb.json.gz")).rows
    assert binary == text
    assert len(binary) > 10


def test_gtfs_realtime_example_and_alerts() -> None:
    rows = parse("gtfs_realtime", recorded("gtfs/rt_example.pb")).rows
    assert len({row["entity_id"] for row in rows}) == 26
    body = recorded("gtfs/rt_BA-alerts.json")
    alerts = parse("gtfs_realtime", body).rows
    assert len(alerts) == len(json.loads(body)["entity"])
    assert all(alert["header"] and alert["effect"] for alert in alerts)


def test_station_points_as_geojson() -> None:
    rows = parse("ogc_features", recorded("subway/turnstile_all_stations.geojson")).rows
    assert len(rows) == 428
    assert all(124 < row["longitude"] < 132 for row in rows)
    lines = parse("ogc_features", recorded("subway/subway_lines.geojson")).rows
    assert len(lines) == 8
    assert json.loads(lines[0]["geometry"])["type"] == "LineString"


def test_other_recorded_json() -> None:
    assert len(parse("json", recorded("air/airkorea_stations.json")).rows) == 657
    routes = parse("json", recorded("bus/topis_routes_2017.json.gz")).rows
    assert len(routes) == 1_118
    assert len(parse("json", recorded("subway/lines1to9_links.json")).rows) == 406


def test_no_recorded_answer_is_forgotten() -> None:
    if not DATA.exists():
        pytest.skip("the shared data is absent")
    known = {name.rpartition("/")[2] for name, *_ in SEOUL if name.startswith("api")} | {
        name for name, *_ in AIR
    }
    known |= {"citydata_ppltn_gangnam_2026-07-10.json", "citydata_api_spec.html.gz", "SOURCE.md"}
    known |= {"topis_getArrInfoByRoute_example.xml", "topis_limit_exceeded_example.xml"}
    known |= {"seoulmetro_smss_trains_18_polls.json.gz", "seoulmetro_smss_trains_30_polls.json.gz"}
    assert {path.name for path in (DATA / "api_answers").iterdir()} == known
