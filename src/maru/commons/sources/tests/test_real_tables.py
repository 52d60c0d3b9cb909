"""The real public files of ../shared/data: every row is read, and what their notes say of them comes out."""

from __future__ import annotations

import datetime as dt
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from maru.commons.sources import declaration as declarations
from maru.commons.sources.contracts import Declaration, FieldRule, Records
from maru.commons.sources.kits.registry import kit
from maru.commons.sources.kits.table_sniff import Sniffed, sniff
from maru.commons.sources.kits.tests.feeds import DATA, NOW
from maru.commons.sources.kits.tests.test_table_traps import declared
from maru.commons.sources.records import to_records

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not beside the repository")

# file: rows without headers, as the notes of the data say (the notes count one header row of several as a row)
FILES = {
    "air/berkeley_earth_hourly_pm25_seoul_2014_2021.txt.gz": 62001, "air/daily_by_gu_2019.csv": 9491, "air/daily_by_gu_2023.csv": 4758,
    "air/daily_by_station_2018.csv.gz": 14637, "air/hourly_city_mean_2018_2021.csv.gz": 35040, "air/seoul_sdot_fields.csv": 23,
    "air/seoul_sdot_sensor_locations.csv": 851, "boundaries/dong_centroids_utmk_nationwide.tsv.gz": 5139,
    "boundaries/haengjeongdong_code_mapping_20241218.xlsx": 424, "bus/bus_hourly_boardings_2022_01.txt.zip": 39159,
    "bus/bus_hourly_boardings_2022_03.txt.zip": 39083, "bus/bus_stop_locations_20260506.xlsx": 11250, "bus/bus_stops_2026.csv.gz": 11253,
    "bus/night_bus_hourly_boardings_2022_01_03.csv.gz": 7076, "bus/topis_stop_gps_2017.csv.gz": 12622, "complaints/dasan120_faq.csv.gz": 1747,
    "complaints/epeople_proposals_582_with_agency.csv": 582, "complaints/nyc311_1000.csv.gz": 1000, "complaints/nyc311_1000_2024.csv.gz": 1000,
    "complaints/nyc311_1000_b.csv.gz": 1000, "complaints/on_seoul_search_relevance.tsv": 400,
    "complaints/sangsang_daero_full_text_2017_2023.csv.gz": 291, "complaints/sangsang_daero_seoul_proposals_2017_2023.csv.gz": 13712,
    "facilities/bike_rentals_per_station_2022_06.csv": 2627, "facilities/bike_station_master_2022.csv.gz": 3157,
    "facilities/bike_stations_2020_gu.csv": 1463, "facilities/bike_trips_sample_2017_09.csv": 999, "facilities/cctv_by_gu_2012_2021.csv": 26,
    "facilities/cctv_by_gu_2017_2020.csv": 25, "facilities/cultural_events_2025.csv.gz": 5063,
    "facilities/heat_shelters_incl_senior_centres_2026.csv.gz": 4087, "facilities/parks.csv": 131, "facilities/public_reservation_sports_2023.csv": 521,
    "facilities/public_sports_facilities.csv": 826, "facilities/public_toilets_2022_poi.csv.gz": 4938, "facilities/public_toilets_2025.csv.gz": 4585,
    "facilities/public_wifi_ap_2021.csv.gz": 19207, "facilities/shade_canopies_2026.csv.gz": 4784, "facilities/traditional_markets.csv": 330,
    "facilities/uci_seoul_bike_hourly_2017_2018.csv.gz": 8760, "facilities/welfare_facilities.csv": 3091,
    "minutes/kr_national_assembly_bills.csv.gz": 17119, "minutes/seoul_common_codes.csv": 1132, "minutes/seoul_record_schema.csv": 142,
    "population/resident_population_dong_age_sex_20260630_seoul.csv.gz": 427, "population/seniors_living_alone_by_dong_2021.csv": 452,
    "population/street_floating_population_dong_quarterly.csv.gz": 11900, "population/street_floating_population_trade_area_2018_2019.csv.gz": 6060,
    "prices/consumer_price_index_2014_2017.csv": 21, "subway/CARD_SUBWAY_MONTH_202505.csv.gz": 19139, "subway/hourly_boardings_by_station_2022.csv.gz": 6740,
    "subway/hourly_boardings_line1_arex_201501_202408.csv.gz": 2690, "subway/paid_free_boardings_by_station.csv": 2739,
    "subway/realtime_arrival_station_ids_20260108.csv": 696, "subway/seoulmetro_congestion_30min_20240630.csv.gz": 1668,
    "subway/station_coordinates_address.csv": 579, "subway/station_master_2025.csv": 909,
}  # fmt: skip
# Rows that are no records by their own content: the mean of a whole year, months as text.
DEAD = {"air/daily_by_gu_2019.csv": 1}


@cache
def body(name: str) -> bytes:
    path: Path = DATA / name
    if not path.is_file():
        pytest.skip(f"{name} is not there")
    return path.read_bytes()


