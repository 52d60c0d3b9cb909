"""Compaction, time travel, retention, erasure, check: what keeps a lake small, lawful and sound."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from maru.platform.ports.environment import load
from maru.platform.ports.lake.commands import register
from maru.platform.ports.lake.contracts import Column, LakeFault, TableSpec
from maru.platform.ports.lake.store import FileLake
from maru.platform.ports.lake.tests.tables import (
    BEGIN,
    LOTS,
    PEOPLE,
    READINGS,
    asked,
    current,
    history,
    lots,
    readings,
)

DAY = dt.timedelta(days=1)


@pytest.fixture
def lake(tmp_path: Path) -> FileLake:
    lake = FileLake(tmp_path / "lake")
    for spec in (READINGS, LOTS, PEOPLE):
        lake.ensure(spec)
    return lake


def test_compaction_parts_present_and_past(lake: FileLake) -> None:
    for number in range(10):
        lake.append("lots", lots(a=number, b=number // 5, c=1))
    before = lake.snapshot("lots")
    assert lake.compact("lots").outputs == 2
    after = lake.snapshot("lots")
    assert [(one.kind, one.rows, one.corrections, one.stale) for one in after.files] == [
        ("live", 3, False, False),
        ("past", 10, False, False),
    ]
    assert (after.changed, after.rows) == (before.changed, 3)
    assert after.version == before.version + 1
    assert current(lake, "lots", at=before) == current(lake, "lots", at=after), "old files are still there"
    assert lake.compact("lots").inputs == 0
    assert lake.append("lots", lots(a=9)).unchanged == 1
    assert lake.append("lots", lots(a=10)).corrected == 1


def test_live_files_are_sorted_by_time_and_key(lake: FileLake) -> None:
    lake.append("readings", readings(range(300, 0, -1)))
    lake.append("readings", readings(range(500, 250, -1)))
    lake.compact("readings")
    (file,) = lake.snapshot("readings").files
    with duckdb.connect() as connection:
        found = connection.execute('SELECT "at", id FROM read_parquet(?)', [str(file.path)]).fetchall()
    assert found == sorted(found)
    assert (file.low, file.high) == (BEGIN + dt.timedelta(minutes=1), BEGIN + dt.timedelta(minutes=500))


def test_a_correction_during_compaction_is_not_lost(lake: FileLake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the reading and the commit of a compaction another process corrects what it read."""
    from maru.platform.ports.lake import compaction

    lake.append("lots", lots(a=1, b=1))
    real = compaction._rewrite
    other = FileLake(lake.folder)

    def rewrite(*arguments: object) -> None:
        real(*arguments)  # type: ignore[arg-type]
        other.append("lots", lots(a=2, d=1))

    monkeypatch.setattr(compaction, "_rewrite", rewrite)
    lake.compact("lots")
    assert current(lake, "lots", "id, free") == [("a", 2), ("b", 1), ("d", 1)]
    monkeypatch.undo()
    lake.compact("lots")
    assert current(lake, "lots", "id, free") == [("a", 2), ("b", 1), ("d", 1)]
    assert lake.check() == []


def test_files_stay_for_an_hour(lake: FileLake) -> None:
    for number in range(3):
        lake.append("readings", readings(range(number * 10, number * 10 + 10)))
    held = lake.snapshot("readings")
    lake.compact("readings")
    assert lake.sweep("readings", now=time.time() + 3500) == 0
    assert len(current(lake, "readings", at=held)) == 30
    assert lake.check() == []
    assert lake.sweep("readings", now=time.time() + 3700) >= 3
    assert not any(one.path.exists() for one in held.files)
    assert len(current(lake, "readings")) == 30


def test_the_log_stays_short(lake: FileLake) -> None:
    for number in range(130):
        lake.append("lots", lots(a=number))
    sleeper = FileLake(lake.folder)
    assert sleeper.snapshot("lots").rows == 1
    for number in range(130):
        lake.append("lots", lots(b=number))
    lake.sweep("lots", now=time.time() + 4000)
    assert len(list((lake.folder / "lots/log").iterdir())) < 120
    assert sleeper.snapshot("lots").version == lake.snapshot("lots").version
    assert sleeper.append("lots", lots(c=1)).version == lake.snapshot("lots").version
    assert current(FileLake(lake.folder), "lots", "id, free") == [("a", 129), ("b", 129), ("c", 1)]
    with pytest.raises(LakeFault):
        lake.snapshot("lots", version=-1)


