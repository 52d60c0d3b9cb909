"""Small sources made by ffmpeg, and what the encoder makes of them, for the tests of the ladder."""

from __future__ import annotations

import asyncio
import re
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from maru.services.live.engine.boxes import Fragment, Init, Reader
from maru.services.live.engine.contracts import (
    InputSpec,
    Rendition,
    SegmentSet,
    Signal,
    SourceInfo,
    Thresholds,
)
from maru.services.live.engine.encoder import Encoder
from maru.services.live.engine.sets import new_session

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
TINY = (Rendition("180p", 180, 300, 64), Rendition("90p", 90, 90, 48), Rendition("audio", 0, 0, 48))
BEGAN = 1_700_000_000.7  # 1.3 s before an even second
BEEP = "sine=f=440:r=44100,volume=0.3"
X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "50", "-b:v", "600k"]


class Bytes:
    """A publication that holds all its bytes; ``wait`` keeps it open after the last one."""

    protocol = "rtmp"
    peer = "test"
    last_video: float | None = None
    last_audio: float | None = None
    input = InputSpec("test", "primary", "push", "key")

    def __init__(
        self, data: bytes, container: str = "flv", *, began: float = BEGAN, wait: bool = False
    ) -> None:
        self.container = container
        self.began = began
        self.last_media = time.monotonic()
        self._data = data
        self._wait = wait

    async def read(self) -> bytes:
        piece, self._data = self._data[:32768], self._data[32768:]
        if not piece and self._wait:
            await asyncio.Event().wait()
        self.last_media = time.monotonic()
        return piece

    async def close(self, reason: str) -> None:
        self._wait = False


@dataclass
class Made:
    """What one run of the encoder left behind."""

    folder: Path
    base: Path
    reason: str = ""
    sets: list[SegmentSet] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)
    troubles: list[OSError] = field(default_factory=list)

    def bytes_of(self, name: str, *numbers: int) -> bytes:
        """Init and segments of a rendition; all when no number is named."""
        chosen = [found for found in self.sets if not numbers or found.number in numbers]
        parts = [(self.base / found.files[name]).read_bytes() for found in chosen]
        return b"".join([(self.folder / name / "init.mp4").read_bytes(), *parts])

    def fragments(self, name: str) -> tuple[Init, list[Fragment]]:
        reader = Reader()
        found = list(reader.feed(self.bytes_of(name)))
        assert isinstance(reader.init, Init)
        return reader.init, [part for part in found if isinstance(part, Fragment)]


def make(path: Path, *arguments: str) -> bytes:
    """Run ffmpeg to write a source; its bytes."""
    subprocess.run([FFMPEG, "-y", "-v", "error", *arguments, str(path)], check=True, timeout=60)
    return path.read_bytes()


def picture(size: str = "320x180", rate: str = "25") -> list[str]:
    return ["-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}"]


def sound(source: str = BEEP) -> list[str]:
    return ["-f", "lavfi", "-i", source]


async def encode(
    data: bytes,
    info: SourceInfo,
    base: Path,
    *,
    container: str = "flv",
    thresholds: Thresholds | None = None,
    preset: tuple[Rendition, ...] = TINY,
    began: float = BEGAN,
) -> Made:
    session = new_session()
    made = Made(base / "src" / session, base)
    encoder = Encoder(
        FFMPEG,
        session,
        made.folder,
        preset,
        thresholds or Thresholds(),
        info,
        began,
        made.sets.append,
        made.signals.append,
        on_trouble=made.troubles.append,
    )
    made.reason = await encoder.run(Bytes(data, container, began=began), b"")
    return made


def look(data: bytes, *arguments: str) -> str:
    """What ffmpeg says of a file while it decodes all of it; fails on any error in it."""
    command = [FFMPEG, "-hide_banner", "-nostats", "-xerror", "-i", "pipe:0", *arguments, "-f", "null", "-"]
    done = subprocess.run(command, input=data, capture_output=True, timeout=60)
    said = done.stderr.decode("utf-8", "replace")
    assert done.returncode == 0, said
    wrong = [
        line for line in said.splitlines() if re.search(r"error|invalid|corrupt|non[- ]monoton", line, re.I)
    ]
    assert not wrong, wrong
    return said


def frames(data: bytes, width: int, height: int) -> np.ndarray:
    """Every picture as RGB: (count, height, width, 3)."""
    command = [
        FFMPEG,
        "-v",
        "error",
        "-i",
        "pipe:0",
        "-map",
        "0:v",
        "-fps_mode",
        "passthrough",
        "-f",
        "rawvideo",
    ]
    command += ["-pix_fmt", "rgb24", "pipe:1"]
    done = subprocess.run(command, input=data, capture_output=True, timeout=60, check=True)
    return np.frombuffer(done.stdout, np.uint8).reshape(-1, height, width, 3)


def samples(data: bytes) -> np.ndarray:
    """The sound at 48 kHz: (count, 2), -1 to 1."""
    command = [
        FFMPEG,
        "-v",
        "error",
        "-i",
        "pipe:0",
        "-map",
        "0:a",
        "-f",
        "f32le",
        "-ac",
        "2",
        "-ar",
        "48000",
        "pipe:1",
    ]
    done = subprocess.run(command, input=data, capture_output=True, timeout=60, check=True)
    return np.frombuffer(done.stdout, np.float32).reshape(-1, 2)