def proposed(found: Sniffed) -> Declaration:
    """What ``maru source new`` writes and reads again."""
    base = declared(*found.fields, **found.options)
    whole = declarations.replace(
        base, names={"ko": "가", "en": "a"}, summaries={"ko": "가", "en": "a"}, kind=found.kind, key=found.key or (found.fields[0].name,), time=found.time,
        series=found.series, personal="personal",
    )  # fmt: skip
    (again,) = declarations.parse(tomllib.loads(declarations.dump(whole)), folder=Path("a_source"))
    return again


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_row_of_a_file_that_nobody_declared(name: str) -> None:
    found = sniff(body(name))
    assert (found.rows, found.dead) == (FILES[name], 0)
    declaration = proposed(found)
    delivery = kit(declaration.kind).parse(declaration, body(name))
    records = to_records(declaration, delivery.rows, NOW)
    assert not delivery.dead
    assert records.table.num_rows + len(records.dead) == FILES[name]
    if found.key:
        assert len(records.dead) == DEAD.get(name, 0), records.dead[:3]
    assert not records.drift.gone
    assert not records.drift.renamed


def read(name: str, *fields: FieldRule, **options: Any) -> Records:
    declaration = declared(*fields, **{"ignore": "*", **options})
    delivery = kit("table").parse(declaration, body(name))
    records = to_records(declaration, delivery.rows, NOW)
    assert not delivery.dead
    return records


HOURS = {"columns": r"(\d\d?)시(승차|하차)총승객수", "into": ["hour", "way"], "value": "people"}
BUS = [
    "사용년월",
    "노선번호",
    "노선명",
    "버스정류장ARS번호",
    "역명",
    *(f"{hour:02}시{way}총승객수" for hour in range(24) for way in ("승차", "하차")),
]


@pytest.mark.parametrize("month", ["01", "02", "03"])
def test_bus_boardings_with_and_without_header_commas_and_a_stray_quote(month: str) -> None:
    fields = [
        FieldRule("month", ("사용년월",), "date"),
        FieldRule("route", ("노선번호",)),
        FieldRule("title", ("노선명",)),
    ]
    fields += [FieldRule("stop", ("버스정류장ARS번호",), nulls=("~",)), FieldRule("place", ("역명",))]
    fields += [FieldRule(f"h{place}", (name,), "integer", low=0) for place, name in enumerate(BUS[5:])]
    records = read(f"bus/bus_hourly_boardings_2022_{month}.txt.zip", *fields, columns=BUS)
    assert not records.dead
    rows = records.table.select(["route", "title", "stop", "place"]).to_pylist()
    assert all(row["stop"] is None or (len(row["stop"]) == 5 and row["stop"].isdigit()) for row in rows)
    commas = [row for row in rows if "," in row["title"]]
    # One or two of them in the stop's name.
    found = sum("," in row["title"] or "," in row["place"] for row in rows)
    assert found == {"02": 705}.get(month, 704)
    assert len(commas) >= 702
    assert {"661번(부천상동~영등포역,신세계백화점)", "110번(B,국민대방향,정릉~정릉)"} <= {
        row["title"] for row in commas
    }
    assert all(row["title"].startswith(row["route"][:3]) for row in commas)
    assert all(row["title"].count("(") == row["title"].count(")") for row in commas)


def test_night_buses_as_rows_of_hours() -> None:
    fields = (
        FieldRule("stop", ("버스정류장ARS번호",)),
        FieldRule("hour", ("hour",), "integer"),
        FieldRule("way", ("way",)),
        FieldRule("people", ("people",), "integer"),
    )
    records = read("bus/night_bus_hourly_boardings_2022_01_03.csv.gz", *fields, melt=HOURS)
    assert records.table.num_rows == 7076 * 48
    assert sorted(set(records.table.column("hour").to_pylist())) == list(range(24))


def test_hourly_means_until_24_00() -> None:
    records = read(
        "air/hourly_city_mean_2018_2021.csv.gz",
        FieldRule("at", ("일시",), "datetime"),
        FieldRule("no2", ("이산화탄소",), "number"),
    )
    assert not records.dead
    at = set(records.table.column("at").to_pylist())
    assert dt.datetime(2018, 1, 1, 15, tzinfo=dt.UTC) in at  # 2018-01-01 24:00
    assert len(at) == 35040 - 24  # one day is there twice


