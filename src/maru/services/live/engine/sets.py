"""Segments on disk: written whole or not at all, announced when all renditions have them, found after a crash.

A session's folder holds ``session.json`` (what the session is), and per rendition ``init.mp4`` and
``000001.m4s`` … A file's name appears only when the file is complete. Numbers are those of the grid (see ``cutter``).
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from maru.services.live.engine.boxes import BoxError, Init, Reader, runs_of
from maru.services.live.engine.contracts import SegmentSet
from maru.services.live.engine.cutter import Piece

SIDECAR = "session.json"
INIT = "init.mp4"
SHORTEST_S = 0.3  # what is shorter is not worth a discontinuity
MOST_PENDING = 30  # sets that wait for one rendition: a minute


def new_session() -> str:
    """A name for an encoder's run that nobody can guess (it is part of public addresses)."""
    return secrets.token_hex(10)


@dataclass(frozen=True)
class Session:
    """The sidecar. ``origin`` is the wall time of media time 0; ``renditions`` in the ladder's order."""

    session: str
    origin: float
    began: float
    input: str
    protocol: str
    preset: str
    renditions: tuple[str, ...]


def file_name(number: int) -> str:
    return f"{number:06d}.m4s"


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that its name never shows a part of it. Raises OSError and leaves nothing behind."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


class Shelf:
    """Takes pieces of all renditions in any order and announces sets in order.

    ``on_set`` and ``on_trouble`` are called in the event loop. A piece that cannot be written takes its whole
    set with it; the next ones are tried again.
    """

    def __init__(
        self,
        folder: Path,
        base: Path,
        session: Session,
        on_set: Callable[[SegmentSet], None],
        on_trouble: Callable[[OSError], None],
    ) -> None:
        self.session = session
        self.announced = 0
        self._folder = folder
        self._base = base
        self._on_set = on_set
        self._on_trouble = on_trouble
        self._owed: dict[Path, bytes] = {}  # inits and sidecar that a full disk refused so far
        self._pending: dict[int, dict[str, Piece]] = {}
        self._lost: set[int] = set()
        self._done = 0
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="segments")

    async def open(self) -> None:
        """Write the sidecar."""
        text = json.dumps(asdict(self.session), indent=1)
        self._owed[self._folder / SIDECAR] = text.encode()
        await self._settle()

    def close(self) -> None:
        self._disk.shutdown(wait=False)

    async def init(self, name: str, init: Init) -> None:
        """Write a rendition's init segment, now or as soon as the disk takes it."""
        self._owed[self._folder / name / INIT] = init.data
        await self._settle()

    async def put(self, name: str, piece: Piece) -> None:
        """Write one piece and announce the set that it completes."""
        path = self._folder / name / file_name(piece.number)
        if piece.number <= self._done or piece.number in self._lost:
            return
        if not await self._settle() or not await self._write(path, piece.data):
            await self._lose(piece.number)
            return
        if piece.number in self._lost:  # another rendition failed while this one was written
            await self._lose(piece.number)
            return
        self._pending.setdefault(piece.number, {})[name] = piece
        await self._announce()

    async def finish(self) -> None:
        """Nothing more comes: remove what belongs to no complete set."""
        for number in sorted(self._pending):
            await self._lose(number)

    async def _announce(self) -> None:
        names = self.session.renditions
        ready = [number for number, pieces in sorted(self._pending.items()) if len(pieces) == len(names)]
        for number in ready:
            pieces = self._pending.pop(number)
            lead = pieces[names[0]]
            late_sound = not self.announced and not all(piece.whole for piece in pieces.values())
            if lead.lasts < SHORTEST_S or late_sound:
                await self._lose(number)
                continue
            # what is older and incomplete will never be complete in order
            for older in [other for other in self._pending if other < number]:
                await self._lose(older)
            self._done, self.announced = number, self.announced + 1
            self._on_set(self._set(number, float(lead.begins), float(lead.lasts)))
        for older in sorted(self._pending)[:-MOST_PENDING]:
            await self._lose(older)

    def _set(self, number: int, begins: float, lasts: float) -> SegmentSet:
        files = {
            name: (self._folder / name / file_name(number)).relative_to(self._base).as_posix()
            for name in self.session.renditions
        }
        start = round(self.session.origin + begins, 6)
        return SegmentSet(self.session.session, number, start, round(lasts, 6), files)

    async def _lose(self, number: int) -> None:
        self._lost.add(number)
        self._pending.pop(number, None)
        for name in self.session.renditions:
            path = self._folder / name / file_name(number)
            await asyncio.get_running_loop().run_in_executor(self._disk, _unlink, path)

    async def _settle(self) -> bool:
        for path, data in list(self._owed.items()):
            if not await self._write(path, data):
                return False
            self._owed.pop(path, None)
        return True

    async def _write(self, path: Path, data: bytes) -> bool:
        try:
            await asyncio.get_running_loop().run_in_executor(self._disk, write_whole, path, data)
        except OSError as error:
            self._on_trouble(error)
            return False
        return True


