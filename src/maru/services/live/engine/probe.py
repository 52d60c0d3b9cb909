"""What an encoder sends, asked of ffmpeg on the first second of it (the wheel holds no ffprobe)."""

from __future__ import annotations

import asyncio
import re
from asyncio.subprocess import DEVNULL, PIPE

from maru.services.live.engine.contracts import Publication, SourceInfo

HEAD_BYTES = 4 * 2**20
HEAD_SECONDS = 1.0
HEAD_WAIT_SECONDS = 5.0
PROBE_SECONDS = 10.0
_STREAM = re.compile(r"Stream #0:\d+[^ ]*: (Video|Audio): (.*)")
_SIZE = re.compile(r"\b(\d{2,5})x(\d{2,5})\b")
_FPS = re.compile(r"([\d.]+)(k?) (?:fps|tbr)\b")
_RATE = re.compile(r"(\d+) Hz, ([^,]+)")
_CHANNELS = {"mono": 1, "stereo": 2, "downmix": 2, "quad": 4, "hexagonal": 6, "octagonal": 8}


def channels_of(layout: str) -> int:
    """The number of channels of ffmpeg's layout name: "5.1(side)" is 6, "3 channels" is 3; 0 if not known."""
    name = layout.strip().partition("(")[0]
    if name in _CHANNELS:
        return _CHANNELS[name]
    if match := re.fullmatch(r"(\d+) channels?.*", name):
        return int(match[1])
    parts = name.split(".")
    return sum(int(part) for part in parts) if all(part.isdigit() for part in parts) else 0


def parse(report: str) -> SourceInfo:
    """Read what ``ffmpeg -i`` wrote to stderr; the first stream of each kind counts."""
    video: tuple[str, int, int, float] | None = None
    audio: tuple[str, int, int] | None = None
    for kind, text in _STREAM.findall(report):
        codec = re.split(r"[ ,(]", text, maxsplit=1)[0]
        if kind == "Video" and video is None:
            plain = re.sub(r"\([^()]*\)", "", text)  # codec tags look like sizes: (0x31637661)
            size = _SIZE.search(plain)
            fps = _FPS.search(plain)
            rate = float(fps[1]) * (1000 if fps[2] else 1) if fps else 0.0
            width, height = (int(size[1]), int(size[2])) if size else (0, 0)
            video = codec, width, height, rate if rate <= 240 else 0.0
        elif kind == "Audio" and audio is None:
            rate_and_layout = _RATE.search(text)
            hertz = int(rate_and_layout[1]) if rate_and_layout else 0
            audio = codec, hertz, channels_of(rate_and_layout[2]) if rate_and_layout else 0
    has_video = video is not None and video[1] > 0 and video[2] > 0
    has_audio = audio is not None and audio[1] > 0
    codec, width, height, rate = video if video is not None and has_video else ("", 0, 0, 0.0)
    sound, hertz, channels = audio if audio is not None and has_audio else ("", 0, 0)
    return SourceInfo(has_video, has_audio, width, height, rate, codec, sound, channels, hertz)


async def probe(ffmpeg: str, head: bytes, container: str) -> SourceInfo:
    """Ask ffmpeg what ``head`` holds; ``container`` is flv, mpegts or auto. Found nothing: both false."""
    form = [] if container == "auto" else ["-f", container]
    process = await asyncio.create_subprocess_exec(
        *(ffmpeg, "-hide_banner", "-nostdin", "-probesize", str(HEAD_BYTES), *form, "-i", "pipe:0"),
        stdin=PIPE,
        stdout=DEVNULL,
        stderr=PIPE,
    )
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            _, report = await process.communicate(head)
    except TimeoutError:
        process.kill()
        _, report = await process.communicate()
    return parse(report.decode("utf-8", "replace"))


async def gather_head(publication: Publication, seconds: float = HEAD_SECONDS) -> bytes:
    """The publication's first ``seconds`` of wall time (at most HEAD_BYTES); b"" if it ended without a byte.

    Nothing for HEAD_WAIT_SECONDS also ends the wait: the caller then sees an empty or short head.
    """
    loop = asyncio.get_running_loop()
    pieces: list[bytes] = []
    size = 0
    until = loop.time() + HEAD_WAIT_SECONDS
    while size < HEAD_BYTES:
        try:
            async with asyncio.timeout_at(until):
                data = await publication.read()
        except TimeoutError:
            break
        if not data:
            break
        if not pieces:
            until = loop.time() + seconds
        pieces.append(data)
        size += len(data)
    return b"".join(pieces)
