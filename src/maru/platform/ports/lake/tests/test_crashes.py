"""A crash at any moment leaves no half-written batch and loses none accepted; a full disk changes nothing."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import os
import random
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from maru.platform.ports.lake import log
from maru.platform.ports.lake.contracts import LakeFault
from maru.platform.ports.lake.store import FileLake
from maru.platform.ports.lake.tests.dying import ACTS
from maru.platform.ports.lake.tests.tables import BEGIN, READINGS, asked, current, history, readings
from maru.platform.ports.lake.tests.writer import ROWS


def _python(module: str, *arguments: object) -> list[str]:
    return [sys.executable, "-m", f"maru.platform.ports.lake.tests.{module}", *map(str, arguments)]


def _values(lake: FileLake) -> list[float]:
    return [row[0] for row in current(lake, "readings", "value")]


_PLAIN = [float(number) for number in range(60)]
_CORRECTED = sorted([number + 0.5 for number in range(10)] + _PLAIN[10:])
# After each act: the present values, and how many versions there are in all.
_AFTER: dict[str, tuple[list[float], int] | None] = {
    "begin": None,
    "ensure": ([], 0),
    "first": (_PLAIN[:40], 40),
    "second": (_PLAIN, 60),
    "corrected": (_CORRECTED, 70),
    "compacted": (_CORRECTED, 70),
    "complete": (_PLAIN[5:], 80),
    "swept": (_PLAIN[5:], 80),
}


def _state(lake: FileLake) -> tuple[list[float], int] | None:
    return (_values(lake), len(history(lake, "readings"))) if lake.tables() else None


# Some fifty processes die: 12 s of computing, much longer where others want the cores.
@pytest.mark.timeout(600)
def test_death_at_every_step(tmp_path: Path) -> None:
    done = subprocess.run(_python("dying", tmp_path), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    deaths = [home for home in tmp_path.iterdir() if "-" in home.name]
    assert len(deaths) > 40
    for home in deaths:
        act = home.name.partition("-")[0]
        names = [*_AFTER]
        lake = FileLake(home)
        found = _state(lake)
        assert found in (_AFTER[names[names.index(act) - 1]], _AFTER[act]), home.name
        assert [one for one in lake.check() if one.kind != "stray"] == []
        # Repeated, as by a runner who never heard an answer: nothing is doubled, nothing is lost.
        ACTS[act](lake)
        assert _state(lake) == _AFTER[act], home.name
        ACTS["swept"](lake)
        assert lake.check("readings") == []
        kept = {path.name for path in (home / "readings/data").iterdir()}
        assert kept == {one.path.name for one in lake.snapshot("readings").files}, home.name


def test_kill_at_any_moment(tmp_path: Path) -> None:
    """What a writer had said to be accepted is there after ``kill -9``, each delivery whole and once."""
    chance = random.Random(3)
    accepted: set[int] = set()
    for run in range(5):
        with subprocess.Popen(_python("writer", tmp_path, run * 100, 100), stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(chance.randint(2, 25)):
                accepted.add(int(writer.stdout.readline()))
            os.kill(writer.pid, signal.SIGKILL)
            accepted |= {int(line) for line in writer.stdout.read().split()}
    lake = FileLake(tmp_path)
    numbers = [int(value) for value in _values(lake)]
    assert len(numbers) == len(set(numbers))
    found = {number // ROWS for number in numbers}
    assert accepted <= found
    assert len(found - accepted) <= 5
    assert len(numbers) == len(found) * ROWS == lake.snapshot("readings").rows
    assert [one for one in lake.check() if one.kind != "stray"] == []


def test_writers_in_several_processes(tmp_path: Path) -> None:
    """Two processes on one table take turns, while a reader in this one always sees whole deliveries."""
    FileLake(tmp_path).ensure(READINGS)
    writers = [
        subprocess.Popen(_python("writer", tmp_path, first, 30), stdout=subprocess.DEVNULL)
        for first in (0, 15, 45)
    ]
    lake = FileLake(tmp_path)
    seen = 0
    while any(writer.poll() is None for writer in writers):
        snapshot = lake.snapshot("readings")
        rows = asked(lake.current_sql(snapshot), "count(*), count(DISTINCT _key)")
        assert rows == [(snapshot.rows, snapshot.rows)]
        assert snapshot.rows % ROWS == 0
        assert snapshot.rows >= seen
        seen = snapshot.rows
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert _values(lake) == [float(number) for number in range(75 * ROWS)]
    assert len(history(lake, "readings")) == 75 * ROWS
    assert lake.check() == []


def test_writers_in_several_threads(tmp_path: Path) -> None:
    lake = FileLake(tmp_path)
    lake.ensure(READINGS)

    def write(first: int) -> None:
        for number in range(first, first + 10):
            lake.append("readings", readings(range(number * 10, number * 10 + 10)))
            lake.compact("readings")

    threads = [threading.Thread(target=write, args=(first,)) for first in (0, 5, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _values(lake) == [float(number) for number in range(200)]
    assert lake.check() == []


@contextlib.contextmanager
def _full_disk(size: int) -> Iterator[None]:
    """No file may grow beyond ``size`` bytes: the same as a quota that is used up."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix != ".lock")