def test_as_of_a_date(lake: FileLake) -> None:
    for day in range(5):
        lake.append("lots", lots(**{"a": day, f"new{day}": 1}), seen=BEGIN + day * DAY)
    lake.append("lots", lots(a=4), seen=BEGIN + 6 * DAY, complete=True)
    for _ in range(2):
        for day in range(5):
            then = lake.snapshot("lots", as_of=BEGIN + day * DAY + DAY / 2)
            assert (then.rows, then.at) == (day + 2, BEGIN + day * DAY + DAY / 2)
            assert current(lake, "lots", "free", at=then)[0] == (0 if day == 0 else 1,)
            assert asked(lake.current_sql(then), "max(free) FILTER (id = 'a')") == [(day,)]
        assert lake.snapshot("lots", as_of=BEGIN - DAY).rows == 0
        assert lake.snapshot("lots", as_of=BEGIN + 9 * DAY) == lake.snapshot("lots")
        lake.compact("lots")


def test_versions_and_differences(lake: FileLake) -> None:
    lake.append("lots", lots(a=1, b=1, c=1), seen=BEGIN)
    lake.compact("lots")
    lake.append("lots", lots(a=2, b=1, d=1), seen=BEGIN + DAY, complete=True)
    found = lake.versions("lots")
    assert [(one.version, one.at, one.added, one.corrected, one.gone, one.rows) for one in found] == [
        (4, BEGIN + DAY, 1, 1, 1, 3),
        (2, BEGIN, 3, 0, 0, 3),
    ]
    changes = lake.changes("lots", 2, 4)
    assert (changes.added, changes.corrected, changes.gone) == (1, 1, 1)
    assert [(one.kind, one.before, one.after) for one in changes.rows] == [
        ("gone", {"id": "c", "free": 1}, None),
        ("corrected", {"id": "a", "free": 1}, {"id": "a", "free": 2}),
        ("added", None, {"id": "d", "free": 1}),
    ]
    assert len(lake.changes("lots", 0, 4, limit=1).rows) == 1
    with pytest.raises(LakeFault):
        lake.changes("lots", 4, 2)


def test_retention(lake: FileLake) -> None:
    lake.append("readings", readings(range(100)))
    lake.append("readings", readings(range(50), 0.5))
    lake.compact("readings")
    lake.append("readings", readings(range(100, 110)))
    assert lake.retain("readings", BEGIN + dt.timedelta(minutes=30)) == 30
    assert lake.snapshot("readings").rows == 80 == len(current(lake, "readings"))
    assert min(row[0] for row in history(lake, "readings", '"at"')) == BEGIN + dt.timedelta(minutes=30)
    assert lake.append("readings", readings(range(40))).unchanged == 30, "they do not come back"
    assert lake.snapshot("readings").rows == 80
    assert lake.retain("readings", BEGIN) == 0
    assert lake.versions("readings")[1].act == "retain"
    lake.sweep("readings", now=time.time() + 4000)
    assert lake.check() == []


def _people(*rows: tuple[int, str | None, str | None, str]) -> pa.Table:
    names = ("id", "name", "phone", "wish")
    return pa.table({name: [row[at] for row in rows] for at, name in enumerate(names)})


def _bytes(lake: FileLake) -> bytes:
    """Everything in the table's files as it would be found on the disk, Parquet unpacked."""
    folder = lake.folder / "people"
    with duckdb.connect() as connection:
        cells = [
            repr(connection.execute("FROM read_parquet(?)", [str(path)]).fetchall())
            for path in folder.glob("data/*.parquet")
        ]
    logs = [path.read_text() for path in folder.glob("log/*") if path.is_file()]
    return "\n".join(cells + logs).encode()


def test_erasure_in_all_versions(lake: FileLake) -> None:
    kim = (1, "김가온", "010-0000-0001", "a bench")
    lee = (2, "이나루", "010-0000-0002", "a tree")
    lake.append("people", _people(kim, lee))
    lake.append("people", _people((1, "김가온", "010-0000-0009", "two benches")))
    lake.compact("people")
    lake.append("people", _people((1, "김가온", "010-0000-0010", "three benches")))
    assert lake.erase("people", {"phone": "010-0000-0001"}) == 1
    assert current(lake, "people", "id, name, phone, wish") == [
        (1, None, None, "three benches"),
        (2, "이나루", "010-0000-0002", "a tree"),
    ]
    assert {row[:2] for row in history(lake, "people", "name, phone, id") if row[2] == 1} == {(None, None)}
    assert [row[0] for row in history(lake, "people", "wish")][-1] == "three benches"
    lake.sweep("people", now=time.time() + 4000)
    assert "김가온".encode() not in _bytes(lake)
    assert b"010-0000-00" in _bytes(lake)
    assert b"010-0000-0010" not in _bytes(lake)
    again = lake.append("people", _people((1, "김가온", "010-0000-0010", "three benches"), lee))
    assert again.unchanged == 2, "the source delivers it again, and nothing of it stays"
    lake.append("people", _people((1, "김가온", "010-0000-0010", "four benches")))
    assert current(lake, "people", "id, name, phone, wish")[0] == (1, None, None, "four benches")
    assert lake.erase("people", {"name": "nobody"}) == 0
    assert lake.check() == []


