"""Requests per second and p99 of the path and the REST interface, against Datasette with the same table in the same run.

Three kinds of questions: the same page again and again, pages all over the table (each mostly asked once), and rows filtered
by three columns with their exact count. Datasette has an index on two of them, knows the count of its immutable file, and is not
asked to suggest facets; ours has no indexes to give.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench._callers import Called, call, forever
from bench.house import free_port, until
from bench.report import Cell, cpu_seconds, finish, percentile, table

KEY = "be4c" * 8
TABLE = "bench_stations"
ROWS = 200_000
PAGE = 100
NEEDED = 3.0
DISTRICTS = [f"구{n:02}" for n in range(25)]
GRADES = ["좋음", "보통", "나쁨", "매우나쁨"]
COLUMNS = ("number", "district", "grade", "name", "bikes", "share", "longitude", "latitude")


@dataclass
class Server:
    """A started server."""

    name: str
    url: str
    process: subprocess.Popen[bytes]


def main(argv: list[str]) -> int:
    """``--seconds N`` of each measure (6), ``--rows N`` (200000), ``--callers N`` (8), ``--quick``."""
    parser = argparse.ArgumentParser(prog="python -m bench openapi", description=__doc__)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--callers", type=int, default=8)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--plant", default="", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.plant:
        return _plant(options.rows)
    if options.quick:
        options.seconds, options.rows = 2.0, min(options.rows, 40_000)
    with tempfile.TemporaryDirectory(prefix="maru-bench-") as folder:
        with (
            _maru(Path(folder) / "home", options.rows) as ours,
            _datasette(Path(folder), options.rows) as peer,
        ):
            found = _measure(ours, peer, options)
    return _report(found, options)


def _rows(count: int) -> Iterator[tuple[Any, ...]]:
    chance = random.Random(11)
    for n in range(count):
        yield (
            n,
            DISTRICTS[chance.randrange(25)],
            GRADES[chance.randrange(4)],
            f"{n}. 마루역 {n % 40}번 출구",
            chance.randrange(60),
            round(chance.random() * 100, 1),
            round(130.7 + chance.random() * 0.4, 6),
            round(36.3 + chance.random() * 0.2, 6),
        )


def _plant(count: int) -> int:
    """Run in the home: the table, its description, a key without limits."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maru.project.settings")
    import django

    django.setup()
    import pyarrow as pa

    from maru.platform.ports.lake.contracts import ARROW, Column, TableSpec, Type
    from maru.services.opendata.models import AccessKey, Dataset
    from maru.services.opendata.operations.keys import digest_of
    from maru.services.opendata.queries.lake import lake

    types: tuple[Type, ...] = ("integer", "text", "text", "text", "integer", "number", "number", "number")
    spec = TableSpec(TABLE, tuple(map(Column, COLUMNS, types)), ("number",))
    lake().ensure(spec)
    lists = list(zip(*_rows(count), strict=True))
    arrays = {
        name: pa.array(values, ARROW[kind]) for name, values, kind in zip(COLUMNS, lists, types, strict=True)
    }
    lake().append(TABLE, pa.table(arrays))
    lake().compact(TABLE)
    Dataset.objects.create(
        slug="bench",
        service_code="benchStations",
        table=TABLE,
        origin="source",
        source="bench",
        titles={"en": "Stations", "ko": "대여소"},
        category="transport",
        licence="CC-BY-4.0",
        columns=[
            {"name": name, "type": kind, "titles": {"en": name, "ko": name}}
            for name, kind in zip(COLUMNS, types, strict=True)
        ],
        key=["number"],
        state="published",
        version=1,
        rows=count,
    )
    AccessKey.objects.create(purpose="bench", digest=digest_of(KEY), shown=KEY[:6], per_minute=0, per_day=0)
    return 0


@contextmanager
def _maru(home: Path, rows: int) -> Iterator[Server]:
    port = free_port(pair=True)
    environ = {
        **os.environ,
        "MARU_HOME": str(home),
        "MARU_PORT": str(port),
        "MARU_STREAM_PORT": str(port + 1),
    }
    environ.pop("MARU_DEMO", None)
    home.mkdir(parents=True)
    cli = [sys.executable, "-m", "maru.project.cli"]
    for words in (
        [*cli, "prepare"],
        [sys.executable, "-m", "bench", "openapi", "--plant", "1", "--rows", str(rows)],
    ):
        done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode:
            raise RuntimeError(f"{words}: {done.stdout[-2000:]}{done.stderr[-4000:]}")
    with _running(
        "maru", f"http://127.0.0.1:{port}", [*cli, "web"], environ, "/api/v1/datasets/bench"
    ) as server:
        yield server


