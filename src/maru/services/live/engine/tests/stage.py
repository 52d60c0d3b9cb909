"""A real station behind a real RTMP server, with encoders that can break: everything but the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import imageio_ffmpeg

from maru.services.live.engine import probe as probing
from maru.services.live.engine.contracts import (
    InputSpec,
    Report,
    SegmentSet,
    SlateWords,
    SourceInfo,
    StationSpec,
    Thresholds,
)
from maru.services.live.engine.encoder import Encoder
from maru.services.live.engine.rtmp import RtmpServer
from maru.services.live.engine.sessions import Order, Runner
from maru.services.live.engine.sets import scan
from maru.services.live.engine.slate import ensure_slates
from maru.services.live.engine.station import Equipment, Station
from maru.simulator.encoder import Programme, Settings

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
WORDS = SlateWords("Test", "Soon", "Back")


def real_slates(folder: Path) -> dict[str, tuple[SegmentSet, ...]]:
    """The slates of the light preset below ``folder/live/slates``, as a station wants them."""
    made = ensure_slates(FFMPEG, folder / "live" / "slates", "light", WORDS)
    return {
        kind: tuple(
            replace(one, files={name: f"../{file}" for name, file in one.files.items()}) for one in chain
        )
        for kind, chain in made.items()
    }


class Stage:
    """``station`` with its RTMP ``server``; programmes by input name."""

    def __init__(self, home: Path, media: Path, slates: dict[str, Any], low_bytes: int = 0) -> None:
        self.home, self.media = home, media
        self.reports: list[Report] = []
        self.programmes: dict[str, Programme] = {}
        self.specs = {
            name: InputSpec("show", name, "push", f"key-of-{name}") for name in ("primary", "backup")
        }
        self.spec = StationSpec(
            "show", "Show", "live", tuple(self.specs.values()), "light", Thresholds(), "auto", WORDS
        )
        self.equipment = Equipment(
            FFMPEG, home, media, self._probe, self._runner, scan, slates, low_bytes=low_bytes
        )
        self.server = RtmpServer("127.0.0.1", 0, self._gate, self._publication)
        self.station = Station(self.spec, self.equipment, self.reports.append)
        self.running: asyncio.Task[None] | None = None

    async def _probe(self, head: bytes, container: str) -> SourceInfo:
        return await probing.probe(FFMPEG, head, container)

    def _runner(self, order: Order) -> Runner:
        return Encoder(
            FFMPEG,
            order.session,
            order.folder,
            tuple(order.preset),
            order.thresholds,
            order.info,
            order.began,
            order.on_set,
            order.on_signal,
            on_trouble=order.on_trouble,
        )

    async def _gate(self, key: str, peer: str) -> InputSpec | None:
        return next((one for one in self.specs.values() if one.key == key), None)

    async def _publication(self, publication: Any) -> None:
        await self.station.offer(publication)

    def encoder(self, name: str, style: str = "demo") -> Programme:
        """A small encoder on an input."""
        address = f"rtmp://127.0.0.1:{self.server.port}/live/{self.specs[name].key}"
        programme = Programme(
            Settings((address,), style=style, width=320, height=180, fps=25, video_kbps=300, ffmpeg=FFMPEG)
        )
        programme.start()
        self.programmes[name] = programme
        return programme

    def update(self, **changes: Any) -> None:
        """What the producer would do."""
        self.spec = replace(self.spec, **changes)
        self.station.update(self.spec)

    def begin(self) -> None:
        """Run the station."""
        self.running = asyncio.create_task(self.station.run())

    async def crash(self) -> None:
        """The media process dies without a word and a new one opens the journal."""
        assert self.running is not None
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        for name in list(self.station._connections):
            self.station._drop(name, "crash")
        self.station = Station(self.spec, self.equipment, self.reports.append)
        self.begin()

    @property
    def kinds(self) -> list[str]:
        return [entry.kind for entry in self.station.timeline.entries]

    def said(self, kind: str, **fields: str) -> list[Report]:
        return [
            report
            for report in self.reports
            if report.kind == kind and all(getattr(report, name) == value for name, value in fields.items())
        ]


async def until(condition: Callable[[], Any], seconds: float = 60.0) -> None:
    """Wait for a condition; long enough for a loaded machine."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.05)


@asynccontextmanager
async def open_stage(
    home: Path, media: Path, slates: dict[str, Any], low_bytes: int = 0
) -> AsyncIterator[Stage]:
    """A running stage, cleared away at the end."""
    stage = Stage(home, media, slates, low_bytes)
    await stage.server.start()
    stage.begin()
    try:
        yield stage
    except (AssertionError, TimeoutError):
        for report in stage.reports:
            print(report)
        print(stage.kinds, stage.station.snapshot())
        raise
    finally:
        for programme in stage.programmes.values():
            await asyncio.to_thread(programme.stop)
        await stage.station.close()
        if stage.running is not None:
            await asyncio.wait([stage.running], timeout=10)
        await stage.server.stop()
