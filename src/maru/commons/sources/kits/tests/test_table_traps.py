"""One test for every trap of public files, on made-up data: the rows come out right or as dead letters, none is lost."""

from __future__ import annotations

import io

import pytest
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
from maru.commons.sources.reading import reasons


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_encodings(encoding: str) -> None:
    assert rows(SHOPS, BODY.encode(encoding)) == TWO


def test_cp949_with_bytes_that_do_not_decode() -> None:
    body = (HEAD + "강남?역,1,2024-01-01\n종로,2,2024-01-02\n").encode("cp949").replace(b"?", b"\xff\x80")
    declaration = declared(FieldRule("day", ("날짜",), "date"), NAME, COUNT)
    assert rows(declaration, body)[0][0] == D1
    assert rows(declaration, body)[0][1].startswith("강남\ufffd")
    _, records = parsed(SHOPS, body)  # where the name is the key, nobody can say which record it is
    assert [row.reason for row in records.dead] == [reasons.UNDECODABLE]
    assert records.table.num_rows == 1


def test_lines_of_two_encodings_and_a_broken_one() -> None:
    first, second = "가산,1,2024-01-01\n".encode("cp949"), "종로,2,2024-01-02\n".encode()
    broken = b"x\xff,3,2024-01-02\n"
    declaration = declared(COUNT, NAME, DAY)
    found = rows(declaration, HEAD.encode("cp949") + first + second + broken)
    assert found == [(1, "가산", D1), (2, "종로", D2), (3, "x\ufffd", D2)]


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_line_ends_and_a_last_line_without_or_with_cr_only(end: str) -> None:
    assert rows(SHOPS, BODY.replace("\n", end)) == TWO
    assert rows(SHOPS, BODY.rstrip("\n").replace("\n", end)) == TWO
    assert rows(SHOPS, BODY.rstrip("\n").replace("\n", end) + "\r") == TWO


def test_rows_with_one_field_more_than_the_header() -> None:
    body = '"이름","대수","날짜"\n"강남","1","20240101",""\n"종로","2","20240102",""\n'
    assert rows(SHOPS, body) == TWO


def test_a_row_number_that_the_header_forgot() -> None:
    assert rows(SHOPS, HEAD + "0,강남,1,2024-01-01\n1,종로,2,2024-01-02\n") == TWO
    assert rows(SHOPS, "," + HEAD + "0,강남,1,2024-01-01\n1,종로,2,2024-01-02\n") == TWO


def test_trailing_commas_on_some_rows_and_on_the_header() -> None:
    assert rows(SHOPS, HEAD + "강남,1,2024-01-01\n종로,2,2024-01-02,,\n") == TWO
    assert rows(SHOPS, "이름,대수,날짜,,\n강남,1,2024-01-01\n종로,2,2024-01-02\n") == TWO
    assert rows(SHOPS, "이름,대수,날짜,,\n강남,1,2024-01-01,,\n종로,2,2024-01-02,,\n") == TWO


def test_blank_lines_and_rows_of_commas_are_paper() -> None:
    assert rows(SHOPS, HEAD + "\n강남,1,2024-01-01\n,,\n\n종로,2,2024-01-02\n , ,\n") == TWO


def test_no_header() -> None:
    body = "강남,1,2024-01-01\n종로,2,2024-01-02\n"
    declaration = declared(NAME, COUNT, DAY, columns=["이름", "대수", "날짜"])
    assert rows(declaration, body) == TWO
    assert rows(declaration, BODY) == TWO  # some months have one


def test_a_stray_quote_before_the_header() -> None:
    assert rows(SHOPS, '"' + BODY) == TWO
    assert rows(declared(NAME, COUNT, DAY, columns=["이름", "대수", "날짜"]), '"' + BODY) == TWO


def test_a_stray_quote_in_the_data_swallows_nothing() -> None:
    many = "".join(f"가게{n},{n},2024-01-01\n" for n in range(300))
    found = rows(SHOPS, HEAD + '"강남,1,2024-01-01\n' + many + '종로 17",2,2024-01-02\n' + many)
    assert len(found) == 602
    assert ("강남", 1, D1) in found


def test_report_titles_and_a_remark_above_the_header() -> None:
    title = "가게별 내역,,\n,,\n구분,월,202206 ~ 202206\n조회,가게별,\n총 2건,,\n"
    assert rows(SHOPS, title + BODY) == TWO
    remark = '""※ 2024. 1. 1. 현황. 교체(저화질교체, 성능개선)는 교체년도 수량에 포함",,\n'
    assert rows(SHOPS, remark + BODY) == TWO
    assert rows(declared(NAME, COUNT, DAY, skip=5), title + BODY) == TWO


