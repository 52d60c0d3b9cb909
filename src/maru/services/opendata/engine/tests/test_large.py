"""A large table answers from counts what a small one answers by looking: the same."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maru.platform.ports.lake import parquet
from maru.platform.ports.lake.contracts import Column, TableSpec
from maru.platform.ports.lake.store import FileLake
from maru.services.opendata.engine import sheets
from maru.services.opendata.engine.contracts import (
    And,
    Between,
    ColumnInfo,
    Compare,
    IsNull,
    Like,
    Measure,
    Not,
    OneOf,
    Or,
    Order,
    Query,
    QueryFault,
    Within,
    Words,
)
from maru.services.opendata.engine.large import LargeSheet
from maru.services.opendata.engine.sheets import Sheet, Sheets

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
COLUMNS = (
    ColumnInfo("id", "integer"),
    ColumnInfo("at", "datetime"),
    ColumnInfo("district", "text"),
    ColumnInfo("kind", "text"),
    ColumnInfo("open", "boolean"),
    ColumnInfo("n", "integer"),
    ColumnInfo("value", "number"),
    ColumnInfo("day", "date"),
    ColumnInfo("longitude", "number", role="longitude"),
    ColumnInfo("latitude", "number", role="latitude"),
)
DISTRICTS = ["가람구", "노을구", "다솔구", None, "Bada"]
KINDS = ["a", "b%", "C_d", "", None]


def rows(first: int, count: int, shift: int = 0) -> pa.Table:
    numbers = range(first, first + count)
    return pa.table(
        {
            "id": pa.array(numbers, pa.int64()),
            "at": pa.array(
                [NOON + dt.timedelta(minutes=one // 3) for one in numbers], pa.timestamp("us", tz="UTC")
            ),
            "district": [DISTRICTS[(one * 7 + shift) % 5] for one in numbers],
            "kind": [KINDS[one // 20 % 5] for one in numbers],
            "open": [None if one % 11 == 0 else one % 2 == 0 for one in numbers],
            "n": pa.array(
                [None if one % 13 == 0 else (one * 31 + shift) % 17 for one in numbers], pa.int64()
            ),
            "value": [one * 0.5 for one in numbers],
            "day": [dt.date(2026, 1, 1) + dt.timedelta(days=one % 5) for one in numbers],
            "longitude": [130.0 + one / 1000 if one % 9 else None for one in numbers],
            "latitude": [36.0 + one / 1000 if one % 9 else None for one in numbers],
        }
    )


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[Sheet, LargeSheet]]]:
    """The same table plain and counted: once without and once with corrections."""
    patch = pytest.MonkeyPatch()
    patch.setattr(parquet, "ROW_GROUP", 20)
    pairs = []
    for corrected in (False, True):
        lake = FileLake(Path(tmp_path_factory.mktemp("lake")))
        spec = TableSpec(
            "t", tuple(Column(one.name, one.type) for one in COLUMNS), ("id",), "at", partition="none"
        )
        lake.ensure(spec)
        lake.append("t", rows(0, 200))
        lake.append("t", rows(200, 130))
        if corrected:
            lake.append("t", rows(100, 25, shift=1))
        patch.setattr(sheets, "HELD_ROWS", 10_000)
        small = Sheets().get(lake, "t", COLUMNS)
        patch.setattr(sheets, "HELD_ROWS", 10)
        large = Sheets().get(lake, "t", COLUMNS)
        assert isinstance(large, LargeSheet)
        large.build()
        assert large.index is not None
        assert len(large.index.groups) > 6
        pairs.append((small, large))
    yield pairs
    patch.undo()


LEAVES = st.one_of(
    st.builds(Compare, st.just("district"), st.sampled_from(["=", "!=", "<", ">="]), st.sampled_from(["가람구", "Bada", "x", None])).filter(
        lambda one: one.value is not None or one.op in {"=", "!="}
    ),
    st.builds(Compare, st.just("n"), st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), st.integers(-1, 18)),
    st.builds(Compare, st.just("value"), st.sampled_from(["=", "<", "<=", ">", ">="]), st.integers(0, 170)),
    st.builds(Compare, st.just("open"), st.just("="), st.booleans()),
    st.builds(
        lambda low, span: Between("at", NOON + dt.timedelta(minutes=low), NOON + dt.timedelta(minutes=low + span)),
        st.integers(-5, 110),
        st.integers(0, 200),
    ),
    st.builds(lambda day: Between("day", None, dt.date(2026, 1, 1) + dt.timedelta(days=day)), st.integers(-1, 5)),
    st.builds(OneOf, st.just("kind"), st.lists(st.sampled_from(["a", "b%", "", None, "zz"]), max_size=3).map(tuple)),
    st.builds(Like, st.sampled_from(["kind", "district"]), st.sampled_from(["%구", "b\\%", "c_d", "%"]), st.booleans()),
    st.builds(IsNull, st.sampled_from(["district", "n", "open", "longitude"])),
    st.builds(Words, st.sampled_from(["가람", "bada a", "구 b%", "nothing", ""])),
    st.builds(
        lambda west, size: Within((130.0 + west, 36.0, 130.0 + west + size, 36.5)), st.floats(0, 0.7), st.floats(0, 0.7)
    ),
    st.just(Within((130.1, 36.1, 130.4, 36.4), "POLYGON((130.1 36.1, 130.3 36.1, 130.3 36.3, 130.1 36.1))")),
)  # fmt: skip
CONDITIONS = st.none() | st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: Or(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=5,
)
QUIET = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def key(row: tuple[Any, ...]) -> str:
    return repr(row)


@QUIET
@given(where=CONDITIONS)
def test_counts_and_facets_are_the_same(both: Any, where: Any) -> None:
    for small, large in both:
        assert large.count(where) == small.count(where)
        for column in ("district", "n", "open", "day", "value"):
            assert large.facet(column, where, 1000) == small.facet(column, where, 1000)
        query = Query(group=("kind",), measures=(Measure("count", "*", "many"),), where=where)
        assert sorted(map(repr, large.page(query).rows)) == sorted(map(repr, small.page(query).rows))


@QUIET
@given(
    where=CONDITIONS,
    order=st.sampled_from(["", "at", "district", "n", "value", "open", "day"]),
    descending=st.booleans(),
    size=st.sampled_from([40, 130]),
)
def test_pages_put_together_are_all_rows_once_in_order(
    both: Any, where: Any, order: str, descending: bool, size: int
) -> None:
    for small, large in both:
        asked = Query(where=where, order=(Order(order, descending),) if order else (), limit=size)
        wanted = small.page(Query(where=where, order=asked.order, limit=1000))
        found: list[tuple[Any, ...]] = []
        while True:
            page = large.page(Query(where=where, order=asked.order, limit=size, offset=len(found)))
            assert page.total == wanted.total
            found += page.rows
            if len(found) >= page.total or not page.rows:
                break
        assert Counter(map(key, found)) == Counter(map(key, wanted.rows))
        if order:
            place = [one.name for one in COLUMNS].index(order)
            assert [row[place] for row in found] == [row[place] for row in wanted.rows]


def test_a_page_far_behind_reads_one_group(both: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _small, large = both[0]
    read: list[Any] = []
    real = large._fetch
    monkeypatch.setattr(large, "_fetch", lambda group, *rest: read.append(group) or real(group, *rest))
    page = large.page(Query(offset=305, limit=10))
    assert [row[0] for row in page.rows] == list(range(305, 315))
    assert len(read) == 1


def test_a_cursor_goes_on_where_the_page_ended(both: Any) -> None:
    for _small, large in both:
        seen, cursor = [], ""
        while True:
            page = large.page(Query(limit=100, cursor=cursor))
            seen += [row[0] for row in page.rows]
            cursor = page.next
            if not cursor:
                break
        assert sorted(seen) == list(range(330))
        with pytest.raises(QueryFault):
            large.page(Query(cursor="nonsense"))


def test_before_it_is_counted_it_answers_as_well(both: Any) -> None:
    small, large = both[0]
    index, large.index = large.index, None
    try:
        where = Compare("district", "=", "가람구")
        assert large.count(where) == small.count(where)
        assert large.facet("n") == small.facet("n")
    finally:
        large.index = index