def test_uc_hours_from_four_columns() -> None:
    at = FieldRule("at", ("at",), "datetime", format="%Y %m %d %H")
    join = {"at": ["Year", "Month", "Day", "UTCHour"]}
    records = read(
        "air/berkeley_earth_hourly_pm25_seoul_2014_2021.txt.gz",
        at,
        FieldRule("pm25", ("PM2.5",), "number"),
        join=join,
    )
    assert not records.dead
    assert records.table.column("at")[0].as_py() == dt.datetime(2014, 5, 16, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("name", "longitude", "latitude", "nowhere"),
    [
        ("facilities/public_toilets_2025.csv.gz", "경도(X)", "위도(Y)", 0), ("subway/station_coordinates_address.csv", "y좌표", "x좌표", 0),
        ("facilities/cultural_events_2025.csv.gz", "경도(X좌표)", "위도(Y좌표)", 1), ("facilities/bike_station_master_2022.csv.gz", "경도", "위도", 77),
        ("facilities/public_wifi_ap_2021.csv.gz", "X좌표", "Y좌표", 0), ("facilities/parks.csv", "경도", "위도", 1),
    ],
)  # fmt: skip
def test_places_lie_in_and_around_seoul(name: str, longitude: str, latitude: str, nowhere: int) -> None:
    fields = (
        FieldRule("lon", (longitude,), "number", role="longitude"),
        FieldRule("lat", (latitude,), "number", role="latitude"),
    )
    title = FieldRule("row", ("연번", "관리번호", "대여소_ID", "공원명", "공연/행사명", "지하철역"))
    records = read(name, title, *fields, bounds=[126.0, 36.0, 129.5, 38.3])
    assert not records.dead
    assert records.table.column("lon").null_count == nowhere
    assert all(126 < value < 129.5 for value in records.table.column("lon").to_pylist() if value)


@pytest.mark.parametrize(
    ("name", "x", "y", "crs", "kept"),
    [
        (
            "facilities/heat_shelters_incl_senior_centres_2026.csv.gz",
            "X좌표(EPSG:5186)",
            "Y좌표(EPSG:5186)",
            "EPSG:5186",
            ("경도", "위도"),
        ),
        (
            "facilities/public_toilets_2022_poi.csv.gz",
            "중앙좌표X1",
            "중앙좌표Y1",
            "EPSG:5174",
            ("경도", "위도"),
        ),
    ],
)
def test_projected_places_agree_with_the_degrees_beside_them(
    name: str, x: str, y: str, crs: str, kept: tuple[str, str]
) -> None:
    fields = (
        FieldRule("lon", (x,), "number", role="longitude"),
        FieldRule("lat", (y,), "number", role="latitude"),
    )
    told = (FieldRule("known_lon", (kept[0],), "number"), FieldRule("known_lat", (kept[1],), "number"))
    declaration = declarations.replace(
        declared(FieldRule("id", ("POI ID", "쉼터명칭")), *fields, *told, ignore="*"), crs=crs
    )
    records = to_records(declaration, kit("table").parse(declaration, body(name)).rows, NOW)
    rows = [row for row in records.table.to_pylist() if row["lon"] and row["known_lon"]]
    assert len(rows) > 4000
    near = [
        abs(row["lon"] - row["known_lon"]) < 0.004 and abs(row["lat"] - row["known_lat"]) < 0.004
        for row in rows
    ]
    assert sum(near) > 0.98 * len(near)


def test_four_header_rows_and_subtotals_left_out() -> None:
    fields = (
        FieldRule("gu", ("동별(2)",)),
        FieldRule("dong", ("동별(3)",)),
        FieldRule("total", ("2021 합계 소계 계",), "integer"),
    )
    records = read(
        "population/seniors_living_alone_by_dong_2021.csv", *fields, leave_out={"동별(3)": ["소계"]}
    )
    assert not records.dead
    assert records.table.num_rows == 452 - 26
    assert sum(records.table.column("total").to_pylist()) == 392351


def test_thousands_commas_and_a_remark_above() -> None:
    records = read(
        "facilities/cctv_by_gu_2012_2021.csv",
        FieldRule("gu", ("구분",)),
        FieldRule("total", ("총계",), "integer"),
        leave_out={"구분": ["계"]},
    )
    assert sum(records.table.column("total").to_pylist()) == 77032


def test_empty_cells_of_a_day() -> None:
    records = read(
        "air/daily_by_gu_2019.csv",
        FieldRule("day", ("날짜",), "date", required=True),
        FieldRule("no2", ("이산화질소 NO2 (ppm)",), "number"),
    )
    assert next(row.raw.decode() for row in records.dead).startswith('{"날짜": "전체"')
    assert records.table.num_rows == 9490


def test_dates_with_the_month_first_and_zip_codes_as_floats() -> None:
    at = FieldRule("at", ("Created Date",), "datetime", format="%m/%d/%Y %I:%M:%S %p")
    assert not read("complaints/nyc311_1000.csv.gz", at).dead
    records = read(
        "complaints/nyc311_1000_2024.csv.gz",
        FieldRule("id", ("unique_key",)),
        FieldRule("zip", ("incident_zip",), format="id"),
    )
    assert all(value is None or value.isdigit() for value in records.table.column("zip").to_pylist())


def test_the_page_that_calls_itself_a_workbook() -> None:
    found = sniff(body("api_answers/citydata_api_spec.html.gz"))
    assert (found.form, found.kind) == ("html", "excel")
    assert found.rows >= 250
