"""A crowd of readers of server-sent events: each process holds many raw connections and checks every message.

``python -m bench._crowd URL COUNT`` connects, prints ``ready``, and reads until a line ``end NUMBER`` on its standard
input; when all readers have reached that number (or 30 s later) it prints one JSON object and ends. Every reader
knows which number comes next: a number left out is lost, one that came before is doubled or out of order. With
``--churn N`` N readers a second hang up and come back with Last-Event-ID.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

import uvloop

CONNECT_AT_ONCE = 100
END_SECONDS = 30.0


@dataclass
class Seen:
    """One message, the same bytes for all who got it: its events, how many got it, when the last one did."""

    events: list[dict[str, Any]]
    count: int = 0
    last_at: float = 0.0


@dataclass
class Tally:
    """What the whole process saw."""

    messages: dict[bytes, Seen] = field(default_factory=dict)
    lost: int = 0
    doubled: int = 0
    disorder: int = 0
    resets: int = 0
    hung_up_on: int = 0
    resumed: int = 0
    deliveries: int = 0
    bytes: int = 0


class Reader(asyncio.Protocol):
    """One connection after another; ``next`` is the number expected (0: whatever comes first)."""

    __slots__ = ("buffer", "crowd", "leaving", "next", "place", "started", "transport")

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.buffer = b""
        self.next = 0
        self.place = b""
        self.started = False
        self.leaving = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.buffer, self.started, self.leaving = b"", False, False
        place = b"Last-Event-ID: " + self.place + b"\r\n" if self.place else b""
        self.transport.write(self.crowd.request % place)

    def data_received(self, data: bytes) -> None:
        buffer = self.buffer + data if self.buffer else data
        if not self.started:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                self.buffer = buffer
                return
            if not buffer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(buffer[:200].decode("latin-1"))
            self.started = True
            self.crowd.connected += 1
            buffer = buffer[end + 4 :]
        *blocks, self.buffer = buffer.split(b"\n\n")
        for block in blocks:
            self.take(block)

    def take(self, block: bytes) -> None:
        """Check one message."""
        tally = self.crowd.tally
        seen = tally.messages.get(block)
        if seen is None:
            seen = tally.messages[block] = Seen(events_of(block))
        id_at = block.find(b"id: ")
        if id_at >= 0:
            end = block.find(b"\n", id_at)
            self.place = block[id_at + 4 : end if end >= 0 else len(block)].strip()
        if not seen.events:
            tally.resets += b"event: reset" in block
            return
        seen.count += 1
        seen.last_at = time.time()
        tally.deliveries += 1
        tally.bytes += len(block) + 2
        first, last = seen.events[0]["seq"], seen.events[-1]["seq"]
        if last - first + 1 != len(seen.events):
            tally.disorder += 1
        if self.next and first > self.next:
            tally.lost += first - self.next
        elif first < self.next:
            tally.doubled += self.next - first
        self.next = max(self.next, last + 1)

    def connection_lost(self, exc: Exception | None) -> None:
        self.crowd.connected -= self.started
        if self.crowd.ending:
            return
        if self.leaving:
            self.crowd.tally.resumed += 1
        else:
            self.crowd.tally.hung_up_on += 1
        self.crowd.spawn(self.crowd.connect(self))

    def leave(self) -> None:
        """Hang up, to come back; not before there is a place to come back to (nchan gives none until it has a message)."""
        if self.transport is not None and self.started and self.place:
            self.leaving = True
            self.transport.abort()


def events_of(block: bytes) -> list[dict[str, Any]]:
    """The numbered events of a message: those of a batch, or the one that is the whole data (nchan)."""
    lines = block.split(b"\n")
    data = b"".join(line[6:] for line in lines if line.startswith(b"data: "))
    kind = next((line[7:] for line in lines if line.startswith(b"event: ")), b"message")
    if kind not in {b"batch", b"message"} or not data:
        return []
    parsed = json.loads(data)
    events = parsed if isinstance(parsed, list) else [parsed]
    return [{"seq": event["seq"], "id": event.get("id"), "at": event.get("at")} for event in events]


class Crowd:
    """All readers of this process."""

    def __init__(self, url: str, count: int) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "", parts.port or 80
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        self.request = (
            f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: text/event-stream\r\n".encode()
            + b"%b\r\n"
        )
        self.tally = Tally()
        self.connected = 0
        self.ending = False
        self.readers = [Reader(self) for _ in range(count)]
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Any) -> None:
        """Run a coroutine beside; its faults end the process."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def connect(self, reader: Reader) -> None:
        """Connect until it works."""
        loop = asyncio.get_running_loop()
        while not self.ending:
            try:
                await loop.create_connection(lambda: reader, self.host, self.port)
            except OSError:
                await asyncio.sleep(0.2 + random.random())
            else:
                return

    async def gather(self) -> None:
        """Connect everybody, in portions."""
        for start in range(0, len(self.readers), CONNECT_AT_ONCE):
            await asyncio.gather(*map(self.connect, self.readers[start : start + CONNECT_AT_ONCE]))
        while self.connected < len(self.readers):
            await asyncio.sleep(0.05)

    async def churn(self, each_second: int) -> None:
        """Let some hang up and come back, every second."""
        while not self.ending:
            for reader in random.sample(self.readers, min(each_second, len(self.readers))):
                reader.leave()
            await asyncio.sleep(1.0)

    async def wait(self, last: int) -> int:
        """Wait until all have reached ``last``; how many did not."""
        deadline = time.monotonic() + END_SECONDS
        while time.monotonic() < deadline and any(reader.next <= last for reader in self.readers):
            await asyncio.sleep(0.1)
        return sum(reader.next <= last for reader in self.readers)

    def report(self, behind: int) -> dict[str, Any]:
        """What was seen, event by event: number, id, time stamp, how many readers got it, when the last one did."""
        events: dict[int, list[Any]] = {}
        for seen in self.tally.messages.values():
            for event in seen.events:
                row = events.setdefault(event["seq"], [event["seq"], event["id"], event["at"], 0, 0.0])
                row[3] += seen.count
                row[4] = max(row[4], seen.last_at)
        numbers = {name: value for name, value in vars(self.tally).items() if name != "messages"}
        return {"events": sorted(events.values()), "behind": behind, **numbers}


async def run(url: str, count: int, churn: int) -> None:
    """Connect, say ready, read until told to end, report."""
    loop = asyncio.get_running_loop()
    crowd = Crowd(url, count)
    await crowd.gather()
    print("ready", flush=True)
    if churn:
        crowd.spawn(crowd.churn(churn))
    line = await loop.run_in_executor(None, sys.stdin.readline)
    last = int(line.split()[1]) if line else 0
    behind = await crowd.wait(last)
    crowd.ending = True
    print(json.dumps(crowd.report(behind)), flush=True)


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("count", type=int)
    parser.add_argument("--churn", type=int, default=0)
    options = parser.parse_args()
    uvloop.run(run(options.url, options.count, options.churn))


if __name__ == "__main__":
    main()
