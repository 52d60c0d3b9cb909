"""Dies at each step: for n = 1, 2, 3… a child does the same work in a folder of its own and kills itself at the n-th call that
touches the disk. ``python -m maru.platform.ports.lake.tests.crasher FOLDER`` prints how many folders it left."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from maru.platform.ports.lake.store import FileLake
from maru.platform.ports.lake.tests.tables import BEGIN, READINGS, readings

CALLS = ("write", "fsync", "link", "unlink", "replace")
# What is done, step by step; each step is named in the file ``done`` once it returned.
STEPS: dict[str, Callable[[FileLake], Any]] = {
    "ensure": lambda lake: lake.ensure(READINGS),
    "first": lambda lake: lake.append("readings", readings(range(40)), delivery="first"),
    "second": lambda lake: lake.append("readings", readings(range(30, 60)), delivery="second"),
    "corrected": lambda lake: lake.append("readings", readings(range(10), 0.5), delivery="corrected"),
    "compacted": lambda lake: lake.compact("readings"),
    "complete": lambda lake: lake.append(
        "readings", readings(range(5, 60)), delivery="complete", complete=True
    ),
    "swept": lambda lake: lake.sweep("readings", now=4e9),
    "retained": lambda lake: lake.retain("readings", BEGIN),
}


def work(folder: Path, done: Callable[[str], object]) -> None:
    """All steps. Repeating those that were done changes nothing."""
    lake = FileLake(folder)
    for name, step in STEPS.items():
        step(lake)
        done(name)


def _die_at(count: int) -> None:
    left = [count]

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **named)

        return call

    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))


def _child(home: Path, count: int) -> None:
    write, done = os.write, os.open(home / "done", os.O_WRONLY | os.O_CREAT, 0o600)
    _die_at(count)
    work(home / "lake", lambda name: write(done, name.encode() + b"\n"))
    os._exit(0)


def main(folder: Path) -> int:
    """Crash until a child gets to the end."""
    number = 0
    while True:
        number += 1
        home = folder / str(number)
        home.mkdir()
        child = os.fork()
        if child == 0:
            _child(home, number)
        _, status = os.waitpid(child, 0)
        if status == 0:
            print(number)
            return 0
        if not os.WIFSIGNALED(status):
            return 1


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
