"""One encoder's connection from its first byte to its last segment: probe, encode, report what happens."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from maru.services.live.engine.contracts import (
    InputSpec,
    Publication,
    Rendition,
    SegmentSet,
    Signal,
    SourceInfo,
    Thresholds,
)
from maru.services.live.engine.probe import gather_head


class Runner(Protocol):
    """What encodes a publication: ``encoder.Encoder`` or a fake of the tests."""

    thresholds: Thresholds

    async def run(self, publication: Publication, head: bytes) -> str: ...


Probe = Callable[[bytes, str], Awaitable[SourceInfo]]


@dataclass(frozen=True)
class Order:
    """All that a runner is built from. ``began`` is the wall time of the source's time zero."""

    session: str
    folder: Path
    preset: Sequence[Rendition]
    thresholds: Thresholds
    info: SourceInfo
    began: float
    on_set: Callable[[SegmentSet], None]
    on_signal: Callable[[Signal], None]
    on_trouble: Callable[[OSError], None]


MakeRunner = Callable[[Order], Runner]


class Watched:
    """A publication whose end is noticed at the moment the last byte was read, and whose rate is known."""

    def __init__(self, inner: Publication, on_end: Callable[[], None]) -> None:
        self._inner = inner
        self._on_end = on_end
        self._reads: deque[tuple[float, int]] = deque()

    @property
    def input(self) -> InputSpec:
        return self._inner.input

    @property
    def protocol(self) -> Literal["rtmp", "srt", "file"]:
        return self._inner.protocol

    @property
    def container(self) -> Literal["flv", "mpegts", "auto"]:
        return self._inner.container

    @property
    def began(self) -> float:
        return self._inner.began

    @property
    def last_media(self) -> float:
        return self._inner.last_media

    @property
    def last_video(self) -> float | None:
        return self._inner.last_video

    @property
    def last_audio(self) -> float | None:
        return self._inner.last_audio

    @property
    def peer(self) -> str:
        return self._inner.peer

    async def read(self) -> bytes:
        data = await self._inner.read()
        if not data:
            self._on_end()
            return data
        now = time.monotonic()
        self._reads.append((now, len(data)))
        while self._reads[0][0] < now - 5.0:
            self._reads.popleft()
        return data

    async def close(self, reason: str) -> None:
        await self._inner.close(reason)

    def kbps(self) -> int:
        """The rate of the last five seconds."""
        now = time.monotonic()
        return int(sum(size for at, size in self._reads if at > now - 5.0) * 8 / 5000)


@dataclass(frozen=True)
class Listener:
    """Whom a session tells: plain calls on the event loop."""

    on_info: Callable[[str, SourceInfo], None]
    on_set: Callable[[str, SegmentSet], None]
    on_signal: Callable[[str, Signal], None]
    on_end: Callable[[str, str], None]  # the connection ended
    on_runner: Callable[[Runner], None]
    on_trouble: Callable[[OSError], None]  # a file could not be written
    on_drained: Callable[[str, str], None]  # nothing more comes; the second text is the encoder's reason


async def run_session(
    session: str,
    publication: Watched,
    folder: Path,
    preset: Sequence[Rendition],
    thresholds: Thresholds,
    probe: Probe,
    make_runner: MakeRunner,
    listener: Listener,
) -> None:
    """Run one connection to its end. An unreadable source is closed and told, never raised."""
    reason = "ended"
    try:
        head = await gather_head(publication)
        if not head:
            return
        info = await probe(head, publication.container)
        if not (info.has_video or info.has_audio):
            reason = "neither picture nor sound"
            return
        listener.on_info(session, info)
        runner = make_runner(
            Order(
                session,
                folder,
                preset,
                thresholds,
                info,
                publication.began or time.time(),
                lambda segments: listener.on_set(session, segments),
                lambda signal: listener.on_signal(session, signal),
                listener.on_trouble,
            )
        )
        listener.on_runner(runner)
        reason = await runner.run(publication, head)
    except ValueError as refusal:  # what probe and encoder say of a source they cannot read
        reason = str(refusal)
    except OSError as error:
        reason = f"the encoder could not run: {error.strerror or error}"
    finally:
        listener.on_end(session, reason)
        listener.on_drained(session, reason)
        await publication.close(reason)