def test_four_header_rows() -> None:
    body = (
        '\ufeff"동별(1)",동별(2),2021,2021,2021,2021\n"동별(1)",동별(2),합계,합계,합계,합계\n'
        '"동별(1)",동별(2),소계,소계,수급권자,수급권자\n"동별(1)",동별(2),계,65~79세,계,65~79세\n'
        "종로구,사직동,10,6,4,2\n종로구,삼청동,20,12,8,4\n"
    )
    declaration = declared(
        FieldRule("gu", ("동별(1)",)), FieldRule("dong", ("동별(2)",)), FieldRule("total", ("2021 합계 소계 계",), "integer"),
        FieldRule("poor", ("2021 합계 수급권자 계",), "integer"),
    )  # fmt: skip
    assert rows(declaration, body) == [("종로구", "사직동", 10, 4), ("종로구", "삼청동", 20, 8)]
    assert rows(declared(*declaration.fields, header=4), body) == [
        ("종로구", "사직동", 10, 4),
        ("종로구", "삼청동", 20, 8),
    ]


def test_a_second_header_row_below_the_names() -> None:
    declaration = declared(NAME, COUNT, DAY)
    assert rows(declaration, HEAD + "NAME,COUNT,DAY\n" + BODY.split("\n", 1)[1]) == TWO
    _, records = parsed(declaration, HEAD + "강남,없음,미정\n종로,2,2024-01-02\n중구,x,2024-01-02\n")
    assert records.table.num_rows + len(records.dead) >= 2


def test_line_breaks_in_header_and_data_cells() -> None:
    body = '이름,"대수\n(대)","날짜\r\n"\n"강남\n1층",1,2024-01-01\n"종로, ""큰"" 길\n\n2층",2,2024-01-02\n'
    declaration = declared(NAME, FieldRule("count", ("대수 (대)",), "integer"), DAY)
    assert rows(declaration, body) == [("강남\n1층", 1, D1), ('종로, "큰" 길\n\n2층', 2, D2)]


def test_line_breaks_in_cells_without_quotes() -> None:
    declaration = declared(COUNT, NAME, DAY)
    assert rows(declaration, "대수,이름,날짜\n1,강남,2024-01-01\n3,중구\n2층,2024-01-02\n") == [
        (1, "강남", D1),
        (3, "중구\n2층", D2),
    ]


def test_thousands_commas_in_quotes_and_units() -> None:
    assert rows(SHOPS, HEAD + '강남,"1,234",2024.1.1\n종로,"12대 (2개소)",2024년 1월 2일\n') == [
        ("강남", 1234, D1),
        ("종로", 12, D2),
    ]


def test_missing_values_and_failure_flags() -> None:
    declaration = declared(NAME, FieldRule("pm10", ("미세먼지",), "number"), FieldRule("flag", ("상태",)))
    body = "이름,미세먼지,상태\n강남,-,통신장애\n종로, ,\n중구,12.5 ,정상\n"
    assert rows(declaration, body) == [
        ("강남", None, "통신장애"),
        ("종로", None, None),
        ("중구", 12.5, "정상"),
    ]


def test_hours_until_24() -> None:
    declaration = declared(FieldRule("at", ("일시",), "datetime"), FieldRule("v", ("값",), "number"))
    body = "일시,값\n2018-12-31 23:00,1\n2018-12-31 24:00,2\n"
    assert [row[0].isoformat() for row in rows(declaration, body)] == [
        "2018-12-31T14:00:00+00:00",
        "2018-12-31T15:00:00+00:00",
    ]


def test_latitude_and_longitude_under_each_others_names() -> None:
    declaration = declared(
        NAME,
        FieldRule("lat", ("위도(Y)",), "number", role="latitude"),
        FieldRule("lon", ("경도(X)",), "number", role="longitude"),
    )
    body = "이름,위도(Y),경도(X)\n강남,127.03,37.62\n종로,37.5718961547884~2,126.97\n중구,0.000000,0.000000\n"
    assert rows(declaration, body) == [
        ("강남", 37.62, 127.03),
        ("종로", 37.5718961547884, 126.97),
        ("중구", None, None),
    ]


@pytest.mark.parametrize("separator", ["\t", ";", "|"])
def test_other_separators_also_with_commas_in_names(separator: str) -> None:
    body = BODY.replace(",", separator).replace("강남", "강남, 역삼")
    assert rows(SHOPS, body) == [("강남, 역삼", 1, D1), TWO[1]]
    assert rows(declared(NAME, COUNT, DAY, separator=separator), body)[1] == TWO[1]


def test_a_header_with_blanks_above_data_with_tabs() -> None:
    fields = (
        FieldRule("at", ("at",), "datetime", format="%Y %m %d %H"),
        FieldRule("pm", ("PM2.5",), "number"),
    )
    body = "Year Month Day UTCHour PM2.5\n2014\t5\t16\t9\t26.8\n2014\t5\t16\t10\t27.5\n"
    found = rows(declared(*fields, join={"at": ["Year", "Month", "Day", "UTCHour"]}, ignore="*"), body)
    assert [row[1] for row in found] == [26.8, 27.5]


def test_two_columns_of_one_name() -> None:
    declaration = declared(NAME, FieldRule("first", ("명칭",)), FieldRule("second", ("명칭_2",)))
    assert rows(declaration, "이름,명칭,명칭\n강남,가,나\n") == [("강남", "가", "나")]


