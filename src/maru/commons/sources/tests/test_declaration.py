"""connector.toml: what is read, what is refused, and that what is written is read back the same."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maru.commons.sources import declaration as declarations
from maru.commons.sources.contracts import Declaration, FieldRule, Licence, Schedule, SeriesRule
from maru.commons.sources.kits.registry import KINDS, MODULES

# The machines of the tests are busy: how long one example takes says nothing.
PATIENT = settings(deadline=None)

GOOD = """
names = { ko = "대기질", en = "Air quality" }
summaries = { ko = "측정소의 대기질", en = "Air quality of the stations" }
office = "air"
owner = "Air Quality Division"
category = "environment"
kind = "table"
address = "https://data.example/air.csv"
personal = "none"
fresh_s = 7200
feeds = ["opendata"]

[schedule]
every_s = 3600
term = "At most one request a minute (terms of 2026)"
per_minute = 1

[licence]
id = "KOGL-1"
title = "Korea Open Government Licence type 1"

[record]
key = ["station", "at"]
time = "at"

[[fields]]
name = "station"
names = ["측정소명", "MSRSTE_NM"]
titles = { ko = "측정소", en = "Station" }

[[fields]]
name = "at"
type = "datetime"

[[fields]]
name = "pm10"
type = "number"
unit = "ug/m3"
low = 0
high = 2000

[[series]]
name = "pm10"
value = "pm10"
by = ["station"]

