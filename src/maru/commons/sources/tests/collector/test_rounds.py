"""From the outside to the lake and the table of newest values, and everything that may go wrong on the way."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import duckdb

from maru.commons.sources.models import DeadLetter, DriftAlarm, Hour, Latest, Run, Source
from maru.commons.sources.tests.collector.world import PRESENT, Trial, World, drawer


def row(station: str, value: Any, minutes_ago: int = 0) -> dict[str, Any]:
    at = PRESENT.now - dt.timedelta(minutes=minutes_ago)
    return {"station": station, "at": at.isoformat(), "value": value}


def kept(trial: Trial, name: str) -> list[tuple[Any, ...]]:
    lake = trial.desk.lake
    sql = f'SELECT station, value FROM {lake.current_sql(lake.snapshot(name))} ORDER BY station, "at"'
    return duckdb.sql(sql).fetchall()


def test_a_source_becomes_records_and_newest_values(trial: Trial, world: World, home: Path) -> None:
    drawer(home, "air", f"{world.url}/air")
    world.rows = [row("a", 1, 10), row("a", 2), row("b", "3.5")]
    trial.round()
    trial.round()
    assert kept(trial, "air") == [("a", 1.0), ("a", 2.0), ("b", 3.5)]
    found = {one.key: (one.number, one.unit) for one in Latest.objects.filter(source_id="air")}
    assert found == {"a": (2.0, "ug/m3"), "b": (3.5, "ug/m3")}
    source = Source.objects.get(name="air")
    assert (source.state, source.records, source.failures, source.error) == ("ok", 3, 0, "")
    assert source.last_value_at == PRESENT.now
    assert Run.objects.filter(source_id="air").count() == 1  # the second one gave nothing new
    assert Hour.objects.get(source_id="air").added == 3


def test_what_cannot_be_read_becomes_a_letter_and_is_read_again_when_the_drawer_learns(
    trial: Trial, world: World, home: Path
) -> None:
    drawer(home, "air", f"{world.url}/air")
    world.rows = [row("a", 1), row("b", "점검중"), row("c", -5)]
    trial.round()
    trial.round()
    letters = {
        one.field: (json.loads(bytes(one.raw))["station"], one.seen) for one in DeadLetter.objects.all()
    }
    assert letters == {"value": ("c", 2)} or letters == {"value": ("b", 2)}
    assert DeadLetter.objects.count() == 2
    assert Source.objects.get().dead == 4
    assert kept(trial, "air") == [("a", 1.0)]
    text = (home / "connectors" / "air" / "connector.toml").read_text()
    text = text.replace("low = 0", "low = -10").replace(
        'unit = "ug/m3"', 'unit = "ug/m3"\nnulls = ["점검중"]'
    )
    (home / "connectors" / "air" / "connector.toml").write_text(text)
    world.rows = []
    Source.objects.update(wanted="retry")
    trial.round(now=False)
    trial.round(now=False)
    assert DeadLetter.objects.filter(settled_at=None).count() == 0
    assert kept(trial, "air") == [("a", 1.0), ("b", None), ("c", -5.0)]


def test_a_renamed_column_raises_an_alarm_and_stops_nothing(trial: Trial, world: World, home: Path) -> None:
    drawer(home, "air", f"{world.url}/air")
    world.rows = [row("a", 1, 3)]
    trial.round()
    world.rows = [{"station": "a", "at": PRESENT.now.isoformat(), "val": 2, "mood": "good"}]
    trial.round()
    found = {(one.kind, one.name, one.becomes) for one in DriftAlarm.objects.filter(closed_at=None)}
    assert found == {("renamed", "value", "val"), ("new", "mood", "")}
    assert Source.objects.get().drift == 2
    assert kept(trial, "air") == [("a", 1.0), ("a", 2.0)]
    trial.open()
    world.rows = [row("a", 3, -1)]
    trial.round()
    assert not DriftAlarm.objects.filter(closed_at=None).exists()
    assert Source.objects.get().drift == 0


def test_late_and_corrected_records_keep_their_history(trial: Trial, world: World, home: Path) -> None:
    drawer(home, "air", f"{world.url}/air")
    world.rows = [row("a", 5)]
    trial.round()
    world.rows = [row("a", 1, 30), row("a", 6)]  # one from before, one corrected
    trial.round()
    assert kept(trial, "air") == [("a", 1.0), ("a", 6.0)]
    assert Latest.objects.get().number == 6.0
    world.rows = [row("a", 2, 60)]  # later than the newest, but older: never the newest value
    trial.round()
    assert Latest.objects.get().number == 6.0
    lake = trial.desk.lake
    everything = duckdb.sql(f"SELECT count(*) FROM {lake.history_sql(lake.snapshot('air'))}").fetchall()
    assert everything == [(4,)]
    assert Source.objects.get().corrected == 1


def test_a_plug_is_pulled_and_put_back(trial: Trial, world: World, home: Path) -> None:
    drawer(home, "air", f"{world.url}/air", fresh_s=60)
    world.rows = [row("a", 1)]
    trial.round()
    assert Source.objects.get().state == "ok"
    world.down = True
    trial.round()
    source = Source.objects.get()
    assert (source.state, source.error, source.failures) == (
        "ok",
        "unreachable",
        1,
    )  # still within its promise
    standing = trial.engine.standings["air"]
    standing.last_value_at = PRESENT.now - dt.timedelta(seconds=90)
    trial.round()
    assert Source.objects.get().state == "stale"
    standing.last_value_at = PRESENT.now - dt.timedelta(days=1)
    trial.round()
    assert Source.objects.get().state == "broken"
    world.down = False
    world.rows = [row("a", 2, -1)]
    trial.engine.desk.reach.limits.worked("air")
    trial.round()
    source = Source.objects.get()
    assert (source.state, source.error, source.failures) == ("ok", "", 0)


def test_killed_between_lake_and_cursor_nothing_comes_twice(trial: Trial, world: World, home: Path) -> None:
    drawer(home, "air", f"{world.url}/air")
    world.rows = [row("a", 1), row("b", 2)]
    trial.collector.scribe._write = lambda *_: None  # type: ignore[method-assign]  # killed before the ledger wrote
    trial.round()
    assert Source.objects.get().records == 0
    assert Latest.objects.count() == 0
    trial.open()
    trial.round()
    assert kept(trial, "air") == [("a", 1.0), ("b", 2.0)]
    lake = trial.desk.lake
    everything = duckdb.sql(f"SELECT count(*) FROM {lake.history_sql(lake.snapshot('air'))}").fetchall()
    assert everything == [(2,)]
    assert Latest.objects.count() == 2


def test_garbage_is_kept_and_the_source_recovers(trial: Trial, world: World, home: Path) -> None:
    drawer(home, "air", f"{world.url}/air")
    world.answer = lambda _path: (200, {"Content-Type": "application/json"}, b'{"rows": [\xff\x00{{{')
    trial.round()
    source = Source.objects.get()
    assert (source.error, source.failures) == ("malformed", 1)
    assert bytes(DeadLetter.objects.get().raw).startswith(b'{"rows": [')
    world.answer = None
    world.rows = [row("a", 1)]
    trial.round()
    assert (Source.objects.get().state, kept(trial, "air")) == ("ok", [("a", 1.0)])


def test_what_did_not_change_is_not_sent_again(trial: Trial, world: World, home: Path) -> None:
    drawer(home, "air", f"{world.url}/air")
    body = json.dumps([row("a", 1)]).encode()

    def answer(_path: str) -> tuple[int, dict[str, str], bytes]:
        if world.asked[-1][1].get("if-none-match") == '"one"':
            return 304, {}, b""
        return 200, {"ETag": '"one"', "Content-Type": "application/json"}, body

    world.answer = answer
    trial.round()
    trial.open()  # also after a restart
    trial.round()
    assert [headers.get("if-none-match") for _path, headers in world.asked] == [None, '"one"']
    assert Source.objects.get().state == "ok"


def test_a_whole_state_says_what_is_gone_but_garbage_does_not(trial: Trial, world: World, home: Path) -> None:
    drawer(home, "air", f"{world.url}/air", complete="true")
    world.rows = [row("a", 1), row("b", 2), row("c", 3)]
    trial.round()
    world.rows = [row("a", 1), row("b", 2)]
    trial.round()
    assert kept(trial, "air") == [("a", 1.0), ("b", 2.0)]
    world.rows = [row("a", 1), row("b", "x")]  # one could not be read: it may well be there
    trial.round()
    world.rows = []
    trial.round()
    assert kept(trial, "air") == [("a", 1.0), ("b", 2.0)]


def test_people_pause_resume_and_ask(trial: Trial, world: World, home: Path) -> None:
    drawer(home, "air", f"{world.url}/air")
    world.rows = [row("a", 1)]
    trial.round()
    asked = len(world.asked)
    Source.objects.update(paused=True)
    trial.round()
    trial.round()
    assert (len(world.asked), Source.objects.get().state) == (asked, "paused")
    Source.objects.update(paused=False)
    trial.round(now=False)
    assert len(world.asked) == asked + 1
    Source.objects.update(wanted="run")
    trial.round(now=False)
    assert (len(world.asked), Source.objects.get().wanted) == (asked + 2, "")


def test_a_new_drawer_lives_at_the_next_round_and_a_broken_one_harms_nobody(
    trial: Trial, world: World, home: Path
) -> None:
    world.rows = [row("a", 1)]
    drawer(home, "air", f"{world.url}/air")
    trial.round()
    drawer(home, "more", f"{world.url}/more")
    (home / "connectors" / "bad").mkdir()
    (home / "connectors" / "bad" / "connector.toml").write_text("names = 3\n")
    trial.round()
    assert set(Source.objects.values_list("name", "state")) == {("air", "ok"), ("more", "ok")}


def test_a_flood_is_bounded(trial: Trial, world: World, home: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("maru.commons.sources.runner.batch.MOST_LETTERS", 50)
    drawer(home, "air", f"{world.url}/air")
    world.rows = [row(f"s{n}", n) for n in range(3000)] + [row(f"s{n}", f"x{n}") for n in range(300)]
    trial.round()
    assert DeadLetter.objects.count() == 50
    source = Source.objects.get()
    assert (source.records, source.dead) == (3000, 300)
    assert Latest.objects.count() == 3000


def test_the_key_is_seen_nowhere(
    trial: Trial, world: World, home: Path, caplog: Any, capfd: Any, client: Any
) -> None:
    caplog.set_level("DEBUG")
    key = "geheim+schluessel/77=="
    (home / "keys.toml").write_text(f'[keys]\nair = "{key}"\n')
    (home / "keys.toml").chmod(0o600)
    drawer(home, "air", f"{world.url}/{{key}}/air?k={{key}}", more='secret = "air"')

    def answer(path: str) -> tuple[int, dict[str, str], bytes]:
        return 200, {"ETag": '"1"'}, f'{{"error": "no json {path} {key}'.encode()

    world.answer = answer
    trial.round()
    world.down = True
    trial.round()
    assert "geheim%2Bschluessel" in world.asked[0][0]
    text = caplog.text + "".join(capfd.readouterr())
    for model in (Source, DeadLetter, Run):
        text += str(list(model.objects.values()))
    text += str([bytes(one.raw) for one in DeadLetter.objects.all()])
    text += client.get("/sources/air/").content.decode() + client.get("/api/v1/sources/air").content.decode()
    for form in ("geheim", "schluessel"):
        assert form not in text
