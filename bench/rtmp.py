"""CPU to take in a megabit of RTMP: our own server beside pyrtmp, fed by the same ffmpeg push.

Figures: milliseconds of CPU a megabit, and the share of a core that one 3 Mb/s encoder costs. Nothing is encoded:
the programme is made once as FLV and then sent by ffmpeg, which follows the server's chunk size, and in chunks
of 128 bytes. Target: at most 5 % of a core for a 3 Mb/s encoder.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imageio_ffmpeg

from bench.report import cpu_seconds, finish, resident_mb, table

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
KEY = "bench-of-the-ingest"
TARGET_CORE = 0.05
ENCODER_MBIT = 3.0
SERVERS = ("own", "own-uvloop", "pyrtmp")


async def _serve_own(port: int) -> None:
    from maru.services.live.engine.contracts import InputSpec
    from maru.services.live.engine.publication import BufferedPublication
    from maru.services.live.engine.rtmp import RtmpServer

    async def gate(key: str, peer: str) -> InputSpec | None:
        return InputSpec("bench", "primary", "push", key) if key == KEY else None

    async def take(publication: BufferedPublication) -> None:
        with Path("/dev/null").open("wb", buffering=0) as out:
            while data := await publication.read():
                out.write(data)

    await RtmpServer("127.0.0.1", port, gate, take).start()
    await asyncio.Event().wait()


async def _serve_pyrtmp(port: int) -> None:
    from pyrtmp.flv import FLVFileWriter, FLVMediaType
    from pyrtmp.rtmp import RTMPProtocol, SimpleRTMPController

    logging.disable(logging.CRITICAL)  # it logs at DEBUG by itself, which would not be fair

    class Controller(SimpleRTMPController):  # type: ignore[misc]  # pyrtmp has no types
        def __init__(self) -> None:
            super().__init__()
            self.out = FLVFileWriter("/dev/null")

        async def on_video_message(self, session: Any, message: Any) -> None:
            self.out.write(message.timestamp, message.payload, FLVMediaType.VIDEO)

        async def on_audio_message(self, session: Any, message: Any) -> None:
            self.out.write(message.timestamp, message.payload, FLVMediaType.AUDIO)

    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: RTMPProtocol(Controller()), "127.0.0.1", port)
    await asyncio.Event().wait()


def serve(name: str, port: int) -> None:
    """Be one of the servers until killed."""
    if name == "own-uvloop":
        import uvloop

        uvloop.run(_serve_own(port))
    else:
        asyncio.run(_serve_pyrtmp(port) if name == "pyrtmp" else _serve_own(port))


def make_programme(path: Path, seconds: int) -> float:
    """An FLV of 720p at about 3 Mb/s with stereo sound; its size in Mb."""
    subprocess.run(
        [
            *(FFMPEG, "-y", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30"),
            *(
                "-f",
                "lavfi",
                "-i",
                "sine=r=48000",
                "-t",
                str(seconds),
                "-c:v",
                "libx264",
                "-preset",
                "ultrafast",
            ),
            *("-b:v", "3M", "-minrate", "3M", "-maxrate", "3M", "-bufsize", "3M", "-g", "60"),
            *("-x264-params", "nal-hrd=cbr:force-cfr=1", "-ac", "2", "-c:a", "aac", "-f", "flv", str(path)),
        ],
        check=True,
    )
    return path.stat().st_size * 8 / 1e6


def _wait_listening(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise TimeoutError("the server does not listen")


def push_with_ffmpeg(port: int, programme: Path) -> None:
    """As an encoder that takes over the server's chunk size (4 or 8 KiB), like ffmpeg and OBS."""
    # Ten times real time: at full speed ffmpeg resets the connection at its end and loses what is on the way.
    push = [FFMPEG, "-loglevel", "quiet", "-readrate", "10", "-i", str(programme), "-c", "copy", "-f", "flv"]
    subprocess.run([*push, f"rtmp://127.0.0.1:{port}/live/{KEY}"], check=False, timeout=600)


