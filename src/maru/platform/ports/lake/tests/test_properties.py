"""Whatever is delivered, in whatever order, and whenever files are put together: the lake is what a plain dictionary would be."""

from __future__ import annotations

import datetime as dt
import itertools
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maru.platform.ports.lake.contracts import Column, TableSpec
from maru.platform.ports.lake.store import FileLake
from maru.platform.ports.lake.tests.tables import BEGIN, asked

SPEC = TableSpec(
    "t",
    (
        Column("k", "text"),
        Column("at", "datetime"),
        Column("i", "integer"),
        Column("x", "number"),
        Column("s", "text"),
        Column("b", "boolean"),
        Column("d", "date"),
    ),
    ("k", "at"),
    "at",
    "day",
)
TIMELESS = TableSpec("t", SPEC.columns, ("k",), "")
_times = st.integers(0, 3).map(lambda hours: BEGIN + dt.timedelta(hours=hours * 13))
_rows = st.lists(
    st.fixed_dictionaries(
        {
            "k": st.sampled_from(["a", "b", "나", "", None]),
            "at": _times | st.none(),
            "i": st.sampled_from([None, 0, 1, -(2**63)]),
            "x": st.sampled_from([None, 0.0, -0.0, 1.5, float("inf")]),
            "s": st.sampled_from([None, "", "x"]),
            "b": st.none() | st.booleans(),
            "d": st.none() | st.just(BEGIN.date()),
        }
    ),
    max_size=5,
)
_acts = st.lists(
    st.tuples(st.sampled_from(["append", "append", "append", "complete", "compact", "reopen"]), _rows),
    max_size=8,
)
_SCHEMA = pa.schema(
    [
        ("k", pa.string()),
        ("at", pa.timestamp("us", "UTC")),
        ("i", pa.int64()),
        ("x", pa.float64()),
        ("s", pa.string()),
        ("b", pa.bool_()),
        ("d", pa.date32()),
    ]
)
State = dict[tuple[Any, ...], tuple[Any, ...]]


def _plain(row: dict[str, Any], key: tuple[str, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    row = {**row, "x": row["x"] + 0.0 if row["x"] is not None else None}
    return tuple(row[name] for name in key), tuple(row[name] for name in _SCHEMA.names)


def _found(lake: FileLake, expression: str) -> list[str]:
    return sorted(map(repr, (_with_utc(row[:7]) for row in asked(expression))))


def _with_utc(row: tuple[Any, ...]) -> tuple[Any, ...]:
    row = tuple(value + 0.0 if isinstance(value, float) else value for value in row)
    return tuple(value.astimezone(dt.UTC) if isinstance(value, dt.datetime) else value for value in row)


def _run(home: Path, spec: TableSpec, acts: list[tuple[str, list[dict[str, Any]]]]) -> None:
    with tempfile.TemporaryDirectory(dir=home) as folder:
        lake = FileLake(Path(folder))
        lake.ensure(spec)
        state: State = {}
        states: dict[int, State] = {lake.snapshot("t").version: {}}
        for act, rows in acts:
            if act == "compact":
                lake.compact("t")
            elif act == "reopen":
                lake = FileLake(Path(folder))
            else:
                before = dict(state)
                if act == "complete":
                    keys = {_plain(row, spec.key)[0] for row in rows}
                    state = {key: value for key, value in state.items() if key in keys}
                state = {**state, **dict(_plain(row, spec.key) for row in rows)}
                done = lake.append("t", pa.Table.from_pylist(rows, _SCHEMA), complete=act == "complete")
                assert done.gone == len(before.keys() - state.keys())
                assert done.added == len(state.keys() - before.keys())
            states[lake.snapshot("t").version] = state
        for version, expected in states.items():
            snapshot = lake.snapshot("t", version=version)
            assert _found(lake, lake.current_sql(snapshot)) == sorted(map(repr, expected.values()))
            assert snapshot.rows == len(expected)
        versions = sorted(states)
        for first, second in itertools.pairwise(versions):
            _compare(lake, first, second, states[first], states[second])
        assert lake.check() == []


def _compare(lake: FileLake, first: int, second: int, before: State, after: State) -> None:
    found = lake.changes("t", first, second)
    assert found.added == len(after.keys() - before.keys())
    assert found.gone == len(before.keys() - after.keys())
    assert found.corrected == sum(after[key] != before[key] for key in after.keys() & before.keys())


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(acts=_acts)
def test_records_with_a_time(tmp_path: Path, acts: list[tuple[str, list[dict[str, Any]]]]) -> None:
    _run(tmp_path, SPEC, acts)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(acts=_acts)
def test_records_without_a_time(tmp_path: Path, acts: list[tuple[str, list[dict[str, Any]]]]) -> None:
    _run(tmp_path, TIMELESS, acts)