def test_erasure_where_the_key_is_personal(lake: FileLake) -> None:
    spec = TableSpec("cards", (Column("phone", "text", personal=True), Column("n", "integer")), ("phone",))
    lake.ensure(spec)
    rows = pa.table({"phone": ["010-1", "010-2"], "n": [1, 2]})
    lake.append("cards", rows)
    (key,) = (row[0] for row in asked(lake.current_sql(lake.snapshot("cards")) + " ", "_key", "n")[:1])
    assert lake.erase("cards", {"phone": "010-1"}) == 1
    assert sorted(current(lake, "cards", "n, phone")) == [(1, None), (2, "010-2")]
    assert key not in {row[0] for row in history(lake, "cards", "_key")}
    assert lake.append("cards", rows).unchanged == 2
    assert lake.snapshot("cards").rows == 2


@pytest.mark.parametrize("where", [{}, {"colour": "red"}, {"name; DROP": "x"}])
def test_erasure_must_say_whom(lake: FileLake, where: dict[str, str]) -> None:
    with pytest.raises(LakeFault):
        lake.erase("people", where)
    with pytest.raises(LakeFault):
        lake.erase("lots", {"id": "a"})


def test_check_finds_every_kind_of_damage(lake: FileLake) -> None:
    lake.append("readings", readings(range(1000)))
    (file,) = lake.snapshot("readings").files
    whole = file.path.read_bytes()
    assert lake.check() == []
    flipped = bytearray(whole)
    flipped[len(whole) // 3] ^= 1
    for damage, kind in ((flipped, "damaged"), (whole[:-1], "size"), (None, "missing")):
        if damage is None:
            file.path.unlink()
        else:
            file.path.write_bytes(damage)
        assert [(one.table, one.kind) for one in lake.check()] == [("readings", kind)]
    file.path.write_bytes(whole)
    stray = file.path.with_name("fresh-ffffffffffffffff.parquet")
    stray.write_bytes(b"half")
    assert lake.check() == []
    assert lake.sweep("readings") == 0
    for number in (1000, 1001):
        lake.append("readings", readings([number]))
    commit = lake.folder / "readings/log/00000003.json"
    commit.rename(commit.with_suffix(".away"))
    assert [one.kind for one in FileLake(lake.folder).check("readings")] == ["log"]
    commit.write_text("{")
    assert [one.kind for one in FileLake(lake.folder).check("readings")] == ["log"]


# What is erased by hand stands in the audit log.
@pytest.mark.django_db
def test_commands(
    lake: FileLake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MARU_LAKE", str(lake.folder))
    lake.append("people", _people((1, "김가온", "010", "a"), (2, "이나루", "011", "b")))
    lake.append("people", _people((1, "김가온", "012", "c")))

    def run(*arguments: str) -> tuple[int, str]:
        parser = argparse.ArgumentParser()
        register(parser.add_subparsers(), [])
        options = parser.parse_args(["lake", *arguments])
        options.environment = load()
        return options.run(options), capsys.readouterr().out

    status, text = run("tables", "--json")
    assert (status, [row["records"] for row in json.loads(text)]) == (0, [0, 2, 0])
    assert "people" in run("tables")[1]
    assert run("erase", "people", "--where", "phone=010", "--json") == (0, '{"records": 1}\n')
    assert run("erase", "people", "--where", "phone")[0] == 2
    assert run("erase", "none", "--where", "phone=1")[0] == 1
    assert run("compact")[0] == 0
    assert json.loads(run("check", "--json")[1]) == {"sound": True, "findings": []}
    assert run("retain", "people", "--before", "2020-01-01") == (0, "0 records taken away\n")
    assert run("retain", "people", "--before", "never")[0] == 2
    for one in lake.snapshot("people").files:
        one.path.unlink()
    status, text = run("check", "people")
    assert status == 1
    assert "missing" in text
