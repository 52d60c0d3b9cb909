"""Dies at each step of each act: for n = 1, 2, 3… a child does the act in a copy of the lake and kills itself at the n-th call that
touches the disk. ``python -m maru.platform.ports.lake.tests.dying FOLDER`` leaves a folder ``act-n`` for each death."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from maru.platform.ports.lake.store import FileLake
from maru.platform.ports.lake.tests.tables import READINGS, readings

CALLS = ("write", "fsync", "link", "unlink", "replace")
# One after the other; each may be repeated without harm.
ACTS: dict[str, Callable[[FileLake], Any]] = {
    "ensure": lambda lake: lake.ensure(READINGS),
    "first": lambda lake: lake.append("readings", readings(range(40)), delivery="first"),
    "second": lambda lake: lake.append("readings", readings(range(30, 60)), delivery="second"),
    "corrected": lambda lake: lake.append("readings", readings(range(10), 0.5), delivery="corrected"),
    "compacted": lambda lake: lake.compact("readings"),
    "complete": lambda lake: lake.append(
        "readings", readings(range(5, 60)), delivery="complete", complete=True
    ),
    "swept": lambda lake: lake.sweep("readings", now=4e9),
}


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


def _child(lake: Path, act: str, count: int) -> int:
    """Status of a process that did the act and died at its ``count``-th call, if it came so far."""
    child = os.fork()
    if child == 0:
        _die_at(count)
        ACTS[act](FileLake(lake))
        os._exit(0)
    return os.waitpid(child, 0)[1]


def main(folder: Path) -> int:
    """Crash each act until it gets to its end, and go on from there."""
    before = folder / "begin"
    before.mkdir()
    for act in ACTS:
        status = count = 0
        while True:
            count += 1
            home = folder / f"{act}-{count}"
            shutil.copytree(before, home)
            status = _child(home, act, count)
            if status == 0:
                before = home.rename(folder / f"done {act}")
                break
            if not os.WIFSIGNALED(status):
                return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
