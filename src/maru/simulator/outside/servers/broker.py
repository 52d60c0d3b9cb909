"""A small MQTT 3.1.1 broker: QoS 0 and 1, retained messages, sessions that survive a broken connection. asyncio, no library.

Only the world itself publishes usefully; what clients publish is passed on to others all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = (
    1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 14,
)  # fmt: skip
_IN_FLIGHT = 200
_WAITING = 200_000
_LARGEST = 1 << 20
_ACK_S = 10.0


@dataclass
class Message:
    """One message on its way; ``mark`` is called when a session acknowledged it."""

    topic: str
    payload: bytes
    mark: Callable[[], None] | None = None
    qos: int = 1


@dataclass
class Session:
    """What a client subscribed to and has not got yet."""

    client: str
    clean: bool
    filters: dict[str, int] = field(default_factory=dict)
    waiting: deque[Message] = field(default_factory=deque)
    flying: OrderedDict[int, Message] = field(default_factory=OrderedDict)
    next_id: int = 1
    writer: asyncio.StreamWriter | None = None

    def pump(self) -> None:
        """Send as much as may fly."""
        writer = self.writer
        if writer is None or writer.is_closing():
            return
        while self.waiting and len(self.flying) < _IN_FLIGHT:
            message = self.waiting.popleft()
            if message.qos == 0:
                writer.write(_publish(message, 0))
                continue
            number = self.next_id
            self.next_id = number % 65_535 + 1
            self.flying[number] = message
            writer.write(_publish(message, number))

    def again(self) -> None:
        """After a new connection: what was not acknowledged is sent again, marked as repeated."""
        if self.writer is not None:
            for number, message in self.flying.items():
                self.writer.write(_publish(message, number, repeated=True))
        self.pump()


class Broker:
    """Listens, keeps sessions, passes messages on. ``refuses`` says whether a client's user name is turned away."""

    def __init__(self, refuses: Callable[[str], bool] = lambda _user: False) -> None:
        self.sessions: dict[str, Session] = {}
        self.retained: dict[str, Message] = {}
        self.refuses = refuses
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; gives the port."""
        self._server = await asyncio.start_server(self._serve, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Hang up."""
        if self._server:
            self._server.close()
        for session in self.sessions.values():
            if session.writer:
                session.writer.close()

    def drop(self, prefix: str) -> None:
        """Hang up on everyone who subscribed below ``prefix``."""
        for session in self.sessions.values():
            if session.writer and any(one.startswith(prefix) for one in session.filters):
                session.writer.close()

    def listeners(self, topic: str) -> int:
        """How many sessions want a topic."""
        return sum(any(matches(one, topic) for one in session.filters) for session in self.sessions.values())

    def publish(self, message: Message, *, retain: bool = False) -> int:
        """Give a message to every session that wants it; how many these are."""
        if retain:
            self.retained[message.topic] = message
        count = 0
        for session in self.sessions.values():
            if (
                any(matches(one, message.topic) for one in session.filters)
                and len(session.waiting) < _WAITING
            ):
                session.waiting.append(message)
                session.pump()
                count += 1
        return count

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session: Session | None = None
        try:
            kind, _flags, body = await asyncio.wait_for(_packet(reader), 10)
            if kind != CONNECT:
                return
            session = self._connect(body, writer)
            if session is None:
                return
            await self._talk(session, reader, writer)
        except (
            asyncio.IncompleteReadError,
            ConnectionError,
            TimeoutError,
            ValueError,
            struct.error,
            IndexError,
        ):
            pass
        finally:
            writer.close()
            if session is not None and session.writer is writer:
                session.writer = None
                if session.clean:
                    self.sessions.pop(session.client, None)

    def _connect(self, body: bytes, writer: asyncio.StreamWriter) -> Session | None:
        _name, at = _text(body, 0)
        flags = body[at + 1]
        at += 4
        client, at = _text(body, at)
        if flags & 0x04:
            _topic, at = _text(body, at)
            _will, at = _text(body, at)
        user = ""
        if flags & 0x80:
            user, at = _text(body, at)
        if self.refuses(user):
            writer.write(bytes([CONNACK << 4, 2, 0, 4]))
            return None
        clean = bool(flags & 0x02)
        client = client or f"auto-{id(writer)}"
        old = self.sessions.get(client)
        if old is not None and old.writer is not None:
            old.writer.close()
        present = old is not None and not clean
        session = old if present and old is not None else Session(client, clean)
        session.clean, session.writer = clean, writer
        self.sessions[client] = session
        writer.write(bytes([CONNACK << 4, 2, int(present), 0]))
        session.again()
        return session

    async def _talk(
        self, session: Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while session.writer is writer:
            kind, flags, body = await asyncio.wait_for(_packet(reader), 300)
            if kind == PUBACK:
                message = session.flying.pop(struct.unpack(">H", body[:2])[0], None)
                if message is not None and message.mark:
                    message.mark()
                session.pump()
            elif kind == SUBSCRIBE:
                self._subscribe(session, body, writer)
            elif kind == UNSUBSCRIBE:
                at = 2
                while at < len(body):
                    topic, at = _text(body, at)
                    session.filters.pop(topic, None)
                writer.write(bytes([UNSUBACK << 4, 2]) + body[:2])
            elif kind == PINGREQ:
                writer.write(bytes([PINGRESP << 4, 0]))
            elif kind == PUBLISH:
                self._published(flags, body, writer)
            elif kind == DISCONNECT:
                return
            await writer.drain()

    def _subscribe(self, session: Session, body: bytes, writer: asyncio.StreamWriter) -> None:
        at, granted = 2, []
        while at < len(body):
            topic, at = _text(body, at)
            granted.append(min(body[at], 1))
            session.filters[topic] = granted[-1]
            at += 1
        writer.write(bytes([SUBACK << 4, 2 + len(granted)]) + body[:2] + bytes(granted))
        for message in list(self.retained.values()):
            if any(matches(one, message.topic) for one in session.filters):
                writer.write(_publish(Message(message.topic, message.payload, None, 0), 0, retained=True))
        session.pump()

    def _published(self, flags: int, body: bytes, writer: asyncio.StreamWriter) -> None:
        topic, at = _text(body, 0)
        if flags & 0x06:
            writer.write(bytes([PUBACK << 4, 2]) + body[at : at + 2])
            at += 2
        self.publish(Message(topic, body[at:], None, 1 if flags & 0x06 else 0), retain=bool(flags & 1))


def matches(pattern: str, topic: str) -> bool:
    """Whether a topic fits a filter with + and #."""
    wanted, given = pattern.split("/"), topic.split("/")
    for spot, part in enumerate(wanted):
        if part == "#":
            return True
        if spot >= len(given) or part not in ("+", given[spot]):
            return False
    return len(wanted) == len(given)


def _publish(message: Message, number: int, *, repeated: bool = False, retained: bool = False) -> bytes:
    qos = 1 if number else 0
    topic = message.topic.encode()
    body = (
        struct.pack(">H", len(topic)) + topic + (struct.pack(">H", number) if qos else b"") + message.payload
    )
    return bytes([PUBLISH << 4 | repeated << 3 | qos << 1 | retained]) + _length(len(body)) + body


def _length(size: int) -> bytes:
    found = bytearray()
    while True:
        size, part = divmod(size, 128)
        found.append(part | (0x80 if size else 0))
        if not size:
            return bytes(found)


def _text(body: bytes, at: int) -> tuple[str, int]:
    size = struct.unpack(">H", body[at : at + 2])[0]
    end = at + 2 + size
    if end > len(body):
        raise ValueError("a text runs out of its packet")
    return body[at + 2 : end].decode("utf-8", "replace"), end


async def _packet(reader: asyncio.StreamReader) -> tuple[int, int, bytes]:
    head = (await reader.readexactly(1))[0]
    size = shift = 0
    while True:
        part = (await reader.readexactly(1))[0]
        size |= (part & 0x7F) << shift
        shift += 7
        if not part & 0x80:
            break
        if shift > 21:
            raise ValueError("a length of more than four bytes")
    if size > _LARGEST:
        raise ValueError("a packet that is too large")
    return head >> 4, head & 0x0F, await reader.readexactly(size)


async def cancelled(task: asyncio.Task[None]) -> None:
    """Stop a task and wait for it."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
