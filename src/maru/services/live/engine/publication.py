"""One encoder's connection as the rest of the engine sees it: bytes in order, never more than fit."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from maru.services.live.engine.contracts import InputSpec
from maru.services.live.engine.flv import Piece

QUEUE_BYTES = 8 * 2**20  # about 20 s of the richest source we advise
STALL_SECONDS = 15.0  # a reader who takes nothing for so long is gone
READ_BYTES = 256 * 2**10


@dataclass(frozen=True)
class Refused:
    """An encoder that was sent away. ``key_hint`` shows few characters; ``input`` is known if the key was."""

    protocol: Literal["rtmp", "srt"]
    peer: str
    key_hint: str
    reason: Literal["unknown key", "revoked key", "key in use"]
    input: InputSpec | None = None


def key_hint(key: str) -> str:
    """Enough of a key to recognise it by, too little to use it."""
    return f"{key[:4]}…" if len(key) > 6 else "…"


class BufferedPublication:
    """A bounded queue between the connection that fills it and the encoder that reads it.

    When the reader falls behind by more than ``limit`` bytes, whole groups of pictures are left out (counted
    in ``dropped``): media is refused until half the queue is free and then until the next keyframe.
    """

    def __init__(
        self,
        spec: InputSpec,
        protocol: Literal["rtmp", "srt", "file"],
        container: Literal["flv", "mpegts", "auto"],
        peer: str,
        *,
        on_close: Callable[[str], None],
        limit: int = QUEUE_BYTES,
    ) -> None:
        self.input = spec
        self.protocol = protocol
        self.container = container
        self.peer = peer
        self.began = 0.0
        self.last_media = time.monotonic()
        self.last_video: float | None = None
        self.last_audio: float | None = None
        self.reason = ""
        self.received = 0
        self.dropped = 0
        self.waits_for_video = False
        self._on_close = on_close
        self._limit = limit
        self._queue: deque[bytes] = deque()
        self._size = 0
        self._dropping = False
        self._full_since = 0.0
        self._ended = False
        self._wake = asyncio.Event()
        self._taken = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Bytes that nobody has read yet."""
        return self._size

    @property
    def ended(self) -> bool:
        """Whether the encoder left or was sent away."""
        return self._ended

    def touch(self, track: Literal["audio", "video"] | None, amount: int, now: float) -> None:
        """Note that media came in; sets ``began`` at the first."""
        if not self.began:
            self.began = time.time()
        self.last_media = now
        self.received += amount
        if track == "video":
            self.last_video = now
        elif track == "audio":
            self.last_audio = now

    def dated(self, media_s: float) -> None:
        """Media of the time ``media_s`` is here, so time zero was no later than so long ago.

        An encoder that has just connected sends what it has gathered at once: its first byte comes late.
        """
        self.began = min(self.began, time.time() - media_s)

    def put(self, piece: Piece, *, picture: bool = False, now: float | None = None) -> None:
        """Queue a piece, or count it as dropped. ``picture`` says that it is a video message."""
        if self._ended:
            return
        now = time.monotonic() if now is None else now
        size = len(piece.data)
        if (
            self._dropping
            and self._size <= self._limit // 2
            and piece.opens
            and picture == self.waits_for_video
        ):
            self._dropping = False
        elif not self._dropping and self._size + size > self._limit:
            self._dropping = True
            self._full_since = now
        # even what must be kept has an end: a peer could send nothing but configurations
        if (self._dropping and not piece.keep) or self._size + size > 2 * self._limit:
            self.dropped += 1
            if now - self._full_since > STALL_SECONDS:
                self._finish("the reader stalled")
            return
        self._queue.append(piece.data)
        self._size += size
        self._wake.set()

    async def read(self) -> bytes:
        """Up to READ_BYTES of what is queued, in whole pieces; b"" after the end. One reader at a time."""
        while not self._queue:
            if self._ended:
                return b""
            self._wake.clear()
            await self._wake.wait()
        pieces = [self._queue.popleft()]
        size = len(pieces[0])
        while self._queue and size + len(self._queue[0]) <= READ_BYTES:
            pieces.append(self._queue.popleft())
            size += len(pieces[-1])
        self._size -= size
        self._full_since = time.monotonic()  # it takes something, so it lives
        self._taken.set()
        return b"".join(pieces)

    async def room(self) -> None:
        """Wait until less than half of the queue is used, or the end."""
        while self._size > self._limit // 2 and not self._ended:
            self._taken.clear()
            await self._taken.wait()

    def end(self, reason: str) -> None:
        """The encoder left: what is queued can still be read."""
        if not self._ended:
            self._ended = True
            self.reason = reason
            self._wake.set()
            self._taken.set()

    def _finish(self, reason: str) -> None:
        if not self._ended:
            self.end(reason)
            self._on_close(reason)

    async def close(self, reason: str) -> None:
        """Send the encoder away; drops what nobody has read."""
        self._queue.clear()
        self._size = 0
        self._finish(reason)


OnPublication = Callable[[BufferedPublication], Awaitable[None]]
OnRefused = Callable[[Refused], None]
