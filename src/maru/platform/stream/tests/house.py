"""A small house around the stream: a relay without a database, a hall in this process, and readers of raw sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop

from maru.platform.events import wire
from maru.platform.ports.bus import Bus, connect
from maru.platform.ports.environment import Environment
from maru.platform.stream.hall import Hall
from maru.platform.stream.readers import Reader

SECRET = "s" * 40
PATIENCE = 20.0


class FakeRelay:
    """Keeps events in memory and speaks the relay's part on the bus."""

    def __init__(self, bus: Bus) -> None:
        self.events: dict[str, list[wire.Event]] = {}
        self.kept_from: dict[str, int] = {}
        self.asked: list[tuple[str, int]] = []
        self.mute = False
        self._bus = bus
        self._asks = bus.subscribe(wire.ASK)
        asyncio.get_running_loop().add_reader(self._asks.fileno(), self._hear)

    def emit(self, channel: str, kind: str = "opinion", *, silently: bool = False, **payload: Any) -> int:
        events = self.events.setdefault(channel, [])
        event = wire.Event(len(events) + 1, kind, payload)
        events.append(event)
        if not silently:
            fanout = wire.Fanout(channel, event.seq - 1, event.seq, (event,))
            self._bus.publish(wire.FANOUT, fanout.as_message())
        return event.seq

    def answer(self, channel: str, after: int) -> None:
        events = self.events.get(channel, [])
        floor = max(after, self.kept_from.get(channel, 1) - 1, len(events) - wire.RING_EVENTS)
        found = tuple(events[floor:])
        floor = floor if found else len(events)
        self._bus.publish(wire.FANOUT, wire.Fanout(channel, floor, len(events), found, after).as_message())

    def tell_heads(self) -> None:
        heads = {channel: len(events) for channel, events in self.events.items()}
        self._bus.publish(wire.HEADS, {"heads": heads})

    def _hear(self) -> None:
        while (hint := self._asks.get(0)) is not None:
            asks = wire.read_asks(hint[1])
            self.asked.extend(asks)
            for channel, after in asks if not self.mute else ():
                self.answer(channel, after)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._asks.fileno())
        self._asks.close()


@dataclass
class Message:
    """One server-sent event. ``id`` is None where the message had none."""

    event: str
    data: Any
    id: int | None = None


@dataclass
class Listener:
    """A reader: ``status``, ``headers``, then messages."""

    stream: asyncio.StreamReader
    writer: asyncio.StreamWriter
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    last_id: int | None = None

    async def head(self) -> None:
        lines = (await self.stream.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)
        }

    async def next(self) -> Message:
        """The next event, comments and ``retry`` passed over. Raises IncompleteReadError at the end."""
        while True:
            block = (await asyncio.wait_for(self.stream.readuntil(b"\n\n"), PATIENCE)).decode()
            fields = dict(
                line.split(": ", 1) for line in block.strip().split("\n") if not line.startswith(":")
            )
            if "event" in fields:
                number = int(fields["id"]) if "id" in fields else None
                self.last_id = number if number is not None else self.last_id
                return Message(fields["event"], json.loads(fields["data"]), number)

    async def wait(self, event: str) -> Message:
        """The next message of this kind."""
        while (message := await self.next()).event != event:
            pass
        return message

    async def seqs(self, last: int) -> list[int]:
        """Numbers of the events of all batches until ``last`` came."""
        got: list[int] = []
        while not got or got[-1] < last:
            got.extend(event["seq"] for event in (await self.wait("batch")).data)
        return got

    def close(self) -> None:
        self.writer.close()


class House:
    """A hall that listens on ``port``, with a fake relay."""

    def __init__(self, home: Path) -> None:
        self.environment = Environment(home=home, media=home / "media", lake=home / "lake", secret=SECRET)
        self.bus = connect("unix", home)
        self.relay = FakeRelay(self.bus)
        self.hall = Hall(self.environment, self.bus, places=500)
        self.port = 0

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(lambda: Reader(self.hall), "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, limit=2**24)

    async def listen(self, path: str, headers: str = "", method: str = "GET") -> Listener:
        stream, writer = await self.connect()
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode())
        listener = Listener(stream, writer)
        await asyncio.wait_for(listener.head(), PATIENCE)
        return listener

    async def raw(self, data: bytes) -> bytes:
        """What a connection answers to these bytes until it closes."""
        stream, writer = await self.connect()
        with contextlib.suppress(ConnectionError):
            writer.write(data)
            await writer.drain()
        got = b""
        with contextlib.suppress(ConnectionError):
            while chunk := await asyncio.wait_for(stream.read(65536), PATIENCE):
                got += chunk
        writer.close()
        return got

    async def close(self) -> None:
        self.server.close()
        await self.hall.drain(1.0)
        self.hall.close()
        self.relay.close()


async def until(condition: Callable[[], bool]) -> None:
    """Wait until it holds; fail after a while."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "it never came true"
        await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def opened(home: Path) -> AsyncIterator[House]:
    house = House(home)
    await house.open()
    try:
        yield house
    finally:
        await house.close()


def in_house(home: Path, story: Callable[[House], Awaitable[None]]) -> None:
    """Run a story in a house, on the loop that the real process uses."""

    async def run() -> None:
        async with opened(home) as house:
            await story(house)

    uvloop.run(run())