@contextmanager
def _datasette(folder: Path, rows: int) -> Iterator[Server]:
    path = folder / "bench.db"
    with sqlite3.connect(path) as base:
        base.execute(
            f"CREATE TABLE {TABLE} (number INTEGER PRIMARY KEY, district TEXT, grade TEXT, name TEXT, bikes INTEGER, "
            "share REAL, longitude REAL, latitude REAL)"
        )
        base.executemany(f"INSERT INTO {TABLE} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _rows(rows))  # our own name
        base.execute(f"CREATE INDEX by_both ON {TABLE} (district, grade)")
        base.execute("ANALYZE")
    base.close()
    # What it can know beforehand, such as the count of an immutable file, it may.
    known = folder / "inspect.json"
    inspect = [sys.executable, "-m", "datasette", "inspect", str(path), "--inspect-file", str(known)]
    subprocess.run(inspect, check=True, capture_output=True, timeout=120)
    port = free_port()
    words = [sys.executable, "-m", "datasette", "serve", "-i", str(path), "--port", str(port)]
    words += ["--inspect-file", str(known)]
    words += ["--setting", "max_returned_rows", "1000", "--setting", "sql_time_limit_ms", "5000"]
    url = f"http://127.0.0.1:{port}"
    with _running("datasette", url, words, dict(os.environ), f"/bench/{TABLE}.json?_size=1") as server:
        yield server


@contextmanager
def _running(name: str, url: str, words: list[str], environ: dict[str, str], path: str) -> Iterator[Server]:
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(words, env=environ, stdout=log, stderr=log)
        try:
            until(f"{name} answers", lambda: httpx.get(f"{url}{path}", timeout=10).status_code == 200, 90)
            yield Server(name, url, process)
        except TimeoutError:
            log.seek(0)
            sys.stderr.write(log.read().decode(errors="replace")[-4000:])
            raise
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def _paths(kind: str, rows: int, cursors: list[str]) -> dict[str, list[str]]:
    """Of each interface; each list asks the same rows in the same order."""
    chance = random.Random(5)
    path = f"/openapi/{KEY}/json/benchStations"
    rest, peer = (
        f"/api/v1/datasets/bench/rows?api_key={KEY}&limit={PAGE}",
        f"/bench/{TABLE}.json?_shape=objects&_size={PAGE}&_nofacet=1&_nosuggest=1",
    )
    if kind == "same page":
        return {"path": [f"{path}/1/{PAGE}"], "rest": [rest], "datasette": [peer]}
    if kind == "any page":
        starts = [chance.randrange(rows - PAGE) for _each in range(20_000)]
        return {
            "path": [f"{path}/{at + 1}/{at + PAGE}" for at in starts],
            "rest": [f"{rest}&cursor={chance.choice(cursors)}" for _at in starts],
            # Its pages go on after a row's key.
            "datasette": [f"{peer}&_next={at}" for at in starts],
        }
    pairs = [
        (chance.choice(DISTRICTS), chance.choice(GRADES), chance.randrange(60)) for _each in range(20_000)
    ]
    quoted = [(_quoted(a), _quoted(b), n) for a, b, n in pairs]
    return {
        "path": [f"{path}/1/{PAGE}/%20/{a}/{b}/%20/{n}" for a, b, n in quoted],
        "rest": [f"{rest}&district={a}&grade={b}&bikes={n}" for a, b, n in quoted],
        "datasette": [f"{peer}&district__exact={a}&grade__exact={b}&bikes__exact={n}" for a, b, n in quoted],
    }


def _quoted(text: str) -> str:
    return str(httpx.URL("http://x", params={"q": text}).query.decode()).removeprefix("q=")


GOOD: dict[str, Callable[[bytes], bool]] = {
    "path": lambda body: b"INFO-000" in body or b"INFO-200" in body,
    "rest": lambda body: b'"rows":[' in body,
    "datasette": lambda body: b'"rows": [' in body,
}


def _cursors(url: str) -> list[str]:
    """The cursor of every page: a program learns them by walking, so the REST interface has seen its pages once."""
    found: list[str] = []
    following: str | None = f"{url}/api/v1/datasets/bench/rows?api_key={KEY}&limit={PAGE}"
    with httpx.Client() as client:
        while following:
            body = client.get(following, headers={"x-api-key": KEY}).json()
            if body["cursor"]:
                found.append(body["cursor"])
            following = body["next"]
    return found


def _measure(ours: Server, peer: Server, options: argparse.Namespace) -> list[dict[str, Any]]:
    found = []
    cursors = _cursors(ours.url)
    for kind in ("same page", "any page", "filtered"):
        for name, paths in _paths(kind, options.rows, cursors).items():
            server = peer if name == "datasette" else ours
            ask = _asker(server.url, paths, GOOD[name], options.callers)
            asyncio.run(ask(min(1.0, options.seconds / 3)))
            cpu = cpu_seconds(server.process.pid)
            called: Called = asyncio.run(ask(options.seconds))
            found.append(
                {
                    "kind": kind,
                    "interface": name,
                    "per_second": round(called.per_second, 1),
                    "p50_ms": round(percentile(called.times, 0.5) * 1000, 2),
                    "p99_ms": round(percentile(called.times, 0.99) * 1000, 2),
                    "wrong": called.wrong,
                    "cores": round((cpu_seconds(server.process.pid) - cpu) / called.seconds, 2),
                }
            )
            time.sleep(0.3)
    return found


def _asker(url: str, paths: list[str], good: Callable[[bytes], bool], callers: int) -> Any:
    endless = forever(paths)

    def ask(seconds: float) -> Any:
        return call(url, endless, good, callers=callers, seconds=seconds)

    return ask


def _report(found: list[dict[str, Any]], options: argparse.Namespace) -> int:
    peers = {one["kind"]: one for one in found if one["interface"] == "datasette"}
    rows: list[list[Cell]] = []
    passed = True
    for one in found:
        peer = peers[one["kind"]]
        ratio = one["per_second"] / peer["per_second"] if peer["per_second"] else 0.0
        one["ratio"] = round(ratio, 2)
        rows.append(
            [
                one["kind"],
                one["interface"],
                one["per_second"],
                one["p50_ms"],
                one["p99_ms"],
                one["cores"],
                ratio,
                one["wrong"],
            ]
        )
        if one["interface"] != "datasette":
            passed = passed and ratio >= NEEDED and one["p99_ms"] <= peer["p99_ms"]
        passed = passed and one["wrong"] == 0
    table(
        ["question", "interface", "per second", "p50 ms", "p99 ms", "cores", "times Datasette", "wrong"], rows
    )
    return finish(
        "openapi", passed, {"rows": options.rows, "callers": options.callers, "page": PAGE, "measures": found}
    )
