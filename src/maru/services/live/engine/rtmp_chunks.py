"""The RTMP chunk stream: bytes to messages and back, without any socket.

After "Adobe's Real Time Messaging Protocol" 1.0, section 5.3; where encoders differ, the encoders win.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

SET_CHUNK_SIZE, ABORT, ACKNOWLEDGEMENT, USER_CONTROL, WINDOW_SIZE, PEER_BANDWIDTH = 1, 2, 3, 4, 5, 6
AUDIO, VIDEO = 8, 9
DATA_AMF3, COMMAND_AMF3, DATA, COMMAND, AGGREGATE = 15, 17, 18, 20, 22

MAX_MESSAGE = 4 * 2**20  # a 1080p keyframe at 20 Mb/s stays below 1 MB
MAX_UNFINISHED = 8 * 2**20  # over all chunk streams of one connection
MAX_CHUNK_STREAMS = 32
_HEADER_SIZES = (11, 7, 3, 0)
_EXTENDED = 0xFFFFFF


class ChunkError(ValueError):
    """The peer breaks the protocol or its limits; the connection cannot be saved."""


@dataclass(frozen=True, slots=True)
class Message:
    """One RTMP message. ``timestamp`` is in milliseconds, modulo 2**32."""

    kind: int
    stream: int
    timestamp: int
    payload: bytes


@dataclass(slots=True)
class _ChunkStream:
    kind: int = 0
    stream: int = 0
    length: int = 0
    timestamp: int = 0
    delta: int = 0
    field: int = 0  # the extended timestamp as last sent, 0 when there was none
    extended: bool = False
    known: bool = False
    parts: bytearray | None = None


class ChunkReader:
    """Feed it whatever the socket gives; it returns the messages that are complete.

    It keeps at most MAX_UNFINISHED bytes of begun messages and one chunk of raw input.
    """

    def __init__(self) -> None:
        self.chunk_size = 128
        self._buffer = bytearray()
        self._streams: dict[int, _ChunkStream] = {}
        self._unfinished = 0

    def feed(self, data: bytes) -> list[Message]:
        """Messages completed by these bytes, in order. Raises ChunkError."""
        self._buffer += data
        messages: list[Message] = []
        at = 0
        while True:
            end = self._chunk(at, messages)
            if end < 0:
                break
            at = end
        if at:
            del self._buffer[:at]
        return messages

    def _chunk(self, at: int, messages: list[Message]) -> int:
        """Read one chunk that begins at ``at``; its end, or -1 when bytes are missing."""
        buffer = self._buffer
        have = len(buffer)
        if at >= have:
            return -1
        form = buffer[at] >> 6
        number = buffer[at] & 0x3F
        at += 1
        if number < 2:
            extra = number + 1
            if at + extra > have:
                return -1
            number = 64 + buffer[at] + (buffer[at + 1] << 8 if extra == 2 else 0)
            at += extra
        if at + _HEADER_SIZES[form] > have:
            return -1
        state = self._stream(number, form)
        # Nothing of the state may change before the whole chunk is here: a retry would apply it twice.
        length = state.length if form > 1 else int.from_bytes(buffer[at + 3 : at + 6], "big")
        field = int.from_bytes(buffer[at : at + 3], "big") if form < 3 else 0
        header = at
        at += _HEADER_SIZES[form]
        extended = field == _EXTENDED if form < 3 else state.extended
        if extended:
            if at + 4 > have:
                return -1
            sent = int.from_bytes(buffer[at : at + 4], "big")
            if form < 3:
                field = sent
                at += 4
            elif sent == state.field:  # some encoders repeat it in type 3 chunks, some do not
                at += 4
        begun = len(state.parts) if state.parts is not None and form == 3 else 0
        if length > MAX_MESSAGE:
            raise ChunkError("message too long")
        size = min(self.chunk_size, length - begun)
        if at + size > have:
            return -1
        if form < 3 or state.parts is None:
            self._begin(state, form, header, field, extended, length)
        self._append(state, buffer[at : at + size], messages)
        return at + size

    def _stream(self, number: int, form: int) -> _ChunkStream:
        state = self._streams.get(number)
        if state is None:
            if len(self._streams) >= MAX_CHUNK_STREAMS:
                raise ChunkError("too many chunk streams")
            # librtmp may open a chunk stream with a type 1 header; types 2 and 3 would lack a length
            if form > 1:
                raise ChunkError("chunk stream begins without a header")
            state = self._streams[number] = _ChunkStream()
        elif not state.known and form > 1:
            raise ChunkError("chunk stream begins without a header")
        return state

    def _begin(
        self, state: _ChunkStream, form: int, header: int, field: int, extended: bool, length: int
    ) -> None:
        buffer = self._buffer
        if state.parts is not None:
            self._unfinished -= len(state.parts)  # a new header in mid-message replaces it
        if form < 3:
            state.extended = extended
            state.field = field
            state.delta = field
        if form < 2:
            state.length = length
            state.kind = buffer[header + 6]
        if form == 0:
            state.stream = int.from_bytes(buffer[header + 7 : header + 11], "little")
            state.timestamp = field
        else:
            state.timestamp = (state.timestamp + state.delta) & 0xFFFFFFFF
        state.known = True
        state.parts = bytearray()

    def _append(self, state: _ChunkStream, piece: bytearray, messages: list[Message]) -> None:
        parts = state.parts
        assert parts is not None
        parts += piece
        self._unfinished += len(piece)
        if self._unfinished > MAX_UNFINISHED:
            raise ChunkError("too much unfinished")
        if len(parts) < state.length:
            return
        self._unfinished -= len(parts)
        state.parts = None
        message = Message(state.kind, state.stream, state.timestamp, bytes(parts))
        if message.kind in (SET_CHUNK_SIZE, ABORT):
            self._control(message)
        elif message.kind == AGGREGATE:
            messages.extend(split_aggregate(message))
        else:
            messages.append(message)

    def _control(self, message: Message) -> None:
        if len(message.payload) < 4:
            raise ChunkError("control message too short")
        value = int.from_bytes(message.payload[:4], "big")
        if message.kind == SET_CHUNK_SIZE:
            if not 1 <= value <= 0x7FFFFFFF:
                raise ChunkError("chunk size out of range")
            self.chunk_size = min(value, MAX_MESSAGE)
            return
        state = self._streams.get(value)
        if state is not None and state.parts is not None:
            self._unfinished -= len(state.parts)
            state.parts = None


def split_aggregate(message: Message) -> list[Message]:
    """The messages inside an aggregate message (FLV tags with back pointers); times shifted to its own."""
    found: list[Message] = []
    payload = message.payload
    at = 0
    first: int | None = None
    while at + 11 <= len(payload):
        size = int.from_bytes(payload[at + 1 : at + 4], "big")
        stamp = int.from_bytes(payload[at + 4 : at + 7], "big") | payload[at + 7] << 24
        body = payload[at + 11 : at + 11 + size]
        if len(body) < size:
            raise ChunkError("aggregate truncated")
        first = stamp if first is None else first
        moment = (message.timestamp + stamp - first) & 0xFFFFFFFF
        if payload[at] in (AUDIO, VIDEO, DATA):
            found.append(Message(payload[at], message.stream, moment, body))
        at += 11 + size + 4
    return found


def write_message(
    kind: int, payload: bytes, *, chunk_stream: int, stream: int = 0, chunk_size: int = 128
) -> bytes:
    """One message as chunks (type 0, then type 3), timestamp 0. ``chunk_stream`` is 2..63."""
    head = bytes([chunk_stream]) + b"\0\0\0" + len(payload).to_bytes(3, "big") + bytes([kind])
    pieces = [head + struct.pack("<I", stream)]
    for at in range(0, max(len(payload), 1), chunk_size):
        if at:
            pieces.append(bytes([0xC0 | chunk_stream]))
        pieces.append(payload[at : at + chunk_size])
    return b"".join(pieces)
