"""DuckDB and Spark answer the same questions about the same files alike, and so does the SQL that services use."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from maru.platform.ports.lake import engines, queries
from maru.platform.ports.lake.contracts import Column, Snapshot, TableSpec
from maru.platform.ports.lake.engines import Engine
from maru.platform.ports.lake.store import FileLake

BEGIN = dt.datetime(2025, 3, 30, 20, tzinfo=dt.UTC)
SPEC = TableSpec(
    "air",
    (
        Column("station", "text"),
        Column("at", "datetime"),
        Column("pm10", "number"),
        Column("visits", "integer"),
        Column("grade", "text"),
        Column("day", "date"),
        Column("manual", "boolean"),
    ),
    ("station", "at"),
    "at",
)
ARRIVED = [dt.datetime(2025, 5, day, tzinfo=dt.UTC) for day in range(1, 9)]


def _rows(hours: range, bump: float = 0.0) -> pa.Table:
    rows: list[dict[str, Any]] = []
    for hour in hours:
        at = BEGIN + dt.timedelta(hours=hour)
        for number in range(6):
            if hour % 13 == 5 and number == 3:
                continue  # a gap
            value = None if (hour + number) % 11 == 0 else 10.0 + (hour * 7 + number * 3) % 40 + bump
            rows.append(
                {
                    "station": f"측정소 {number}",
                    "at": at,
                    "pm10": value,
                    "visits": (hour * number) % 17,
                    "grade": ["좋음", "보통", None][(hour + number) % 3],
                    "day": at.date(),
                    "manual": hour % 4 == 0,
                }
            )
    return pa.Table.from_pylist(rows)


def _filled(folder: Path, kind: str) -> FileLake:
    """The same content in different files: fresh ones, compacted ones, corrected after compaction; and nothing at all."""
    lake = FileLake(folder)
    lake.ensure(SPEC)
    if kind == "empty":
        return lake
    lake.append("air", _rows(range(60)), seen=ARRIVED[0])
    lake.append("air", _rows(range(50, 120)), seen=ARRIVED[1])
    lake.append("air", _rows(range(10, 20), bump=1.0), seen=ARRIVED[2])
    if kind in {"compacted", "both"}:
        lake.compact("air")
    lake.append("air", _rows(range(15, 18), bump=2.0), seen=ARRIVED[3])
    lake.append("air", _rows(range(1, 120)).slice(0, 680), seen=ARRIVED[4], complete=True)
    if kind == "compacted":
        lake.compact("air")
    lake.ensure(TableSpec("air", (*SPEC.columns, Column("note", "text")), SPEC.key, SPEC.time))
    extra = _rows(range(120, 130))
    lake.append("air", extra.append_column("note", pa.array(["메모"] * len(extra))), seen=ARRIVED[5])
    return lake


@pytest.fixture(scope="module", params=["fresh", "compacted", "both", "empty"])
def lake(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FileLake:
    return _filled(tmp_path_factory.mktemp("lake"), request.param)


@pytest.fixture(scope="module")
def one_lake(tmp_path_factory: pytest.TempPathFactory) -> FileLake:
    return _filled(tmp_path_factory.mktemp("lake"), "both")


@pytest.fixture(scope="module")
def spark() -> Iterator[Engine]:
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    pytest.importorskip("pyspark")
    engine = engines.spark_engine("local[1]", memory="512m")
    yield engine
    engine.close()


@pytest.fixture(params=["duckdb", "spark"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "duckdb":
        return engines.duckdb_engine(threads=1, memory="256MB")
    found: Engine = request.getfixturevalue("spark")
    return found


def _by_sql(expression: str, order: str = 'station, "at", _seen') -> list[dict[str, Any]]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        rows: list[dict[str, Any]] = (
            connection.sql(f"FROM {expression} ORDER BY {order}").to_arrow_table().to_pylist()
        )
    return rows


def _moments(lake: FileLake, few: bool) -> dict[str, Snapshot]:
    """The table now and before; few for Spark, where a question costs a second."""
    found = {"now": lake.snapshot("air")}
    for number in (3,) if few else range(6):
        found[f"as of {number}"] = lake.snapshot("air", as_of=ARRIVED[number] + dt.timedelta(hours=1))
    for version in (4,) if few else (0, 1, 4, 6):
        found[f"version {version}"] = lake.snapshot("air", version=version)
    return found


def test_states_are_the_same_by_engine_and_by_sql(lake: FileLake, engine: Engine) -> None:
    for name, snapshot in _moments(lake, engine.name == "spark").items():
        rows = engines.current(engine, snapshot)
        found = engine.run(rows.order_by(["station", "at", "_seen"])).to_pylist()
        assert found == _by_sql(lake.current_sql(snapshot)), name
        assert len(found) == snapshot.rows, name
    now = lake.snapshot("air")
    past = engine.run(queries.count(engines.history(engine, now))).to_pylist()
    assert past == [{"n": len(_by_sql(lake.history_sql(now)))}]


QUESTIONS: dict[str, Callable[[Any], Any]] = {
    "count": queries.count,
    "facet": lambda rows: queries.facet(rows, "grade"),
    "hours": lambda rows: queries.roll_up(rows, "pm10", "h"),
    "days": lambda rows: queries.roll_up(rows, "pm10", "D", ["station"]),
    "months": lambda rows: queries.roll_up(rows, "visits", "M"),
    "latest": lambda rows: queries.latest(rows, ["station"]),
    "top": lambda rows: queries.top(rows, "visits", ["station"], 3),
    "gaps": lambda rows: queries.gaps(rows, ["station"], 3600),
    "percentiles": lambda rows: queries.percentiles(rows, "pm10", ["station"]),
    "growth": lambda rows: queries.growth(rows, "visits", "D"),
    "moving": lambda rows: queries.moving(rows, "pm10", ["station"], "h", 24),
    "profile": lambda rows: queries.profile(rows, ["pm10", "grade", "station"]),
    "daily course": lambda rows: queries.daily_course(rows, "pm10"),
    "shares": lambda rows: queries.shares(rows, "grade", "station"),
    "versions": lambda rows: queries.versions(rows, {"station": "측정소 1"}),
    "between": lambda rows: queries.count(queries.between(rows, BEGIN, BEGIN + dt.timedelta(hours=20))),
}


def _close(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return left == pytest.approx(right, rel=1e-9)
    return bool(left == right)


@pytest.mark.parametrize("question", QUESTIONS)
def test_questions_have_the_same_answer(one_lake: FileLake, spark: Engine, question: str) -> None:
    snapshot = one_lake.snapshot("air")
    answers = []
    for engine in (engines.duckdb_engine(threads=1, memory="256MB"), spark):
        answers.append(engine.run(QUESTIONS[question](engines.current(engine, snapshot))))
    left, right = answers
    assert left.schema == right.schema
    assert len(left) == len(right)
    for one, other in zip(left.to_pylist(), right.to_pylist(), strict=True):
        assert all(_close(one[name], other[name]) for name in one), (one, other)


def test_answers_are_right(one_lake: FileLake, engine: Engine) -> None:
    """Counted once more in plain Python from the present state."""
    snapshot = one_lake.snapshot("air")
    state = _by_sql(one_lake.current_sql(snapshot))
    rows = engines.current(engine, snapshot)
    values = sorted({row["station"] for row in state})
    latest = engine.run(queries.latest(rows, ["station"])).to_pylist()
    assert [row["station"] for row in latest] == values
    for row in latest:
        assert row["at"] == max(one["at"] for one in state if one["station"] == row["station"])
    hours = engine.run(queries.roll_up(rows, "pm10", "h")).to_pylist()
    for row in hours:
        mine = [
            one["pm10"]
            for one in state
            if one["pm10"] is not None and one["at"].replace(minute=0) == row["period"]
        ]
        assert row["n"] == len(mine)
        assert row["mean"] == pytest.approx(sum(mine) / len(mine))
    gaps = engine.run(queries.gaps(rows, ["station"], 3600)).to_pylist()
    for row in gaps:
        assert row["seconds"] == (row["until"] - row["since"]).total_seconds() > 3600
        assert not [
            one
            for one in state
            if one["station"] == row["station"] and row["since"] < one["at"] < row["until"]
        ]


def test_questions_to_nothing(tmp_path: Path, engine: Engine) -> None:
    snapshot = _filled(tmp_path, "empty").snapshot("air")
    for name in ("count", "facet", "latest", "profile"):
        answer = engine.run(QUESTIONS[name](engines.current(engine, snapshot))).to_pylist()
        assert [row.get("n", row.get("rows")) for row in answer] in ([], [0]), name


def test_the_folder_may_move(lake: FileLake, tmp_path: Path) -> None:
    """Nothing in the log names a place: a copied lake is a lake."""
    shutil.copytree(lake.folder, tmp_path / "copy")
    copy = FileLake(tmp_path / "copy")
    assert copy.check() == []
    mine, theirs = (_by_sql(one.current_sql(one.snapshot("air"))) for one in (lake, copy))
    assert mine == theirs
