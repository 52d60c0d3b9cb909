"""A dataset of 20 million rows as a sheet: preview, filter, facet, exact count, page 10,000, by 20 users at once; beside it the
same table in Datasette, measured in the same run.

The table is like the living population of a capital: one row for each hour, district, sex and age band of a dong, with the
number of people. It is made by arithmetic, written into the lake as a source would (and compacted), published, and asked over
HTTP from another process through the web server of the house. Each user asks again as soon as an answer has come; what is asked
is drawn at random, so that hardly anything is asked twice. Datasette gets the same rows in SQLite with an index on each column
that is filtered, its limits raised so that it may finish.
"""

from __future__ import annotations

import argparse
import base64
import datetime as dt
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa

from bench.house import free_port, until
from bench.report import Cell, finish, percentile, resident_mb, table

ROWS, USERS, SECONDS = 20_000_000, 20, 60
TARGET_MS = 300.0
BEGIN = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
DISTRICTS = [f"district-{number:02d}" for number in range(25)]
DONGS = [f"{district}-{number:02d}" for district in DISTRICTS for number in range(17)]
AGES = [f"{low}-{low + 4}" for low in range(0, 70, 5)]
SEXES = ["female", "male"]
CELLS = len(DONGS) * len(AGES) * len(SEXES)
COLUMNS = ("at", "district", "dong", "sex", "age", "people", "share")
BATCH = 1_000_000
KEY = "5ee7" * 8
HEADERS = {"X-API-Key": KEY}  # a key without limits: the figure is that of the engine
KINDS = ("preview", "filter", "two filters", "time and filter", "number", "facet", "facet of a filter", "count", "page 10,000", "sorted", "words")  # fmt: skip


