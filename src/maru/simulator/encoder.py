"""An encoder with a programme of its own, as OBS would send it: moving picture, clock, music, speech, faults.

``python -m maru.simulator.encoder --to rtmp://host/live/KEY [--to …] [--programme demo]``. Commands on stdin, one a
line: silence, black, freeze, stall, kill, normal, quit. Several --to get the same programme, encoded once.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import IO

import imageio_ffmpeg

from maru.simulator.pictures import Pictures
from maru.simulator.sounds import RATE, Sounds

STYLES = ("demo", "speech", "music", "slides", "colour")
FAULTS = ("normal", "silence", "black", "freeze", "stall", "kill")
LAYOUTS = {"none": 0, "mono": 1, "stereo": 2, "5.1": 6}
AGAIN_SECONDS = 1.0
BEHIND_SECONDS = 3.0
HOLD_SECONDS = 1.5  # how long a slide stands still: below the house's threshold of 2 s
_PIPE_SIZE = 1 << 20


@dataclass(frozen=True)
class Settings:
    """What the encoder sends. ``audio`` is a key of LAYOUTS; ``video`` False sends sound only."""

    targets: tuple[str, ...]
    style: str = "demo"
    width: int = 1280
    height: int = 720
    fps: float = 30.0
    video_kbps: int = 2500
    audio: str = "stereo"
    video: bool = True
    coded: bool = False
    chapter_seconds: float = 90.0
    ffmpeg: str = ""
    reconnect: bool = True


def ffmpeg_arguments(settings: Settings, audio_pipe: int) -> list[str]:
    """The command that encodes the raw pictures on stdin and the samples on ``audio_pipe`` for all targets."""
    program = settings.ffmpeg or imageio_ffmpeg.get_ffmpeg_exe()
    made = [program, "-hide_banner", "-loglevel", "error", "-nostats"]
    raw = ["-probesize", "32", "-analyzeduration", "0", "-thread_queue_size", "64"]
    maps: list[str] = []
    if settings.video:
        size = f"{settings.width}x{settings.height}"
        made += [
            *raw,
            "-f",
            "rawvideo",
            "-pix_fmt",
            "yuv420p",
            "-s",
            size,
            "-r",
            str(settings.fps),
            "-i",
            "pipe:0",
        ]
        maps += ["-map", "0:v"]
    channels = LAYOUTS[settings.audio]
    if channels:
        made += [*raw, "-f", "s16le", "-ar", str(RATE), "-ac", str(channels), "-i", f"pipe:{audio_pipe}"]
        maps += ["-map", f"{1 if settings.video else 0}:a"]
    made += maps
    if settings.video:
        rate = f"{settings.video_kbps}k"
        made += ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-threads", "1"]
        made += ["-g", str(round(settings.fps * 2)), "-b:v", rate, "-maxrate", rate, "-bufsize", rate]
    if channels:
        made += ["-c:a", "aac", "-b:a", "128k"]
    made += ["-flags", "+global_header", "-flush_packets", "1"]
    forms = [(target, "mpegts" if target.startswith("srt:") else "flv") for target in settings.targets]
    if len(forms) == 1:
        return [*made, "-f", forms[0][1], "-flvflags", "no_duration_filesize", forms[0][0]]
    legs = "|".join(f"[f={form}:onfail=ignore:use_fifo=1]{target}" for target, form in forms)
    return [*made, "-f", "tee", legs]


class Programme:
    """The programme on air. ``start``, ``set_fault(name)`` at any time, ``stop``.

    silence, black and freeze change what is sent; stall stops the encoder without a word (its connection stays);
    kill ends it at once; normal mends all of them.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.fault = "normal"
        self.connections = 0
        self.frames = 0
        self.error = ""
        self._pictures = Pictures(
            settings.style, settings.width, settings.height, settings.chapter_seconds, settings.coded
        )
        self._sounds = Sounds(settings.style, max(1, LAYOUTS[settings.audio]))
        self._stopping = threading.Event()
        self._mended = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._began = 0.0

    def start(self) -> None:
        """Go on air in the background; connects again by itself when ``reconnect`` is set."""
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="programme", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Leave in good order."""
        self._stopping.set()
        self._mended.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        self._end(signal.SIGKILL)

    @property
    def pid(self) -> int:
        """The process id of the encoder that runs now; 0 for none."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else 0

    @property
    def alive(self) -> bool:
        """Whether the programme still runs (False after stop, or a lost connection without ``reconnect``)."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def chapter(self) -> int:
        """How many chapters have ended since the start; the pictures run round, this does not."""
        return int((time.monotonic() - self._began) // self.settings.chapter_seconds) if self._began else 0

    def set_fault(self, name: str) -> float:
        """Break or mend the signal from now on; the wall time of doing so. ValueError for an unknown name."""
        if name not in FAULTS:
            raise ValueError(f"no fault named {name!r}; known: {', '.join(FAULTS)}")
        before, self.fault = self.fault, name
        if name in ("kill", "stall"):
            self._mended.clear()
            self._end(signal.SIGKILL if name == "kill" else signal.SIGSTOP)
        else:
            if before == "stall":
                self._end(signal.SIGKILL)  # what waits in its pipes is stale
            self._mended.set()
        return time.time()

    def _end(self, sign: signal.Signals) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(sign)

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self.fault in ("kill", "stall"):
                self._mended.wait()
                continue
            self._connection()
            if not self.settings.reconnect and self.fault not in ("kill", "stall"):
                return
            self._stopping.wait(AGAIN_SECONDS if self.fault == "normal" else 0.05)

    def _connection(self) -> None:
        """One ffmpeg from its start to its end."""
        read_end, write_end = os.pipe()
        process = subprocess.Popen(
            ffmpeg_arguments(self.settings, read_end),
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[read_end],
        )
        os.close(read_end)
        self._process = process
        self.connections += 1
        assert process.stdin is not None
        assert process.stderr is not None
        with contextlib.suppress(OSError):
            fcntl.fcntl(process.stdin.fileno(), getattr(fcntl, "F_SETPIPE_SZ", 1031), _PIPE_SIZE)
        began = time.monotonic()
        gone = threading.Event()
        voice = threading.Thread(target=self._send_sound, args=(write_end, began, gone), daemon=True)
        voice.start()
        listener = threading.Thread(target=self._listen, args=(process.stderr,), daemon=True)
        listener.start()
        try:
            if self.settings.video:
                self._send_pictures(process, began)
            else:
                while process.poll() is None and not self._stopping.wait(0.1):
                    pass
        finally:
            gone.set()
            with contextlib.suppress(OSError):
                process.stdin.close()
            voice.join(timeout=2)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=2)
            if process.poll() is None:
                process.kill()
            process.wait()
            listener.join(timeout=2)

    def _listen(self, pipe: IO[bytes]) -> None:
        """Keep the last words of ffmpeg; unread they would fill the pipe and stop it."""
        with pipe:
            for line in pipe:
                self.error = line[-500:].decode("utf-8", "replace").strip()

    def _send_pictures(self, process: subprocess.Popen[bytes], began: float) -> None:
        assert process.stdin is not None
        step = 1 / self.settings.fps
        number = 0
        held: bytes | None = None
        held_until = 0.0
        while not self._stopping.is_set():
            wait = began + number * step - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            elif wait < -BEHIND_SECONDS:
                return  # a real encoder drops the connection too
            seconds = time.monotonic() - self._began
            if self.fault != "freeze" and not (self.settings.style == "slides" and seconds < held_until):
                held = self._picture(seconds)
                held_until = seconds + HOLD_SECONDS
            try:
                process.stdin.write(held or b"")
                process.stdin.flush()
            except OSError:
                return
            number += 1
            self.frames += 1

    def _picture(self, seconds: float) -> bytes:
        loudness = 0.0 if self.fault == "silence" else self._sounds.loudness(seconds)
        frame = self._pictures.draw(seconds, time.time(), loudness)
        if self.fault == "black":
            frame.blacken()
        return frame.data.tobytes()

    def _send_sound(self, pipe: int, began: float, gone: threading.Event) -> None:
        count = RATE // 50
        offset = int((began - self._began) * RATE)
        number = 0
        with open(pipe, "wb", buffering=0) as out:
            while not gone.is_set() and not self._stopping.is_set():
                wait = began + number * count / RATE - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
                quiet = self.fault == "silence" or not LAYOUTS[self.settings.audio]
                data = (
                    self._sounds.silence(count)
                    if quiet
                    else self._sounds.take(offset + number * count, count)
                )
                try:
                    out.write(data)
                except OSError:
                    return
                number += 1


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m maru.simulator.encoder", description=__doc__)
    made.add_argument(
        "--to", action="append", required=True, help="rtmp:// or srt:// address; may be repeated"
    )
    made.add_argument("--seconds", type=float, default=0.0, help="end after so long; 0: never")
    made.add_argument("--programme", choices=STYLES, default="demo")
    made.add_argument("--size", default="1280x720", help="WIDTHxHEIGHT, both even")
    made.add_argument("--fps", type=float, default=30.0)
    made.add_argument("--kbps", type=int, default=2500, help="rate of the picture in kb/s")
    made.add_argument("--audio", choices=tuple(LAYOUTS), default="stereo")
    made.add_argument("--no-video", action="store_true", help="send sound only")
    made.add_argument("--timecode", action="store_true", help="draw the clock for machines as well")
    made.add_argument("--chapter-seconds", type=float, default=90.0)
    made.add_argument("--once", action="store_true", help="do not connect again")
    return made


def _obey(programme: Programme, finished: threading.Event) -> None:
    for line in sys.stdin:
        word = line.strip()
        if word == "quit":
            finished.set()
            return
        try:
            print(f"{word} {programme.set_fault(word):.3f}", flush=True)
        except ValueError as error:
            print(error, file=sys.stderr, flush=True)


def main(argv: list[str] | None = None) -> int:
    """Send until told to stop. 1 when a connection was lost and --once given."""
    options = parser().parse_args(argv)
    width, _, height = options.size.partition("x")
    programme = Programme(
        Settings(
            tuple(options.to),
            style=options.programme,
            width=int(width),
            height=int(height),
            fps=options.fps,
            video_kbps=options.kbps,
            audio=options.audio,
            video=not options.no_video,
            coded=options.timecode,
            chapter_seconds=options.chapter_seconds,
            reconnect=not options.once,
        )
    )
    finished = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: finished.set())
    programme.start()
    threading.Thread(target=_obey, args=(programme, finished), daemon=True).start()
    until = time.monotonic() + options.seconds if options.seconds else float("inf")
    while programme.alive and time.monotonic() < until and not finished.wait(0.2):
        pass
    lost = not programme.alive
    programme.stop()
    if lost and programme.error:
        print(programme.error, file=sys.stderr)
    return 1 if lost else 0


if __name__ == "__main__":
    raise SystemExit(main())