@pytest.mark.parametrize("size", [0, 1, 100, 4000])
def test_full_disk(tmp_path: Path, size: int) -> None:
    lake = FileLake(tmp_path)
    lake.ensure(READINGS)
    lake.append("readings", readings(range(2000)))
    lake.append("readings", readings(range(100), 0.5))
    before = _files(tmp_path)
    with _full_disk(size):
        for act in (
            lambda: lake.append("readings", readings(range(3000, 6000))),
            lambda: lake.append("readings", readings([1]), complete=True),
            lambda: lake.compact("readings"),
        ):
            with pytest.raises(LakeFault):
                act()
    assert _files(tmp_path) == before, "nothing half-written is left"
    assert lake.snapshot("readings").rows == 2000
    assert lake.append("readings", readings(range(3000, 6000))).added == 3000
    assert lake.append("readings", readings([1]), complete=True).gone == 4999
    lake.compact("readings")
    assert _values(lake) == [1.0]
    assert lake.check() == []


def _fail(*_: object) -> None:
    raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize("place", [(os, "fsync"), (os, "link"), (log, "write_durably")])
def test_a_disk_that_fails(tmp_path: Path, place: tuple[Any, str], monkeypatch: pytest.MonkeyPatch) -> None:
    lake = FileLake(tmp_path)
    lake.ensure(READINGS)
    lake.append("readings", readings(range(10)))
    before = _files(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(*place, _fail)
        for act in (
            lambda: lake.append("readings", readings(range(20))),
            lambda: lake.append("readings", readings([1]), complete=True),
            lambda: lake.compact("readings"),
            lambda: lake.retain("readings", BEGIN + dt.timedelta(minutes=5)),
        ):
            with pytest.raises(LakeFault):
                act()
    assert _files(tmp_path) == before
    assert lake.append("readings", readings(range(20))).added == 10
    assert _values(lake) == [float(number) for number in range(20)]


def test_a_fault_after_the_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The call fails although the commit is there: its files stay, and a repetition finds it done."""
    lake = FileLake(tmp_path)
    lake.ensure(READINGS)
    with monkeypatch.context() as patched:
        patched.setattr(log, "sync_folder", _fail)
        with pytest.raises(LakeFault):
            lake.append("readings", readings(range(10)), delivery="1")
    assert lake.append("readings", readings(range(10)), delivery="1").version == 2
    assert FileLake(tmp_path).append("readings", readings(range(10))).unchanged == 10
    assert lake.check() == []


def test_torn_files_are_no_part_of_the_table(tmp_path: Path) -> None:
    """What a crash can leave beside the log: half a file, half a draft, half a state."""
    lake = FileLake(tmp_path)
    lake.ensure(READINGS)
    for number in range(60):
        lake.append("readings", readings(range(number * 10, number * 10 + 10)))
    table = tmp_path / "readings"
    whole = lake.snapshot("readings").files[0].path.read_bytes()
    (table / "data/fresh-0000000000000000.parquet").write_bytes(whole[: len(whole) // 2])
    (table / "log/.62-1-1").write_bytes(b'{"version": 6')
    newest = max(table.glob("log/*.state"))
    newest.write_bytes(newest.read_bytes()[:100])
    again = FileLake(tmp_path)
    assert _values(again) == [float(number) for number in range(600)]
    assert again.append("readings", readings(range(595, 605))).added == 5
    assert [one.kind for one in again.check()] == []
    again.sweep("readings", now=4e9)
    assert not list(table.glob("log/.*"))
    assert not (table / "data/fresh-0000000000000000.parquet").exists()
    assert FileLake(tmp_path).snapshot("readings").rows == 605
