"""The media process: inputs, stations and slates of every broadcast, fed from the database.

The truth about what should be on air is in the database, read twice a second and at every hint on the bus.
When the database is away, everything goes on as it was last known; reports wait in line.
"""

from __future__ import annotations

import asyncio
import signal
from collections import deque
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import structlog
import uvloop
from django.db import DatabaseError

from maru.platform import ui
from maru.platform.ports.bus import connect
from maru.platform.ports.environment import Environment
from maru.platform.ports.heartbeat import beat
from maru.services.live import media_records as records
from maru.services.live.engine import probe as probing
from maru.services.live.engine.contracts import Report, SegmentSet, SlateWords, SourceInfo, StationSpec
from maru.services.live.engine.encoder import Encoder
from maru.services.live.engine.sessions import Order, Runner
from maru.services.live.engine.sets import scan
from maru.services.live.engine.slate import SlateFailed, ensure_slates
from maru.services.live.engine.station import Equipment, Station
from maru.services.live.media_inputs import Doors
from maru.services.live.media_tasks import Aside, ask_database, in_daemon
from maru.services.live.models import now
from maru.services.live.operations.reports import note_report

log = structlog.get_logger("maru.media")

POLL_S = 0.5
HINT_TOPIC = "live"
RETRY_S = 1.0
CLOSE_S = 4.0
MOST_REPORTS = 2000
# Drawn into slates on any machine alike; brought by the build of the front end, else a font of the system is used.
FONT = str(Path(ui.__file__).parent / "static/build/fonts/Pretendard-Bold.otf")
Slates = dict[str, tuple[SegmentSet, ...]]


class Reports:
    """Reports on their way to the log, in order; a database that is away delays them."""

    def __init__(self) -> None:
        self.waiting: deque[Report] = deque(maxlen=MOST_REPORTS)
        self._new = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def add(self, report: Report) -> None:
        """Take one; never blocks."""
        log.info(
            "report", broadcast=report.broadcast, what=report.kind, input=report.input, reason=report.reason
        )
        self.waiting.append(report)
        self._idle.clear()
        self._new.set()

    async def flush(self) -> None:
        """Write what waits, if the database is there within a second."""
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self._idle.wait()

    async def write(self) -> None:
        """Write for ever."""
        while True:
            await self._new.wait()
            self._new.clear()
            while self.waiting:
                try:
                    await ask_database(lambda: note_report(report=self.waiting[0]))
                except DatabaseError:
                    log.exception("a report waits for the database")
                    await asyncio.sleep(RETRY_S)
                else:
                    self.waiting.popleft()
            self._idle.set()


