"""One RTMP connection of a publisher: handshake, commands, media to FLV, farewell.

No decoding happens here. The key may stand in the server address, in the stream name or in both, because
users of OBS put it in either.
"""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Literal, Protocol
from urllib.parse import unquote

from maru.services.live.engine import amf
from maru.services.live.engine import rtmp_chunks as chunks
from maru.services.live.engine.contracts import InputSpec
from maru.services.live.engine.flv import FlvWriter, Piece, Track
from maru.services.live.engine.publication import BufferedPublication, Refused, key_hint

INTRODUCTION_SECONDS = 15.0  # from connecting to publishing
IDLE_SECONDS = 20.0  # a publisher who sends nothing at all
LINGER_SECONDS = 1.0
WINDOW = 2_500_000
CHUNK_SIZE = 4096
HANDSHAKE = 1536
_PLACES = {"live", "app", "stream", "rtmp"}  # path parts that are never a key when there is another one


def keys_in(app: str, name: str) -> list[str]:
    """The keys a publisher may mean, the likeliest first, each once; at most two.

    ``app`` is the path of the server address, ``name`` the stream name; queries are ignored.
    """
    parts = [part for text in (app, name) for part in unquote(text.partition("?")[0]).split("/") if part]
    candidates = list(dict.fromkeys(reversed(parts)))
    likely = [part for part in candidates if part.lower() not in _PLACES] or candidates
    return [part for part in likely if len(part) <= 128 and part.isprintable()][:2]


class Reception(Protocol):
    """What a session asks of the server it belongs to."""

    async def admit(self, candidates: list[str], peer: str) -> tuple[InputSpec | None, str]:
        """Ask the gate for each candidate; the spec it gave, and the key that was tried last."""
        ...

    def register(self, key: str, session: Session) -> bool:
        """Give the key to this session, unless another is heard on it."""
        ...

    def hand_over(self, publication: BufferedPublication) -> None:
        """Start the work on an accepted publisher."""
        ...

    def report(self, refused: Refused) -> None:
        """Tell of a refused connection."""
        ...


class Ended(Exception):
    """The conversation is over, in good order or not; the text says why."""


