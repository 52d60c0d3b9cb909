"""The hall: all rooms of one stream process, between the bus and the readers. Runs in one event loop."""

from __future__ import annotations

import asyncio
import json
import random
import re
import secrets
import socket
import time
from collections import deque
from collections.abc import Callable

from maru.platform.events import wire
from maru.platform.ports.bus import Bus
from maru.platform.ports.environment import Environment
from maru.platform.stream import requests, tokens
from maru.platform.stream.audience import Audience, Count, is_phone
from maru.platform.stream.readers import STALL_SECONDS, Reader
from maru.platform.stream.rooms import Room

REQUEST_SECONDS = 10.0
TICK_SECONDS = 0.25
AUDIENCE_SECONDS = 2.0
RELAY_SILENT_SECONDS = 5.0
ROOMS_LIMIT = 20_000
_HINTS_AT_ONCE = 200
_NUMBER = re.compile(r"[0-9]{1,18}")


class Hall:
    """See ``readers.Host`` for what readers call. ``places`` is how many connections may be open at once."""

    def __init__(self, environment: Environment, bus: Bus, *, index: int = 0, places: int = 10_000) -> None:
        self.index = index
        self.places = places
        self.connections = 0
        self.cuts = self.refused = 0
        self.draining = False
        self.rooms: dict[str, Room] = {}
        self.audience = Audience(
            f"{socket.gethostname()}-{environment.stream_port}-{index}", secrets.token_hex(4)
        )
        self.relay_heard_at = 0.0
        self._secret = environment.secret
        self._path = environment.run / "audience.json"
        self._bus = bus
        self._hints = bus.subscribe(wire.FANOUT, wire.HEADS, wire.AUDIENCE_PART)
        self._loop = asyncio.get_running_loop()
        self._asks: set[tuple[str, int]] = set()
        self._requests_due: deque[tuple[float, Reader]] = deque()
        self._stalled: dict[Reader, float] = {}
        self._ticketed: set[Reader] = set()
        self._told_at = 0.0
        self._retries = [b"retry: %d\n\n" % random.randint(1000, 2500) for _ in range(32)]  # noqa: S311
        if index == 0:
            self.audience.load(self._path, self._loop.time())
        self._loop.add_reader(self._hints.fileno(), self._hear)
        self._ticking = self._loop.call_later(TICK_SECONDS, self._tick)

    def close(self) -> None:
        """Stop listening to the bus; readers are closed by ``drain``."""
        self._ticking.cancel()
        self._loop.remove_reader(self._hints.fileno())
        self._hints.close()

    # Readers come and go

    def opened(self, reader: Reader) -> bool:
        self.connections += 1
        self._requests_due.append((self._loop.time() + REQUEST_SECONDS, reader))
        return self.connections <= self.places and not self.draining

    def closed(self, reader: Reader) -> None:
        self.connections -= 1
        self._stalled.pop(reader, None)
        self._ticketed.discard(reader)
        if reader.room is not None:
            reader.room.leave(reader)

    def stalled(self, reader: Reader) -> None:
        self._stalled[reader] = self._loop.time() + STALL_SECONDS

    def flowing(self, reader: Reader) -> None:
        self._stalled.pop(reader, None)

    def requested(self, reader: Reader, request: requests.Request) -> None:
        if request.method == "OPTIONS":
            reader.finish(requests.answer(204))
            return
        if request.method not in {"GET", "HEAD"}:
            reader.refuse(405)
            return
        bare = request.method == "HEAD"
        if request.path == "/health":
            body = json.dumps(self.health())
            reader.finish(requests.answer(503 if self.draining else 200, body, without_body=bare))
        elif request.path == "/metrics":
            reader.finish(
                requests.answer(200, self.metrics(), "text/plain; version=0.0.4", without_body=bare)
            )
        elif request.path.startswith("/events/"):
            self._events(reader, request, bare=bare)
        else:
            reader.refuse(404)

    def _events(self, reader: Reader, request: requests.Request, *, bare: bool) -> None:
        name = request.path.removeprefix("/events/")
        if not wire.is_channel(name):
            reader.refuse(404)
            return
        if name.startswith(wire.STAFF_PREFIX):
            until = tokens.verify(self._secret, name, request.query.get("token", ""))
            if until is None:
                reader.refuse(403)
                return
            reader.until = until
        if bare:
            reader.finish(requests.STREAM_HEAD)
            return
        room = self.rooms.get(name)
        if room is None:
            if len(self.rooms) >= ROOMS_LIMIT or self.draining:
                reader.refuse(503)
                return
            room = self.rooms[name] = Room(name, self._loop)
        if reader.until:
            self._ticketed.add(reader)
        last = request.headers.get("last-event-id", "")
        place = last or request.query.get("after", "")
        reader.seq = int(place) if _NUMBER.fullmatch(place) else -1
        reader.phone = is_phone(request.headers.get("user-agent", ""))
        reader.say(requests.STREAM_HEAD + random.choice(self._retries))  # noqa: S311
        room.enter(reader, joins=not last and "again" not in request.query)
        self._ask_if_due(room)

    # The bus

    def _hear(self) -> None:
        for _ in range(_HINTS_AT_ONCE):
            hint = self._hints.get(0)
            if hint is None:
                return
            topic, message = hint
            now = self._loop.time()
            if topic == wire.AUDIENCE_PART:
                self.audience.hear(message, now)
                continue
            self.relay_heard_at = now
            if topic == wire.FANOUT:
                self._fanout(message, now)
            else:
                self._heads(message, now)
        # More may have been taken from the socket than was looked at: come back, even if it stays silent.
        self._loop.call_soon(self._hear)

    def _fanout(self, message: dict[str, object], now: float) -> None:
        fanout = wire.read_fanout(message)
        room = None if fanout is None else self.rooms.get(fanout.channel)
        if fanout is not None and room is not None:
            room.receive(fanout, now)
            self._ask_if_due(room)

    def _heads(self, message: dict[str, object], now: float) -> None:
        heads = message.get("heads")
        for name, head in heads.items() if isinstance(heads, dict) else ():
            room = self.rooms.get(name)
            if room is not None and isinstance(head, int):
                room.channel.compare(head, now)
                self._ask_if_due(room)

    def _ask_if_due(self, room: Room) -> None:
        if room.ask_due(self._loop.time()):
            # Many rooms may have to ask at the same time, after a restart: one message carries all their questions.
            if not self._asks:
                self._loop.call_later(0.01, self._ask)
            self._asks.add((room.channel.name, room.channel.head if room.channel.known else 0))

    def _ask(self) -> None:
        asks, self._asks = self._asks, set()
        self._bus.publish(wire.ASK, {"asks": sorted(asks)})

    # Time

    def _tick(self) -> None:
        now = self._loop.time()
        self._ticking = self._loop.call_later(TICK_SECONDS, self._tick)
        while self._requests_due and self._requests_due[0][0] <= now:
            _due, reader = self._requests_due.popleft()
            if reader.waiting:
                reader.refuse(408)
        for reader in [reader for reader, due in self._stalled.items() if due <= now]:
            self.cuts += 1
            reader.cut()
        wall = time.time()
        for reader in [reader for reader in self._ticketed if reader.until <= wall]:
            reader.finish(b": the ticket has ended\n\n")
        for name in [name for name, room in self.rooms.items() if room.idle(now)]:
            del self.rooms[name]
        for room in self.rooms.values():
            self._ask_if_due(room)
            room.tell(now)
        if now - self._told_at >= AUDIENCE_SECONDS:
            self._told_at = now
            self._tell_audience(now)

    def _tell_audience(self, now: float) -> None:
        part = self.audience.part({name: room.count() for name, room in self.rooms.items()})
        self.audience.hear(part, now)
        self._bus.publish(wire.AUDIENCE_PART, part)
        for name, room in self.rooms.items():
            room.others = self.audience.others(name, now)
        if self.index == 0:
            totals = self.audience.totals(now)
            self.audience.save(self._path, now)
            self._bus.publish(wire.AUDIENCE, {name: count.as_dict() for name, count in totals.items()})

    # Telling about itself

    def total(self) -> Count:
        """The own readers of all rooms together."""
        counts = [room.count() for room in self.rooms.values()]
        return Count(sum(c.now for c in counts), sum(c.phones for c in counts), sum(c.joins for c in counts))

    def health(self) -> dict[str, object]:
        """State for ``/health`` and the heartbeat; ``relay_age`` in seconds, null if the relay was never heard."""
        age = self._loop.time() - self.relay_heard_at if self.relay_heard_at else None
        silent = age is None or age > RELAY_SILENT_SECONDS
        return {
            "state": "draining" if self.draining else "degraded" if silent else "ok",
            "readers": self.total().now,
            "connections": self.connections,
            "channels": len(self.rooms),
            "relay_age": None if age is None else round(age, 1),
        }

    def metrics(self) -> str:
        """Prometheus text; each stream process tells its own."""
        total = self.total()
        channels = [room.channel for room in self.rooms.values()]
        rows = [
            ("readers", "gauge", total.now),
            ("readers_on_phones", "gauge", total.phones),
            ("joins", "gauge", total.joins),
            ("connections", "gauge", self.connections),
            ("channels", "gauge", len(channels)),
            ("stalled_readers", "gauge", len(self._stalled)),
            ("slow_readers_cut_total", "counter", self.cuts),
            ("messages_sent", "gauge", sum(room.sent for room in self.rooms.values())),
            ("gaps_seen", "gauge", sum(channel.gaps for channel in channels)),
        ]
        name = f'{{process="{self.index}"}}'
        return "".join(
            f"# TYPE maru_stream_{n} {kind}\nmaru_stream_{n}{name} {value}\n" for n, kind, value in rows
        )

    # The end

    async def drain(self, seconds: float) -> None:
        """Give out what waits, then close every reader; whoever does not take it within ``seconds`` is cut."""
        self.draining = True
        for room in self.rooms.values():
            room.publish(at_once=True)
        await self._close_each(lambda reader: reader.finish(b""), pause=True)
        deadline = self._loop.time() + seconds
        # Looked at, not waited for: an event would cost every reader, for the end of one life.
        while self.connections and self._loop.time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await self._close_each(Reader.cut, pause=False)

    async def _close_each(self, close: Callable[[Reader], None], *, pause: bool) -> None:
        readers = [reader for room in self.rooms.values() for reader in (*room.readers, *room.arrivals)]
        for number, reader in enumerate(readers):
            close(reader)
            if pause and number % 500 == 499:
                await asyncio.sleep(0)
