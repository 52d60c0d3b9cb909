"""A station without ffmpeg: segments, signals and sockets moved by hand, time by a clock of our own."""

from __future__ import annotations

import asyncio
from pathlib import Path

from maru.services.live.engine.contracts import (
    PRESETS,
    InputName,
    InputSpec,
    Override,
    Publication,
    Report,
    SegmentSet,
    Signal,
    SlateWords,
    SourceInfo,
    StationSpec,
    StationState,
    Thresholds,
)
from maru.services.live.engine.sessions import Order
from maru.services.live.engine.station import Equipment, Station

T0 = 1_479_261_600.0


async def first_bytes(publication: Publication) -> bytes:
    """Stands for ``gather_head``, which takes a second of real time."""
    return await publication.read()


RUNGS = [rung.name for rung in PRESETS["light"]]


class Clock:
    def __init__(self, now: float = T0) -> None:
        self.now = now

    def time(self) -> float:
        return self.now

    def tick(self) -> float:
        return self.now - T0 + 1000.0


class FakePublication:
    protocol = "rtmp"
    container = "flv"
    peer = "test"

    def __init__(self, spec: InputSpec, clock: Clock) -> None:
        self.input = spec
        self.clock = clock
        self.began = clock.now
        self.last_media = clock.tick()
        self.last_video: float | None = None
        self.last_audio: float | None = None
        self.closed = ""
        self._queue: asyncio.Queue[bytes] = asyncio.Queue()

    async def read(self) -> bytes:
        return b"" if self.closed and self._queue.empty() else await self._queue.get()

    def send(self) -> None:
        self.last_media = self.clock.tick()

    async def close(self, reason: str) -> None:
        if not self.closed:
            self.closed = reason
            self._queue.put_nowait(b"")


class FakeRunner:
    """Waits for the end of its publication; the test emits in its name."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.thresholds = order.thresholds
        self.number = 0
        self.flush: list[SegmentSet] = []

    async def run(self, publication: Publication, head: bytes) -> str:
        while await publication.read():
            pass
        for segments in self.flush:
            self.order.on_set(segments)
        return "the source ended"

    def set(self, start: float, duration: float = 2.0) -> SegmentSet:
        self.number += 1
        files = {}
        for rung in RUNGS:
            path = self.order.folder / rung / f"{self.number:06d}.m4s"
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / "init.mp4").write_bytes(b"init")
            path.write_bytes(b"x" * 1000)
            files[rung] = f"src/{self.order.session}/{rung}/{path.name}"
        return SegmentSet(self.order.session, self.number, start, duration, files)

    def emit(self, start: float, duration: float = 2.0) -> None:
        self.order.on_set(self.set(start, duration))

    def signal(self, kind: str, begins: bool, at: float) -> None:
        self.order.on_signal(Signal(kind, begins, at))


def slates(media: Path) -> dict[str, list[SegmentSet]]:
    chains = {}
    for kind in ("soon", "back"):
        for rung in RUNGS:
            folder = media / "live" / "slates" / "h" / kind / rung
            folder.mkdir(parents=True, exist_ok=True)
            for name in ["init.mp4", *[f"{n:06d}.m4s" for n in range(1, 16)]]:
                (folder / name).write_bytes(b"s")
        chains[kind] = [
            SegmentSet(
                f"slate-{kind}", n, 0.0, 2.0, {r: f"../slates/h/{kind}/{r}/{n:06d}.m4s" for r in RUNGS}
            )
            for n in range(1, 16)
        ]
    return chains


class Bench:
    """A station and everything around it, stepped by hand."""

    def __init__(self, home: Path, *, state: StationState = "live", override: Override = "auto") -> None:
        self.home = home
        self.clock = Clock()
        self.reports: list[Report] = []
        self.runners: dict[str, FakeRunner] = {}
        self.spec = StationSpec(
            slug="show",
            title="Show",
            state=state,
            inputs=(
                InputSpec("show", "primary", "push", "key-primary"),
                InputSpec("show", "backup", "push", "key-backup"),
            ),
            preset="light",
            thresholds=Thresholds(),
            override=override,
            words=SlateWords("City", "Soon", "Back"),
        )
        self.publications: dict[str, FakePublication] = {}
        self.station = self.open()

    def open(self) -> Station:
        async def probe(head: bytes, container: str) -> SourceInfo:
            return SourceInfo(True, True, 640, 360, 30.0)

        def make(order: Order) -> FakeRunner:
            runner = FakeRunner(order)
            self.runners[self.opening] = runner
            return runner

        media = self.home / "media"
        equipment = Equipment(
            ffmpeg="/bin/false",
            home=self.home,
            media=media,
            probe=probe,
            make_runner=make,
            scan=lambda folder: [],
            slates=slates(media),
            low_bytes=0,
            clock=self.clock.time,
            tick=self.clock.tick,
        )
        self.station = Station(self.spec, equipment, self.reports.append)
        return self.station

    async def connect(self, name: InputName) -> FakeRunner:
        spec = next(one for one in self.spec.inputs if one.name == name)
        publication = FakePublication(spec, self.clock)
        self.publications[name] = publication
        self.opening = name
        self.runners.pop(name, None)
        publication._queue.put_nowait(b"head")
        await self.station.offer(publication)
        while name not in self.runners:
            await asyncio.sleep(0)
        return self.runners[name]

    async def leave(self, name: InputName) -> None:
        await self.publications[name].close("left")
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def step(self, seconds: float = 0.0) -> None:
        """Let time pass in tenths of a second; encoders that are connected and not mute keep sending."""
        until = self.clock.now + seconds
        while True:
            for name, publication in self.publications.items():
                if not publication.closed and name not in self.mute:
                    publication.send()
            await self.station.step()
            await asyncio.sleep(0)
            if self.clock.now >= until - 1e-6:
                return
            self.clock.now = min(until, round(self.clock.now + 0.1, 3))

    mute: frozenset[str] = frozenset()

    async def run(self, seconds: float, *, delay: float = 0.5, good: tuple[str, ...] = ("primary",)) -> None:
        """Time passes while the named encoders deliver their segments on the even seconds."""
        until = self.clock.now + seconds
        while self.clock.now < until - 1e-6:
            before = self.clock.now
            await self.step(0.1)
            for name in good:
                for second in range(int(T0), int(until) + 2, 2):
                    if before < second + 2 + delay <= self.clock.now + 1e-6:
                        self.runners[name].emit(float(second))
        await self.step()

    @property
    def kinds(self) -> list[str]:
        return [entry.kind for entry in self.station.timeline.entries]

    def said(self, kind: str) -> list[Report]:
        return [report for report in self.reports if report.kind == kind]
