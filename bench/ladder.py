"""Cores used by one broadcast's encoder per preset, detectors and our own Python included.

A lively 30 fps clip with camera grain is made once, then played at its own pace into ``Encoder`` in a process of
its own; that process and its ffmpeg are measured by their resource usage over the whole run, start-up included.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Literal, TypedDict

import imageio_ffmpeg

from bench.report import Cell, finish, table
from maru.services.live.engine.contracts import (
    PRESETS,
    InputSpec,
    SegmentSet,
    Signal,
    SourceInfo,
    Thresholds,
)
from maru.services.live.engine.encoder import Encoder
from maru.services.live.engine.sets import new_session

TARGETS = {"default": 0.6, "full": 1.2, "light": None}
CLIP_S = 10


class Figures(TypedDict):
    """Of one preset: cores used, complete sets, seconds (``delay`` from the end of a set to its being written)."""

    source: str
    cores: float
    python: float
    sets: int
    delay: float
    wall: float
    false_alarms: int


def main(argv: list[str]) -> int:
    """``--seconds N`` (30), ``--presets a,b``, ``--quick`` (10 s, default preset only)."""
    parser = argparse.ArgumentParser(prog="python -m bench ladder", description=__doc__)
    parser.add_argument("--seconds", type=int, default=32)
    parser.add_argument("--presets", default="default,full,light")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--worker", default="", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.worker:
        return _work(options.worker)
    seconds = 10 if options.quick else options.seconds
    names = ["default"] if options.quick else options.presets.split(",")
    rows: list[list[Cell]] = []
    found: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            result = _measure(name, seconds, Path(folder))
            found[name] = result
            target = TARGETS.get(name)
            rows.append(
                [
                    name,
                    result["source"],
                    target,
                    result["cores"],
                    result["python"],
                    result["sets"],
                    result["delay"],
                ]
            )
    if any(result["delay"] > 2 for result in found.values()):
        print("The machine was too busy to keep pace; the figures are dearer than on a quiet one.")
    table(["preset", "source", "target", "cores", "of it Python", "sets", "set after its end (s)"], rows)
    passed = all(
        result["cores"] <= target and result["sets"] >= seconds // 2 - 1 and result["false_alarms"] == 0
        for name, result in found.items()
        if (target := TARGETS.get(name)) is not None
    )
    return finish("ladder", passed, {"seconds": seconds, "presets": found})


def _clip(folder: Path, high: int) -> Path:
    path = folder / f"{high}.flv"
    if not path.exists():
        picture = f"testsrc2=s={high * 16 // 9}x{high}:r=30,noise=alls=7:allf=t"
        sound = "aevalsrc='0.2*sin(2*PI*(220+80*sin(t*3))*t)|0.2*sin(2*PI*330*t)*abs(sin(t*2))':s=44100"
        command = [
            imageio_ffmpeg.get_ffmpeg_exe(),
            "-y",
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            picture,
            "-f",
            "lavfi",
        ]
        command += ["-i", sound, "-t", str(CLIP_S), "-c:v", "libx264", "-preset", "veryfast", "-g", "60"]
        command += ["-b:v", "4500k" if high == 720 else "7000k", "-c:a", "aac", "-b:a", "128k", str(path)]
        subprocess.run(command, check=True)
    return path


def _measure(name: str, seconds: int, folder: Path) -> Figures:
    high = max(rung.height for rung in PRESETS[name])
    feeder = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-v",
        "error",
        "-re",
        "-stream_loop",
        "-1",
        "-i",
        str(_clip(folder, high)),
    ]
    feeder += ["-t", str(seconds), "-c", "copy", "-f", "flv", "pipe:1"]
    worker = [sys.executable, "-m", "bench", "ladder", "--worker", f"{name}:{high}:{seconds}:{folder / name}"]
    with subprocess.Popen(feeder, stdout=subprocess.PIPE) as source:
        done = subprocess.run(
            worker, stdin=source.stdout, stdout=subprocess.PIPE, check=True, timeout=seconds + 60
        )
    figures: Figures = json.loads(done.stdout)
    return {**figures, "source": f"{high}p30"}


class _Stdin:
    """The feeder's bytes as a publication."""

    protocol: Literal["rtmp", "srt", "file"] = "rtmp"
    container: Literal["flv", "mpegts", "auto"] = "flv"
    last_video: float | None = None
    last_audio: float | None = None
    peer = "bench"
    began = 0.0
    last_media = 0.0
    input = InputSpec("bench", "primary", "push", "key")

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def read(self) -> bytes:
        data = await self._reader.read(65536)
        self.last_media = time.monotonic()
        self.began = self.began or time.time()
        return data

    async def close(self, reason: str) -> None:
        """The feeder ends by itself."""


def _work(order: str) -> int:
    name, high, seconds, folder = order.split(":", 3)
    used = resource.getrusage(resource.RUSAGE_SELF)
    own = used.ru_utime + used.ru_stime  # imports are not the encoder's work
    result = asyncio.run(_encode(name, int(high), Path(folder)))
    used, child = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    python = used.ru_utime + used.ru_stime - own
    # by seconds of media, not of the clock: on a busy machine the run takes longer, and would look cheaper
    cores = (python + child.ru_utime + child.ru_stime) / float(seconds)
    print(json.dumps({"cores": round(cores, 3), "python": round(python / float(seconds), 3), **result}))
    return 0


async def _encode(name: str, high: int, folder: Path) -> dict[str, float]:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    publication = _Stdin(reader)
    head = await publication.read()
    delays: list[float] = []
    signals: list[Signal] = []

    def on_set(found: SegmentSet) -> None:
        delays.append(time.time() - found.start - found.duration)

    info = SourceInfo(True, True, high * 16 // 9, high, 30.0, "h264", "aac", 2, 44100)
    session = new_session()
    began = time.monotonic()
    encoder = Encoder(
        imageio_ffmpeg.get_ffmpeg_exe(),
        session,
        folder / session,
        name,
        Thresholds(),
        info,
        publication.began,
        on_set,
        signals.append,
        base=folder,
    )
    reason = await encoder.run(publication, head)
    if reason != "the source ended":
        raise SystemExit(reason)
    middle = sorted(delays)[len(delays) // 2] if delays else 0.0
    wall = round(time.monotonic() - began, 1)
    return {"sets": len(delays), "delay": round(middle, 2), "wall": wall, "false_alarms": len(signals)}
