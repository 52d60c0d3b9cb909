"""Raw rows into records: every form that public files use."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pyarrow as pa
import pytest

from maru.commons.sources.contracts import (
    FieldRule,
    Records,
    SourceFault,
)
from maru.commons.sources.reading import reasons
from maru.commons.sources.records import to_records
from maru.commons.sources.tests.fields import NOW, NUMBER, declared, one


def values(rule: FieldRule, *texts: Any, **more: Any) -> Any:
    got = one(rule, *texts, **more)
    assert not got.dead, got.dead
    return got.table.column(rule.name).to_pylist()


WHOLE = FieldRule("value", ("값",), "integer")
AT = FieldRule("value", ("일시",), "datetime")
DAY = FieldRule("value", ("날",), "date")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12), ("-3.5", -3.5), ("1,234", 1234), ('1,234,567.8', 1234567.8), (" 9.6 ", 9.6), ("", None),
        ("-", None), (" ", None), (None, None), ("nan", None), ("2500원", 2500), ("가격 : 2,500원 (1 개)\n", 2500),
        ("23%", 23), ("12.5 ㎍/㎥", 12.5), ("37.5718961547884~2", 37.5718961547884), ("1e3", 1000), (7, 7), (7.5, 7.5),
        ("１２", 12), ("△1.5", -1.5), ("−4", -4), ("₩1,000", 1000), (True, 1), ("+5", 5), (".5", 0.5), ("5.", 5), ("120 m2", 120),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(text: Any, number: float | None) -> None:
    assert values(NUMBER, text, "1") == [number, 1]
    assert values(NUMBER, text) == [number]


@pytest.mark.parametrize(
    "text",
    [
        "abc",
        "10~20",
        "1/2",
        "1,23",
        "3,5",
        "12-13",
        "0x10",
        "inf",
        "--",
        "1 2",
        "평균",
        "2896887㎡ 임 야 : 2454140㎡",
    ],
)
def test_what_is_no_number_is_dead_with_its_row(text: str) -> None:
    got = one(NUMBER, "1", text)
    assert got.table.num_rows == 1
    assert [(row.reason, row.field) for row in got.dead] == [(reasons.NOT_A_NUMBER, "value")]
    assert json.loads(got.dead[0].raw) == {"id": "1", "값": text}


def test_whole_numbers() -> None:
    assert values(WHOLE, "1660111.0", "9007199254740993", 3.0, "1,000") == [
        1660111,
        9007199254740993,
        3,
        1000,
    ]
    assert [row.reason for row in one(WHOLE, "1.5", "99999999999999999999", 1e300, "x").dead] == [
        reasons.NOT_WHOLE
    ] * 4
    assert values(WHOLE, "99999999999999999", "1 개") == [99999999999999999, 1]


def test_zeros_units_factors_and_limits() -> None:
    zero = FieldRule("value", ("값",), "number", nulls=("0", "-"))
    assert values(zero, "0.000000", "0", "-", "5") == [None, None, None, 5]
    price = FieldRule("value", ("값",), "number", format=r"가격 : ([\d,]+)원")
    assert values(price, "가격 : 2500원 (1 개)\n부가 정보 : 2 kg", "3") == [2500, 3]
    assert values(FieldRule("value", ("값",), "number", factor=0.001), "1500") == [1.5]
    limited = FieldRule("value", ("값",), "integer", low=0, high=10.5)
    got = one(limited, "0", "10", "11", "-1")
    assert got.table.num_rows == 2
    assert [row.reason for row in got.dead] == [reasons.OUT_OF_RANGE] * 2


def kst(*parts: int) -> dt.datetime:
    year, month, day, hour, minute, second, micro = (*parts, 0, 0, 0, 0)[:7]
    korea = dt.timezone(dt.timedelta(hours=9))
    return dt.datetime(year, month, day, hour, minute, second, micro, tzinfo=korea).astimezone(dt.UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2018-01-01 01:00", kst(2018, 1, 1, 1)), ("2018-12-31 24:00", kst(2019, 1, 1)), ("2018123124", kst(2019, 1, 1)),
        ("20171201040000", kst(2017, 12, 1, 4)), ("201712010400", kst(2017, 12, 1, 4)), ("20180101", kst(2018, 1, 1)),
        ("20180101 05:30", kst(2018, 1, 1, 5, 30)), ("2025.07.30. 10:46:00", kst(2025, 7, 30, 10, 46)),
        ("2023-12-27 14:11:59.0", kst(2023, 12, 27, 14, 11, 59)), ("2022-12-01 0:00:00", kst(2022, 12, 1)),
        ("2024-07-02T17:00:00Z", dt.datetime(2024, 7, 2, 17, tzinfo=dt.UTC)), ("2024-07-02T17:00:00+09:00", kst(2024, 7, 2, 17)),
        ("2024-07-02T17:00:00.250+0900", kst(2024, 7, 2, 17, 0, 0, 250_000)), ("2024년 7월 2일 오후 3시 5분", kst(2024, 7, 2, 15, 5)),
        ("2024-07-02 오전 12:05", kst(2024, 7, 2, 0, 5)), ("2024/7/2 03:04 PM", kst(2024, 7, 2, 15, 4)),
        ("2024. 7. 2. (화) 13:00", kst(2024, 7, 2, 13)), ("Tue, 02 Jul 2024 08:00:00 GMT", dt.datetime(2024, 7, 2, 8, tzinfo=dt.UTC)),
        ("2024-07", kst(2024, 7, 1)), ("", None), ("-", None), (dt.datetime.fromisoformat("2024-07-02 01:00"), kst(2024, 7, 2, 1)),
        (dt.date(2024, 7, 2), kst(2024, 7, 2)), (dt.datetime(2024, 7, 2, tzinfo=dt.UTC), dt.datetime(2024, 7, 2, tzinfo=dt.UTC)),
        (20240702, kst(2024, 7, 2)), ("2024-07-02 17:00 KST", kst(2024, 7, 2, 17)),
    ],
)  # fmt: skip
def test_times_in_every_form_become_utc(text: Any, moment: dt.datetime | None) -> None:
    assert values(AT, text) == [moment]
    if isinstance(text, str):
        assert values(AT, "2020-01-01T00:00:00", text) == [kst(2020, 1, 1), moment]


@pytest.mark.parametrize(
    "text",
    [
        "전체",
        "01/12/2017",
        "2018-02-30",
        "2018-13-01",
        "2018-01-01 25:00",
        "2018-01-01 24:01",
        "20254",
        "noon",
        "2018-01-01 10:60",
    ],
)
def test_what_is_no_time_is_dead(text: str) -> None:
    assert [row.reason for row in one(AT, text).dead] == [reasons.NOT_A_TIME]
    assert [row.reason for row in one(DAY, text.split(" ")[0] + "x").dead] == [reasons.NOT_A_DATE]


@pytest.mark.parametrize(
    ("text", "form", "moment"),
    [
        ("01/12/2017", "%d/%m/%Y", kst(2017, 12, 1)), ("12/01/2017 03:04:05 PM", "%m/%d/%Y %I:%M:%S %p", kst(2017, 12, 1, 15, 4, 5)),
        ("171201", "%y%m%d", kst(2017, 12, 1)), ("01 Dec 2017", "%d %b %Y", kst(2017, 12, 1)), ("2017-12-01", "%d/%m/%Y", kst(2017, 12, 1)),
        ("1512054000", "unix", kst(2017, 12, 1)), ("1512054000123", "unix_ms", kst(2017, 12, 1, 0, 0, 0, 123_000)), (1512054000, "unix", kst(2017, 12, 1)),
    ],
)  # fmt: skip
def test_formats(text: Any, form: str, moment: dt.datetime) -> None:
    assert values(FieldRule("value", ("v",), "datetime", format=form), text) == [moment]


def test_days_keep_the_day_that_was_written() -> None:
    texts = (
        "20180101",
        "2018.1.1",
        "1968.9.10",
        "2022-06-01 23:59",
        "202206",
        "2018-01-01T23:00:00Z",
        "2021",
    )
    days = [dt.date(2018, 1, 1), dt.date(2018, 1, 1), dt.date(1968, 9, 10), dt.date(2022, 6, 1), dt.date(2022, 6, 1), dt.date(2018, 1, 2), dt.date(2021, 1, 1)]  # fmt: skip
    assert values(DAY, *texts) == days
    assert values(AT, "2024-03-10 02:30", zone="America/New_York") == [
        dt.datetime(2024, 3, 10, 7, 0, tzinfo=dt.UTC)
    ]


def test_yes_and_no() -> None:
    rule = FieldRule("value", ("v",), "boolean")
    assert values(rule, "Y", "n", "예", "아니오", "", "1", "false", True) == [
        True,
        False,
        True,
        False,
        None,
        True,
        False,
        True,
    ]
    assert [row.reason for row in one(rule, "maybe").dead] == [reasons.NOT_YES_OR_NO]


def test_texts_are_trimmed_and_ids_made_whole() -> None:
    assert values(FieldRule("value", ("v",)), "  서울 ", "", "-", "a\nb", 3.0, ["x"]) == [
        "서울",
        None,
        None,
        "a\nb",
        "3",
        '["x"]',
    ]
    assert values(FieldRule("value", ("v",), format="id"), "10033.0", "00210", 7.0, "1.5") == [
        "10033",
        "00210",
        "7",
        "1.5",
    ]


PLACE = (
    FieldRule("id", ("id",)),
    FieldRule("lon", ("경도", "x"), "number", role="longitude"),
    FieldRule("lat", ("위도", "y"), "number", role="latitude"),
)


def places(rows: list[dict[str, Any]], *extra: FieldRule, **more: Any) -> Records:
    return to_records(
        declared(*PLACE, *extra, **more), [{"id": str(n), **row} for n, row in enumerate(rows)], NOW
    )


def test_latitude_under_the_name_of_longitude_is_exchanged() -> None:
    got = places(
        [
            {"경도": "37.5", "위도": "127.0"},
            {"경도": "127.0", "위도": "37.5"},
            {"경도": "0", "위도": "0.000"},
            {"경도": "127"},
        ]
    )
    assert got.table.column("lon").to_pylist() == [127.0, 127.0, None, None]
    assert got.table.column("lat").to_pylist() == [37.5, 37.5, None, None]


def test_places_outside_the_bounds_are_dead() -> None:
    bounds = {"bounds": [130, 36, 131, 37]}
    got = places(
        [{"경도": 130.9, "위도": 36.4}, {"경도": 36.4, "위도": 130.9}, {"경도": 127, "위도": 37}],
        options=bounds,
    )
    assert got.table.num_rows == 2
    assert [row.reason for row in got.dead] == [reasons.NOT_A_PLACE]
    assert [row.reason for row in places([{"경도": 999, "위도": 37}]).dead] == [reasons.NOT_A_PLACE]
    assert places([{"경도": -122.4, "위도": 37.8}]).table.num_rows == 1  # without bounds any place on Earth
    with pytest.raises(SourceFault, match="bounds"):
        places([{}], options={"bounds": [1, 2]})


@pytest.mark.parametrize(
    ("crs", "x", "y"),
    [
        ("EPSG:5179", 953_900.0, 1_952_030.0),
        ("EPSG:5186", 198_050.0, 551_880.0),
        ("EPSG:5181", 198_050.0, 451_880.0),
    ],
)
def test_projected_coordinates_become_degrees(crs: str, x: float, y: float) -> None:
    bounds = {"bounds": [126.5, 37.3, 127.3, 37.8]}
    for row in ({"경도": x, "위도": y}, {"경도": y, "위도": x}):  # northing called X as well
        (got,) = places([row], crs=crs, options=bounds).table.to_pylist()
        assert (got["lon"], got["lat"]) == (pytest.approx(126.978, abs=2e-3), pytest.approx(37.566, abs=2e-3))
    both = (FieldRule("east", ("X",), "number", role="x"), FieldRule("north", ("Y",), "number", role="y"))
    first, second = places(
        [{"X": x, "Y": y}, {"경도": 127.5, "위도": 37.1, "X": x, "Y": y}], *both, crs=crs
    ).table.to_pylist()
    assert (first["lat"], first["east"]) == (pytest.approx(37.566, abs=2e-3), x)
    assert (second["lon"], second["lat"]) == (127.5, 37.1)
    assert places([{"경도": 127.0, "위도": 37.5}], crs=crs).table.column("lon").to_pylist() == [127.0]


def test_joined_columns() -> None:
    rule = FieldRule("at", ("at",), "datetime", format="%Y %m %d %H")
    join = {"join": {"at": ["Year", "Month", "Day", "UTC Hour"]}}
    row = {"id": "1", "Year": "2014", "Month": "5", "Day": "16", "UTCHour": "9"}
    got = to_records(declared(FieldRule("id", ("id",)), rule, zone="UTC", options=join), [row], NOW)
    assert got.table.column("at").to_pylist() == [dt.datetime(2014, 5, 16, 9, tzinfo=dt.UTC)]
    assert not got.drift


def test_aliases_drift_and_gaps() -> None:
    declaration = declared(
        FieldRule("id", ("ID",)),
        FieldRule("pm", ("PM10", "미세먼지"), "number"),
        FieldRule("no2", ("NO2",), "number"),
    )
    table = pa.table({"ID": ["1"], "미세먼지": ["5"], "CO2": ["7"], "": [""]})
    got = to_records(declaration, table, NOW)
    assert got.drift.renamed == (("PM10", "미세먼지"),)
    assert got.drift.new == ("CO2",)
    assert got.drift.gone == ("NO2",)
    assert got.table.to_pylist() == [{"id": "1", "pm": 5.0, "no2": None}]
    rows = [{"ID": "1", "PM10": None, "미세먼지": "6", "NO2": 1}, {"ID": "2", "PM10": 7, "NO2": 2.5}]
    assert to_records(declaration, rows, NOW).table.column("pm").to_pylist() == [6.0, 7.0]
    loose = to_records(declaration, pa.table({"id ": ["1"], "pm\n10": ["5"], "no2": ["1"]}), NOW)
    assert not loose.drift
    assert loose.table.num_rows == 1
    assert not to_records(declared(FieldRule("id", ("ID",)), options={"ignore": "*"}), table, NOW).drift


def test_required_and_keys() -> None:
    declaration = declared(FieldRule("id", ("id",)), FieldRule("v", ("v",), "number", required=True))
    got = to_records(
        declaration,
        [{"id": "1", "v": "-"}, {"id": "", "v": 1}, {"id": "서\ufffd", "v": 1}, ["no"], {"id": 2, "v": 2}],
        NOW,
    )
    assert [row.reason for row in got.dead] == [
        reasons.NOT_A_RECORD,
        reasons.MISSING,
        reasons.MISSING,
        reasons.UNDECODABLE,
    ]
    assert got.table.to_pylist() == [{"id": "2", "v": 2.0}]


def test_a_record_without_time_takes_that_of_its_arrival() -> None:
    declaration = declared(FieldRule("id", ("id",)), AT, time="value")
    got = to_records(declaration, [{"id": "1", "일시": ""}, {"id": "2"}], NOW)
    assert got.table.column("value").to_pylist() == [NOW, NOW]