def _unlink(path: Path) -> None:
    with suppress(OSError):  # a disk that refuses to write may refuse this too; the file is not announced
        path.unlink(missing_ok=True)


def read_session(folder: Path) -> Session | None:
    """The sidecar of a session's folder; None when there is none or it is damaged."""
    try:
        data = json.loads((folder / SIDECAR).read_text(encoding="utf-8"))
        return Session(**{**data, "renditions": tuple(data["renditions"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def scan(folder: Path, base: Path | None = None) -> list[SegmentSet]:
    """The complete sets in a session's folder by number, without damaged files. ``base`` as for Encoder."""
    base = folder.parent.parent if base is None else base
    session = read_session(folder)
    if session is None or not session.renditions:
        return []
    lead, *others = session.renditions
    try:
        init = _read_init(folder / lead / INIT)
    except (OSError, BoxError):
        return []
    if any(not (folder / name / INIT).is_file() for name in others):
        return []
    return [found for found in _sets(folder, base, session, init) if found.duration >= SHORTEST_S]


def _sets(folder: Path, base: Path, session: Session, init: Init) -> Iterator[SegmentSet]:
    lead, *others = session.renditions
    for path in sorted((folder / lead).glob("[0-9]*.m4s")):
        rest = [folder / name / path.name for name in others]
        if not path.stem.isdigit() or not all(map(is_complete, [path, *rest])):
            continue
        try:
            run = _first_run(path, init)
        except (OSError, BoxError):
            continue
        files = {p.parent.name: p.relative_to(base).as_posix() for p in [path, *rest]}
        start = round(session.origin + float(run[0]), 6)
        yield SegmentSet(session.session, int(path.stem), start, round(float(run[1]), 6), files)


def _read_init(path: Path) -> Init:
    reader = Reader()
    for part in reader.feed(path.read_bytes()):
        if isinstance(part, Init):
            return part
    raise BoxError("no init segment")


def _first_run(path: Path, init: Init) -> tuple[float, float]:
    with path.open("rb") as file:
        head = file.read(8)
        size, kind = struct.unpack(">I4s", head)
        if kind != b"moof" or size > os.fstat(file.fileno()).st_size:
            raise BoxError("a segment begins with its moof")
        runs = runs_of(head + file.read(size - 8), init)
    kinds = ("video",) if any(run.track.kind == "video" for run in runs) else ("audio",)
    chosen = [run for run in runs if run.track.kind in kinds and run.samples]
    if not chosen:
        raise BoxError("a segment without samples")
    return float(chosen[0].begins), float(sum(run.lasts for run in chosen))


def is_complete(path: Path) -> bool:
    """Whether a file's boxes end where the file ends (a power cut can leave less)."""
    try:
        with path.open("rb") as file:
            end, at = os.fstat(file.fileno()).st_size, 0
            while at < end:
                file.seek(at)
                head = file.read(8)
                if len(head) < 8:
                    return False
                size = int.from_bytes(head[:4], "big")
                if size < 8:
                    return False
                at += size
            return at == end and end > 0
    except OSError:
        return False
