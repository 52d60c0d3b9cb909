"""The supervisor keeps its children alive and stops them cleanly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

SCRIPT = """
import os, sys
from maru.project.supervisor import Supervisor
child = "import os, sys, time, pathlib; pathlib.Path(sys.argv[1]).open('a').write(str(os.getpid()) + chr(10)); time.sleep(600)"
commands = {"one": [sys.executable, "-c", child, sys.argv[1]]}
sys.exit(Supervisor(commands, os.environ).run())
"""


def _until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.05)


def _pids(note: Path) -> list[int]:
    return [int(line) for line in note.read_text().split()] if note.exists() else []


def _alive(pid: int) -> bool:
    """Whether a process runs; one that is dead but not yet reaped by its new parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in {"Z", "X"}
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_dead_child_is_started_again_and_all_end_on_sigterm(tmp_path: Path) -> None:
    note = tmp_path / "pids"
    supervisor = subprocess.Popen([sys.executable, "-c", SCRIPT, str(note)])
    try:
        _until(lambda: len(_pids(note)) == 1)
        os.kill(_pids(note)[0], signal.SIGKILL)
        _until(lambda: len(_pids(note)) == 2)
        supervisor.terminate()
        assert supervisor.wait(30) == 0
        assert not any(_alive(pid) for pid in _pids(note))
    finally:
        supervisor.kill()
        supervisor.wait()


def test_children_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    note = tmp_path / "pids"
    supervisor = subprocess.Popen([sys.executable, "-c", SCRIPT, str(note)])
    _until(lambda: len(_pids(note)) == 1)
    supervisor.kill()
    supervisor.wait()
    _until(lambda: not _alive(_pids(note)[0]))
    assert len(_pids(note)) == 1
