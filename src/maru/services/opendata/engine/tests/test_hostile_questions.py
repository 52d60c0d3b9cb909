"""Questions to a sheet that strangers make up: none is a fault of ours, none makes the house hold more."""

from __future__ import annotations

import base64
import datetime as dt
from pathlib import Path

import orjson
import pyarrow as pa
import pytest

from maru.platform.ports.lake.contracts import Column, TableSpec
from maru.platform.ports.lake.store import FileLake
from maru.services.opendata.engine import duck
from maru.services.opendata.engine.contracts import ColumnInfo, Like, Measure, Query, QueryFault
from maru.services.opendata.engine.sheets import Sheets

COLUMNS = (ColumnInfo("id", "integer"), ColumnInfo("word", "text"))


@pytest.fixture
def lake(tmp_path: Path) -> FileLake:
    made = FileLake(tmp_path)
    made.ensure(
        TableSpec("t", (Column("id", "integer"), Column("word", "text")), ("word",), partition="none")
    )
    made.append("t", pa.table({"id": pa.array([2**63 - 1, 2**63 - 2]), "word": ["a", "b"]}))
    return made


def test_a_sum_beyond_64_bits_can_be_written(lake: FileLake) -> None:
    sheet = Sheets().get(lake, "t", COLUMNS)
    page = sheet.page(Query(measures=(Measure("sum", "id", "total"),)))
    assert orjson.loads(orjson.dumps(page.rows))[0][0] == pytest.approx(2.0**64)


@pytest.mark.parametrize(
    "text",
    ["[1,1e400]", "[1,-1e400]", "[" * 1_400, "[1,[2]]", "[1,null]", '{"a":1}', "[1,NaN]", "\x00", "[1,2,3]"],
)
def test_a_cursor_of_ones_own_is_refused(lake: FileLake, text: str) -> None:
    cursor = base64.urlsafe_b64encode(text.encode()).decode()
    with pytest.raises(QueryFault):
        Sheets().get(lake, "t", COLUMNS).page(Query(cursor=cursor))


def test_a_cursor_far_behind_the_end_finds_nothing(lake: FileLake) -> None:
    cursor = base64.urlsafe_b64encode(b"[1,%d]" % 10**60).decode()
    assert Sheets().get(lake, "t", COLUMNS).page(Query(cursor=cursor)).rows == []


@pytest.mark.parametrize("pattern", ["%" * 301, "%" * 299 + "\\", "a\\\\\\"])
def test_a_pattern_is_never_cut(lake: FileLake, pattern: str) -> None:
    with pytest.raises(QueryFault):
        Sheets().get(lake, "t", COLUMNS).page(Query(where=Like("word", pattern)))


def test_times_to_come_make_no_sheets_of_their_own(lake: FileLake) -> None:
    held = Sheets()
    now = held.get(lake, "t", COLUMNS)
    later = dt.datetime(2999, 1, 1, tzinfo=dt.UTC)
    for number in range(20):
        assert held.get(lake, "t", COLUMNS, later + dt.timedelta(microseconds=number)) is now
    assert len(held._open) == 1


def test_what_spills_from_memory_is_bounded() -> None:
    folder, most = duck.rows(
        "SELECT current_setting('temp_directory'), current_setting('max_temp_directory_size')"
    )[0]
    assert folder not in ("", ".tmp")
    assert most.startswith(("3.7", "4"))
