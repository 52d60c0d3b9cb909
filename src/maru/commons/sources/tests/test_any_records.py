"""For any text at all a value or a dead row, never a stop."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from maru.commons.sources.contracts import (
    DeadRow,
    FieldRule,
)
from maru.commons.sources.reading.numbers import spoken_number
from maru.commons.sources.records import schema, to_records
from maru.commons.sources.tests.fields import NOW, NUMBER, declared

# The machines of the tests are busy: how long one example takes says nothing.
PATIENT = settings(deadline=None)


ANY_TEXT = st.text(max_size=20) | st.from_regex(r"\A[-+0-9.,:/ TZ년월일시원%~()]{0,20}\Z")
ANY_VALUE = (
    ANY_TEXT | st.none() | st.booleans() | st.integers() | st.floats() | st.binary(max_size=4) | st.lists(st.integers(), max_size=2)
    | st.datetimes() | st.dates() | st.decimals() | st.dictionaries(st.text(max_size=2), st.text(max_size=2), max_size=1)
)  # fmt: skip


EVERY_TYPE = declared(
    FieldRule("id", ("id",)),
    NUMBER,
    FieldRule("whole", ("정수",), "integer", low=-1e6, factor=2.0),
    FieldRule("at", ("일시",), "datetime"),
    FieldRule("day", ("날",), "date"),
    FieldRule("yes", ("여부",), "boolean"),
    FieldRule("lon", ("경도",), "number", role="longitude"),
    FieldRule("lat", ("위도",), "number", role="latitude"),
    FieldRule("x", ("X",), "number", role="x"),
    FieldRule("y", ("Y",), "number", role="y"),
    crs="EPSG:5186",
)
NAMES = [rule.names[0] for rule in EVERY_TYPE.fields]


@PATIENT
@given(st.lists(st.dictionaries(st.sampled_from(NAMES), ANY_VALUE), max_size=6))
def test_any_row_is_a_record_or_dead(rows: list[dict[str, Any]]) -> None:
    got = to_records(EVERY_TYPE, rows, NOW)
    assert got.table.num_rows + len(got.dead) == len(rows)
    assert got.table.schema == schema(EVERY_TYPE)
    got.table.validate(full=True)
    assert all(isinstance(dead, DeadRow) and dead.reason and dead.raw for dead in got.dead)
    for column in ("value", "lon", "lat"):
        assert all(
            value is None or abs(value) < float("inf") for value in got.table.column(column).to_pylist()
        )


@PATIENT
@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT, ANY_TEXT), min_size=1, max_size=6))
def test_the_same_holds_for_tables_and_each_row_is_read_as_if_alone(rows: list[tuple[str, str, str]]) -> None:
    names = ("값", "일시", "날")
    at, day = FieldRule("at", ("일시",), "datetime"), FieldRule("day", ("날",), "date")
    declaration = declared(NUMBER, at, day)
    clean = [[text.encode("utf-8", "replace").decode() for text in row] for row in rows]
    # With many different times the columns go another way than a few do.
    many = [["1", f"2024.1.1 {n // 60}:{n % 60:02}", f"{1900 + n}년 1월 1일"] for n in range(60)]
    table = pa.table({name: [row[place] for row in clean + many] for place, name in enumerate(names)})
    whole = to_records(declaration, table, NOW)
    assert whole.table.num_rows + len(whole.dead) == len(rows) + 60
    alone = [to_records(declaration, table.slice(place, 1), NOW).table for place in range(len(rows))]
    found = pa.concat_tables(alone)
    assert found.to_pylist() == whole.table.slice(0, found.num_rows).to_pylist()


@PATIENT
@given(st.text())
def test_a_spoken_number_is_a_number_or_nothing(text: str) -> None:
    found = spoken_number(text)
    assert found is None or isinstance(found, int | float)


@PATIENT
@given(st.integers(-(10**15), 10**15))
def test_thousands_commas_change_nothing(number: int) -> None:
    assert spoken_number(f"{number:,}") == number
