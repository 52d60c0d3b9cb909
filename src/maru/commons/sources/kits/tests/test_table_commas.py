"""Commas where none should be: inside names without quotes, at the ends of lines, in numbers."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maru.commons.sources.contracts import (
    FieldRule,
)
from maru.commons.sources.kits.table import KIT
from maru.commons.sources.kits.tests.tables import (
    BODY,
    COUNT,
    D1,
    DAY,
    HEAD,
    NAME,
    PATIENT,
    SHOPS,
    declared,
    parsed,
    rows,
)
from maru.commons.sources.reading import reasons

ROUTES = declared(
    FieldRule("month", ("년월",), "integer"), FieldRule("route", ("노선번호",)), FieldRule("title", ("노선명",)),
    FieldRule("stop", ("정류장",)), FieldRule("place", ("역명",)), FieldRule("on", ("승차",), "integer"), FieldRule("off", ("하차",), "integer"),
)  # fmt: skip


ROUTE_HEAD = "년월,노선번호,노선명,정류장,역명,승차,하차\n"


SOUND = "".join(f"202201,{n},{n}번(강변~한강),0{n},{n}번가게 앞,{n},0\n" for n in range(1000, 1060))


def test_unquoted_commas_inside_names_are_repaired() -> None:
    body = (
        ROUTE_HEAD
        + SOUND
        + "202201,661,661번(부천,백화점),01001,종로,5,6\n202201,9A,9번(A,B방향,정릉),01002,1000번가게 앞,7,8\n"
    )
    found = rows(ROUTES, body)
    assert len(found) == 62
    assert found[-2:] == [
        (202201, "661", "661번(부천,백화점)", "01001", "종로", 5, 6),
        (202201, "9A", "9번(A,B방향,정릉)", "01002", "1000번가게 앞", 7, 8),
    ]


def test_what_fits_in_two_ways_is_dead_and_nothing_else_is() -> None:
    body = HEAD.replace("이름", "이름,주소") + "강남,역삼,1,2024-01-01\n종로,세종,문로,2,2024-01-02\n"
    declaration = declared(NAME, FieldRule("address", ("주소",)), COUNT, DAY)
    delivery, records = parsed(declaration, body)
    assert [(row.reason, row.raw.decode()) for row in delivery.dead] == [
        (reasons.TOO_MANY_FIELDS, "종로,세종,문로,2,2024-01-02")
    ]
    assert records.table.num_rows == 1


def test_patterns_settle_what_types_do_not() -> None:
    body = "이름,코드,대수\n가,나,A01,1\n"
    declaration = declared(NAME, FieldRule("code", ("코드",)), COUNT, patterns={"코드": r"A\d\d"})
    assert rows(declaration, body) == [("가,나", "A01", 1)]


MARKET = declared(
    FieldRule("number", ("번호",), "integer"), NAME, FieldRule("item", ("품목",)), FieldRule("note", ("비고",)),
    patterns={"번호": r"\d+", "품목": "쌀|콩", "비고": "[^,]*"},
)  # fmt: skip


@pytest.mark.parametrize("note", ["", "새것"])
@pytest.mark.parametrize("comma", ["", ","])
@pytest.mark.parametrize("share", [1, 2, 9])
def test_patterns_come_before_the_comma_at_the_end(note: str, comma: str, share: int) -> None:
    lines = [(number, f"가게 {number}" if number % share else f"가게, {number}호") for number in range(1, 10)]
    body = "번호,이름,품목,비고\n" + "".join(f"{number},{name},쌀,{note}{comma}\n" for number, name in lines)
    assert sorted(rows(MARKET, body)) == [(number, name, "쌀", note or None) for number, name in lines]


@given(
    names=st.lists(
        st.text("가나다 ,", min_size=1, max_size=6).filter(lambda name: name.strip(" ,") == name),
        min_size=1,
        max_size=12,
    ),
    notes=st.lists(st.sampled_from(["", "새것"]), min_size=12, max_size=12),
)
@PATIENT
def test_whatever_commas_names_hold_patterns_bring_them_back(names: list[str], notes: list[str]) -> None:
    lines = list(zip(names, notes, strict=False))
    body = "번호,이름,품목,비고\n" + "".join(
        f"{place},{name},콩,{note}\n" for place, (name, note) in enumerate(lines, 1)
    )
    assert sorted(rows(MARKET, body)) == [
        (place, name, "콩", note or None) for place, (name, note) in enumerate(lines, 1)
    ]


@pytest.mark.parametrize("fields", [(FieldRule("number", ("번호",), "integer"), NAME, COUNT), ()])
def test_a_numbered_column_and_a_comma_at_the_end_are_no_index(fields: tuple[FieldRule, ...]) -> None:
    body = "번호,이름,대수\n" + "".join(f"{number},가게 {number},{number * 7},\n" for number in range(1, 9))
    if fields:
        assert rows(declared(*fields), body)[1] == (2, "가게 2", 14)
    else:
        table = KIT.parse(declared(FieldRule("x", ("없다",))), body.encode()).rows
        assert isinstance(table, pa.Table)
        assert table.slice(1, 1).to_pylist()[0] == {"번호": "2", "이름": "가게 2", "대수": "14", "#4": ""}


def test_an_index_before_a_last_column_that_is_empty() -> None:
    body = "이름,대수,날짜\n1,강남,1,\n2,종로,2,\n"
    assert rows(SHOPS, body) == [("강남", 1, None), ("종로", 2, None)]


def test_numbers_with_unquoted_thousands_commas_are_dead_not_wrong() -> None:
    delivery, records = parsed(SHOPS, BODY + "중구,1,234,2024-01-01\n")
    assert records.table.num_rows == 2
    assert len(delivery.dead) == 1
    assert rows(SHOPS, BODY + "강남,1,234,2024-01-01\n")[-1] == (
        "강남",
        1234,
        D1,
    )  # a name that is known settles it