class Media:
    """All that runs in the media process."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.stations: dict[str, Station] = {}
        self.reports = Reports()
        self.degraded = ""
        self.specs: dict[str, StationSpec] = {}
        self.aside = Aside()
        self._wanted: set[str] = set()
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._slates: dict[tuple[str, SlateWords], Slates] = {}
        self._slate_tasks: dict[tuple[str, SlateWords], asyncio.Task[Slates]] = {}
        self._look = asyncio.Event()
        self._stop = asyncio.Event()
        self._known = asyncio.Event()
        self.doors = Doors(self)

    # -- the whole -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until SIGTERM."""
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, self._terminate)
        for work in (
            self._beats(),
            self.reports.write(),
            self._hints(),
            self._forget(),
            self._first_slates(),
        ):
            self.aside(work)
        self.aside(self.doors.serve_rtmp())
        try:
            while not self._stop.is_set():
                self._look.clear()
                await self._poll()
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_S):
                        await self._look.wait()
        finally:
            await self._close()

    def _terminate(self) -> None:
        self._stop.set()
        self._look.set()

    async def _close(self) -> None:
        for station in self.stations.values():
            await station.close()
        self._look.set()
        # Stations close their own encoders; the doors then have nobody left to send away.
        await asyncio.wait([asyncio.ensure_future(self.doors.close()), *self._runs.values()], timeout=CLOSE_S)
        await self.reports.flush()
        self.aside.cancel()
        for task in [*self._runs.values(), *self._slate_tasks.values()]:
            task.cancel()

    async def _beats(self) -> None:
        while True:
            stations = {slug: station.snapshot() for slug, station in self.stations.items()}
            detail = {"stations": stations, "reports_waiting": len(self.reports.waiting)}
            if self.degraded:
                detail["trouble"] = self.degraded
            state = "degraded" if self.degraded else "ok"
            await asyncio.to_thread(beat, self.environment.home, "media", detail, state)
            await asyncio.sleep(1)

    async def _hints(self) -> None:
        bus = connect(self.environment.bus, self.environment.home)
        with bus.subscribe(HINT_TOPIC) as subscription:
            while True:
                await subscription.aget()
                self._look.set()

    async def _first_slates(self) -> None:
        """Those of the usual preset are made before anyone asks."""
        await self._slates_for("default", await ask_database(records.slate_words))

    async def _forget(self) -> None:
        while True:
            try:
                return await ask_database(records.forget_connections)
            except DatabaseError:
                await asyncio.sleep(RETRY_S)

    # -- stations --------------------------------------------------------------------------------

    async def _poll(self) -> None:
        """Make stations, listeners and file inputs what the database says they should be."""
        try:
            specs = await ask_database(records.station_specs, frozenset(self._wanted))
            self.specs = {spec.slug: spec for spec in specs}
            self.trouble("database", False)
        except DatabaseError:
            self.trouble("database", True)
        for slug, spec in self.specs.items():
            station = self.stations.get(slug)
            if station is not None:
                station.update(spec)
            elif slug not in self._runs:
                self._runs[slug] = asyncio.create_task(self._station(slug), name=f"station {slug}")
        for slug in [slug for slug in self.stations if slug not in self.specs]:
            # Cancelled, or over: a station that still writes its end goes by itself.
            if self.stations[slug].spec.state != "ended":
                await self.stations[slug].close()
        for slug in [slug for slug, run in self._runs.items() if run.done()]:
            self._buried(slug, self._runs.pop(slug))
        await self.doors.tend()

    def want(self, slug: str) -> None:
        """A station is needed although its hour is far: an encoder knocks."""
        self._wanted.add(slug)
        self._look.set()

    def report(self, report: Report) -> None:
        """Into the log of its broadcast."""
        self.reports.add(report)

    def known(self) -> asyncio.Event:
        """Set when the next station is added."""
        return self._known

    def trouble(self, name: str, bad: bool) -> None:
        if bad and self.degraded != name:
            log.error("the media process goes on without its " + name)
        if bad or self.degraded == name:
            self.degraded = name if bad else ""

    async def _station(self, slug: str) -> None:
        """One station from its slates to its end."""
        spec = self.specs[slug]
        # The first slates of a house take seconds to encode: a source that is good does not wait for them.
        slates: Slates = {}
        filling = self.aside(self._fill(slates, spec))
        equipment = self._equipment(spec, slates)
        station = await asyncio.to_thread(Station, spec, equipment, self.reports.add)
        self.stations[slug] = station
        self._known.set()
        self._known = asyncio.Event()
        try:
            await station.run()
        finally:
            filling.cancel()
            self.stations.pop(slug, None)
            self._wanted.discard(slug)

    def _buried(self, slug: str, run: asyncio.Task[None]) -> None:
        """A station that broke is told and made anew at the next poll; the others never notice."""
        if run.cancelled() or run.exception() is None:
            return
        fault = run.exception()
        log.error("a station broke", broadcast=slug, exc_info=fault)
        reason = f"the station broke and begins anew: {type(fault).__name__}"
        self.reports.add(Report(broadcast=slug, at=now().timestamp(), kind="alarm", reason=reason))

    def _equipment(self, spec: StationSpec, slates: Slates) -> Equipment:
        ffmpeg = self.environment.ffmpeg

        async def probe(head: bytes, container: str) -> SourceInfo:
            return await probing.probe(ffmpeg, head, container)

        def make_runner(order: Order) -> Runner:
            return Encoder(
                ffmpeg,
                order.session,
                order.folder,
                tuple(order.preset),
                order.thresholds,
                order.info,
                order.began,
                order.on_set,
                order.on_signal,
                on_trouble=order.on_trouble,
                name=spec.words.city,
                font=FONT,
            )

        return Equipment(
            ffmpeg=ffmpeg,
            home=self.environment.home,
            media=self.environment.media,
            probe=probe,
            make_runner=make_runner,
            scan=scan,
            slates=slates,
            low_bytes=self.environment.disk_reserve_mb * 2**20,
        )

    async def _fill(self, slates: Slates, spec: StationSpec) -> None:
        slates.update(await self._slates_for(spec.preset, spec.words))

    async def _slates_for(self, preset: str, words: SlateWords) -> Slates:
        """The slates of a preset and words, encoded at most once; none if they cannot be made now."""
        key = (preset, words)
        if key not in self._slates:
            if key not in self._slate_tasks:
                self._slate_tasks[key] = asyncio.create_task(self._make_slates(*key))
            made = await asyncio.shield(self._slate_tasks[key])
            self._slate_tasks.pop(key, None)
            if not made:
                return {}
            self._slates[key] = made
        return self._slates[key]

    async def _make_slates(self, preset: str, words: SlateWords) -> Slates:
        folder = self.environment.media / "live" / "slates"
        try:
            made = await in_daemon(
                lambda: ensure_slates(self.environment.ffmpeg, folder, preset, words, FONT)
            )
        except (SlateFailed, OSError):
            log.exception("the slates could not be made; broadcasts go on without")
            return {}
        return {
            kind: tuple(
                replace(one, files={name: f"../{file}" for name, file in one.files.items()}) for one in chain
            )
            for kind, chain in made.items()
        }


def main(environment: Environment) -> int:
    """Run the media process until SIGTERM. Django is set up before."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(Media(environment).run())
    return 0
