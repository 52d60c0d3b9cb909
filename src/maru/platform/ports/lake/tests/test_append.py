"""What is there already changes nothing; what changed is a new version; what is no longer delivered is gone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest

from maru.platform.ports.lake.contracts import Column, Commit, LakeFault, TableSpec
from maru.platform.ports.lake.store import FileLake
from maru.platform.ports.lake.tests.tables import BEGIN, LOTS, READINGS, current, history, lots, readings


@pytest.fixture
def lake(tmp_path: Path) -> FileLake:
    lake = FileLake(tmp_path)
    for spec in (READINGS, LOTS):
        lake.ensure(spec)
    return lake


def test_a_repeated_delivery_changes_nothing(lake: FileLake) -> None:
    first = lake.append("readings", readings(range(100)))
    assert first == Commit("readings", 2, added=100)
    assert lake.append("readings", readings(range(100))) == Commit("readings", 2, unchanged=100)
    overlapping = lake.append("readings", readings(range(50, 150)))
    assert (overlapping.added, overlapping.corrected, overlapping.unchanged) == (50, 0, 50)
    assert FileLake(lake.folder).append("readings", readings(range(150))).unchanged == 150
    assert lake.snapshot("readings").rows == 150 == len(current(lake, "readings"))


def test_the_name_of_a_delivery_makes_it_a_no_op(lake: FileLake) -> None:
    lake.append("lots", lots(a=1), delivery="one")
    lake.append("lots", lots(a=2), delivery="two")
    again = lake.append("lots", lots(a=1), delivery="one")
    assert again == Commit("lots", 3)
    assert current(lake, "lots", "id, free") == [("a", 2)]
    assert FileLake(lake.folder).append("lots", lots(a=1), delivery="one") == Commit("lots", 3)


def test_corrections_keep_their_history(lake: FileLake) -> None:
    lake.append("lots", lots(a=1, b=1))
    done = lake.append("lots", lots(a=2, b=1, c=1))
    assert (done.added, done.corrected, done.unchanged) == (1, 1, 1)
    assert current(lake, "lots", "id, free") == [("a", 2), ("b", 1), ("c", 1)]
    assert sorted(history(lake, "lots", "id, free")) == [("a", 1), ("a", 2), ("b", 1), ("c", 1)]


def test_a_record_twice_in_one_delivery(lake: FileLake) -> None:
    rows = pa.concat_tables([lots(a=1, b=1), lots(a=1), lots(b=2), lots(b=3), lots(c=1)])
    done = lake.append("lots", rows)
    assert (done.added, done.corrected, done.unchanged) == (3, 2, 1)
    assert current(lake, "lots", "id, free") == [("a", 1), ("b", 3), ("c", 1)]
    assert len(history(lake, "lots")) == 5
    lake.compact("lots")
    assert current(lake, "lots", "id, free") == [("a", 1), ("b", 3), ("c", 1)]
    back = lake.append("lots", pa.concat_tables([lots(b=3), lots(b=4), lots(b=3)]))
    assert (back.corrected, back.unchanged) == (2, 1)


def test_a_complete_delivery_says_what_is_gone(lake: FileLake) -> None:
    lake.append("lots", lots(a=1, b=2, c=3), complete=True)
    done = lake.append("lots", lots(a=1, c=4), complete=True)
    assert (done.gone, done.corrected, done.unchanged) == (1, 1, 1)
    assert current(lake, "lots", "id, free") == [("a", 1), ("c", 4)]
    assert lake.append("lots", lots(a=1, c=4), complete=True).gone == 0
    back = lake.append("lots", lots(b=2))
    assert (back.added, lake.snapshot("lots").rows) == (1, 3)
    lake.compact("lots")
    assert current(lake, "lots", "id, free") == [("a", 1), ("b", 2), ("c", 4)]
    emptied = lake.append("lots", lots(), complete=True)
    assert (emptied.gone, lake.snapshot("lots").rows) == (3, 0)
    assert current(lake, "lots") == []
    assert [row for row in history(lake, "lots", "id, _gone") if row[1]] != []


def test_rows_without_a_key_are_what_they_say(lake: FileLake) -> None:
    spec = TableSpec("words", (Column("word", "text"), Column("n", "integer")), ())
    lake.ensure(spec)
    rows = pa.table({"word": ["가", "가", "나"], "n": pa.array([1, 1, None], pa.int64())})
    assert lake.append("words", rows).added == 3
    assert lake.append("words", rows).unchanged == 3
    done = lake.append("words", rows.slice(1), complete=True)
    assert (done.gone, lake.snapshot("words").rows) == (1, 2)


def test_columns_may_come_later(lake: FileLake) -> None:
    lake.append("lots", lots(a=1, b=2))
    wider = TableSpec("lots", (*LOTS.columns, Column("fee", "number")), LOTS.key)
    assert lake.ensure(wider).columns == wider.columns
    assert lake.ensure(LOTS).columns == wider.columns
    assert current(lake, "lots", "id, fee") == [("a", None), ("b", None)]
    unchanged = lake.append("lots", lots(a=1, b=2))
    assert unchanged.unchanged == 2, "a column nobody filled is no correction"
    fees = lots(a=1).append_column("fee", pa.array([2.5]))
    assert lake.append("lots", fees).corrected == 1
    lake.compact("lots")
    assert current(lake, "lots", "id, free, fee") == [("a", 1, 2.5), ("b", 2, None)]


@pytest.mark.parametrize(
    "spec",
    [
        TableSpec("lots", (Column("id", "integer"), Column("free", "integer")), ("id",)),
        TableSpec("lots", LOTS.columns, ("id", "free")),
        TableSpec("lots", (Column("ID", "text"),), ("id",)),
        TableSpec("Lots", LOTS.columns, ("id",)),
        TableSpec("../lots", LOTS.columns, ("id",)),
        TableSpec("x", (Column("_key", "text"),), ()),
        TableSpec("x", (Column("a", "text"), Column("A", "text")), ()),
        TableSpec("x", (Column('a"; DROP', "text"),), ()),
        TableSpec("x", (), ()),
        TableSpec("x", (Column("a", "text"),), ("b",)),
        TableSpec("x", (Column("a", "text"),), ("a",), "a"),
    ],
)
def test_refused_tables(lake: FileLake, spec: TableSpec) -> None:
    with pytest.raises(LakeFault):
        lake.ensure(spec)
    assert lake.tables() == ["lots", "readings"]


def test_refused_rows(lake: FileLake) -> None:
    for rows in (
        pa.table({"id": ["a"], "free": ["many"]}),
        pa.table({"id": ["a"], "free": [1.5]}),
        pa.table({"id": [1], "free": [1]}),
        pa.table({"id": ["a"], "colour": ["red"]}),
    ):
        with pytest.raises(LakeFault):
            lake.append("lots", rows)
    with pytest.raises(LakeFault):
        lake.append("none", lots(a=1))
    with pytest.raises(LakeFault):
        lake.snapshot("none")
    assert lake.snapshot("lots").rows == 0


def test_types_that_fit_are_taken(lake: FileLake) -> None:
    rows = pa.table(
        {
            "id": pa.array(["a", "b"], pa.large_string()).dictionary_encode(),
            "free": pa.array([1, 2], pa.int32()),
        }
    )
    lake.append("lots", rows)
    assert lake.append("lots", lots(a=1, b=2)).unchanged == 2
    naive = readings([1]).set_column(1, "at", pa.array([BEGIN.replace(tzinfo=None)], pa.timestamp("s")))
    lake.append("readings", naive)
    assert current(lake, "readings", '"at", _at') == [(BEGIN, BEGIN)]


def test_time_of_arrival_and_time_of_the_record(lake: FileLake) -> None:
    seen = dt.datetime(2025, 6, 1, tzinfo=dt.UTC)
    lake.append("lots", lots(a=1), seen=seen)
    assert current(lake, "lots", "_at, _seen") == [(seen, seen)]
    nulls = readings([1]).set_column(1, "at", pa.array([None], pa.timestamp("us", "UTC")))
    lake.append("readings", nulls, seen=seen)
    assert current(lake, "readings", '"at", _at') == [(None, seen)]
    assert lake.append("readings", nulls, seen=seen + dt.timedelta(days=1)).unchanged == 1


def test_many_small_appends_stay_few_files(lake: FileLake) -> None:
    for number in range(120):
        lake.append("readings", readings(range(number * 3, number * 3 + 4)))
        lake.append("lots", lots(a=number, b=number % 2))
    assert lake.snapshot("readings").rows == 361 == len(current(lake, "readings"))
    assert current(lake, "lots", "id, free") == [("a", 119), ("b", 1)]
    assert max(len(lake.snapshot(name).files) for name in ("readings", "lots")) < 60
    assert len(history(lake, "lots")) == 240
    assert lake.check() == []


def test_a_lake_larger_than_its_memory_of_keys(tmp_path: Path) -> None:
    """With a budget of a few entries each append looks into the files."""
    lake = FileLake(tmp_path)
    lake.lookup.budget = 10
    lake.ensure(LOTS)
    names = [f"p{number}" for number in range(40)]
    lake.append("lots", lots(**dict.fromkeys(names, 1)))
    assert lake.append("lots", lots(**dict.fromkeys(names[:30], 1))).unchanged == 30
    assert lake.append("lots", lots(p3=2, p4=1)).corrected == 1
    assert lake.append("lots", lots(p3=2)).unchanged == 1
    assert lake.append("lots", lots(p3=2, q=1), complete=True).gone == 39
    assert current(lake, "lots", "id, free") == [("p3", 2), ("q", 1)]
