"""Parsers hold for all inputs: what they take they mean, what they refuse they refuse with QueryFault and nothing else."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maru.services.opendata.engine.contracts import (
    And,
    ColumnInfo,
    Compare,
    Not,
    OneOf,
    Or,
    QueryFault,
    Within,
)
from maru.services.opendata.engine.sql import Compiler
from maru.services.opendata.rest import ckan_search, soql
from maru.services.opendata.rest.cql2 import Cql2
from maru.services.opendata.rest.cql2_text import to_json
from maru.services.opendata.rest.http import Problem
from maru.services.opendata.rest.literals import columns_by_name, span_of
from maru.services.opendata.rest.rows import cursor_of, offset_of
from maru.services.opendata.rest.soql_where import where_of

COLUMNS = (
    ColumnInfo("name", "text", alias="NM"),
    ColumnInfo("n", "integer"),
    ColumnInfo("x", "number", role="longitude"),
    ColumnInfo("y", "number", role="latitude"),
    ColumnInfo("at", "datetime"),
    ColumnInfo("day", "date"),
    ColumnInfo("ok", "boolean"),
)
BY = columns_by_name(COLUMNS)
WORDS = [
    "name", "n", "at", "ok", "NM", "and", "or", "not", "in", "is", "null", "between", "like", "(", ")", ",", "=", "<", ">=",
    "<>", "'a'", "'2024-05-01'", "1", "-2.5", "true", "upper(", "within_box(", "within_circle(", "starts_with(", "date_trunc_ym(",
    "S_INTERSECTS(", "geometry", "BBOX(", "POLYGON((", "TIMESTAMP(", "INTERVAL(", "casei(", "count(*)", "as", "desc", "\\", "%",
]  # fmt: skip
# hypothesis wants its ends without a zone.
moments = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001
sentences = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join))


@given(sentences)
@settings(max_examples=400, deadline=None)
def test_soql_refuses_or_means_something(text: str) -> None:
    for read in (
        lambda: where_of(text, BY),
        lambda: soql.order_of(text, BY),
        lambda: soql.group_of(text, BY),
        lambda: soql.select_of(text, BY, list(COLUMNS)),
    ):
        try:
            found = read()
        except QueryFault as fault:
            assert fault.field.startswith("$")
            assert fault.reason
            continue
        if isinstance(found, And | Or | Not | Compare):
            assert Compiler(COLUMNS).condition(found)


@given(sentences)
@settings(max_examples=400, deadline=None)
def test_cql2_text_refuses_or_means_something(text: str) -> None:
    try:
        node = to_json(text)
        condition = Cql2(BY, located=True).compile(json.loads(json.dumps(node)))
    except QueryFault as fault:
        assert fault.field == "filter"
        return
    assert Compiler(COLUMNS).condition(condition)


_LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5))
_NODES = st.recursive(
    st.one_of(
        _LEAVES,
        st.sampled_from(
            [{"property": one.name} for one in COLUMNS] + [{"property": "geometry"}, {"date": "2024-05-01"}]
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.builds(
            lambda op, args: {"op": op, "args": args},
            st.sampled_from(
                [
                    "and",
                    "or",
                    "not",
                    "=",
                    "<",
                    "<>",
                    "like",
                    "in",
                    "between",
                    "isNull",
                    "s_intersects",
                    "t_after",
                    "casei",
                ]
            ),
            st.lists(inner, max_size=3),
        ),
        st.builds(lambda box: {"bbox": box}, st.lists(inner, max_size=4)),
    ),
    max_leaves=12,
)


@given(_NODES)
@settings(max_examples=400, deadline=None)
def test_cql2_json_refuses_or_means_something(node: Any) -> None:
    try:
        condition = Cql2(BY, located=True).compile(node)
    except QueryFault:
        return
    with contextlib.suppress(QueryFault):  # more values than the engine takes
        assert Compiler(COLUMNS).condition(condition)


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_the_search_of_ckan_refuses_or_means_something(text: str) -> None:
    if ":" not in text and text.strip():
        return  # words alone go to the index
    try:
        ckan_search.read("groups:" + text, ckan_search.Wanted([], []))
    except ckan_search.Unreadable as fault:
        assert str(fault)


@given(st.text(max_size=20), st.integers(-(2**40), 2**40))
def test_values_come_back_as_they_were_written(text: str, number: int) -> None:
    text = text.replace("\x00", "")
    quoted = text.replace("'", "''")
    assert where_of(f"name = '{quoted}'", BY) == Compare("name", "=", text)
    assert where_of(f"n = {number}", BY) == Compare("n", "=", number)
    assert Cql2(BY, located=True).compile(to_json(f"name = '{quoted}'")) == Compare("name", "=", text)


@given(moments)
def test_spans_hold_the_moment_that_they_name(moment: dt.datetime) -> None:
    for form in ("%Y", "%Y%m", "%Y%m%d", "%Y%m%d%H", "%Y%m%d%H%M", "%Y%m%d%H%M%S", "%Y-%m", "%Y-%m-%d"):
        low, high = span_of(moment.strftime(form))
        assert low <= moment < high
    low, high = span_of(moment.isoformat())
    assert low == high == moment


@given(st.integers(0, 10**12))
def test_cursors_come_back(offset: int) -> None:
    assert offset_of(cursor_of(offset)) == offset


@given(st.text(max_size=30))
def test_no_other_text_is_a_cursor(text: str) -> None:
    try:
        assert offset_of(text) >= 0
    except Problem as problem:
        assert problem.status == 400


@pytest.mark.parametrize("depth", [10, 200, 5_000])
def test_deep_brackets_are_refused_before_they_hurt(depth: int) -> None:
    text = "(" * depth + "n = 1" + ")" * depth
    if depth < 30:
        assert where_of(text, BY) == Compare("n", "=", 1)
        return
    for read in (
        lambda: where_of(text, BY),
        lambda: to_json(text),
        lambda: where_of("not " * depth + "n = 1", BY),
    ):
        with pytest.raises(QueryFault):
            read()


def test_a_box_over_the_date_line_is_two() -> None:
    found = where_of("within_box(p, 10, 170, -10, -170)", BY)
    assert found == Or((Within((170, -10, 180.0, 10)), Within((-180.0, -10, -170, 10))))
    assert where_of("n in (1, 2)", BY) == OneOf("n", (1, 2))
