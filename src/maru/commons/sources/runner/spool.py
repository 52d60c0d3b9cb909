"""What is pushed to the house waits here, on the disk, before anybody says thank you.

``{home}/spool/{source}/{time}-{chance}.push`` holds frames: a length and a JSON head, a length and the body. A file is whole
or does not exist: it is written beside its name, synced, renamed, and the folder synced. It is removed when its rows are
in the lake and that is written down; read twice it changes nothing.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import secrets
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

MOST_BYTES = 256 * 1024 * 1024  # of one source; more means that nobody reads, and the sender must keep it
MOST_FILES = 20_000
_AT_ONCE = 500
_LENGTH = struct.Struct(">I")


class SpoolFull(Exception):
    """The spool of a source holds as much as it may, or the disk is full: the sender must try again later."""


@dataclass(frozen=True)
class Frame:
    """One body as it was pushed."""

    body: bytes
    content_type: str = ""
    at: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))


class Spool:
    """The folder of all sources."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "spool"
        self._lock = threading.Lock()
        self._taken: set[Path] = set()

    def put(self, source: str, frames: Sequence[Frame]) -> Path:
        """Keep these; durable when it returns. Raises SpoolFull."""
        folder = self.folder / source
        data = b"".join(_framed(frame) for frame in frames)
        name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        draft, path = folder / f".{name}.part", folder / f"{name}.push"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._check_room(folder, len(data))
            with draft.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(path)
            _sync(folder)
        except OSError as fault:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            raise SpoolFull(f"the spool cannot take it: {fault.strerror}") from fault
        return path

    def sources(self) -> list[str]:
        """Sources for which something waits."""
        try:
            folders = [one for one in os.scandir(self.folder) if one.is_dir()]
        except FileNotFoundError:
            return []
        return sorted(one.name for one in folders if self._untaken(Path(one.path)))

    def waiting(self, source: str) -> Iterator[tuple[Path, list[Frame]]]:
        """The oldest files and their frames. What a crash left half-written is swept after an hour."""
        folder = self.folder / source
        for path in sorted(self._untaken(folder))[:_AT_ONCE]:
            with self._lock:
                self._taken.add(path)
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                self._forget(path)
                continue
            yield path, list(_frames(data))

    def remover(self, path: Path) -> Callable[[], None]:
        """Removes the file; to be called when its rows are safe."""

        def remove() -> None:
            path.unlink(missing_ok=True)
            self._forget(path)

        return remove

    def give_back(self, source: str) -> None:
        """The lake did not take what was read: it will be read again."""
        with self._lock:
            self._taken = {path for path in self._taken if path.parent.name != source}

    def _forget(self, path: Path) -> None:
        with self._lock:
            self._taken.discard(path)

    def _untaken(self, folder: Path) -> list[Path]:
        with self._lock:
            return [path for name in _names(folder) if (path := folder / name) not in self._taken]

    def sweep(self) -> None:
        """Remove drafts that a crash has left."""
        before = time.time() - 3600
        for draft in self.folder.glob("*/.*.part"):
            with contextlib.suppress(OSError):
                if draft.stat().st_mtime < before:
                    draft.unlink()

    def _check_room(self, folder: Path, size: int) -> None:
        total, count = size, 0
        with os.scandir(folder) as entries:
            for entry in entries:
                count += 1
                with contextlib.suppress(FileNotFoundError):
                    total += entry.stat().st_size
        if total > MOST_BYTES or count >= MOST_FILES:
            raise SpoolFull("the spool of this source is full")


def _framed(frame: Frame) -> bytes:
    head = json.dumps({"type": frame.content_type, "at": frame.at.isoformat()}).encode()
    return b"".join((_LENGTH.pack(len(head)), head, _LENGTH.pack(len(frame.body)), frame.body))


def _frames(data: bytes) -> Iterator[Frame]:
    """The frames of a file; a damaged rest is left out."""
    place = 0
    try:
        while place < len(data):
            (length,) = _LENGTH.unpack_from(data, place)
            head = json.loads(data[place + 4 : place + 4 + length])
            place += 4 + length
            (length,) = _LENGTH.unpack_from(data, place)
            body = data[place + 4 : place + 4 + length]
            place += 4 + length
            yield Frame(body, str(head["type"]), dt.datetime.fromisoformat(head["at"]))
    except (struct.error, ValueError, KeyError, TypeError):
        return


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if entry.name.endswith(".push")]
    except FileNotFoundError:
        return []


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
