"""A required column under a new name: taken for what it is where nothing else can be meant, and only there."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maru.commons.sources import aliases
from maru.commons.sources.contracts import Declaration, FieldRule, Licence, Schedule
from maru.commons.sources.records import to_records

NOW = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)
FIELDS = (
    FieldRule("station", ("station",), required=True), FieldRule("at", ("at",), "datetime", required=True),
    FieldRule("power", ("power",), "number", required=True, low=0), FieldRule("state", ("state",), required=True),
    FieldRule("note", ("note",)),
)  # fmt: skip
REQUIRED = ["station", "at", "power", "state"]
STRANGE = st.text("abcxyz가나_", min_size=1, max_size=8).filter(
    lambda name: name not in {rule.name for rule in FIELDS}
)
ROW = st.fixed_dictionaries({
    "station": st.sampled_from(["가람", "노을", "S1"]), "at": st.sampled_from(["2026-05-01 10:00", "2026-05-02T11:00:00Z"]),
    "power": st.integers(0, 900).map(str), "state": st.sampled_from(["on", "off"]), "note": st.sampled_from(["", "clean"]),
}).map(lambda row: {rule.name: row[rule.name] for rule in FIELDS})  # fmt: skip
ROWS = st.lists(ROW, min_size=1, max_size=30)
PATIENT = settings(deadline=None)


def declared(**options: Any) -> Declaration:
    return Declaration(
        name="solar", drawer="solar", names={}, summaries={}, office="o", owner="o", category="environment", kind="json", mode="poll",
        address="https://x.example/", schedule=Schedule(60, "t"), licence=Licence("CC0-1.0", "t"), personal="none", fresh_s=60,
        fields=FIELDS, key=("station", "at"), time="at", options=options,
    )  # fmt: skip


def renamed(rows: list[dict[str, str]], names: dict[str, str]) -> list[dict[str, str]]:
    return [{names.get(name, name): value for name, value in row.items()} for row in rows]


@given(rows=ROWS, old=st.sampled_from(REQUIRED), new=STRANGE, arrow=st.booleans())
@PATIENT
def test_one_renamed_column_stops_nothing(
    rows: list[dict[str, str]], old: str, new: str, arrow: bool
) -> None:
    given_rows: Any = renamed(rows, {old: new})
    found = to_records(declared(), pa.Table.from_pylist(given_rows) if arrow else given_rows, NOW)
    assert found.table.equals(to_records(declared(), rows, NOW).table)
    assert not found.dead
    assert found.drift.assumed == ((old, new),)
    assert not found.drift.gone
    assert not found.drift.new


@given(
    rows=ROWS,
    old=st.lists(st.sampled_from(REQUIRED), min_size=2, max_size=3, unique=True),
    new=st.lists(STRANGE, min_size=3, max_size=3, unique=True),
)
@PATIENT
def test_where_two_could_be_meant_nothing_is_assumed(
    rows: list[dict[str, str]], old: list[str], new: list[str]
) -> None:
    found = to_records(declared(), renamed(rows, dict(zip(old, new, strict=False))), NOW)
    assert not found.table.num_rows
    assert len(found.dead) == len(rows)
    assert not found.drift.assumed


@given(rows=ROWS, old=st.sampled_from(REQUIRED), new=st.lists(STRANGE, min_size=2, max_size=2, unique=True))
@PATIENT
def test_a_second_new_column_leaves_it_open(rows: list[dict[str, str]], old: str, new: list[str]) -> None:
    more = [{**row, new[1]: "7"} for row in renamed(rows, {old: new[0]})]
    found = to_records(declared(), more, NOW)
    assert (found.table.num_rows, found.drift.gone, set(found.drift.new)) == (0, (old,), set(new))


@given(rows=ROWS, old=st.sampled_from(["at", "power"]), new=STRANGE)
@PATIENT
def test_what_is_of_another_type_is_something_else(rows: list[dict[str, str]], old: str, new: str) -> None:
    found = to_records(declared(), [{**row, new: "north"} for row in renamed(rows, {old: new})], NOW)
    assert (found.table.num_rows, found.drift.assumed) == (0, ())


@given(rows=ROWS, new=STRANGE)
@PATIENT
def test_text_at_another_place_is_something_else(rows: list[dict[str, str]], new: str) -> None:
    moved = [{**{name: value for name, value in row.items() if name != "station"}, new: "x"} for row in rows]
    found = to_records(declared(), moved, NOW)
    assert (found.table.num_rows, found.drift.assumed) == (0, ())


def test_limits_count_and_optional_columns_are_never_assumed() -> None:
    row = {"station": "가람", "at": "2026-05-01 10:00", "watts": "-4", "state": "on", "note": ""}
    assert to_records(declared(), [row] * 20, NOW).drift.gone == ("power",)
    row = {"station": "가람", "at": "2026-05-01 10:00", "power": "4", "state": "on", "remark": "x"}
    found = to_records(declared(), [row] * 20, NOW)
    assert (found.table.num_rows, found.drift.gone, found.drift.new) == (20, ("note",), ("remark",))
    assert to_records(declared(ignore=["remark"]), [row] * 20, NOW).drift.new == ()


@given(rows=ROWS, old=st.sampled_from(REQUIRED), new=STRANGE)
@PATIENT
def test_what_a_person_accepted_is_as_declared(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]], old: str, new: str
) -> None:
    home = tmp_path_factory.mktemp("home")
    aliases.accept(home, "solar", old, new)
    changed = aliases.applied(declared(), aliases.read(home))
    found = to_records(changed, renamed(rows, {old: new}), NOW)
    assert found.table.equals(to_records(declared(), rows, NOW).table)
    assert not found.drift
    aliases.reject(home, "solar", "other")
    assert aliases.read(home)["solar"] == {"ignore": ["other"], "names": {old: [new]}}
    assert aliases.applied(changed, {"another": {"ignore": ["x"]}}) is changed


@pytest.mark.parametrize(
    "text",
    ["not toml =", "solar = 3\n", "[solar]\nnames = 3\nignore = [1, {}]\n", "[solar.names]\npower = 'x'\n"],
)
def test_a_file_that_holds_something_else_changes_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / aliases.FILE).write_text(text)
    assert aliases.applied(declared(), aliases.read(tmp_path)) == declared()