def push_small_chunks(port: int, programme: Path) -> None:
    """As an encoder that stays at RTMP's initial chunk size of 128 bytes, like some phones."""
    from maru.services.live.engine import amf
    from maru.services.live.engine.rtmp_chunks import COMMAND, write_message

    flv, at = programme.read_bytes(), 13
    with socket.create_connection(("127.0.0.1", port), timeout=300) as line:
        line.sendall(b"\x03" + bytes(1536))
        got = 0
        while got < 3073:
            got += len(line.recv(4096))
        line.sendall(bytes(1536))
        threading.Thread(target=_discard, args=(line,), daemon=True).start()
        for command in (
            ("connect", 1.0, {"app": "live", "tcUrl": f"rtmp://127.0.0.1:{port}/live"}),
            ("createStream", 2.0, None),
            ("publish", 3.0, None, KEY, "live"),
        ):
            line.sendall(write_message(COMMAND, amf.encode(*command), chunk_stream=3))
            time.sleep(0.1)
        while at < len(flv):
            size = int.from_bytes(flv[at + 1 : at + 4], "big")
            head = flv[at + 4 : at + 7] + flv[at + 1 : at + 4] + flv[at : at + 1] + b"\1\0\0\0"
            body = flv[at + 11 : at + 11 + size]
            pieces = [body[n : n + 128] for n in range(0, size, 128)]
            number = 4 if flv[at] == 8 else 6
            line.sendall(bytes([number]) + head + bytes([0xC0 | number]).join(pieces))
            at += size + 15
        line.shutdown(socket.SHUT_WR)
        time.sleep(0.5)


def _discard(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while line.recv(65_536):
            pass


PUSHES = {"ffmpeg": push_with_ffmpeg, "128-byte chunks": push_small_chunks}


def measure(
    name: str, push: Callable[[int, Path], None], programme: Path, megabits: float
) -> dict[str, float]:
    """Push the programme once to a fresh server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    server = subprocess.Popen([sys.executable, "-m", "bench.rtmp", "--serve", name, "--port", str(port)])
    try:
        _wait_listening(port)
        before, began = cpu_seconds(server.pid), time.monotonic()
        push(port, programme)
        last = -1.0
        while (used := cpu_seconds(server.pid)) != last:  # until it has digested what the kernel still held
            last = used
            time.sleep(0.3)
        wall = time.monotonic() - began
        return {
            "cpu_ms_per_mbit": (used - before) * 1000 / megabits,
            "core_share_3mbit": (used - before) / megabits * ENCODER_MBIT,
            "wall_s": wall,
            "resident_mb": resident_mb(server.pid),
        }
    finally:
        server.kill()
        server.wait()


def main(argv: list[str]) -> int:
    """Measure all servers; 1 if our own misses its target."""
    parser = argparse.ArgumentParser(prog="python -m bench rtmp", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10 s of programme instead of 60 s")
    parser.add_argument("--serve", choices=SERVERS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.serve:
        serve(options.serve, options.port)
        return 0
    seconds = 10 if options.quick else 60
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        programme = Path(folder) / "programme.flv"
        megabits = make_programme(programme, seconds)
        for how, push in PUSHES.items():
            for name in SERVERS:
                found[f"{name}, {how}"] = measure(name, push, programme, megabits)
    table(
        ("server, push", "CPU ms/Mb", f"core at {ENCODER_MBIT:g} Mb/s", "seconds to take it", "MB resident"),
        [
            (
                name,
                one["cpu_ms_per_mbit"],
                one["core_share_3mbit"],
                one["wall_s"],
                one["resident_mb"],
            )
            for name, one in found.items()
        ],
    )
    passed = all(
        one["core_share_3mbit"] <= TARGET_CORE for name, one in found.items() if name.startswith("own")
    )
    return finish("rtmp", passed, {"programme_s": seconds, "megabits": round(megabits, 1), "servers": found})


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
