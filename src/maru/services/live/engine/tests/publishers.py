"""Encoders for the tests of the ingest: real ffmpeg, and an RTMP client that can misbehave."""

from __future__ import annotations

import asyncio
import contextlib
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator

import imageio_ffmpeg

from maru.services.live.engine import amf
from maru.services.live.engine import rtmp_chunks as chunks
from maru.services.live.engine.contracts import InputSpec
from maru.services.live.engine.publication import BufferedPublication, Refused
from maru.services.live.engine.rtmp import RtmpServer

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
KEY = "a-key-for-tests"
PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=160x90:r=30")
SOUND = ("-f", "lavfi", "-i", "sine=r=48000")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "15", "-pix_fmt", "yuv420p")


def spec(key: str = KEY, *, revoked: bool = False, port: int | None = None) -> InputSpec:
    return InputSpec("hall", "primary", "push", key, srt_port=port, revoked=revoked)


class House:
    """An RTMP server whose gate knows the keys given, and which reads all that comes."""

    def __init__(self, *specs: InputSpec, read: bool = True) -> None:
        self.known = {item.key: item for item in specs or (spec(),)}
        self.asked: list[str] = []
        self.refused: list[Refused] = []
        self.publications: list[BufferedPublication] = []
        self.bytes: list[bytearray] = []
        self.arrived = asyncio.Event()
        self.read = read
        self.server = RtmpServer("127.0.0.1", 0, self.gate, self.receive, self.refused.append)

    async def gate(self, key: str, peer: str) -> InputSpec | None:
        self.asked.append(key)
        return self.known.get(key)

    async def receive(self, publication: BufferedPublication) -> None:
        taken = bytearray()
        self.publications.append(publication)
        self.bytes.append(taken)
        self.arrived.set()
        while self.read and (data := await publication.read()):
            taken += data

    def url(self, path: str) -> str:
        return f"rtmp://127.0.0.1:{self.server.port}/{path}"

    async def ended(self, number: int = 0) -> BufferedPublication:
        """Wait until publication ``number`` came and went."""
        await until(lambda: len(self.publications) > number and self.publications[number].ended)
        await asyncio.sleep(0)
        return self.publications[number]


@contextlib.asynccontextmanager
async def open_house(*specs: InputSpec, read: bool = True) -> AsyncIterator[House]:
    house = House(*specs, read=read)
    await house.server.start()
    try:
        yield house
    finally:
        await house.server.stop()


async def until(condition, seconds: float = 15.0) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def ffmpeg(*arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        *(FFMPEG, "-hide_banner", "-loglevel", "warning", "-nostdin", *arguments),
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=PIPE,
    )


async def push(
    url: str, *inputs: str, seconds: float = 1.2, real_time: bool = False, form: str = "flv"
) -> Process:
    """Start ffmpeg as encoder; lavfi inputs are given as for the command line."""
    pace = ["-re"] if real_time else []
    sources: list[str] = []
    for at in range(0, len(inputs or (*PICTURE, *SOUND)), 4):
        sources += [*pace, *(inputs or (*PICTURE, *SOUND))[at : at + 4]]
    return await ffmpeg(*sources, "-t", str(seconds), *X264, "-c:a", "aac", "-f", form, url)


class RawPublisher:
    """An RTMP client of our own, to send what no encoder would."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.chunks = chunks.ChunkReader()
        self.answers: list[list[amf.AmfValue]] = []
        self.closed = False

    @classmethod
    async def connect(cls, house: House) -> RawPublisher:
        return cls(*await asyncio.open_connection("127.0.0.1", house.server.port))

    async def shake_hands(self, *, step: int = 4096) -> None:
        hello = b"\x03" + bytes(8) + b"x" * 1528
        for at in range(0, len(hello), step):
            self.writer.write(hello[at : at + step])
            await self.writer.drain()
            await asyncio.sleep(0)
        answer = await self.reader.readexactly(1 + 2 * 1536)
        assert answer[0] == 3
        assert answer[1537:] == hello[1:]
        self.writer.write(answer[1:1537])

    def command(self, *values: amf.AmfValue, step: int | None = None) -> None:
        data = chunks.write_message(chunks.COMMAND, amf.encode(*values), chunk_stream=3)
        self.send(data)

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answered(self, name: str) -> list[amf.AmfValue]:
        """Wait for an answer whose command name or status code is ``name``."""
        async with asyncio.timeout(10):
            while True:
                for answer in self.answers:
                    info = answer[3] if len(answer) > 3 and isinstance(answer[3], dict) else {}
                    if name in (answer[0], info.get("code")):
                        self.answers.remove(answer)
                        return answer
                data = await self.reader.read(4096)
                assert data, f"closed before {name}"
                for message in self.chunks.feed(data):
                    if message.kind == chunks.COMMAND:
                        self.answers.append(amf.decode(message.payload))

    async def publish(self, app: str = "live", name: str = KEY) -> None:
        await self.shake_hands()
        self.command("connect", 1.0, {"app": app, "tcUrl": f"rtmp://x/{app}"})
        await self.answered("NetConnection.Connect.Success")
        self.command("releaseStream", 2.0, None, name)
        self.command("FCPublish", 3.0, None, name)
        self.command("createStream", 4.0, None)
        self.command("publish", 5.0, None, name, "live")

    async def gone(self) -> None:
        """Wait until the server closed the connection."""
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionError):
                while await self.reader.read(65_536):
                    pass

    def media(self, kind: int, stamp: int, payload: bytes) -> None:
        """One message in type 0 chunks, with an extended timestamp where needed."""
        self.send(media(kind, stamp, payload))

    def close(self) -> None:
        self.writer.close()


def media(kind: int, stamp: int, payload: bytes, chunk: int = 128) -> bytes:
    number = 4 if kind == chunks.AUDIO else 6
    extended = stamp.to_bytes(4, "big") if stamp >= 0xFFFFFF else b""
    data = bytes([number]) + min(stamp, 0xFFFFFF).to_bytes(3, "big") + len(payload).to_bytes(3, "big")
    data += bytes([kind]) + (1).to_bytes(4, "little") + extended + payload[:chunk]
    for at in range(chunk, len(payload), chunk):
        data += bytes([0xC0 | number]) + extended + payload[at : at + chunk]
    return data


def keyframe(size: int = 64) -> bytes:
    return b"\x17\x01\0\0\0" + b"k" * size


def between(size: int = 64) -> bytes:
    return b"\x27\x01\0\0\0" + b"p" * size


VIDEO_SETUP = b"\x17\x00\0\0\0setup"
AUDIO_SETUP = b"\xaf\x00\x12\x10"


def sound(size: int = 32) -> bytes:
    return b"\xaf\x01" + b"s" * size


def tags(data: bytes) -> list[tuple[int, int, bytes]]:
    """The tags of an FLV file: kind, milliseconds, payload. Checks the back pointers."""
    assert data[:4] == b"FLV\x01"
    at = 13
    found = []
    while at < len(data):
        size = int.from_bytes(data[at + 1 : at + 4], "big")
        stamp = int.from_bytes(data[at + 4 : at + 7], "big") | data[at + 7] << 24
        found.append((data[at], stamp, bytes(data[at + 11 : at + 11 + size])))
        assert int.from_bytes(data[at + 11 + size : at + 15 + size], "big") == size + 11
        at += 15 + size
    return found
