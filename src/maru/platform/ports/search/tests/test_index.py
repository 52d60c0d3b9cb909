"""The same words find the same things on every database; this file runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maru.platform.ports.search.index import Entry, drop, find, put

pytestmark = pytest.mark.django_db

THINGS = (
    Entry("bikes", "공공자전거 대여소 현황 Public bike stations", "따릉이 대여소명, 거치대 수 racks PM10"),
    Entry("air", "대기질 측정 Air quality", "미세먼지 PM10 초미세먼지 PM2.5 station"),
    Entry("books", "도서관 장서 Library holdings", "대여 권수 loans"),
)


@pytest.fixture(autouse=True)
def things() -> None:
    put("thing", THINGS)
    put("other", [Entry("bikes", "공공자전거")])


def keys(query: str) -> list[str]:
    return [hit.key for hit in find("thing", query)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("자전거", {"bikes"}),
        ("대여", {"bikes", "books"}),
        ("여소", {"bikes"}),
        ("자전거 대여소", {"bikes"}),
        ("대여소 자전거", {"bikes"}),
        ("pm10", {"bikes", "air"}),
        ("PM", {"bikes", "air"}),
        ("libr", {"books"}),
        ("미세먼지 공공", set()),
        ("기", {"air"}),
        ("따", {"bikes"}),
        ("소현", set()),
        ("", set()),
        ("' OR 1=1 --", set()),
        ('"*:&|<->()', set()),
    ],
)
def test_finds(query: str, expected: set[str]) -> None:
    assert set(keys(query)) == expected


def test_titles_come_first() -> None:
    assert keys("대여") == ["bikes", "books"]


def test_put_replaces_and_drop_forgets() -> None:
    put("thing", [Entry("bikes", "스쿠터 scooters")])
    assert keys("자전거") == []
    assert keys("스쿠") == ["bikes"]
    assert [hit.key for hit in find("other", "자전거")] == ["bikes"]
    drop("thing", ["bikes"])
    assert keys("스쿠") == []
    drop("thing")
    assert keys("pm10") == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.text(max_size=30))
def test_any_question_is_answered(query: str) -> None:
    assert set(keys(query)) <= {"bikes", "air", "books"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.text(alphabet="가나다라마바사 abc1", min_size=2, max_size=20))
def test_what_was_put_is_found_by_its_own_words(text: str) -> None:
    put("thing", [Entry("own", text)])
    assert not text.strip() or "own" in keys(text)