def rows(first: int, count: int) -> pa.Table:
    """Rows ``first`` … of the table: computed, never stored."""
    number = np.arange(first, first + count, dtype=np.int64)
    cell, hour = number % CELLS, number // CELLS
    dong, rest = cell // (len(AGES) * len(SEXES)), cell % (len(AGES) * len(SEXES))
    mixed = (number * 2_654_435_761) % 4_294_967_296
    people = (mixed % 4_000 + 50 * (hour % 24)).astype(np.int64)
    moments = (np.int64(BEGIN.timestamp()) + hour * 3_600) * 1_000_000
    return pa.table(
        {
            "at": pa.array(moments, pa.timestamp("us", tz="UTC")),
            "district": _words(dong // 17, DISTRICTS),
            "dong": _words(dong, DONGS),
            "sex": _words(rest % 2, SEXES),
            "age": _words(rest // 2, AGES),
            "people": pa.array(people),
            "share": pa.array(np.round(people / 5_150, 4)),
        }
    )


def _words(numbers: Any, words: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(numbers.astype(np.int32)), pa.array(words))


def main(argv: list[str]) -> int:
    """``--rows N`` (20,000,000), ``--users N`` (20), ``--seconds N`` (60 each), ``--without-datasette``."""
    parser = argparse.ArgumentParser(prog="python -m bench sheet", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--without-datasette", action="store_true")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="maru-sheet-") as folder:
        home = Path(folder) / "home"
        made_s = _make_house(home, options.rows)
        ours = _ours(home, options)
        theirs = None if options.without_datasette else _theirs(Path(folder), options)
    lines: list[list[Cell]] = []
    for kind in (*KINDS, "all"):
        line: list[Cell] = [kind, ours["ms"][kind]["p50"], ours["ms"][kind]["p95"], ours["ms"][kind]["n"]]
        other = theirs["ms"].get(kind) if theirs else None
        lines.append(
            [
                *line,
                other["p50"] if other else None,
                other["p95"] if other else None,
                other["n"] if other else None,
            ]
        )
    table(["asked", "Maru p50 (ms)", "p95", "answers", "Datasette p50 (ms)", "p95", "answers"], lines)
    print(
        f"{options.rows:,} rows written and compacted in {made_s:.0f} s; counts made in {ours['counts_s']:.1f} s"
    )
    passed = ours["ms"]["all"]["p95"] <= TARGET_MS and not ours["faults"]
    figures = {"rows": options.rows, "users": options.users, "seconds": options.seconds, "written_s": round(made_s, 1), "maru": ours, "datasette": theirs}  # fmt: skip
    return finish("sheet", passed, figures)


def _make_house(home: Path, number: int) -> float:
    """A home with the table in its lake and a dataset of it. Seconds for writing and compacting."""
    home.mkdir(parents=True)
    environ = {**os.environ, "MARU_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(
        [sys.executable, "-m", "maru.project.cli", "prepare"], env=environ, check=True, capture_output=True
    )
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "bench._sheet_house", str(number)], env=environ, check=True)
    return time.monotonic() - began


def _ours(home: Path, options: argparse.Namespace) -> dict[str, Any]:
    port = free_port(pair=True)
    environ = {
        **os.environ,
        "MARU_HOME": str(home),
        "MARU_PORT": str(port),
        "MARU_STREAM_PORT": str(port + 1),
    }
    with (home / "web.log").open("wb") as log:
        web = subprocess.Popen(
            [sys.executable, "-m", "maru.project.cli", "web"], env=environ, stdout=log, stderr=log
        )
    try:
        base = f"http://127.0.0.1:{port}"
        describe = f"{base}/api/v1/datasets/population"
        until(
            "the web server", lambda: httpx.get(describe, headers=HEADERS, timeout=5).status_code == 200, 90
        )
        began = time.monotonic()
        where = f"{base}/api/v1/datasets/population/rows?limit=1&district=district-03&age=20-24"
        until(
            "the counts", lambda: _elapsed(lambda: httpx.get(where, headers=HEADERS, timeout=30)) < 0.1, 300
        )
        counts_s = round(time.monotonic() - began, 1)
        found = _load(options, lambda chance: _our_request(base, options.rows, chance))
        return {**found, "counts_s": counts_s, "mb": round(resident_mb(web.pid))}
    finally:
        web.terminate()
        web.wait(20)


def _elapsed(act: Callable[[], httpx.Response]) -> float:
    began = time.monotonic()
    act().raise_for_status()
    return time.monotonic() - began


def _questions(number: int, chance: random.Random) -> tuple[str, dict[str, Any]]:
    """A kind of question and its terms, of which each side makes its own address."""
    kind = chance.choice(KINDS)
    hours = max(1, number // CELLS)
    start = BEGIN + dt.timedelta(hours=chance.randrange(hours))
    terms: dict[str, dict[str, Any]] = {
        "preview": {},
        "filter": {"district": chance.choice(DISTRICTS)},
        "two filters": {"dong": chance.choice(DONGS), "age": chance.choice(AGES)},
        "time and filter": {"from": start, "to": start + dt.timedelta(hours=chance.randrange(1, 200)), "sex": chance.choice(SEXES)},
        "number": {"above": chance.randrange(100, 5_000)},
        "facet": {"facet": chance.choice(["district", "age", "sex", "dong"])},
        "facet of a filter": {"facet": "age", "district": chance.choice(DISTRICTS), "sex": chance.choice(SEXES)},
        "count": {"district": chance.choice(DISTRICTS), "age": chance.choice(AGES), "count": True},
        "page 10,000": {"offset": min(number - 100, 999_900) - 100 * chance.randrange(50)},
        "sorted": {"sort": chance.choice(["people", "age", "dong"])},
        "words": {"words": chance.choice(DONGS)[-5:]},
    }  # fmt: skip
    return kind, terms[kind]


def _our_request(base: str, number: int, chance: random.Random) -> tuple[str, str, dict[str, Any]]:
    kind, terms = _questions(number, chance)
    asked: dict[str, Any] = {
        name: terms[name] for name in ("district", "dong", "age", "sex") if name in terms
    }
    if "from" in terms:
        asked |= {"at.from": terms["from"].isoformat(), "at.to": terms["to"].isoformat()}
    if "above" in terms:
        asked["people.from"] = terms["above"]
    if "words" in terms:
        asked["q"] = terms["words"]
    if "facet" in terms:
        return kind, f"{base}/api/v1/datasets/population/facets", {**asked, "columns": terms["facet"]}
    asked["limit"] = 1 if "count" in terms else 100
    if "offset" in terms:
        asked["cursor"] = base64.urlsafe_b64encode(f"at:{terms['offset']}".encode()).decode().rstrip("=")
    asked |= {"sort": f"-{terms['sort']}"} if "sort" in terms else {}
    return kind, f"{base}/api/v1/datasets/population/rows", asked


def _their_request(base: str, number: int, chance: random.Random) -> tuple[str, str, dict[str, Any]]:
    """The same question to Datasette, by its own ways: a deep page by SQL, since its pages go by a cursor."""
    kind, terms = _questions(number, chance)
    asked: dict[str, Any] = {
        name: terms[name] for name in ("district", "dong", "age", "sex") if name in terms
    }
    if "offset" in terms:
        return (
            kind,
            f"{base}/data.json",
            {"sql": f"select * from population limit 100 offset {terms['offset']}", "_shape": "arrays"},
        )  # a number of ours
    if "from" in terms:
        asked |= {"at__gte": terms["from"].isoformat(), "at__lte": terms["to"].isoformat()}
    if "above" in terms:
        asked["people__gte"] = terms["above"]
    if "words" in terms:
        asked["dong__contains"] = terms["words"]
    if "facet" in terms:
        asked |= {"_facet": terms["facet"], "_size": 0}
    if "sort" in terms:
        asked["_sort_desc"] = terms["sort"]
    asked |= {"_shape": "objects", "_nosuggest": "1"}
    asked.setdefault("_size", 0 if "count" in terms else 100)
    return kind, f"{base}/data/population.json", asked


def _load(
    options: argparse.Namespace, make: Callable[[random.Random], tuple[str, str, dict[str, Any]]]
) -> dict[str, Any]:
    """``users`` ask at once for ``seconds``: milliseconds by kind."""
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    faults: dict[str, int] = {}
    lock = threading.Lock()
    until_then = time.monotonic() + options.seconds

    def user(number: int) -> None:
        chance = random.Random(number)
        with httpx.Client(timeout=120) as client:
            while time.monotonic() < until_then:
                kind, address, asked = make(chance)
                began = time.monotonic()
                fault = ""
                try:
                    answer = client.get(address, params=asked, headers=HEADERS)
                    fault = (
                        ""
                        if answer.status_code == 200
                        else f"{kind}: {answer.status_code} {answer.text[:80]}"
                    )
                except httpx.HTTPError as problem:
                    fault = f"{kind}: {type(problem).__name__}"
                with lock:
                    found[kind].append((time.monotonic() - began) * 1_000)
                    if fault:
                        faults[fault] = faults.get(fault, 0) + 1

    with ThreadPoolExecutor(options.users) as users:
        list(users.map(user, range(options.users)))
    every = [one for kind in KINDS for one in found[kind]]
    shown = {kind: _figures(values) for kind, values in {**found, "all": every}.items()}
    return {"ms": shown, "faults": faults, "per_second": round(len(every) / options.seconds, 1)}


def _figures(values: list[float]) -> dict[str, Any]:
    return {
        "p50": round(percentile(values, 0.5), 1),
        "p95": round(percentile(values, 0.95), 1),
        "n": len(values),
    }


def _theirs(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    path = folder / "data.db"
    began = time.monotonic()
    _write_sqlite(path, options.rows)
    made_s = time.monotonic() - began
    port = free_port()
    settings = [("sql_time_limit_ms", 60_000), ("facet_time_limit_ms", 60_000), ("suggest_facets", 0), ("max_returned_rows", 1_000), ("num_sql_threads", 4)]  # fmt: skip
    words = [word for name, value in settings for word in ("--setting", name, str(value))]
    server = subprocess.Popen(
        [sys.executable, "-m", "datasette", "serve", "-i", str(path), "-p", str(port), *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        base = f"http://127.0.0.1:{port}"
        until("Datasette", lambda: httpx.get(f"{base}/-/versions.json", timeout=60).status_code == 200, 300)
        version = httpx.get(f"{base}/-/versions.json", timeout=60).json()["datasette"]["version"]
        found = _load(options, lambda chance: _their_request(base, options.rows, chance))
        return {
            **found,
            "version": version,
            "written_s": round(made_s, 1),
            "mb": round(resident_mb(server.pid)),
        }
    finally:
        server.terminate()
        server.wait(20)


def _write_sqlite(path: Path, number: int) -> None:
    with sqlite3.connect(path) as made:
        made.execute("PRAGMA journal_mode=OFF")
        made.execute("PRAGMA synchronous=OFF")
        made.execute(
            "CREATE TABLE population (at TEXT, district TEXT, dong TEXT, sex TEXT, age TEXT, people INTEGER, share REAL)"
        )
        for batch in _batches(number):
            columns = [batch.column("at").cast(pa.timestamp("s", tz="UTC")).to_pylist()]
            columns[0] = [one.isoformat() for one in columns[0]]
            columns += [batch.column(name).to_pylist() for name in COLUMNS[1:]]
            made.executemany(
                "INSERT INTO population VALUES (?, ?, ?, ?, ?, ?, ?)", zip(*columns, strict=True)
            )
        for name in ("at", "district", "dong", "sex", "age", "people"):
            made.execute(f"CREATE INDEX by_{name} ON population ({name})")
        made.execute("ANALYZE")


def _batches(number: int) -> Iterator[pa.Table]:
    for first in range(0, number, BATCH):
        yield rows(first, min(BATCH, number - first))
