"""Personal data is found: recall and false alarms measured on data made for it, form by form."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maru.services.opendata.engine import personal

WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
GIVEN = [
    "민준",
    "서연",
    "도윤",
    "하은",
    "시우",
    "지우",
    "예준",
    "서윤",
    "주원",
    "지민",
    "하준",
    "채원",
    "지호",
    "수아",
    "건우",
    "다은",
    "우진",
    "은서",
    "선우",
    "예은",
    "진",
    "훈",
    "솔",
]
SURNAMES = [
    "김",
    "이",
    "박",
    "최",
    "정",
    "강",
    "조",
    "윤",
    "장",
    "임",
    "한",
    "오",
    "서",
    "신",
    "권",
    "황",
    "안",
    "송",
    "류",
    "홍",
    "남궁",
    "황보",
    "제갈",
]


def registration(chance: random.Random, sexes: str, base: int) -> str:
    """A number with a right check digit."""
    sex = chance.choice(sexes)
    year = chance.randrange(0, 20) if sex in "3478" else chance.randrange(40, 100)
    front = f"{year:02d}{chance.randrange(1, 13):02d}{chance.randrange(1, 29):02d}"
    body = front + sex + "".join(chance.choice("0123456789") for _digit in range(5))
    total = sum(int(one) * weight for one, weight in zip(body, WEIGHTS, strict=True))
    return body + str((base - total % 11) % 10)


def card(chance: random.Random) -> str:
    body = chance.choice(["4", "51", "9", "35"]) + "".join(
        chance.choice("0123456789") for _digit in range(15)
    )
    body = body[:15]
    return next(body + str(last) for last in range(10) if personal.luhn(body + str(last)))


def dressed(chance: random.Random, kind: str) -> str:
    """A value of a kind in one of the forms that people write."""
    if kind in {"resident_number", "foreigner_number"}:
        number = registration(
            chance, "1234" if kind == "resident_number" else "5678", 11 if kind == "resident_number" else 13
        )
        return chance.choice([f"{number[:6]}-{number[6:]}", number, f"{number[:6]} {number[6:]}"])
    if kind == "mobile_phone":
        parts = ("010", f"{chance.randrange(2000, 9999)}", f"{chance.randrange(10000):04d}")
        return chance.choice(
            [
                "-".join(parts),
                "".join(parts),
                " ".join(parts),
                ".".join(parts),
                f"+82-10-{parts[1]}-{parts[2]}",
            ]
        )
    if kind == "email":
        return f"{chance.choice(['kim', 'lee.j', 'park_1'])}{chance.randrange(99)}@{chance.choice(['naver.com', 'city.go.kr', 'x.io'])}"
    if kind == "card_number":
        number = card(chance)
        return chance.choice(["-", " "]).join(number[at : at + 4] for at in range(0, 16, 4))
    return chance.choice(SURNAMES) + chance.choice(GIVEN)


AROUND = ("{}", "연락처 {}", "{} (본인)", "담당: {}, 접수됨", "{}.")


@pytest.mark.parametrize(
    "kind", ["resident_number", "foreigner_number", "mobile_phone", "email", "card_number"]
)
def test_recall_of_values_alone_and_in_sentences(kind: str) -> None:
    chance = random.Random(kind)
    made = 2_000
    missed = 0
    for _turn in range(made):
        value = chance.choice(AROUND).format(dressed(chance, kind))
        found = personal.look(pa.table({"memo": [value]}))
        missed += kind not in {one.kind for one in found}
    assert 1 - missed / made >= 0.99, f"{missed} of {made} missed"


def test_one_value_in_ten_thousand_rows_is_found() -> None:
    chance = random.Random(1)
    rows = [f"민원 {number}번 처리" for number in range(10_000)]
    rows[7_777] = f"전화 {dressed(chance, 'mobile_phone')} 바랍니다"
    [found] = personal.look(pa.table({"memo": rows}))
    assert (found.kind, found.count) == ("mobile_phone", 1)


def test_names_are_found_in_columns_that_say_so() -> None:
    chance = random.Random(2)
    missed = 0
    for title in ("이름", "성명", "신청인", "name", "APPLICANT", "user_nm", "담당자명", "대표자"):
        for _turn in range(20):
            values = [dressed(chance, "name") for _row in range(30)]
            found = personal.look(pa.table({title: values}))
            missed += "name" not in {one.kind for one in found}
    assert missed == 0


HARMLESS = {
    "시설명": ["봄꽃공원", "한빛도서관", "정수장", "하늘시장"],
    "name": ["Station 1", "따릉이 대여소", "City Hall", "한강공원"],
    "전화": ["02-120", "02-2133-1234", "031-123-4567", "1588-1234"],
    "link_id": ["1220003800", "1220003801", "1210005301", "1000000301"],
    "timestamp": ["20260501123000", "20260501123100", "20260501123200", "20260501123300"],
    "coordinates": ["127.02758", "37.49794", "126.97706", "37.57913"],
    "amount": ["1,200,000", "35000000", "12", "7"],
    "address": ["가람구 솔밭로 12-34", "노을구 하늘길 5", "다솔구 120-1", "라온구 새봄로 9"],
    "business": ["120-81-12345", "123-45-67890", "214-88-00001", "110-22-33333"],
    "uuid": ["3f2504e0-4f89-11d3-9a0c-0305e82c3301", "00000000-0000-0000-0000-000000000000", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "x"],
}  # fmt: skip


@pytest.mark.parametrize("column", sorted(HARMLESS))
def test_ordinary_public_data_raises_no_alarm(column: str) -> None:
    assert personal.look(pa.table({column: HARMLESS[column]})) == ()


def test_random_numbers_raise_few_alarms() -> None:
    chance = random.Random(3)
    alarms = 0
    for _turn in range(200):
        values = [str(chance.randrange(10**11, 10**12)) for _row in range(20)]
        alarms += bool(personal.look(pa.table({"serial": values})))
    assert alarms <= 4


def test_numbers_that_a_spreadsheet_made_of_phones_are_found() -> None:
    found = personal.look(pa.table({"phone": [1012345678, 1098765432], "rrn": [9001011234568, None]}))
    assert {"mobile_phone"} <= {one.kind for one in found}


@given(st.text(max_size=200))
def test_any_text_is_survived_and_examples_are_masked(text: str) -> None:
    for one in personal.look(pa.table({"이름": [text], "memo": [text]})):
        for example in one.examples:
            assert sum(letter.isalnum() for letter in example) <= 1


def test_check_digits() -> None:
    assert personal.luhn("4111111111111111")
    assert not personal.luhn("4111111111111112")
    chance = random.Random(4)
    assert all(personal.resident_check(registration(chance, "1234", 11)) for _turn in range(100))
    assert all(personal.foreigner_check(registration(chance, "5678", 13)) for _turn in range(100))
