"""The state machine of one broadcast: who is on air, and everything that follows from it.

One task steps it several times a second; segments, signals and closed sockets wake it at once. All
decisions are made on the event loop, journal and playlists are written in a thread, one step at a time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maru.services.live.engine.bulletin import Bulletin, input_snapshot
from maru.services.live.engine.contracts import (
    PRESETS,
    InputName,
    Publication,
    Report,
    SegmentSet,
    Signal,
    SourceInfo,
    SourceKind,
    StationSpec,
)
from maru.services.live.engine.director import LONGEST_SEGMENT_S, Director, Feed, Step
from maru.services.live.engine.disk import KEEP_UNUSED_S, LOW_BYTES, SpaceWatch, remove_sets, sweep
from maru.services.live.engine.health import InputHealth
from maru.services.live.engine.playlists import Playlists, codecs_of
from maru.services.live.engine.poster import make_poster
from maru.services.live.engine.sessions import Listener, MakeRunner, Probe, Runner, Watched, run_session
from maru.services.live.engine.sets import new_session
from maru.services.live.engine.timeline import Entry, Timeline

STEP_S = 0.1
END_DRAIN_S = 1.2
HANG_S = 15.0  # an encoder without a segment for so long is sent away, so that it connects anew
SPACE_EVERY_S = 5.0


@dataclass(frozen=True)
class Equipment:
    """What a station works with: programs, folders, slates. Fakes take their place in tests."""

    ffmpeg: str
    home: Path  # journals: home/live/<slug>/
    media: Path  # published files: media/live/<slug>/
    probe: Probe
    make_runner: MakeRunner
    scan: Callable[[Path], list[SegmentSet]]  # the finished sets in a session's folder
    slates: Mapping[str, Sequence[SegmentSet]]
    low_bytes: int = LOW_BYTES
    clock: Callable[[], float] = time.time
    tick: Callable[[], float] = time.monotonic


@dataclass
class _Connection:
    session: str
    publication: Watched
    task: asyncio.Task[None]
    runner: Runner | None = None


class Station:
    """One broadcast on air. ``report`` is called on the event loop and must not block."""

    def __init__(self, spec: StationSpec, equipment: Equipment, report: Callable[[Report], None]) -> None:
        self.spec = spec
        self.equipment = equipment
        self.folder = equipment.media / "live" / spec.slug
        self.bulletin = Bulletin(spec.slug, report, equipment.clock)
        self.timeline = Timeline(equipment.home / "live" / spec.slug / "timeline.jsonl")
        self.preset = PRESETS.get(spec.preset, PRESETS["default"])
        self.playlists = Playlists(self.folder, self.preset)
        names: tuple[InputName, ...] = ("primary", "backup")
        self.health = {name: InputHealth(name, spec.thresholds) for name in names}
        self.feeds: dict[InputName, Feed] = {name: Feed() for name in names}
        self.director = Director(self.timeline, self.health, self.feeds, equipment.slates)
        self.finished = self.timeline.ended_at is not None
        self._connections: dict[InputName, _Connection] = {}
        self._old: set[asyncio.Future[Any]] = set()
        self._wake = asyncio.Event()
        self._dirty = bool(self.timeline.last)
        self._space = SpaceWatch(self._existing(), equipment.low_bytes)
        self._space_at = 0.0
        self._swept_at = 0.0
        self.bulletin.shown = self.timeline.last.kind if self.timeline.last else None
        self._stopping = False
        self._poster_tried = False
        self._multivariant = False
        self._ending_at = 0.0

    def _existing(self) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder

    # -- what comes in ---------------------------------------------------------------------------

    def update(self, spec: StationSpec) -> None:
        """The producer changed something."""
        before, self.spec = self.spec, spec
        now = self.equipment.clock()
        for health in self.health.values():
            health.thresholds = spec.thresholds
        for connection in self._connections.values():
            if connection.runner is not None:
                connection.runner.thresholds = spec.thresholds
        if spec.override != before.override:
            self.bulletin.tell("override", now, source_to=spec.override)
        if spec.state != before.state and spec.state == "live":
            self.bulletin.tell("started", now)
        for name, connection in list(self._connections.items()):
            place = next((one for one in spec.inputs if one.name == name), None)
            if place is None or place.revoked or place.key != connection.publication.input.key:
                self._drop(name, "the key was revoked")
        self._wake.set()

    async def offer(self, publication: Publication) -> None:
        """An encoder connected to one of the inputs; it takes the place of whoever was there."""
        name = publication.input.name
        if self.finished or self._ending_at or self._stopping:
            await publication.close("the broadcast has ended")
            return
        now = self.equipment.clock()
        if name in self._connections:
            self._end(name, self._connections[name].session, "another encoder took its place")
            self._drop(name, "another encoder took its place")
        session = new_session()
        watched = Watched(publication, lambda: self._end(name, session, "the encoder left"))
        self.bulletin.note(name, self.health[name].connect(watched, session, now))
        listener = Listener(
            on_info=lambda s, info: self._info(name, s, info),
            on_set=lambda s, segments: self._set(name, s, segments),
            on_signal=lambda s, signal: self._signal(name, s, signal),
            on_end=lambda s, reason: self._end(name, s, reason),
            on_runner=lambda runner: self._runner(name, session, runner),
            on_trouble=lambda error: self.bulletin.cannot_write(error, self._space.free),
            on_drained=lambda s, reason: self._drained(name, s),
        )
        work = run_session(
            session,
            watched,
            self.folder / "src" / session,
            self.preset,
            self.spec.thresholds,
            self.equipment.probe,
            self.equipment.make_runner,
            listener,
        )
        task = asyncio.create_task(work, name=f"{self.spec.slug}/{session}")
        self._connections[name] = _Connection(session, watched, task)

    def _drop(self, name: InputName, reason: str) -> None:
        connection = self._connections.pop(name)
        self._old.add(connection.task)
        connection.task.add_done_callback(self._old.discard)
        self._aside(connection.publication.close(reason))

    def _runner(self, name: InputName, session: str, runner: Runner) -> None:
        connection = self._connections.get(name)
        if connection is not None and connection.session == session:
            connection.runner = runner

    def _info(self, name: InputName, session: str, info: SourceInfo) -> None:
        if session == self.health[name].session:
            self.health[name].info = info

    def _set(self, name: InputName, session: str, segments: SegmentSet) -> None:
        now = self.equipment.clock()
        if not 0 < segments.duration <= LONGEST_SEGMENT_S:
            reason = f"a segment of {segments.duration:.2f} s was left out"
            self.bulletin.tell("alarm", now, input=name, reason=reason)
            return
        self.feeds[name].add(segments, now)
        if session == self.health[name].session:
            for change in self.health[name].arrived(segments, now):
                self.bulletin.note(name, change)
        self._wake.set()

    def _signal(self, name: InputName, session: str, signal: Signal) -> None:
        if session == self.health[name].session:
            self.bulletin.note(name, self.health[name].signal(signal, self.equipment.clock()))
            self._wake.set()

    def _end(self, name: InputName, session: str, reason: str) -> None:
        self.bulletin.note(name, self.health[name].close(session, self.equipment.clock(), reason))
        self._wake.set()

    def _drained(self, name: InputName, session: str) -> None:
        self.health[name].drain(session)
        self._wake.set()

    # -- the loop --------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until the broadcast has ended or ``close`` is called."""
        if not self.finished:
            await self._adopt()
        while not self._stopping and not self.finished:
            await self.step()
            try:
                async with asyncio.timeout(STEP_S):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
        await self._let_go()

    async def close(self) -> None:
        """Leave at once; the journal stays as it is and is taken up by the next process."""
        self._stopping = True
        self._wake.set()

    async def _let_go(self) -> None:
        reason = "the broadcast has ended" if self.finished else "the station closes"
        for name in list(self._connections):
            self._drop(name, reason)
        if self._old:
            _, late = await asyncio.wait(set(self._old), timeout=2.0)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self.finished:
            running: list[str] = []
            await asyncio.to_thread(sweep, self.folder, self._listed(), running)
        self.timeline.close()

    async def step(self) -> None:
        """One look at everything; lists what is due."""
        if self.finished:
            return
        now = self.equipment.clock()
        for name, health in self.health.items():
            for change in health.watch(now, self.equipment.tick()):
                self.bulletin.note(name, change)
            self._send_away_if_hung(name, now)
        if self.spec.state == "ended":
            await self._finish(now)
            return
        if now < self.bulletin.again_at:
            return
        self.director.aim(self.spec.state, self.spec.override, self.spec.thresholds.recover_s, now)
        await self._list_due()
        self._look_at_space(now)
        await self._clean(now)

    async def _list_due(self) -> None:
        try:
            shown: list[Entry] = []
            while step := self.director.next(self.equipment.clock()):
                entry = await asyncio.to_thread(self._append, step)
                self.director.listed(step, self.equipment.clock())
                shown.append(entry)
                self._dirty = True
            if self._dirty:
                await asyncio.to_thread(self.playlists.publish, self.timeline)
                if not self._multivariant:
                    await asyncio.to_thread(self._publish_multivariant)
                self._dirty = False
        except OSError as error:
            self.bulletin.cannot_write(error, self._space.free)
            return
        self.bulletin.can_write()
        for entry in shown:
            self._make_poster(entry)
            self.bulletin.show(entry, self.health, self.spec.override)

    def _make_poster(self, entry: Entry) -> None:
        if entry.kind in ("primary", "backup") and not self._poster_tried:
            self._poster_tried = True
            self._aside(make_poster(self.equipment.ffmpeg, self.folder, entry, self.preset))

    def _aside(self, work: Coroutine[Any, Any, object]) -> None:
        """Let something run beside the loop; it is awaited before the station is gone."""
        task = asyncio.ensure_future(work)
        self._old.add(task)
        task.add_done_callback(self._old.discard)

    def _append(self, step: Step) -> Entry:
        if step.waiting:
            return self.timeline.append_waiting(step.segments)
        last = self.timeline.last
        # A loop of the slate begins anew on its media clock, and a session interrupted by another source
        # continues it with a hole: the journal sees both by session and number.
        other = last is not None and last.kind != step.kind
        return self.timeline.append(step.segments, step.kind, new_chain=other)

    def _publish_multivariant(self) -> None:
        codecs: dict[str, str] = {}
        for rung in self.preset:
            for chain in self.equipment.slates.values():
                if chain and rung.name in chain[0].files:
                    init = (self.folder / chain[0].files[rung.name]).parent / "init.mp4"
                    if init.exists():
                        codecs[rung.name] = codecs_of(init.read_bytes())
        self.playlists.publish_multivariant(codecs)
        self._multivariant = True

    async def _adopt(self) -> None:
        """After a crash: what the last session finished but nobody listed goes on air first."""
        last = self.timeline.entries[-1] if self.timeline.entries else None
        if last is None or last.kind not in ("primary", "backup"):
            return
        session = self.folder / "src" / last.session
        found = await asyncio.to_thread(self.equipment.scan, session)
        try:
            for segments in found:
                follows = segments.number == (self.timeline.entries[-1].number + 1)
                if follows and 0 < segments.duration <= LONGEST_SEGMENT_S:
                    await asyncio.to_thread(self.timeline.append, segments, last.kind)
                    self._dirty = True
        except OSError as error:
            self.bulletin.cannot_write(error, self._space.free)

    # -- the end ---------------------------------------------------------------------------------

    async def _finish(self, now: float) -> None:
        """Let the encoder on air hand over what it has, then close the lists for good."""
        if not self._ending_at:
            self._ending_at, self.bulletin.quiet = now, True
            for connection in self._connections.values():
                self._aside(connection.publication.close("the broadcast has ended"))
        source = self.director.target
        health = self.health.get(source) if source in ("primary", "backup") else None
        flushing = health is not None and not health.drained and now < self._ending_at + END_DRAIN_S
        if now < self.bulletin.again_at:
            return
        try:
            if health is not None and not health.faults:
                await self._append_rest(source)
            if flushing:
                return
            await asyncio.to_thread(self.timeline.finish, now)
            await asyncio.to_thread(self.playlists.publish, self.timeline)
        except OSError as error:
            self.bulletin.cannot_write(error, self._space.free)
            return
        self.finished = True
        self.bulletin.tell("ended", self.equipment.clock(), detail={"entries": len(self.timeline.entries)})

    async def _append_rest(self, source: SourceKind) -> None:
        last = self.timeline.last
        if last is None or last.kind != source or source not in ("primary", "backup"):
            return
        while (segments := self.feeds[source].pick(last, last.end, last.session, 0.0)) is not None:
            if segments.session != last.session or segments.number != last.number + 1:
                return
            last = await asyncio.to_thread(self.timeline.append, segments, source)
            self.feeds[source].take(segments)

    def snapshot(self) -> dict[str, Any]:
        """What the studio shows of this station, as JSON."""
        now, last = self.equipment.clock(), self.timeline.last
        shown: dict[str, Any] = {"on_air": last.kind if last else None, "edge": last.end if last else None}
        shown["free_bytes"] = self._space.free
        for name, health in self.health.items():
            connection = self._connections.get(name)
            shown[name] = input_snapshot(health, connection.publication if connection else None, now)
        return shown

    # -- house-keeping ---------------------------------------------------------------------------

    def _send_away_if_hung(self, name: InputName, now: float) -> None:
        health = self.health[name]
        hangs = now - health.faults.get("stalled", now) > HANG_S
        if health.connected and name in self._connections and hangs:
            self.bulletin.tell("alarm", now, input=name, reason="the encoder hung")
            self._drop(name, "the encoder hung")
            self._end(name, health.session, "the encoder hung")

    def _look_at_space(self, now: float) -> None:
        if now - self._space_at < SPACE_EVERY_S:
            return
        self._space_at = now
        change = self._space.look()
        if change is not None:
            kind, reason = ("disk", "little room is left") if change else ("recovered", "there is room again")
            self.bulletin.tell(kind, now, reason=reason, detail={"free_bytes": self._space.free})

    async def _clean(self, now: float) -> None:
        # When room is short, what nobody will watch goes sooner.
        keep = KEEP_UNUSED_S if not self.bulletin.trouble_since and not self._space.alarmed else 10.0
        old = [segments for feed in self.feeds.values() for segments in feed.expired(now - keep)]
        if old:
            await asyncio.to_thread(remove_sets, self.folder, old)
        if now - self._swept_at > KEEP_UNUSED_S:
            self._swept_at = now
            running = [connection.session for connection in self._connections.values()]
            running += [entry.session for entry in self.timeline.entries[-1:]]
            running += [segments.session for feed in self.feeds.values() for _, segments in feed.pending]
            await asyncio.to_thread(sweep, self.folder, self._listed(), running)

    def _listed(self) -> set[str]:
        return {name for entry in self.timeline.entries for name in entry.files.values()}
