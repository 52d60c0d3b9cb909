"""One reader: a connection, its request, and its place in a channel. Kept small, for there are tens of thousands."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol, cast

from maru.platform.stream import requests

if TYPE_CHECKING:
    from maru.platform.stream.rooms import Room

# What may wait for one reader in this process. Above it the reader is left alone until it has taken some.
BUFFER_HIGH = 256 * 1024
BUFFER_LOW = 64 * 1024
# A reader that takes nothing for so long is cut; it comes back with Last-Event-ID and loses nothing.
STALL_SECONDS = 20.0


class Host(Protocol):
    """What a reader needs of the server that holds it."""

    def opened(self, reader: Reader) -> bool:
        """A connection came; False if there is no place."""

    def requested(self, reader: Reader, request: requests.Request) -> None:
        """A whole request came."""

    def closed(self, reader: Reader) -> None:
        """The connection is gone."""

    def stalled(self, reader: Reader) -> None:
        """The reader does not take what is sent."""

    def flowing(self, reader: Reader) -> None:
        """It takes again."""


class Reader(asyncio.Protocol):
    """``seq`` is the last event given; ``until`` the Unix second when its ticket ends (0: needs none)."""

    __slots__ = ("_head", "_host", "_paused", "phone", "room", "seq", "transport", "until")

    def __init__(self, host: Host) -> None:
        self._host = host
        self._head: bytes | None = b""
        self._paused = False
        self.transport: asyncio.Transport | None = None
        self.room: Room | None = None
        self.phone = False
        self.seq = -1
        self.until = 0

    @property
    def waiting(self) -> bool:
        """Whether the request has not come yet."""
        return self._head is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(BUFFER_HIGH, BUFFER_LOW)
        if not self._host.opened(self):
            self.refuse(503)

    def data_received(self, data: bytes) -> None:
        if self._head is None:
            # Nothing more belongs on this connection. An empty line is forgiven, more is not read.
            if data.strip():
                self.cut()
            return
        head = self._head + data if self._head else data
        end = head.find(b"\r\n\r\n")
        if end < 0 or end > requests.HEAD_LIMIT:
            if len(head) > requests.HEAD_LIMIT:
                self.refuse(431)
            else:
                self._head = head
            return
        try:
            if head[end:].strip():
                raise requests.BadRequest(400)
            request = requests.parse(head[:end].lstrip(b"\r\n"))
        except requests.BadRequest as fault:
            self.refuse(fault.status)
            return
        self._head = None
        self._host.requested(self, request)

    def eof_received(self) -> None:
        """A reader that stops sending has left: browsers never half-close."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._head = None
        self.transport = None
        self._host.closed(self)

    def pause_writing(self) -> None:
        self._paused = True
        self._host.stalled(self)

    def resume_writing(self) -> None:
        self._paused = False
        self._host.flowing(self)
        self.pump()

    def pump(self) -> None:
        """Send what the reader lacks, as far as it takes it."""
        room, transport = self.room, self.transport
        if room is None or transport is None:
            return
        channel = room.channel
        while not self._paused and not transport.is_closing():
            following = channel.after(self.seq)
            if following is None:
                return
            data, self.seq = following
            transport.write(data)

    def reset(self) -> None:
        """The reader's place does not exist: tell it to fetch what it lacks, and go on from the newest."""
        if self.room is not None and self.transport is not None:
            data, self.seq = self.room.channel.reset()
            self.transport.write(data)

    def say(self, data: bytes) -> None:
        """Send what has no place in the order (who is there, a beat); not to one who does not even take events."""
        if self.transport is not None and not self._paused:
            self.transport.write(data)

    def finish(self, data: bytes) -> None:
        """Send a whole answer and close."""
        self._head = None
        if self.transport is not None:
            self.transport.write(data)
            self.transport.close()

    def refuse(self, status: int) -> None:
        """Answer with an error and close."""
        self.finish(requests.answer(status, f'{{"error":"{requests.REASONS[status]}"}}'))

    def cut(self) -> None:
        """Close at once, whatever waits."""
        if self.transport is not None:
            self.transport.abort()
