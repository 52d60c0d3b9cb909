"""One publication, one ffmpeg: bytes in, segments of every rendition and the detectors' findings out."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

from maru.services.live.engine import ladder, sets
from maru.services.live.engine.boxes import BoxError, Fragment, Init, Reader
from maru.services.live.engine.contracts import (
    Publication,
    Rendition,
    SegmentSet,
    Signal,
    SourceInfo,
    Thresholds,
)
from maru.services.live.engine.cutter import PictureCutter, Piece, SoundCutter
from maru.services.live.engine.pipes import Silence, make_pipe, open_reader
from maru.services.live.engine.slate import still_picture
from maru.services.live.engine.watchdog import Kind, Lines, Stillness, Watchdog

HANG_S = 5.0  # no output for so long while bytes come in: the process hangs
FLUSH_S = 10.0  # to write what it holds after the last byte
STALL_S = 0.8  # a track that is missing for so long while the other comes in has stopped
READ_BYTES = 256 * 2**10
LAST_LINES = 6


class EncoderFailed(Exception):
    """The process cannot go on; the text says why."""


def _ignore(error: OSError) -> None:
    """Stands for a caller who does not want to hear of the disk."""


class Encoder:
    """Encodes one publication into ``folder`` until it ends.

    ``folder`` is the session's own; files in SegmentSet are relative to ``base`` (default: the folder two
    above, ``{slug}`` of ``{slug}/src/{session}``). ``began`` is the wall time of the source's timestamp 0.
    Callbacks run in the event loop: ``on_set`` for each complete set, ``on_signal`` for each fault that begins
    or ends, ``on_trouble`` for each file that could not be written. ``still`` is shown for a source without
    picture; without it one is drawn that bears ``name`` in ``font``.
    """

    def __init__(
        self,
        ffmpeg: str,
        session: str,
        folder: Path,
        preset: str | Sequence[Rendition],
        thresholds: Thresholds,
        info: SourceInfo,
        began: float,
        on_set: Callable[[SegmentSet], None],
        on_signal: Callable[[Signal], None],
        *,
        on_trouble: Callable[[OSError], None] = _ignore,
        base: Path | None = None,
        still: Path | None = None,
        name: str = "",
        font: str = "",
    ) -> None:
        self.session = session
        self.info = info
        self.pid: int | None = None
        self.sets = 0
        self._ffmpeg = ffmpeg
        self._folder = folder
        self._base = folder.parent.parent if base is None else base
        self._preset = preset
        self._thresholds = thresholds
        self._began = began
        self._on_set = on_set
        self._on_signal = on_signal
        self._on_trouble = on_trouble
        self._still = still
        self._name, self._font = name, font
        self._watchdog: Watchdog | None = None
        self._progress = 0.0
        self._silence = Silence(ladder.SAMPLE_RATE)
        self._stderr: deque[str] = deque(maxlen=LAST_LINES)

    @property
    def thresholds(self) -> Thresholds:
        return self._thresholds

    @thresholds.setter
    def thresholds(self, value: Thresholds) -> None:
        """Durations apply at once; the silence level and checks that were off apply from the next session."""
        self._thresholds = value
        if self._watchdog is not None:
            self._watchdog.thresholds = value

    @property
    def faults(self) -> dict[Kind, float]:
        """Open faults, each with the wall time of its beginning."""
        return self._watchdog.faults if self._watchdog is not None else {}

    async def run(self, publication: Publication, head: bytes) -> str:
        """Encode ``head`` and then all that the publication gives. Returns why it ended, in plain English.

        Never raises but for cancellation, upon which the process is killed; what is written stays.
        """
        try:
            made = ladder.plan(self._preset, self.info, self._began)
        except ladder.NothingToEncode as error:
            return str(error)
        self._watchdog = Watchdog(self._thresholds, made.origin)
        shelf = self._shelf(made, publication)
        try:
            await shelf.open()
            still = await self._picture()
            return await self._encode(publication, head, made, shelf, still)
        except (EncoderFailed, OSError) as error:
            return str(error)
        finally:
            shelf.close()

    def _shelf(self, made: ladder.Plan, publication: Publication) -> sets.Shelf:
        session = sets.Session(
            session=self.session,
            origin=made.origin,
            began=self._began,
            input=publication.input.name,
            protocol=publication.protocol,
            preset=self._preset if isinstance(self._preset, str) else "",
            renditions=tuple(rung.name for rung in made.rungs),
        )
        return sets.Shelf(self._folder, self._base, session, self._announce, self._on_trouble)

    def _announce(self, found: SegmentSet) -> None:
        self.sets += 1
        self._on_set(found)

    async def _picture(self) -> Path | None:
        if self.info.has_video or self._still is not None:
            return self._still
        path = self._folder / "still.png"
        await asyncio.to_thread(still_picture, path, self._name, self._font)
        return path

    async def _encode(
        self, publication: Publication, head: bytes, made: ladder.Plan, shelf: sets.Shelf, still: Path | None
    ) -> str:
        async with self._process(publication, made, still) as (process, outputs):
            fed = asyncio.Event()
            feed = asyncio.create_task(self._feed(process, publication, head, fed))
            guard = asyncio.create_task(self._guard(publication, fed))
            silence = asyncio.create_task(self._silence.run(fed))
            rungs = [self._rung(rung, outputs.pop(0), shelf) for rung in made.rungs]
            assert process.stderr is not None
            reads = [*rungs, *self._detectors(made, outputs), self._listen(process.stderr)]
            works = [asyncio.create_task(read) for read in reads]
            try:
                await _finish(works, guard)
                code = await asyncio.wait_for(process.wait(), FLUSH_S)
            except BoxError as error:
                raise EncoderFailed(f"the encoding process wrote what is not MP4: {error}") from error
            finally:
                for task in [*works, feed, guard, silence]:
                    task.cancel()
                await asyncio.gather(*works, feed, guard, silence, return_exceptions=True)
        await shelf.finish()
        if code == 0 and fed.is_set():
            return "the source ended"
        said = "; ".join(self._stderr)
        raise EncoderFailed(f"the encoding process ended with status {code}{': ' + said if said else ''}")

    @asynccontextmanager
    async def _process(
        self, publication: Publication, made: ladder.Plan, still: Path | None
    ) -> AsyncIterator[tuple[asyncio.subprocess.Process, list[asyncio.StreamReader]]]:
        """ffmpeg with one pipe per rung and per detector branch; killed on the way out if it still runs."""
        ends = [make_pipe() for _ in range(len(made.rungs) + 2 * self.info.has_video + self.info.has_audio)]
        writers = [write for _, write in ends]
        quiet = make_pipe() if not self.info.has_audio else None
        rest = writers[len(made.rungs) :]
        pipes = ladder.Pipes(
            rungs={rung.name: fd for rung, fd in zip(made.rungs, writers, strict=False)},
            picture=rest.pop(0) if self.info.has_video else None,
            frames=rest.pop(0) if self.info.has_video else None,
            sound=rest.pop(0) if self.info.has_audio else None,
            silence=quiet[0] if quiet else None,
        )
        command = ladder.arguments(self._ffmpeg, made, publication.container, self._thresholds, pipes, still)
        transports: list[asyncio.ReadTransport] = []
        process = None
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                pass_fds=[*writers, *(quiet[:1] if quiet else ())],
                start_new_session=True,  # a terminal's Ctrl-C is ours to handle, in order
            )
            self.pid = process.pid
            for fd in writers:
                os.close(fd)
            writers = []
            if quiet:
                os.close(quiet[0])
                await self._silence.open(quiet[1])
                quiet = None
            outputs = []
            while ends:
                reader, transport = await open_reader(ends.pop(0)[0])
                outputs.append(reader)
                transports.append(transport)
            yield process, outputs
        finally:
            for fd in [*writers, *(read for read, _ in ends), *(quiet or ())]:
                os.close(fd)
            self._silence.close()
            for transport in transports:
                transport.close()
            if process is not None:
                await _end(process)
            self.pid = None

    async def _feed(
        self, process: asyncio.subprocess.Process, publication: Publication, head: bytes, fed: asyncio.Event
    ) -> None:
        assert process.stdin is not None
        data = head or await publication.read()
        try:
            while data:
                process.stdin.write(data)
                await process.stdin.drain()
                data = await publication.read()
            fed.set()
        except (BrokenPipeError, ConnectionResetError):
            pass  # the process is gone; its exit status tells more
        finally:
            process.stdin.close()

    async def _rung(self, rung: ladder.Rung, stream: asyncio.StreamReader, shelf: sets.Shelf) -> None:
        reader = Reader()
        cutter: PictureCutter | SoundCutter = PictureCutter()
        while data := await stream.read(READ_BYTES):
            self._progress = time.monotonic()
            for part in reader.feed(data):
                if isinstance(part, Init):
                    cutter = PictureCutter() if rung.height else SoundCutter(part)
                    await shelf.init(rung.name, part)
                elif isinstance(part, Fragment):
                    for piece in cutter.take(part):
                        await shelf.put(rung.name, self._checked(piece))
        for piece in cutter.finish():
            await shelf.put(rung.name, self._checked(piece))

    def _checked(self, piece: Piece) -> Piece:
        """A silent source lacks no sound: its own is made up and may come late."""
        return piece if self.info.has_audio and self.info.has_video else replace(piece, whole=True)

    def _detectors(
        self, made: ladder.Plan, outputs: list[asyncio.StreamReader]
    ) -> Iterator[Coroutine[None, None, None]]:
        """One reader per detector pipe, in the order in which ``_process`` made them."""
        assert self._watchdog is not None
        if self.info.has_video:
            yield self._detect(outputs.pop(0), Lines(self._watchdog, ("black",)))
            wide, high = ladder.WATCH_SIZE
            start, step = float(ladder.watch_start(made)), 1 / ladder.DETECTOR_FPS
            yield self._detect(outputs.pop(0), Stillness(self._watchdog, start, step, wide * high))
        if self.info.has_audio:
            yield self._detect(outputs.pop(0), Lines(self._watchdog, ("silence",)))

    async def _detect(self, stream: asyncio.StreamReader, detector: Lines | Stillness) -> None:
        while data := await stream.read(READ_BYTES):
            self._progress = time.monotonic()
            for signal in detector.feed(data):
                self._on_signal(signal)
            if isinstance(detector, Stillness) and not self.info.has_audio:
                self._silence.follow(detector.seconds)

    async def _listen(self, stream: asyncio.StreamReader) -> None:
        rest = b""
        while data := await stream.read(4096):
            *lines, rest = (rest + data).split(b"\n")
            rest = rest[-1024:]
            self._stderr.extend(line.decode("utf-8", "replace").strip()[:300] for line in lines)

    async def _guard(self, publication: Publication, fed: asyncio.Event) -> None:
        """Raise EncoderFailed when the process hangs; note a track that stops while the other goes on."""
        starving = time.monotonic()
        stopped: dict[Kind, bool] = {"silence": False, "freeze": False}
        while True:
            await asyncio.sleep(0.2)
            now = time.monotonic()
            idle = now - publication.last_media > 1.0 and not fed.is_set()
            starving = now if idle else max(starving, self._progress)
            if now - starving > (FLUSH_S if fed.is_set() else HANG_S):
                raise EncoderFailed("the encoding process hangs: it gives nothing for what comes in")
            if not fed.is_set():
                self._tracks(publication, now, stopped)

    def _tracks(self, publication: Publication, now: float, stopped: dict[Kind, bool]) -> None:
        sound, picture = publication.last_audio, publication.last_video
        watchdog = self._watchdog
        if watchdog is None or sound is None or picture is None:
            return
        if not (self.info.has_audio and self.info.has_video):
            return
        media = time.time() - watchdog.origin
        pairs: tuple[tuple[Kind, float, float], ...] = (
            ("silence", sound, picture),
            ("freeze", picture, sound),
        )
        for kind, last, other in pairs:
            gone = now - last > STALL_S and now - other < STALL_S
            back = stopped[kind] and now - last < STALL_S
            if gone or back:
                stopped[kind] = gone
                at = media - (now - last)
                for signal in [*watchdog.note(kind, gone, at, media), *watchdog.tick((kind,), media)]:
                    self._on_signal(signal)


async def _finish(works: list[asyncio.Task[None]], guard: asyncio.Task[None]) -> None:
    """Wait for all works; the first failure of one of them or of the guard is raised."""
    waiting = set(works)
    while waiting:
        done, _ = await asyncio.wait({*waiting, guard}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        waiting -= done


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