[options]
separator = ","
"""


def drawer(tmp_path: Path, text: str, name: str = "air_stations") -> Path:
    folder = tmp_path / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "connector.toml").write_text(text, encoding="utf-8")
    return folder


def faults(tmp_path: Path, text: str) -> str:
    with pytest.raises(declarations.DeclarationError) as caught:
        declarations.load(drawer(tmp_path, text))
    assert "connector.toml" in str(caught.value)
    return "\n".join(caught.value.faults)


def test_a_good_drawer_is_read(tmp_path: Path) -> None:
    (one,) = declarations.load(drawer(tmp_path, GOOD))
    assert (one.name, one.kind, one.mode, one.time) == ("air_stations", "table", "poll", "at")
    assert one.fields[0].names == ("측정소명", "MSRSTE_NM")
    assert one.fields[1].names == ("at",)
    assert [field.required for field in one.fields] == [
        True,
        True,
        False,
    ]  # key and time are, without being told
    assert one.schedule.per_minute == 1
    assert one.options == {"separator": ","}
    assert not one.code


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    text = GOOD.replace('kind = "table"', 'kind = "tebla"').replace('office = "air"\n', "")
    text = text.replace('category = "environment"', 'category = "air"').replace(
        "every_s = 3600", 'every_s = "1 h"'
    )
    text = text.replace("low = 0", "low = 3000").replace('ko = "대기질", ', "")
    text = text.replace('key = ["station", "at"]', 'key = ["place"]').replace("[options]", "[optxons]")
    said = faults(tmp_path, text)
    for place in (
        "kind:",
        "office: is missing",
        "category:",
        "schedule.every_s",
        "fields[2].low: is above high",
        "names: has no text in ko",
        "place is no field",
        "optxons: is not known here",
    ):
        assert place in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "at"\ntype = "datetime"', 'name = "at"', "neither date nor datetime"),
        ('value = "pm10"', 'value = "pm25"', "pm25 is no field"),
        (
            'name = "pm10"\ntype = "number"',
            'name = "pm10"\ntype = "text"',
            "factor, low and high are for numbers",
        ),
        ('name = "pm10"\ntype', 'name = "PM10"\ntype', "does not match"),
        ('name = "pm10"\ntype', 'name = "pm10"\nrole = "longitude"\ntype', "must come together"),
        ("fresh_s = 7200", 'fresh_s = 7200\nzone = "Asia/Maru"', "no time zone"),
        ("fresh_s = 7200", 'fresh_s = 7200\nzone = "../../etc/passwd"', "no time zone"),
        ("fresh_s = 7200", 'fresh_s = 7200\ncrs = "TM"', "crs"),
        ('kind = "table"', 'kind = "code"', "no read.py"),
        ("[licence]", "[license]", "licence: is missing"),
    ],
)
def test_what_does_not_hold_together_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    assert said in faults(tmp_path, GOOD.replace(old, new))


def test_a_missing_or_broken_file_is_a_fault_not_a_crash(tmp_path: Path) -> None:
    with pytest.raises(declarations.DeclarationError, match="missing"):
        declarations.load(tmp_path)
    assert "not TOML" in faults(tmp_path, "names = {")
    folder = tmp_path / "cp949"
    folder.mkdir()
    (folder / "connector.toml").write_bytes('owner = "대기"'.encode("cp949"))
    with pytest.raises(declarations.DeclarationError, match="not TOML"):
        declarations.load(folder)


def test_systems_share_a_drawer_and_override_what_differs(tmp_path: Path) -> None:
    text = GOOD + (
        '[[systems]]\nname = "air_east"\noffice = "east"\noptions = { sheet = "동" }\n'
        '[[systems]]\nname = "air_west"\nfields = [{ name = "pm10", unit = "mg/m3" }, { name = "pm25", type = "number" }]\n'
    )
    east, west = declarations.load(drawer(tmp_path, text))
    assert (east.name, east.office, east.options) == ("air_east", "east", {"separator": ",", "sheet": "동"})
    assert west.office == "air"
    assert [(one.name, one.unit) for one in west.fields] == [
        ("station", ""),
        ("at", ""),
        ("pm10", "mg/m3"),
        ("pm25", ""),
    ]
    assert west.fields[2].high == 2000
    assert east.drawer == west.drawer == "air_stations"
    assert "declared twice" in faults(tmp_path, text.replace("air_west", "air_east"))


def test_a_citys_own_drawer_never_runs_code_and_wins_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built_in, home = tmp_path / "built_in", tmp_path / "home"
    monkeypatch.setattr(declarations, "BUILT_IN", built_in)
    folder = drawer(built_in, GOOD)
    (folder / "read.py").write_text("KIT = None\n")
    assert declarations.all_declarations(home)["air_stations"].code
    own = drawer(home / "connectors", GOOD.replace("data.example", "own.example"))
    (own / "read.py").write_text("raise SystemExit\n")
    one = declarations.all_declarations(home)["air_stations"]
    assert not one.code
    assert one.address.startswith("https://own.example")
    drawer(built_in, GOOD.replace("names =", 'name = "air_stations"\nnames =', 1), "other")
    with pytest.raises(declarations.DeclarationError, match="is declared in air_stations too"):
        declarations.all_declarations(None)


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FILLED = WORDS.filter(lambda text: bool(text.strip()))
BOTH = st.fixed_dictionaries({"ko": FILLED, "en": FILLED})
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**15), 10**15).map(float)
FIELDS = st.builds(
    FieldRule,
    name=st.just("value"),
    names=st.lists(WORDS, min_size=1, max_size=3).map(tuple),
    type=st.just("number"),
    titles=BOTH | st.just({}),
    unit=WORDS,
    required=st.booleans(),
    nulls=st.lists(WORDS, max_size=3).map(tuple),
    factor=NUMBERS,
    low=st.none() | NUMBERS.filter(lambda low: low <= 0),
    high=st.none() | NUMBERS.filter(lambda high: high >= 0),
)


@PATIENT
@given(
    field=FIELDS, names=BOTH, option=FILLED, every=st.floats(0.1, 1e6), complete=st.booleans(), other=WORDS
)
def test_what_is_dumped_is_loaded_back(
    field: FieldRule, names: dict[str, str], option: str, every: float, complete: bool, other: str
) -> None:
    one = Declaration(
        name="a_source", drawer="a_source", names=names, summaries=names, office=other, owner=other, category="health",
        kind="table", mode="poll", address=other, schedule=Schedule(every, other), licence=Licence("CC-BY-4.0", other),
        personal="personal", fresh_s=60.0, fields=(FieldRule("key", ("키",), required=True), field), key=("key",),
        series=(SeriesRule("value", "value", ("key",), names),), complete=complete,
        options={option: [option, 1, True, {option: 1.5}]}, folder=Path("a_source"), feeds=("opendata",),
    )  # fmt: skip
    (back,) = declarations.parse(tomllib.loads(declarations.dump(one)), folder=Path("a_source"))
    assert back == replace(one, series=back.series)
    assert back.series == one.series


def test_every_kind_of_the_plan_has_one_module() -> None:
    assert len(KINDS) == 24
    assert all(path.endswith(f".{kind}") for kind, path in MODULES.items())
