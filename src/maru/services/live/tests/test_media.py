"""The media process without encoders: what it does when the database or a station lets it down."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError

from maru.platform.ports.environment import Environment
from maru.services.live import media as process
from maru.services.live import media_inputs
from maru.services.live.engine.contracts import InputSpec, Report, SlateWords, StationSpec, Thresholds
from maru.services.live.media import Media, Reports
from maru.services.live.media_records import thresholds
from maru.services.live.media_tasks import in_daemon

SPEC = StationSpec(
    "show",
    "Show",
    "scheduled",
    (InputSpec("show", "primary", "push", "a-known-key"),),
    "light",
    Thresholds(),
    "auto",
    SlateWords("City", "Soon", "Back"),
)


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(
        home=tmp_path, media=tmp_path / "media", lake=tmp_path / "lake", secret="s" * 50, ffmpeg="/bin/false"
    )


async def test_reports_wait_for_the_database_and_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    away = [True, True, False]

    async def ask(function: Any, *arguments: Any) -> None:
        if away and away.pop(0):
            raise DatabaseError("gone")
        function()

    monkeypatch.setattr(process, "ask_database", ask)
    monkeypatch.setattr(process, "note_report", lambda report: written.append(report.reason))
    monkeypatch.setattr(process, "RETRY_S", 0.01)
    reports = Reports()
    task = asyncio.create_task(reports.write())
    for number in range(3):
        reports.add(Report("show", 0.0, "fault", reason=str(number)))
    await until(lambda: len(written) == 3)
    await reports.flush()
    task.cancel()
    assert written == ["0", "1", "2"]


async def test_without_the_database_the_known_keys_still_open(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(function: Any, *arguments: Any) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(process, "ask_database", gone)
    monkeypatch.setattr(media_inputs, "ask_database", gone)
    house = Media(environment)
    house.specs = {"show": SPEC}
    await house._poll()
    assert house.degraded == "database" and "show" in house.specs
    assert await house.doors._gate("a-known-key", "peer") == SPEC.inputs[0]
    assert await house.doors._gate("another-key", "peer") is None
    for run in house._runs.values():
        run.cancel()
    house.aside.cancel()


async def test_a_station_that_breaks_is_told_and_made_anew(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    class Broken:
        spec = SPEC

        def __init__(self, spec: StationSpec, *arguments: Any) -> None:
            made.append(spec.slug)
            self.spec = spec

        def update(self, spec: StationSpec) -> None: ...

        async def close(self) -> None: ...

        async def run(self) -> None:
            if self.spec.slug == "show" and made.count("show") == 1:
                raise RuntimeError("broken")
            await asyncio.sleep(60)

    async def ask(function: Any, *arguments: Any) -> Any:
        return [SPEC, replace(SPEC, slug="other")]

    monkeypatch.setattr(process, "ask_database", ask)
    monkeypatch.setattr(process, "Station", Broken)
    house = Media(environment)
    house.doors = SimpleNamespace(tend=_nothing)  # type: ignore[assignment]
    await house._poll()
    await until(lambda: house._runs["show"].done())
    other = house._runs["other"]
    await house._poll()
    await house._poll()
    await until(lambda: made.count("show") == 2)
    assert [report.kind for report in house.reports.waiting] == ["alarm"]
    assert house._runs["other"] is other and not other.done()
    for run in house._runs.values():
        run.cancel()
    house.aside.cancel()


async def _nothing() -> None: ...


async def test_long_work_hands_its_fault_over() -> None:
    assert await in_daemon(lambda: 7) == 7
    with pytest.raises(OSError, match="full"):
        await in_daemon(_full)


def _full() -> int:
    raise OSError("full")


def test_unknown_thresholds_are_passed_over() -> None:
    assert thresholds({"black_s": 0, "colour": 3}) == Thresholds(black_s=0.0)
