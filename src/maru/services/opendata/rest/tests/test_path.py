"""The path interface: envelopes and every result code, as old programs read them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import openpyxl
import pytest

from maru.services.opendata.rest.path_codes import MESSAGES
from maru.services.opendata.rest.tests.plaza import AIR, BIKES, KEY, STRANGE

Get = Callable[..., httpx.Response]


def _code(answer: httpx.Response) -> str:
    return str(answer.json()["RESULT"]["CODE"])


def test_rows_in_the_envelope_of_the_original(get: Get) -> None:
    answer = get(f"/openapi/{KEY}/json/RealtimeCityAir/1/25/")
    assert answer.status_code == 200
    assert list(answer.json()) == ["RealtimeCityAir"]
    body = answer.json()["RealtimeCityAir"]
    assert body["list_total_count"] == AIR
    assert body["RESULT"] == {"CODE": "INFO-000", "MESSAGE": MESSAGES["INFO-000"]}
    assert len(body["row"]) == 25
    assert list(body["row"][0]) == ["MSRSTN_NM", "MSRMT_DT", "DAY", "PM", "CAI_GRD"]
    everything = get(f"/openapi/{KEY}/json/RealtimeCityAir/1/1000").json()["RealtimeCityAir"]["row"]
    empty = [row for row in everything if row["PM"] == ""]  # empty, never null
    assert 80 <= len(empty) <= 110
    # Times are the city's own.
    assert min(row["MSRMT_DT"] for row in everything) == "2024-05-01 09:00:00"


def test_a_service_whose_root_is_another(get: Get) -> None:
    body = get(f"/openapi/{KEY}/json/bikeList/1001/2000").json()
    assert list(body) == ["rentBikeStatus"]
    assert len(body["rentBikeStatus"]["row"]) == 1000
    assert body["rentBikeStatus"]["list_total_count"] == BIKES
    assert body["rentBikeStatus"]["row"][0]["stationId"].startswith("ST-")


def test_pages_join_without_gap_or_repeat(get: Get) -> None:
    seen: list[str] = []
    for start in range(1, BIKES + 1, 1000):
        body = get(f"/openapi/{KEY}/json/bikeList/{start}/{start + 999}").json()["rentBikeStatus"]
        seen += [row["stationId"] for row in body["row"]]
    assert len(seen) == len(set(seen)) == BIKES


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"{KEY}", "ERROR-300"),
        (f"{KEY}/json", "ERROR-300"),
        (f"{KEY}/json/bikeList", "ERROR-300"),
        (f"{KEY}/json/bikeList/1", "ERROR-300"),
        (f"{KEY}/json/noSuchService/1/5", "ERROR-310"),
        (f"{KEY}/json/Gone/1/5", "ERROR-310"),
        (f"{KEY}/json/Draft/1/5", "ERROR-310"),
        (f"{KEY}/json/bikeList/0/5", "ERROR-331"),
        (f"{KEY}/json/bikeList/-1/5", "ERROR-331"),
        (f"{KEY}/json/bikeList/1/0", "ERROR-332"),
        (f"{KEY}/json/bikeList/a/5", "ERROR-333"),
        (f"{KEY}/json/bikeList/1/5.5", "ERROR-333"),
        (f"{KEY}/json/bikeList/6/5", "ERROR-334"),
        (f"{KEY}/json/bikeList/1/1001", "ERROR-336"),
        (f"{KEY}/json/bikeList/2346/2400", "INFO-200"),
        (f"{KEY}/json/bikeList/1/5/NOBODY", "INFO-200"),
        ("sample/json/bikeList/1/6", "ERROR-335"),
        ("sample/json/bikeList/6/10", "ERROR-335"),
        ("nokey/json/bikeList/1/5", "INFO-100"),
        ("0" * 400 + "/json/bikeList/1/5", "INFO-100"),
    ],
)
def test_codes(get: Get, path: str, code: str) -> None:
    answer = get(f"/openapi/{path}")
    assert answer.status_code == 200
    if path.count("/") == 0:
        assert f"<CODE>{code}</CODE>" in answer.text
    else:
        assert list(answer.json()) == ["RESULT"]
        assert answer.json()["RESULT"] == {"CODE": code, "MESSAGE": MESSAGES[code]}


def test_a_wrong_type_is_answered_in_xml(get: Get) -> None:
    answer = get(f"/openapi/{KEY}/yaml/bikeList/1/5")
    assert ET.fromstring(answer.content).findtext("CODE") == "ERROR-301"  # our own answer


def test_faults_of_the_house_have_their_codes(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError, ProgrammingError

    from maru.services.opendata.rest import path_api

    for fault, code in (
        (OperationalError(), "ERROR-600"),
        (ProgrammingError(), "ERROR-601"),
        (RuntimeError(), "ERROR-500"),
    ):

        def fail(*_args: Any, fault: Exception = fault, **_more: Any) -> Any:
            raise fault

        monkeypatch.setattr(path_api.shelf, "coded", fail)
        assert _code(get(f"/openapi/{KEY}/json/bikeList/1/3/{code}")) == code


def test_the_sample_key_gives_the_first_five(get: Get) -> None:
    body = get("/openapi/sample/json/bikeList/1/5").json()["rentBikeStatus"]
    assert len(body["row"]) == 5
    assert len(get("/openapi/sample/json/bikeList/2/3").json()["rentBikeStatus"]["row"]) == 2


def test_arguments_stand_for_columns_in_order(get: Get) -> None:
    body = get(f"/openapi/{KEY}/json/RealtimeCityAir/1/1000/구03").json()["RealtimeCityAir"]
    assert body["list_total_count"] == AIR // 25
    assert {row["MSRSTN_NM"] for row in body["row"]} == {"구03"}
    body = get(f"/openapi/{KEY}/json/RealtimeCityAir/1/1000/%20/2024050110").json()["RealtimeCityAir"]
    assert {row["MSRMT_DT"] for row in body["row"]} == {"2024-05-01 10:00:00"}
    body = get(f"/openapi/{KEY}/json/RealtimeCityAir/1/1000/구03/%20/20240502/").json()["RealtimeCityAir"]
    assert {row["DAY"] for row in body["row"]} == {"2024-05-02"}


def test_xml_holds_every_text(get: Get) -> None:
    answer = get(f"/openapi/{KEY}/xml/StrangeWords/1/100")
    root = ET.fromstring(answer.content)  # our own answer
    assert root.tag == "StrangeWords"
    assert root.findtext("RESULT/CODE") == "INFO-000"
    words = [row.findtext("WORDS") or "" for row in root.findall("row")]
    assert sorted(words) == sorted(text or "" for text in STRANGE)
    assert "attachment" in get(f"/openapi/{KEY}/xmlf/StrangeWords/1/100").headers["content-disposition"]


def test_csv_and_workbook_hold_every_text(get: Get) -> None:
    rows = list(
        csv.reader(
            io.StringIO(get(f"/openapi/{KEY}/csv/StrangeWords/1/100").content.decode("utf-8-sig"), newline="")
        )
    )
    assert rows[0] == ["NUMBER", "WORDS"]
    assert sorted(row[1] for row in rows[1:]) == sorted(text or "" for text in STRANGE)
    book = openpyxl.load_workbook(io.BytesIO(get(f"/openapi/{KEY}/xls/StrangeWords/1/100").content))
    cells = [row[1].value or "" for row in book.active.iter_rows(min_row=2)]
    assert sorted(cells) == sorted(text or "" for text in STRANGE)


def test_too_many_calls_have_a_code_of_their_own(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    from maru.services.opendata.rest import doorkeeper

    monkeypatch.setattr(doorkeeper, "SAMPLE_PER_MINUTE", 1)
    codes = [
        get("/openapi/sample/json/bikeList/1/5").json().get("RESULT", {}).get("CODE", "INFO-000")
        for _call in range(14)
    ]
    assert codes[0] == "INFO-000"
    assert codes[-1] == "ERROR-429"
