"""The same ten analytical questions on DuckDB and on local Spark over the same files: same answers, both times.

A table of readings of 500 stations, each 15 minutes, is written into a lake of its own through the lake's door, corrected, compacted and corrected
again, so that the files are what a city's are. Each question is written once, in Ibis (``platform/ports/lake/queries.py``). An engine's time
is the better of two runs; what it takes to start is told apart.
"""

from __future__ import annotations

import argparse
import datetime as dt
import math
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bench.report import Cell, finish, table
from maru.platform.ports.lake import engines, queries
from maru.platform.ports.lake.contracts import Column, LakeFault, TableSpec
from maru.platform.ports.lake.engines import Engine
from maru.platform.ports.lake.store import FileLake

STATIONS = 500
BATCH = 250_000
SPEC = TableSpec(
    "readings",
    (
        Column("station", "text"),
        Column("at", "datetime"),
        Column("district", "text"),
        Column("value", "number"),
        Column("visits", "integer"),
        Column("grade", "text"),
    ),
    ("station", "at"),
    "at",
)
BEGIN_US = int(dt.datetime(2024, 1, 1, tzinfo=dt.UTC).timestamp() * 1e6)

QUESTIONS: dict[str, Callable[[Any], Any]] = {
    "how many": queries.count,
    "most frequent grades": lambda rows: queries.facet(rows, "grade"),
    "mean by hour": lambda rows: queries.roll_up(rows, "value", "h"),
    "mean by day and station": lambda rows: queries.roll_up(rows, "value", "D", ["station"]),
    "last of each station": lambda rows: queries.latest(rows, ["station"]),
    "busiest districts": lambda rows: queries.top(rows, "visits", ["district"]),
    "silences": lambda rows: queries.gaps(rows, ["station"], 900),
    "percentiles by district": lambda rows: queries.percentiles(rows, "value", ["district"]),
    "growth by month": lambda rows: queries.growth(rows, "visits", "M"),
    "week's moving mean": lambda rows: queries.moving(rows, "value", ["district"], "D", 7),
}


def main(argv: list[str]) -> int:
    """``--rows N`` (4,000,000), ``--quick`` (300,000)."""
    parser = argparse.ArgumentParser(prog="python -m bench spark", description=__doc__)
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(argv)
    count = 300_000 if options.quick else options.rows
    with tempfile.TemporaryDirectory() as folder:
        lake = FileLake(Path(folder))
        written = _fill(lake, count)
        try:
            return _compare(lake, count, written)
        except LakeFault as fault:
            print(fault)
            return finish("spark", False, {"fault": str(fault)})


def _fill(lake: FileLake, count: int) -> float:
    """Write, correct, compact, correct. Seconds of the first writing."""
    lake.ensure(SPEC)
    began = time.monotonic()
    for first in range(0, count, BATCH):
        lake.append("readings", _rows(np.arange(first, min(first + BATCH, count))))
    took = time.monotonic() - began
    lake.append("readings", _rows(np.arange(0, count, 997), 1.0))
    lake.compact("readings")
    lake.append("readings", _rows(np.arange(5, count, 1499), 2.0))
    return took


def _rows(number: np.ndarray, more: float = 0.0) -> pa.Table:
    """Readings of all stations every 15 minutes; some are missing."""
    station, step = number % STATIONS, number // STATIONS
    kept = (step * 31 + station) % 211 > 1
    number, station, step = number[kept], station[kept], step[kept]
    value = 30 + 20 * np.sin(step / 96 * 2 * np.pi) + (station * 7 + step * 3) % 25 / 2 + more
    names = pa.array([f"S{one:03d}" for one in range(STATIONS)])
    districts = pa.array([f"D{one:02d}" for one in range(25)])
    grades = pa.array(["good", "fair", "poor", "bad"])
    return pa.table(
        {
            "station": names.take(pa.array(station)),
            "at": pa.array(BEGIN_US + step * 900_000_000).cast(pa.timestamp("us", "UTC")),
            "district": districts.take(pa.array(station % 25)),
            "value": pa.array(np.where(number % 113 == 0, np.nan, value), from_pandas=True),
            "visits": pa.array((number * 2_654_435_761) % 1009),
            "grade": grades.take(pa.array(np.minimum(value // 20, 3).astype(np.int64))),
        }
    )


def _compare(lake: FileLake, count: int, written: float) -> int:
    snapshot = lake.snapshot("readings")
    starts: dict[str, float] = {}
    times: dict[str, list[float]] = {}
    answers: dict[str, list[pa.Table]] = {}
    for name, start in (("duckdb", engines.duckdb_engine), ("spark", engines.spark_engine)):
        began = time.monotonic()
        engine: Engine = start()
        starts[name] = round(time.monotonic() - began, 2)
        times[name], answers[name] = [], []
        try:
            for question in QUESTIONS.values():
                took, answer = _asked(engine, lake, question)
                times[name].append(took)
                answers[name].append(answer)
        finally:
            engine.close()
    same = [_same(one, other) for one, other in zip(answers["duckdb"], answers["spark"], strict=True)]
    rows: list[list[Cell]] = [
        [
            question,
            len(answers["duckdb"][at]),
            times["duckdb"][at],
            times["spark"][at],
            "yes" if same[at] else "NO",
        ]
        for at, question in enumerate(QUESTIONS)
    ]
    rows.append(["all", None, sum(times["duckdb"]), sum(times["spark"]), "yes" if all(same) else "NO"])
    print(f"{snapshot.rows:,} records, written in {written:.1f} s ({written / count * 1e6:.2f} µs each)")
    table(["question", "rows", "DuckDB (s)", "Spark (s)", "same answer"], rows)
    figures = {
        "records": snapshot.rows,
        "write_us": round(written / count * 1e6, 2),
        "start_s": starts,
        "seconds": {name: [round(one, 3) for one in found] for name, found in times.items()},
        "same": sum(same),
    }
    return finish("spark", all(same), figures)


def _asked(engine: Engine, lake: FileLake, question: Callable[[Any], Any]) -> tuple[float, pa.Table]:
    best = math.inf
    for _ in range(2):
        began = time.monotonic()
        answer = engine.run(question(engines.current(engine, lake.snapshot("readings"))))
        best = min(best, time.monotonic() - began)
    return best, answer


def _same(one: pa.Table, other: pa.Table) -> bool:
    """Same columns, rows and order; numbers to nine digits, since sums are added up in other orders."""
    if one.schema != other.schema or len(one) != len(other):
        return False
    for name in one.column_names:
        left, right = one.column(name), other.column(name)
        if pa.types.is_floating(left.type):
            if not np.allclose(_numbers(left), _numbers(right), rtol=1e-9, atol=1e-12, equal_nan=True):
                return False
        elif left.to_pylist() != right.to_pylist():
            return False
    return True


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    found: np.ndarray = column.to_numpy()
    return found
