"""Pipes between us and a child process, without blocking the event loop."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from contextlib import suppress

PIPE_BYTES = 512 * 2**10
STREAM_BYTES = 512 * 2**10
SILENCE_AHEAD_S = 2.0
SILENCE_ENDS_S = 1.0


def make_pipe() -> tuple[int, int]:
    """Descriptors to read and to write, with room for most of a segment."""
    read, write = os.pipe()
    with suppress(OSError):  # a user's share of pipe memory may be spent; the usual 64 KiB do as well
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return read, write


async def open_reader(fd: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    """Read a descriptor, which now belongs to the transport."""
    reader = asyncio.StreamReader(limit=STREAM_BYTES)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(fd, "rb", 0)
    )
    return reader, transport


class Silence:
    """16-bit stereo silence for a source without sound: a little more than there is picture.

    ``rate`` is in samples per second. Closing cannot wait for the end of ffmpeg's pictures, because ffmpeg ends
    no output before all its inputs have ended: ``run`` closes once the source ended and no picture came for a while.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._sent = 0.0
        self._moved = time.monotonic()
        self._transport: asyncio.WriteTransport | None = None

    async def open(self, fd: int) -> None:
        """Write to a descriptor, which now belongs to the transport."""
        self._transport, _ = await asyncio.get_running_loop().connect_write_pipe(
            asyncio.BaseProtocol, os.fdopen(fd, "wb", 0)
        )
        self.follow(0.0)

    def follow(self, seconds: float) -> None:
        """The picture has come so far."""
        self._moved = time.monotonic()
        count = int((seconds + SILENCE_AHEAD_S - self._sent) * self._rate)
        if self._transport is not None and not self._transport.is_closing() and count > 0:
            self._transport.write(bytes(4 * count))
            self._sent += count / self._rate

    async def run(self, ended: asyncio.Event) -> None:
        """Close when all is over."""
        await ended.wait()
        while (left := self._moved + SILENCE_ENDS_S - time.monotonic()) > 0:  # noqa: ASYNC110 - a wait for nothing
            await asyncio.sleep(left)
        self.close()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