class Session:
    """One TCP connection, from handshake to close."""

    def __init__(self, server: Reception, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer
        name = writer.get_extra_info("peername")
        # we say little: a peer who does not read shall be noticed before the kernel has buffered megabytes
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        self.peer = f"{name[0]}:{name[1]}" if isinstance(name, tuple) else "unknown"
        self.publication: BufferedPublication | None = None
        self.flv = FlvWriter()
        self.app = ""
        self._chunks = chunks.ChunkReader()
        self._out_chunk = 128
        self._window = WINDOW
        self._taken = 0
        self._acknowledged = 0
        self._streams = 0
        self._said_all = False

    async def run(self) -> None:
        """Talk until the peer leaves. Raises Ended, ChunkError, AmfError, ConnectionError, TimeoutError."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(INTRODUCTION_SECONDS) as limit:
            await self._shake_hands()
            extended = loop.time()
            while data := await self.reader.read(65_536):
                self._acknowledge(len(data))
                for message in self._chunks.feed(data):
                    await self._take(message)
                if self.publication is not None and loop.time() - extended > 1:
                    extended = loop.time()
                    limit.reschedule(extended + IDLE_SECONDS)
        raise Ended("connection closed by the encoder")

    async def _shake_hands(self) -> None:
        version = (await self.reader.readexactly(1))[0]
        if version not in (3, 6):  # 6 asks for encryption; the clients seen fall back to plain when offered 3
            raise chunks.ChunkError(f"version {version} is not RTMP")
        self.writer.write(b"\x03" + bytes(8) + os.urandom(HANDSHAKE - 8))
        self.writer.write(await self.reader.readexactly(HANDSHAKE))
        await self.reader.readexactly(HANDSHAKE)

    def _acknowledge(self, amount: int) -> None:
        self._taken += amount
        if self._taken - self._acknowledged >= self._window // 2:
            self._acknowledged = self._taken
            self._control(chunks.ACKNOWLEDGEMENT, (self._taken & 0xFFFFFFFF).to_bytes(4, "big"))

    def _control(self, kind: int, payload: bytes) -> None:
        self._send(chunks.write_message(kind, payload, chunk_stream=2))

    def _send(self, data: bytes) -> None:
        transport = self.writer.transport
        if transport.is_closing() or self._said_all:
            return
        if transport.get_write_buffer_size() > 65_536:
            raise Ended("the encoder does not read our answers")
        self.writer.write(data)

    def _command(self, *values: amf.AmfValue, stream: int = 0) -> None:
        payload = amf.encode(*values)
        on = 5 if stream else 3
        self._send(
            chunks.write_message(
                chunks.COMMAND, payload, chunk_stream=on, stream=stream, chunk_size=self._out_chunk
            )
        )

    def _status(self, level: str, code: str, text: str) -> None:
        info: dict[str, amf.AmfValue] = {"level": level, "code": code, "description": text}
        self._command("onStatus", 0, None, info, stream=1)

    async def _take(self, message: chunks.Message) -> None:
        kind = message.kind
        if kind == chunks.AUDIO or kind == chunks.VIDEO:
            self._media("audio" if kind == chunks.AUDIO else "video", message)
        elif kind in (chunks.COMMAND, chunks.COMMAND_AMF3):
            payload = message.payload[1:] if kind == chunks.COMMAND_AMF3 else message.payload
            await self._answer(amf.decode(payload))
        elif kind in (chunks.DATA, chunks.DATA_AMF3):
            if self.publication is not None:
                payload = message.payload[1:] if kind == chunks.DATA_AMF3 else message.payload
                self._queue(self.flv.describe(amf.decode(payload)), picture=False)
        elif kind == chunks.WINDOW_SIZE and len(message.payload) >= 4:
            self._window = max(65_536, int.from_bytes(message.payload[:4], "big"))
        elif kind == chunks.USER_CONTROL and message.payload[:2] == b"\0\x06":  # ping
            self._control(chunks.USER_CONTROL, b"\0\x07" + message.payload[2:6])

    def _media(self, track: Track, message: chunks.Message) -> None:
        publication = self.publication
        if publication is None:
            return  # media before publish is a protocol fault of no consequence
        now = asyncio.get_running_loop().time()
        publication.touch(track, len(message.payload), now)
        pieces = self.flv.write(track, message.timestamp, message.payload, now)
        publication.dated(self.flv.clock.latest / 1000)
        publication.waits_for_video = self.flv.has_video
        self._queue(pieces, picture=track == "video")

    def _queue(self, pieces: list[Piece], *, picture: bool) -> None:
        if self.publication is not None:
            for piece in pieces:
                self.publication.put(piece, picture=picture)

    async def _answer(self, values: list[amf.AmfValue]) -> None:
        if len(values) < 2 or not isinstance(values[0], str):
            raise amf.AmfError("not a command")
        name = values[0]
        number = values[1] if isinstance(values[1], float) else 0.0
        arguments = values[2:]
        if name == "connect":
            self._connected(number, arguments)
        elif name in ("releaseStream", "FCPublish"):
            if name == "FCPublish":
                info: amf.AmfValue = {"code": "NetStream.Publish.Start", "description": ""}
                self._command("onFCPublish", 0, None, info)
            self._command("_result", number, None, None)
        elif name == "createStream":
            self._streams += 1
            self._command("_result", number, None, float(self._streams))
        elif name == "publish":
            wanted = arguments[1] if len(arguments) > 1 else ""
            await self._publish(wanted if isinstance(wanted, str) else "")
        elif name in ("FCUnpublish", "deleteStream", "closeStream") and self.publication is not None:
            self._status("status", "NetStream.Unpublish.Success", "Stream is now unpublished.")
            self.finish("ended by the encoder")
            await self._linger()  # it still has a deleteStream to say
            raise Ended("ended by the encoder")
        elif name == "play":
            self._status(
                "error", "NetStream.Play.Failed", "This port takes broadcasts; it does not play them."
            )
            raise Ended("wanted to play")

    def _connected(self, number: float, arguments: list[amf.AmfValue]) -> None:
        facts = arguments[0] if arguments and isinstance(arguments[0], dict) else {}
        app = facts.get("app")
        self.app = app if isinstance(app, str) else ""
        self._control(chunks.WINDOW_SIZE, WINDOW.to_bytes(4, "big"))
        self._control(chunks.PEER_BANDWIDTH, WINDOW.to_bytes(4, "big") + b"\x02")
        self._control(chunks.SET_CHUNK_SIZE, CHUNK_SIZE.to_bytes(4, "big"))
        self._out_chunk = CHUNK_SIZE
        welcome: amf.AmfValue = {
            "level": "status",
            "code": "NetConnection.Connect.Success",
            "description": "Connection succeeded.",
            "objectEncoding": 0.0,
        }
        self._command("_result", number, {"fmsVer": "FMS/3,0,1,123", "capabilities": 31.0}, welcome)

    async def _publish(self, name: str) -> None:
        if self.publication is not None:
            raise Ended("published twice on one connection")
        spec, tried = await self.server.admit(keys_in(self.app, name), self.peer)
        if spec is None or spec.revoked:
            reason: Literal["unknown key", "revoked key"] = "revoked key" if spec else "unknown key"
            await self._refuse(Refused("rtmp", self.peer, key_hint(tried), reason, spec))
        assert spec is not None
        publication = BufferedPublication(spec, "rtmp", "flv", self.peer, on_close=self.dismiss)
        if not self.server.register(spec.key, self):
            await self._refuse(Refused("rtmp", self.peer, key_hint(tried), "key in use", spec))
        self.publication = publication
        self._control(chunks.USER_CONTROL, b"\0\0\0\0\0\x01")  # stream begin
        self._status("status", "NetStream.Publish.Start", "Publishing.")
        self.server.hand_over(publication)

    async def _refuse(self, refused: Refused) -> None:
        self.server.report(refused)
        self._status("error", "NetStream.Publish.BadName", f"Refused: {refused.reason}.")
        await self._linger()
        raise Ended(f"refused: {refused.reason}")

    async def _linger(self) -> None:
        """Let the last answer arrive: a close with unread input would reset the connection and destroy it."""
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                await self.writer.drain()
                self._said_all = True
                self.writer.write_eof()
                while await self.reader.read(65_536):
                    pass
        except (TimeoutError, OSError):
            pass

    def dismiss(self, reason: str) -> None:
        """End the connection from our side, in good order if the peer still reads."""
        if self.publication is not None:
            self.publication.end(reason)
        transport = self.writer.transport
        if transport.is_closing():
            return
        if transport.get_write_buffer_size() <= 65_536:
            self._status("error", "NetStream.Unpublish.Success", f"Ended: {reason}.")
        self.part()

    def part(self) -> None:
        """Close once our last answer is out, and anyway soon: a peer who reads nothing must not hold us."""
        self.writer.transport.close()
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self.writer.transport.abort)

    def finish(self, reason: str) -> None:
        """Release what is still held back and tell the reader that nothing follows."""
        if self.publication is not None and not self.publication.ended:
            self._queue(self.flv.finish(), picture=False)
            self.publication.end(reason)