def test_a_file_cut_in_the_middle() -> None:
    delivery, records = parsed(SHOPS, BODY + "중구,12")
    assert records.table.num_rows == 2
    assert [(row.reason, row.raw) for row in delivery.dead] == [(reasons.TOO_FEW_FIELDS, "중구,12".encode())]


def test_short_rows_are_filled_only_where_nothing_else_fits() -> None:
    declaration = declared(NAME, DAY, COUNT)
    assert rows(declaration, "이름,날짜,대수\n강남,2024-01-01\n종로,2024-01-02,3\n") == [
        ("종로", D2, 3),
        ("강남", D1, None),
    ]
    delivery, _ = parsed(
        declared(NAME, FieldRule("a", ("가",)), FieldRule("b", ("나",))), "이름,가,나\n강남,x\n종로,y,z\n"
    )
    assert [row.reason for row in delivery.dead] == [reasons.TOO_FEW_FIELDS]


def test_a_header_alone_is_a_table_without_rows() -> None:
    assert rows(SHOPS, HEAD) == []


def test_totals_left_out_and_columns_made_rows() -> None:
    declaration = declared(
        NAME, FieldRule("hour", ("hour",), "integer"), FieldRule("way", ("way",)), FieldRule("people", ("people",), "integer"),
        leave_out={"이름": ["합계"]},
        melt={"columns": r"(\d+)시(승차|하차)", "into": ["hour", "way"], "value": "people"},
    )  # fmt: skip
    body = "이름,00시승차,00시하차,1시승차,1시하차\n합계,9,9,9,9\n강남,1,2,3,4\n종로,5,6,7,8\n"
    found = rows(declaration, body)
    assert len(found) == 8
    assert ("종로", 1, "하차", 8) in found


def test_renamed_and_new_columns_are_drift_not_a_stop() -> None:
    _, records = parsed(
        declared(NAME, FieldRule("count", ("수량", "대수"), "integer"), DAY), BODY.replace("날짜", "일자")
    )
    assert records.drift.renamed == (("수량", "대수"),)
    assert records.drift.new == ("일자",)
    assert records.drift.gone == ("날짜",)
    assert records.table.num_rows == 2


CELL = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["", "-", "1", "2024-01-01", '"', ",", "a,b", '""', "\n", "\r"]
)


@PATIENT
@given(
    st.text(max_size=200)
    | st.lists(st.lists(CELL, max_size=5), max_size=8).map(
        lambda grid: "\n".join(",".join(row) for row in grid)
    )
)
def test_any_text_below_the_header_is_rows_or_dead_letters(text: str) -> None:
    body = HEAD + "가,1,2024-01-01\n" * 3 + text
    try:
        delivery, records = parsed(SHOPS, body.encode("utf-8", "replace"))
    except SourceFault as fault:
        assert fault.code in SourceFault.CODES
        return
    assert records.table.num_rows + len(records.dead) + len(delivery.dead) >= 3
    assert records.table.num_rows >= 1


@PATIENT
@given(st.lists(st.tuples(CELL, CELL, CELL), max_size=20))
def test_what_csv_writes_correctly_is_read_whole(cells: list[tuple[str, str, str]]) -> None:
    import csv

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(["이름", "가", "나"])
    writer.writerow(["x", "y", "z"])
    sound = [
        tuple(cell.replace("\r", "").replace("\x00", "").replace("\ufeff", "") for cell in row)
        for row in cells
    ]
    writer.writerows(sound)
    delivery = KIT.parse(
        declared(NAME, FieldRule("a", ("가",)), FieldRule("b", ("나",))),
        out.getvalue().encode("utf-8", "replace"),
    )
    assert not delivery.dead
    assert isinstance(delivery.rows, object)
    kept = [row for row in sound if any(cell.strip() for cell in row)]
    assert sorted(tuple(row.values()) for row in delivery.rows.to_pylist()) == sorted(
        [("x", "y", "z"), *kept]
    )  # type: ignore[union-attr]


PART = st.text(st.sampled_from('ab가,"\n\r\t;|1234-: \ufffd'), max_size=10)


@PATIENT
@given(st.lists(st.tuples(PART, PART), max_size=30), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_no_line_is_ever_lost(lines: list[tuple[str, str]], end: str, header: bool) -> None:
    """Whatever stands around it, each line's mark is in a row or in a dead letter."""
    marked = [f"{before}M{place}M{after}" for place, (before, after) in enumerate(lines)]
    sound = [f"가게{n},{n},2024-01-01" for n in range(5)]
    options = {} if header else {"columns": ["이름", "대수", "날짜"]}
    text = end.join([*([HEAD.strip()] if header else []), *sound, *marked])
    delivery, _ = parsed(declared(NAME, COUNT, DAY, **options), text)
    kept = [cell for row in delivery.rows.to_pylist() for cell in row.values()]  # type: ignore[union-attr]
    everything = "\n".join([*kept, *(row.raw.decode("utf-8", "replace") for row in delivery.dead)])
    assert all(f"M{place}M" in everything for place in range(len(lines)))
