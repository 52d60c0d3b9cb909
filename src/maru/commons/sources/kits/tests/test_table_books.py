"""Tables inside other things: web pages, workbooks, archives; and whatever bytes there are."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import zipfile
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from maru.commons.sources.contracts import (
    FieldRule,
    SourceFault,
)
from maru.commons.sources.kits.table import KIT
from maru.commons.sources.kits.tests.tables import (
    BODY,
    COUNT,
    D1,
    D2,
    DAY,
    HEAD,
    NAME,
    PATIENT,
    SHOPS,
    TWO,
    declared,
    parsed,
    rows,
)


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name.replace("__", "."), body)
    return out.getvalue()


def test_zip_and_gzip() -> None:
    assert rows(SHOPS, gzip.compress(BODY.encode("cp949"))) == TWO
    first, second = HEAD + "강남,1,2024-01-01\n", "이름,날짜,대수\n종로,2024-01-02,2\n"
    both = zipped(a__csv=first.encode(), b__txt=second.encode("cp949"), readme__md=b"#")
    assert rows(SHOPS, both) == TWO
    assert rows(declared(NAME, COUNT, DAY, member="b*"), both) == TWO[1:]
    assert rows(SHOPS, zipped(a__csv__gz=gzip.compress(BODY.encode()))) == TWO


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty"), (b"\xef\xbb\xbf\r\n", "empty"), (b"\x1f\x8b\x08broken", "malformed"), (b"PK\x03\x04broken", "malformed"),
        (gzip.compress(BODY.encode())[:-12], "malformed"), (zipped(readme__md=b"#"), "not_found"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "malformed"),
        (b"<html><body><h1>502 Bad Gateway</h1></body></html>", "malformed"), (b'{"RESULT": {"CODE": "ERROR-500"}, "x": 1}', "malformed"),
        ("서비스 점검 중입니다".encode("cp949"), "malformed"), (bytes(range(256)) * 40, "malformed"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_a_fault_with_its_bytes(body: bytes, code: str) -> None:
    with pytest.raises(SourceFault) as caught:
        KIT.parse(SHOPS, body)
    assert caught.value.code == code


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    from maru.commons.sources.kits import containers

    for bomb in (gzip.compress(b"a,b\n" * 100_000), zipped(a__csv=b"a,b\n" * 100_000)):
        with pytest.raises(SourceFault) as caught:
            containers.unwrap(bomb, most=10_000)
        assert caught.value.code == "too_large"


PAGE = """<html><head><meta http-equiv="Content-Type" content="text/html; charset=euc-kr"></head><body>
<table><tr><td>메뉴</td></tr></table>
<table><tr><th>이름</th><th>대수</th><th>날짜</th></tr>
<tr><td rowspan="2">강남<br>역</td><td>1</td><td>2024-01-01</td></tr><tr><td>&nbsp;2</td><td>2024-01-02</td></tr></table></body></html>"""


@pytest.mark.parametrize("encoding", ["utf-8", "cp949", "utf-8-sig"])
def test_html_posing_as_a_workbook(encoding: str) -> None:
    assert rows(SHOPS, PAGE.encode(encoding)) == [("강남\n역", 1, D1), ("강남\n역", 2, D2)]


def test_a_title_over_all_columns_of_a_page() -> None:
    from maru.commons.sources.kits.table_sniff import sniff

    page = PAGE.replace("<tr><th>이름", '<tr><th colspan="3">가게 현황</th></tr><tr><th>이름')
    assert rows(SHOPS, page) == [("강남\n역", 1, D1), ("강남\n역", 2, D2)]
    assert [field.names[0] for field in sniff(page.encode()).fields] == ["이름", "대수", "날짜"]


def test_excels_own_xml_of_2003() -> None:
    body = """<?xml version="1.0" encoding="UTF-8"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Worksheet ss:Name="표"><Table>
<Row><Cell><Data ss:Type="String">이름</Data></Cell><Cell><Data ss:Type="String">대수</Data></Cell><Cell><Data ss:Type="String">날짜</Data></Cell></Row>
<Row><Cell><Data ss:Type="String">강남</Data></Cell><Cell><Data ss:Type="Number">1</Data></Cell><Cell><Data ss:Type="String">2024-01-01</Data></Cell></Row>
<Row><Cell><Data ss:Type="String">종로</Data></Cell><Cell ss:Index="3"><Data ss:Type="String">2024-01-02</Data></Cell></Row>
</Table></Worksheet></Workbook>"""
    assert rows(SHOPS, body) == [("강남", 1, D1), ("종로", None, D2)]


def workbook(*grids: list[list[Any]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        for place, grid in enumerate(grids):
            sheet = book.add_worksheet(f"표{place + 1}")
            for y, row in enumerate(grid):
                for x, cell in enumerate(row):
                    if cell is not None:
                        sheet.write(y, x, cell)
    return out.getvalue()


def test_workbooks_with_ids_as_floats_numbers_as_text_and_titles() -> None:
    grid = [
        ["가게 현황"],
        [],
        ["이름", "대수", "날짜", "코드"],
        ["강남", "1", dt.date(2024, 1, 1), 123000689.0],
        ["종로", 2, "2024-01-02", "00210"],
    ]
    declaration = declared(NAME, COUNT, DAY, FieldRule("code", ("코드",)))
    assert rows(declaration, workbook(grid)) == [("강남", 1, D1, "123000689"), ("종로", 2, D2, "00210")]
    assert rows(declared(*declaration.fields, sheet="표2"), workbook([["x"]], grid)) == rows(
        declaration, workbook(grid)
    )
    assert rows(declared(*declaration.fields, sheet="2"), workbook([["x"]], grid)) == rows(
        declaration, workbook(grid)
    )
    with pytest.raises(SourceFault, match="no sheet"):
        KIT.parse(declared(*declaration.fields, sheet="없는"), workbook(grid))


def test_merged_cells_in_two_header_rows_of_a_workbook() -> None:
    grid = [["구", "인원", None, "비고"], [None, "남", "여", None], ["강남", 1, 2, "x"], ["종로", 3, 4, "y"]]
    declaration = declared(
        FieldRule("gu", ("구",)),
        FieldRule("men", ("인원 남",), "integer"),
        FieldRule("women", ("인원 여",), "integer"),
    )
    assert rows(declaration, workbook(grid)) == [("강남", 1, 2), ("종로", 3, 4)]


@PATIENT
@given(st.binary(max_size=300))
def test_any_bytes_are_a_fault_or_a_delivery(body: bytes) -> None:
    try:
        delivery, records = parsed(SHOPS, body)
    except SourceFault as fault:
        assert fault.code in SourceFault.CODES
    else:
        assert len(delivery.rows) == records.table.num_rows + len(records.dead)


@PATIENT
@given(
    st.binary(max_size=300)
    | st.text(max_size=300).map(lambda text: ("a,b\n1,2\n" + text).encode("utf-8", "replace"))
)
def test_any_bytes_are_sniffed_or_refused(body: bytes) -> None:
    from maru.commons.sources.kits.table_sniff import sniff

    try:
        found = sniff(body)
    except SourceFault as fault:
        assert fault.code in SourceFault.CODES
    else:
        assert len({field.name for field in found.fields}) == len(found.fields)
        assert set(found.key) <= {field.name for field in found.fields}
