"""SRT callers and files as inputs, with real ffmpeg on both ends."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from maru.services.live.engine.contracts import InputSpec
from maru.services.live.engine.files_in import FileError, FileInput
from maru.services.live.engine.probe import gather_head, probe
from maru.services.live.engine.publication import BufferedPublication, Refused
from maru.services.live.engine.srt import SrtListener
from maru.services.live.engine.tests import publishers as p


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe_socket:
        probe_socket.bind(("127.0.0.1", 0))
        return int(probe_socket.getsockname()[1])


class Hall:
    def __init__(self) -> None:
        self.port = free_port()
        self.publications: list[BufferedPublication] = []
        self.bytes: list[bytearray] = []
        self.refused: list[Refused] = []
        self.listener = SrtListener(
            p.FFMPEG, "127.0.0.1", p.spec(port=self.port), self.receive, self.refused.append
        )

    async def receive(self, publication: BufferedPublication) -> None:
        self.publications.append(publication)
        taken = bytearray()
        self.bytes.append(taken)
        while data := await publication.read():
            taken += data

    async def call(self, *, passphrase: str = p.KEY, seconds: float = 2.5) -> asyncio.subprocess.Process:
        secret = f"?passphrase={passphrase}" if passphrase else ""
        url = f"srt://127.0.0.1:{self.port}{secret}"
        return await p.push(url, seconds=seconds, real_time=True, form="mpegts")

    async def call_until_accepted(self, seconds: float = 2.5) -> None:
        """ffmpeg gives up at once when nobody listens yet; encoders try again."""
        before = len(self.publications)
        async with asyncio.timeout(20):
            while len(self.publications) == before:
                caller = await self.call(seconds=seconds)
                await caller.wait()
                await asyncio.sleep(0.1)
        await p.until(lambda: self.publications[before].ended)


@contextlib.asynccontextmanager
async def open_hall() -> AsyncIterator[Hall]:
    hall = Hall()
    await hall.listener.start()
    try:
        yield hall
    finally:
        await hall.listener.stop()


async def test_a_caller_is_heard_leaves_and_comes_back() -> None:
    async with open_hall() as hall:
        await hall.call_until_accepted()
        await hall.call_until_accepted()
        for taken in hall.bytes[:2]:
            info = await probe(p.FFMPEG, bytes(taken), "mpegts")
            assert (info.has_audio, info.has_video, info.width) == (True, True, 160)
        assert not hall.refused


@pytest.mark.parametrize("passphrase", ["not-the-passphrase", ""])
async def test_a_wrong_or_missing_passphrase_is_refused_and_reported(passphrase: str) -> None:
    async with open_hall() as hall:
        async with asyncio.timeout(20):
            while not hall.refused:
                caller = await hall.call(passphrase=passphrase)
                assert await caller.wait() != 0
        assert not hall.publications
        assert hall.refused[0].protocol == "srt"
        await hall.call_until_accepted()


async def test_closing_a_publication_sends_the_caller_away_and_listens_again() -> None:
    async with open_hall() as hall:
        async with asyncio.timeout(20):
            while not hall.publications:
                caller = await hall.call(seconds=60)
                done = asyncio.create_task(caller.wait())
                await asyncio.wait([done, asyncio.create_task(_first(hall))], return_when="FIRST_COMPLETED")
        await hall.publications[0].close("the key was revoked")
        await asyncio.wait_for(caller.wait(), 15)
        await hall.call_until_accepted()


async def _first(hall: Hall) -> None:
    await p.until(lambda: hall.publications, 20)


def test_an_srt_key_must_suit_libsrt() -> None:
    for key, port in (("short", 9000), ("x" * 65, 9000), (p.KEY, None)):
        with pytest.raises(ValueError, match="SRT input"):
            SrtListener(p.FFMPEG, "127.0.0.1", p.spec(key, port=port), Hall.receive)  # type: ignore[arg-type]


async def test_a_stopped_listener_frees_its_port() -> None:
    async with open_hall() as hall:
        await hall.call_until_accepted()
        await hall.listener.stop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", hall.port))


def file_spec(path: Path) -> InputSpec:
    return InputSpec("hall", "primary", "file", "", file_path=str(path))


async def make(path: Path, *options: str) -> Path:
    maker = await p.ffmpeg(*p.PICTURE, *p.SOUND, "-t", "1.5", *p.X264, "-c:a", "aac", *options, str(path))
    assert await maker.wait() == 0
    return path


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
async def test_a_file_plays_to_its_end(tmp_path: Path, suffix: str) -> None:
    path = await make(tmp_path / f"film with spaces.{suffix}")
    publication = await FileInput(p.FFMPEG, file_spec(path)).open()
    head = await gather_head(publication)
    info = await probe(p.FFMPEG, head, publication.container)
    assert (info.has_video, info.has_audio, info.height) == (True, True, 90)
    while await publication.read():
        pass
    assert publication.reason == "the file has ended"


async def test_what_is_no_film_is_refused_with_a_reason(tmp_path: Path) -> None:
    playlist = tmp_path / "list.m3u8"
    film = await make(tmp_path / "film.ts")
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{film}\n#EXT-X-ENDLIST\n")
    (tmp_path / "noise.mp4").write_bytes(b"\0" * 4096)
    for path in (tmp_path / "absent.mp4", playlist, tmp_path / "noise.mp4"):
        with pytest.raises(FileError):
            await FileInput(p.FFMPEG, file_spec(path)).open()
