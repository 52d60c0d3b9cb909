"""A collector that ended between lake and ledger: what the lake holds is said at the next start, also if it never comes again."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from maru.commons.sources.models import Latest, Source
from maru.commons.sources.operations import sources as operations
from maru.commons.sources.tests.collector.test_rounds import row
from maru.commons.sources.tests.collector.world import PRESENT, Trial, World, drawer
from maru.platform.ports.lake.store import FileLake

pytestmark = pytest.mark.django_db(transaction=True)


def _cut_off(trial: Trial) -> None:
    """A round whose rows the lake keeps and nobody writes down; then a fresh process."""
    trial.collector.scribe._write = lambda *_: None  # type: ignore[method-assign]
    trial.round()
    trial.open()


def test_rows_that_come_back_unchanged_are_counted(trial: Trial, world: World, home: Path) -> None:
    drawer(home, "air", f"{world.url}/air")
    world.rows = [row("a", 1), row("b", 2)]
    _cut_off(trial)
    trial.round()
    source = Source.objects.get()
    assert (source.records, source.last_value_at) == (2, PRESENT.now)


def test_what_never_comes_again_is_made_good_from_the_lake(trial: Trial, world: World, home: Path) -> None:
    drawer(home, "air", f"{world.url}/air")
    world.rows = [row("a", 1, 5), row("b", 7, 5)]
    trial.round()
    world.rows = [row("a", 2), row("c", 3)]
    _cut_off(trial)
    world.down = True
    trial.round()
    source = Source.objects.get()
    assert (source.records, source.last_value_at) == (4, PRESENT.now)
    assert {one.key: one.number for one in Latest.objects.all()} == {"a": 2.0, "b": 7.0, "c": 3.0}


def test_what_is_gone_or_no_longer_kept_is_not_counted(trial: Trial, world: World, home: Path) -> None:
    drawer(home, "air", f"{world.url}/air", complete="true")
    world.rows = [row("a", 1), row("b", 2, 5), row("c", 3)]
    trial.round()
    world.rows = world.rows[:2]
    trial.round()
    assert Source.objects.get().records == 2
    FileLake(home / "lake").retain("air", PRESENT.now - dt.timedelta(minutes=1))
    trial.open()
    trial.round(now=False)
    assert Source.objects.get().records == 1


def test_a_collector_that_runs_rewinds_too(trial: Trial, world: World, home: Path) -> None:
    drawer(home, "air", f"{world.url}/air")
    body = json.dumps([row("a", 1)]).encode()
    world.answer = lambda _path: (200, {"Content-Type": "application/json", "ETag": '"1"'}, body)
    trial.round()
    assert Source.objects.get().validators != "{}"
    trial.round()
    assert "if-none-match" in world.asked[-1][1]
    for _again in range(2):
        operations.rewind(source=Source.objects.get(), by=None)
    trial.round(now=False)
    assert "if-none-match" not in world.asked[-1][1]
    source = Source.objects.get()
    assert (source.wanted, source.records) == ("", 1)


def test_a_lake_that_cannot_be_read_ends_no_collector(
    trial: Trial, world: World, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawer(home, "air", f"{world.url}/air")
    world.rows = [row("a", 1)]
    trial.round()
    trial.open()

    def fail(*_words: object) -> None:
        raise OSError("no such disk")

    with monkeypatch.context() as broken:
        broken.setattr(FileLake, "snapshot", fail)
        trial.round()
    assert (Source.objects.get().error, Source.objects.get().records) == ("storage", 1)
    trial.round()
    assert (Source.objects.get().error, Source.objects.get().records) == ("", 1)
