"""Who is on air when, with segments fed by hand and a clock of our own."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from maru.services.live.engine import sessions
from maru.services.live.engine.tests.fakes import T0, Bench, first_bytes


@pytest.fixture(autouse=True)
def _no_wait_for_the_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "gather_head", first_bytes)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def no_holes(bench: Bench) -> None:
    entries = bench.station.timeline.entries
    for before, after in itertools.pairwise(entries):
        assert after.pdt >= before.end - 1e-6
        assert after.pdt - before.end < 2.0


async def test_before_the_start_the_waiting_slate_slides(tmp_path: Path) -> None:
    bench = Bench(tmp_path, state="scheduled")
    await bench.step(20)
    text = (tmp_path / "media/live/show/360p.m3u8").read_text()
    assert text.count("#EXTINF") == 6
    assert "slates/h/soon/360p" in text
    assert bench.station.timeline.entries == []
    end = bench.station.timeline.end
    assert end is not None and bench.clock.now - 2.5 <= end <= bench.clock.now


async def test_what_is_good_goes_on_air_at_the_start(tmp_path: Path) -> None:
    bench = Bench(tmp_path, state="scheduled")
    await bench.connect("primary")
    await bench.run(10)
    assert bench.kinds == []
    bench.spec = replace(bench.spec, state="live")
    bench.station.update(bench.spec)
    await bench.run(8)
    assert bench.kinds == ["primary"] * 4
    assert bench.said("started")
    no_holes(bench)


async def test_without_an_encoder_the_waiting_slate_goes_on_after_the_start(bench: Bench) -> None:
    await bench.step(10)
    assert bench.kinds == [] and bench.station.timeline.last is not None


async def test_killed_without_backup_shows_the_slate_at_once_and_comes_back(bench: Bench) -> None:
    await bench.connect("primary")
    await bench.run(9)
    killed = bench.clock.now
    await bench.leave("primary")
    await bench.step(1)
    switch = bench.said("switch")[-1]
    assert switch.source_to == "slate" and switch.at - killed <= 1.0
    await bench.step(7)
    no_holes(bench)
    await bench.connect("primary")
    await bench.run(9)
    assert bench.kinds[-1] == "primary"
    back = bench.said("switch")[-1]
    assert back.source_to == "primary"
    no_holes(bench)
    await bench.run(6)
    no_holes(bench)


async def test_what_the_encoder_still_held_is_shown_before_the_slate(bench: Bench) -> None:
    runner = await bench.connect("primary")
    await bench.run(9)
    runner.flush = [runner.set(T0 + 8, 0.9)]
    await bench.leave("primary")
    await bench.step(1)
    last = bench.station.timeline.entries
    assert [entry.kind for entry in last[-2:]] == ["primary", "slate"]
    assert last[-2].duration == 0.9


async def test_killed_with_backup_goes_on_without_a_hole(bench: Bench) -> None:
    await bench.connect("primary")
    await bench.connect("backup")
    await bench.run(9, good=("primary", "backup"))
    lost = bench.clock.now
    await bench.leave("primary")
    await bench.run(3, good=("backup",))
    switch = bench.said("switch")[-1]
    assert switch.source_to == "backup" and switch.at - lost <= 2.6
    await bench.run(6, good=("backup",))
    assert "slate" not in bench.kinds
    no_holes(bench)
    await bench.connect("primary")
    await bench.run(10, good=("primary", "backup"))
    assert bench.kinds[-1] == "primary" and "slate" not in bench.kinds
    no_holes(bench)


async def test_a_silent_line_is_lost_after_the_threshold(bench: Bench) -> None:
    await bench.connect("primary")
    await bench.run(9)
    bench.mute = frozenset({"primary"})
    silent = bench.clock.now
    await bench.step(3)
    assert bench.kinds[-1] == "slate"
    assert bench.said("switch")[-1].at - silent <= 1.8
    bench.mute = frozenset()
    await bench.run(9)
    assert bench.kinds[-1] == "primary"


@pytest.mark.parametrize("kind", ["black", "silence", "freeze"])
async def test_a_detected_fault_switches_and_recovery_takes_three_seconds(bench: Bench, kind: str) -> None:
    runner = await bench.connect("primary")
    await bench.run(9)
    seen = bench.clock.now
    runner.signal(kind, True, seen - 1.2)
    await bench.run(0.3)
    assert bench.kinds[-1] == "slate"
    await bench.run(6)
    assert bench.kinds[-1] == "slate"
    over = bench.clock.now
    runner.signal(kind, False, over)
    await bench.run(2.8)
    assert bench.kinds[-1] == "slate"
    await bench.run(6)
    assert bench.kinds[-1] == "primary"
    no_holes(bench)
    first = next(e for e in reversed(bench.station.timeline.entries) if e.kind == "slate").seq + 1
    assert bench.station.timeline.entries[first - bench.station.timeline.entries[0].seq].pdt >= over - 0.1


async def test_a_check_that_is_off_does_nothing(bench: Bench) -> None:
    bench.spec = replace(bench.spec, thresholds=replace(bench.spec.thresholds, black_s=0))
    bench.station.update(bench.spec)
    runner = await bench.connect("primary")
    await bench.run(9)
    runner.signal("black", True, bench.clock.now)
    await bench.run(4)
    assert set(bench.kinds) == {"primary"}


async def test_a_hanging_encoder_gives_way_and_is_sent_away(bench: Bench) -> None:
    await bench.connect("primary")
    await bench.run(9)
    await bench.run(8, good=())
    assert bench.kinds[-1] == "slate"
    await bench.run(16, good=())
    assert bench.publications["primary"].closed == "the encoder hung"
    assert bench.said("alarm")


async def test_the_producer_decides(bench: Bench) -> None:
    await bench.connect("primary")
    await bench.connect("backup")
    both = ("primary", "backup")
    await bench.run(9, good=both)
    for override, expected in [
        ("backup", "backup"),
        ("slate", "slate"),
        ("primary", "primary"),
        ("auto", "primary"),
    ]:
        bench.spec = replace(bench.spec, override=override)
        bench.station.update(bench.spec)
        await bench.run(6, good=both)
        assert bench.kinds[-1] == expected
    no_holes(bench)
    assert [report.source_to for report in bench.said("override")] == ["backup", "slate", "primary", "auto"]


async def test_a_revoked_key_ends_the_encoder(bench: Bench) -> None:
    await bench.connect("primary")
    primary, backup = bench.spec.inputs
    bench.station.update(replace(bench.spec, inputs=(replace(primary, revoked=True), backup)))
    await bench.step(0.2)
    assert bench.publications["primary"].closed == "the key was revoked"


async def test_the_end_closes_the_lists_within_two_seconds(bench: Bench) -> None:
    runner = await bench.connect("primary")
    await bench.run(9)
    runner.flush = [runner.set(T0 + 8, 1.0)]
    bench.station.update(replace(bench.spec, state="ended"))
    await bench.step(2)
    text = (bench.home / "media/live/show/360p.m3u8").read_text()
    assert text.endswith("#EXT-X-ENDLIST\n") and text.count("#EXTINF") == len(bench.kinds)
    assert bench.station.timeline.entries[-1].duration == 1.0
    assert bench.station.finished and bench.said("ended")


async def test_restart_takes_the_journal_up_and_adopts_what_was_finished(bench: Bench) -> None:
    runner = await bench.connect("primary")
    await bench.run(9)
    before = list(bench.station.timeline.entries)
    unlisted = runner.set(before[-1].end)
    bench.clock.now += 4
    station = bench.open()
    bench.publications.clear()
    station.equipment.__dict__["scan"] = lambda folder: [unlisted]
    await station._adopt()
    await bench.step(0.2)
    entries = station.timeline.entries
    assert entries[: len(before)] == before
    assert entries[len(before)].number == unlisted.number and entries[-1].kind == "slate"
    await bench.connect("primary")
    await bench.run(10)
    assert bench.kinds[-1] == "primary"
    no_holes(bench)


async def test_a_long_outage_is_a_jump_of_the_date(bench: Bench) -> None:
    await bench.connect("primary")
    await bench.run(9)
    count = len(bench.station.timeline.entries)
    bench.clock.now += 600
    bench.publications.clear()
    bench.open()
    await bench.step(1)
    assert len(bench.kinds) - count <= 3
    assert bench.station.timeline.entries[count].discontinuity


async def test_a_full_disk_is_told_once_and_damages_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.connect("primary")
    await bench.run(9)
    folder = bench.home / "media/live/show"
    lists = {path.name: path.read_text() for path in folder.glob("*.m3u8")}

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(type(bench.station.timeline), "_write", full)
        await bench.run(6)
    assert {path.name: path.read_text() for path in folder.glob("*.m3u8")} == lists
    assert len(bench.said("disk")) == 1
    await bench.run(6)
    assert any(report.reason == "writing again" for report in bench.said("recovered"))
    assert bench.kinds[-1] == "primary"
    no_holes(bench)


async def test_unused_segments_of_the_backup_are_deleted(bench: Bench) -> None:
    await bench.connect("primary")
    backup = await bench.connect("backup")
    await bench.run(90, good=("primary", "backup"))
    left = sorted((backup.order.folder / "360p").glob("0*.m4s"))
    assert 25 <= len(left) <= 32
    assert len(list((bench.runners["primary"].order.folder / "360p").glob("0*.m4s"))) >= 43


@pytest.mark.parametrize("flushed", [0.3, 0.6, 0.9, 1.3, 1.8])
async def test_the_primary_comes_back_whatever_the_last_encoder_left_of_a_segment(
    bench: Bench, flushed: float
) -> None:
    runner = await bench.connect("primary")
    await bench.run(9)
    runner.flush = [runner.set(T0 + 8, flushed)]
    await bench.leave("primary")
    await bench.step(3)
    await bench.connect("primary")
    await bench.run(12)
    assert bench.kinds[-1] == "primary"
    no_holes(bench)
    assert bench.station.timeline.entries[-1].pdt % 2 < 0.26
