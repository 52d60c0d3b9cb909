"""All tests, two lanes of them at a time: ``python tests/lanes.py``, which is what ``make test`` runs.

The lanes wait in one row, the longest first, and two workers take from its head. On SQLite run all tests: those with a
browser or a camera, which mostly wait, beside those that mostly compute. On a real PostgreSQL run, once more, those
that touch the database. Each lane has a home, a server and an output of its own; ports are chosen by the system, so
that no lane meets another. A lane that passes is summed up in its last lines; one that fails is printed whole.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from tests import postgres

ROOT = Path(__file__).resolve().parents[1]
WORKERS = 2
# What a lane that passed says of itself: its slowest tests, what was skipped and why, and the count.
LAST_LINES = 16
# How long a lane that is told to stop may take to end its servers and browsers.
GRACE_S = 15


@dataclass(frozen=True)
class Lane:
    """Some of the tests, in one process."""

    name: str
    arguments: tuple[str, ...]
    on_postgres: bool = False


LANES = (
    Lane("sqlite", ("-m", "not browser and not media")),
    Lane("browser and media", ("-m", "browser or media")),
    Lane("postgres", ("-m", "not browser and not media", "--touching-the-database"), on_postgres=True),
)


class Runs:
    """The lanes under way and how they ended."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.passed: set[str] = set()
        self.stopped = threading.Event()
        self._waiting: SimpleQueue[Lane] = SimpleQueue()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()

    def all(self, lanes: tuple[Lane, ...]) -> None:
        """Run them; returns when all have ended or one was told to stop."""
        for lane in lanes:
            self._waiting.put(lane)
        workers = [threading.Thread(target=self._work, daemon=True) for _ in range(WORKERS)]
        for worker in workers:
            worker.start()
        try:
            _join(workers)
        except KeyboardInterrupt:
            self.stop()
            _join(workers)
            raise

    def stop(self) -> None:
        """End every lane with all it started: politely, then not."""
        self.stopped.set()
        with self._lock:
            running = list(self._running.values())
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            for process in running:
                # The group outlives its leader where a server of a test was left behind.
                _signal(process, signum)
            until = time.monotonic() + GRACE_S
            while any(process.poll() is None for process in running) and time.monotonic() < until:
                time.sleep(0.1)

    def _work(self) -> None:
        while not self.stopped.is_set():
            try:
                lane = self._waiting.get_nowait()
            except Empty:
                return
            self._run(lane)

    def _run(self, lane: Lane) -> None:
        home = self.scratch / lane.name.replace(" ", "-")
        home.mkdir()
        environment = {**os.environ, "MARU_HOME": str(home / "home"), "PYTHONUNBUFFERED": "1"}
        environment.pop("MARU_DATABASE", None)
        began = time.monotonic()
        try:
            if lane.on_postgres:
                environment["MARU_DATABASE"] = postgres.start(home)
            code = self._pytest(lane, home / "output", environment)
        except SystemExit as refused:  # PostgreSQL did not start
            (home / "output").write_text(f"{refused}\n", encoding="utf-8")
            code = 1
        finally:
            if (home / "pg" / "postmaster.pid").exists():
                postgres.stop(home)
        if not self.stopped.is_set():
            self._tell(lane, code, time.monotonic() - began, home / "output")

    def _pytest(self, lane: Lane, output: Path, environment: dict[str, str]) -> int:
        command = [sys.executable, "-m", "pytest", "-q", "--durations=8", *lane.arguments]
        with output.open("wb") as file:
            with self._lock:
                if self.stopped.is_set():
                    return 1
                process = subprocess.Popen(
                    command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=file,
                    stderr=subprocess.STDOUT, start_new_session=True,
                )  # fmt: skip
                self._running[lane.name] = process
            code = process.wait()
            with self._lock:
                del self._running[lane.name]
        return code

    def _tell(self, lane: Lane, code: int, seconds: float, output: Path) -> None:
        lines = output.read_text(encoding="utf-8", errors="replace").splitlines()
        with self._lock:
            if code == 0:
                self.passed.add(lane.name)
            word = "passed" if code == 0 else f"FAILED ({code})"
            print(f"=== {lane.name}: {word} after {seconds:.0f} s", flush=True)
            print("\n".join(lines[-LAST_LINES:] if code == 0 else lines), flush=True)


def _join(workers: list[threading.Thread]) -> None:
    for worker in workers:
        # A wait without end would keep signals from the main thread on some systems.
        while worker.is_alive():
            worker.join(0.5)


def _signal(process: subprocess.Popen[bytes], signum: signal.Signals) -> None:
    try:
        os.killpg(process.pid, signum)
    except ProcessLookupError:
        return


def _interrupted(signum: int, _frame: object) -> None:
    raise KeyboardInterrupt(signum)


def main() -> int:
    """The exit code: 0 when every lane passed."""
    signal.signal(signal.SIGTERM, _interrupted)
    signal.signal(signal.SIGHUP, _interrupted)
    scratch = Path(tempfile.mkdtemp(prefix="maru-lanes-"))
    scratch.chmod(0o755)  # PostgreSQL runs as another user below it
    runs = Runs(scratch)
    try:
        runs.all(LANES)
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    # Counted by what passed: a lane that never came to its end is no good news.
    failed = [lane.name for lane in LANES if lane.name not in runs.passed]
    if failed:
        print("failed: " + ", ".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
