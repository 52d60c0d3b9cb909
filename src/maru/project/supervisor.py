"""``maru serve``: five processes under one roof. A dead child is started again; SIGTERM stops all within 10 s."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from maru.platform.ports.heartbeat import PARTS

STOP_SECONDS = 8.0
STEADY_SECONDS = 3.0
LONGEST_WAIT_SECONDS = 5.0
log = structlog.get_logger("maru.supervisor")


@dataclass
class Child:
    """One supervised process. ``failures`` counts quick deaths in a row, for the wait before the next start."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    due: float = 0.0
    failures: int = 0

    def start(self, environ: Mapping[str, str]) -> None:
        """Start it in a group of its own, so that a Ctrl-C reaches the supervisor first."""
        self.process = subprocess.Popen(
            self.command, env=dict(environ), start_new_session=True, preexec_fn=_die_with_parent
        )
        self.started = time.monotonic()

    def look(self, now: float) -> None:
        """Notice a death and decide when to start again: at once, then after 0.2, 0.4 … 5 s while it keeps failing."""
        if self.process is None or self.process.poll() is None:
            return
        code = self.process.returncode
        self.failures = 0 if now - self.started > STEADY_SECONDS else self.failures + 1
        wait = min(LONGEST_WAIT_SECONDS, 0.1 * 2**self.failures) if self.failures else 0.0
        log.warning("child died", part=self.name, code=code, again_in=round(wait, 1))
        self.process = None
        self.due = now + wait


def _die_with_parent() -> None:
    """Linux: the kernel ends the child when the supervisor is killed, so that no orphan keeps a port."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGTERM, 0, 0, 0)


class Supervisor:
    """Holds the children until told to stop."""

    def __init__(self, commands: Mapping[str, list[str]], environ: Mapping[str, str]) -> None:
        self.children = [Child(name, command) for name, command in commands.items()]
        self.environ = environ
        self.stopping = False

    def run(self, ready: Callable[[], None] | None = None) -> int:
        """Run until SIGTERM or SIGINT. Returns 0 when all stopped by themselves, 1 when one had to be killed."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        for child in self.children:
            child.start(self.environ)
        if ready:
            ready()
        while not self.stopping:
            now = time.monotonic()
            for child in self.children:
                child.look(now)
                if child.process is None and now >= child.due:
                    child.start(self.environ)
            time.sleep(0.1)
        return self._end()

    def _stop(self, _number: int, _frame: object) -> None:
        self.stopping = True

    def _end(self) -> int:
        living = [child.process for child in self.children if child.process and child.process.poll() is None]
        for process in living:
            process.terminate()
        limit = time.monotonic() + STOP_SECONDS
        killed = 0
        for process in living:
            try:
                process.wait(max(0.1, limit - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                killed += 1
        return 1 if killed else 0


def commands(extra: Mapping[str, list[str]] | None = None) -> dict[str, list[str]]:
    """The command of each part, run by this same interpreter."""
    own = {part: [sys.executable, "-m", "maru.project.cli", part] for part in PARTS}
    return {**own, **(extra or {})}


def write_pid(home: Path) -> None:
    """Leave the supervisor's id where operators' scripts find it."""
    (home / "run").mkdir(parents=True, exist_ok=True)
    (home / "run" / "serve.pid").write_text(str(os.getpid()))
