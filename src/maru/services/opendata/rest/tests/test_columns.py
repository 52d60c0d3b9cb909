"""Rows picked from columns in memory are those that the engine finds, in the same order, whatever is asked."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maru.services.opendata.engine.contracts import And, Between, Compare, Like, OneOf, Or, Query
from maru.services.opendata.rest import columns
from maru.services.opendata.rest.shelf import shelf
from maru.services.opendata.rest.tests.plaza import BEGAN, GRADES

_OPS = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
_MOMENTS = st.integers(0, 60).map(lambda hours: BEGAN + dt.timedelta(hours=hours))
_LEAVES = st.one_of(
    st.builds(Compare, st.just("grade"), st.sampled_from(["=", "!="]), st.sampled_from([*GRADES, "nothing"])),
    st.builds(
        Compare,
        st.just("pm10"),
        _OPS,
        st.one_of(st.integers(-5, 160), st.floats(0, 150).map(lambda x: round(x, 1))),
    ),
    st.builds(Compare, st.just("measured"), _OPS, _MOMENTS),
    st.builds(Compare, st.just("day"), _OPS, _MOMENTS.map(lambda moment: moment.date())),
    st.builds(Between, st.just("pm10"), st.integers(0, 80), st.integers(40, 150)),
    st.builds(
        OneOf,
        st.just("district"),
        st.lists(st.integers(0, 26).map("구{:02}".format), min_size=1, max_size=4).map(tuple),
    ),
)
_CONDITIONS = st.one_of(
    _LEAVES, st.lists(_LEAVES, min_size=1, max_size=4).map(lambda parts: And(tuple(parts)))
)


@pytest.fixture
def table(address: str, django_db_blocker: Any) -> Any:
    """(holding, its table in memory)."""
    with django_db_blocker.unblock():
        holding = shelf.get("air")
        made = columns.Tables()
        asked = Query(where=Compare("grade", "=", GRADES[0]))
        assert [made.page(holding, asked) is None for _each in range(columns.WORTH)] == [True, True, False]
        yield holding, made


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=_CONDITIONS, offset=st.integers(0, 30), limit=st.integers(1, 1500))
def test_the_same_as_the_engine(table: Any, where: Any, offset: int, limit: int) -> None:
    holding, made = table
    query = Query(where=where, offset=offset, limit=limit)
    mine, theirs = made.page(holding, query), holding.rows.page(query)
    assert mine is not None
    assert (list(mine.rows), mine.total) == (list(theirs.rows), theirs.total)
    assert mine.columns == theirs.columns


def test_what_is_for_the_engine_is_left_to_it(table: Any) -> None:
    holding, made = table
    plain = Compare("grade", "=", GRADES[0])
    for query in (
        Query(where=Or((plain, plain))),
        Query(where=Like("grade", "%")),
        Query(where=Compare("grade", ">", "a")),
        Query(where=Compare("pm10", "=", 2**60)),
        Query(where=plain, distinct=True),
        Query(),
    ):
        assert made.page(holding, query) is None


def test_columns_are_chosen(table: Any) -> None:
    holding, made = table
    query = Query(columns=("pm10", "grade"), where=Compare("grade", "=", GRADES[1]), limit=7)
    assert made.page(holding, query) == made.page(holding, query)
    assert list(made.page(holding, query).rows) == list(holding.rows.page(query).rows)
