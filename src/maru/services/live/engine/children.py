"""ffmpeg as a child process: it dies with us, its output is pumped into a publication, its end is awaited."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Sequence

from maru.services.live.engine.flv import Piece
from maru.services.live.engine.publication import BufferedPublication

MANNERS_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    assert _LIBC is not None
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


async def start(arguments: Sequence[str]) -> Process:
    """Start a program with its stdout and stderr as pipes.

    On Linux the kernel ends it when this process dies, however that happens: a listener left behind would
    keep its port from the next media process. Raises OSError when the program cannot be started.
    """
    return await asyncio.create_subprocess_exec(
        *arguments,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        limit=131_072,
        preexec_fn=_die_with_parent if _LIBC is not None else None,
    )


def end(process: Process) -> None:
    """Ask it to stop, so that it takes leave of its peer; kill it if it has not after a second."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
            asyncio.get_running_loop().call_later(MANNERS_SECONDS, kill, process)


def kill(process: Process) -> None:
    """Kill it if it still runs; its pipes then end by themselves."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()


async def lines(process: Process, take: Callable[[str], None]) -> None:
    """Hand each line of stderr to ``take`` until it ends; overlong lines are cut to pieces."""
    assert process.stderr is not None
    rest = b""
    while data := await process.stderr.read(8192):
        *whole, rest = (rest + data).replace(b"\r", b"\n").split(b"\n")
        rest = rest[-4096:]
        for line in whole:
            take(line.decode("utf-8", "replace"))


async def pump(first: bytes, process: Process, publication: BufferedPublication, *, patient: bool) -> None:
    """Move stdout into the publication until it ends.

    ``patient`` waits for a slow reader (a file can wait); otherwise what does not fit is dropped.
    """
    assert process.stdout is not None
    clock = asyncio.get_running_loop().time
    data = first
    while data and not publication.ended:
        publication.touch(None, len(data), clock())
        if patient:
            await publication.room()
        publication.put(Piece(data, opens=True, keep=False), now=clock())
        data = await process.stdout.read(65_536)
