"""Room on the disk: watching it, and giving back what nobody will watch."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from maru.services.live.engine.contracts import SegmentSet

LOW_BYTES = 500 * 2**20
KEEP_UNUSED_S = 60.0


def free_bytes(folder: Path) -> int:
    """Bytes that can still be written below ``folder``; a large number when that is unknown."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 2**62


class SpaceWatch:
    """Says once when room becomes low, and once when it is enough again (with a tenth of hysteresis)."""

    def __init__(self, folder: Path, low: int = LOW_BYTES) -> None:
        self.folder = folder
        self.low = low
        self.alarmed = False
        self.free = free_bytes(folder)

    def look(self) -> bool | None:
        """True: low now; False: enough again; None: nothing new."""
        self.free = free_bytes(self.folder)
        if not self.alarmed and self.free < self.low:
            self.alarmed = True
            return True
        if self.alarmed and self.free > self.low * 1.1:
            self.alarmed = False
            return False
        return None


def remove_sets(folder: Path, sets: Iterable[SegmentSet]) -> int:
    """Delete the files of segment sets that never went on air; returns how many sets."""
    count = 0
    for segments in sets:
        for name in segments.files.values():
            if not name.startswith(".."):
                with suppress(OSError):
                    (folder / name).unlink(missing_ok=True)
        count += 1
    return count


def sweep(folder: Path, listed: set[str], running: Iterable[str]) -> int:
    """Delete what earlier sessions left and no entry names: segments and whole sessions.

    ``listed`` holds paths relative to ``folder`` (the broadcast's media folder); ``running`` names sessions
    to leave alone. Returns the number of files removed.
    """
    removed = 0
    keep = set(running)
    sources = folder / "src"
    if not sources.is_dir():
        return 0
    used = {tuple(Path(name).parts[1:3]) for name in listed if name.startswith("src/")}
    for session in sources.iterdir():
        if session.name in keep or not session.is_dir():
            continue
        for rung in [part for part in session.iterdir() if part.is_dir()]:
            whole = (session.name, rung.name) not in used
            for file in list(rung.iterdir()):
                name = f"src/{session.name}/{rung.name}/{file.name}"
                if whole or (file.name != "init.mp4" and name not in listed):
                    with suppress(OSError):
                        file.unlink()
                        removed += 1
            with suppress(OSError):
                rung.rmdir()  # only if empty
        if session.name not in {place[0] for place in used}:
            shutil.rmtree(session, ignore_errors=True)
        with suppress(OSError):
            session.rmdir()
    return removed
