"""The rules that hold for all records: they never change, none is left out, each has its name."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maru.simulator.outside import control
from maru.simulator.outside.ledger import Intervals, Ledger, first_at
from maru.simulator.outside.rows import json_template, keys, names, rows
from maru.simulator.outside.systems import COUNT, by_name, drawers, natural_rate, shares, systems
from maru.simulator.outside.world import build

ANCHOR = 1_768_446_000.0
NAMES = sorted(by_name())


def ledger(name: str, history: int = 2_000, anchor: float = ANCHOR) -> Ledger:
    system = by_name()[name]
    return Ledger(system, seed=1, history=max(history // system.batch, 1) * system.batch, anchor=anchor)


def texts(one: Ledger, first: int, end: int) -> list[str]:
    return rows(one, first, end, "json", json_template(names(one)))


def test_there_are_290_systems_of_66_kinds_that_know_their_columns() -> None:
    assert len(systems()) == len(by_name()) == COUNT
    assert len(drawers()) == 66
    assert 30 < sum(map(natural_rate, systems())) < 60
    for one in systems():
        columns = [field.column for field in one.fields]
        assert len(columns) == len(set(columns)), one.name
        assert set(one.key) <= set(columns), one.name
        assert not one.time or one.column(one.time).type in ("date", "datetime"), one.name
        assert all({series.value, *series.by} <= set(columns) for series in one.series), one.name
        assert all(field.ko and field.en for field in one.fields), one.name
        assert one.boost is False or one.batch == 1, one.name


@pytest.mark.parametrize("records", [100_000, 1_000_003, 16_000_000])
def test_history_has_exactly_as_many_records_as_asked_for(records: int) -> None:
    assert sum(shares(records).values()) == records


@given(st.sampled_from(NAMES), st.integers(0, 1_900), st.integers(1, 90), st.integers(0, 90))
@settings(max_examples=60, deadline=None)
def test_a_page_is_the_same_however_it_is_cut(name: str, first: int, size: int, cut: int) -> None:
    one = ledger(name)
    end, middle = first + size, first + min(cut, size)
    assert texts(one, first, end) == texts(one, first, middle) + texts(ledger(name), middle, end)


@given(st.sampled_from([one for one in NAMES if by_name()[one].time]), st.integers(0, 5_000))
@settings(max_examples=60, deadline=None)
def test_no_two_records_have_the_same_key(name: str, first: int) -> None:
    one = ledger(name, 8_000)
    found = keys(one, np.arange(first, first + 1_500, dtype=np.int64))
    assert len(set(found)) == len(found)


@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 30)), max_size=40),
    st.integers(0, 50),
    st.integers(1, 50),
)
def test_intervals_are_a_set(added: list[tuple[int, int]], offset: int, limit: int) -> None:
    found, expected = Intervals(), set[int]()
    for start, size in added:
        found.add(start, start + size)
        expected |= set(range(start, start + size))
    assert len(found) == len(expected)
    assert found.take(offset, limit).tolist() == sorted(expected)[offset : offset + limit]


@given(st.floats(0, 500_000), st.floats(0.5, 60), st.floats(1, 100_000))
@settings(deadline=None)
def test_hurrying_loses_and_changes_nothing(wait: float, factor: float, later: float) -> None:
    one = ledger("energy_solar")
    now = ANCHOR + wait
    before = texts(one, one.count(now) - 20, one.count(now))
    count = one.count(now)
    one.hurry(now, factor)
    assert one.count(now) == count
    assert one.count(now + later) >= count
    assert texts(one, count - 20, count) == before
    times = one.times(np.arange(count - 20, count + 20, dtype=np.int64))
    assert (np.diff(times) > 0).all()


def test_the_first_record_from_a_moment_on() -> None:
    one = ledger("cycling_bikes", 12_000)
    count = one.count(ANCHOR)
    moment = float(one.times(np.array([5_000]))[0])
    assert first_at(one, moment, count) == 5_000 - 5_000 % 1_200
    assert first_at(one, 0, count) == 0
    assert first_at(one, ANCHOR * 2, count) == count


def test_after_a_wrong_clock_nothing_is_passed_over() -> None:
    one = ledger("noise_levels")
    control.apply(one, "skew", ANCHOR + 100)
    control.apply(one, "recover", ANCHOR + 400)
    count = one.count(ANCHOR + 2_000)
    times = one.times(np.arange(count, dtype=np.int64))
    for moment in (ANCHOR + 50, ANCHOR + 150, ANCHOR + 600, ANCHOR + 900):
        assert first_at(one, moment, count) == int(np.flatnonzero(times >= moment)[0])


@pytest.mark.parametrize("what", ["garbage", "duplicates", "skew"])
def test_a_fault_of_records_stays_with_them(what: str) -> None:
    one = ledger("energy_solar")
    start, end = ANCHOR + 100, ANCHOR + 1_000
    untouched = texts(one, 0, one.count(start))
    control.apply(one, what, start)
    control.apply(one, "recover", end)
    assert texts(one, 0, len(untouched)) == untouched
    first, last = one.count(start), one.count(end)
    during = texts(one, first, last)
    assert during != texts(ledger("energy_solar"), first, last)
    assert texts(one, last, last + 50) == texts(ledger("energy_solar"), last, last + 50)
    one.hand_out(0, last)
    good, bad = one.given()
    assert good + bad <= last
    assert (bad > 0) == (what == "garbage")
    if what == "duplicates":
        assert good == len(set(texts(one, 0, last)))


def test_all_do_what_the_panel_offers() -> None:
    one = ledger("energy_solar")
    for what in control.DO:
        control.apply(one, what, ANCHOR)
    with pytest.raises(KeyError):
        control.apply(one, "dance", ANCHOR)


def test_the_past_is_the_same_after_a_restart(tmp_path: Path) -> None:
    first, _factors = build(tmp_path, records=100_000, rate=1)
    (tmp_path / "folder").mkdir()
    again, _factors = build(tmp_path, records=100_000, rate=1)
    assert first.anchor == again.anchor
    assert texts(first.ledgers["noise_levels"], 0, 50) == texts(again.ledgers["noise_levels"], 0, 50)
    build(tmp_path, records=100_001, rate=1)
    assert not (tmp_path / "folder").exists(), "files of another past must not stay"


def test_the_rate_is_what_was_asked_for(tmp_path: Path) -> None:
    world, _factors = build(tmp_path, records=100_000, rate=19)
    now = time.time() + 5
    came = sum(one.count(now + 86_400 * 7) - one.count(now) for one in world.ledgers.values()) / (86_400 * 7)
    natural = sum(map(natural_rate, systems()))
    assert came == pytest.approx(19 * natural, rel=0.02)


def test_a_window_shows_the_newest_records_only() -> None:
    one = Ledger(replace(by_name()["communication_press"], window=7), seed=1, history=50, anchor=ANCHOR)
    low, high = one.visible(ANCHOR + 1)
    assert (low, high) == (43, 50)
