"""Fragmented MP4 as it comes out of a pipe: init segment, then fragments, whatever the sizes of the reads.

Only what the ladder needs of ISO 14496-12 is understood: which tracks there are, where each fragment stands
in time (``tfdt``), and the samples of each run. Times here are integer ticks of the track's own timescale.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

MOST_BYTES = 32 * 2**20  # one box; 2 s at 4.5 Mb/s are 1.2 MB
MOST_SAMPLES = 100_000
_DROPPED = frozenset({b"styp", b"sidx", b"free", b"skip", b"mfra", b"prft", b"emsg", b"udta"})

TrackKind = Literal["video", "audio", "other"]


class BoxError(ValueError):
    """The bytes are not the fragmented MP4 that was expected."""


@dataclass(frozen=True)
class Track:
    """A track of the init segment. ``duration`` and ``size`` are defaults for samples that name none."""

    number: int
    kind: TrackKind
    timescale: int
    duration: int = 0
    size: int = 0


@dataclass(frozen=True)
class Init:
    """``ftyp`` and ``moov``: what a player needs before any fragment."""

    data: bytes
    tracks: tuple[Track, ...]

    def track(self, kind: TrackKind) -> Track | None:
        """The first track of a kind."""
        return next((track for track in self.tracks if track.kind == kind), None)


@dataclass(frozen=True)
class Run:
    """One track's samples in one fragment.

    ``start`` is the decoding time of the first, ``shift`` what its presentation comes later; ``offset`` is where
    the bytes begin, counted from the moof's start.
    """

    track: Track
    start: int
    shift: int
    samples: tuple[tuple[int, int], ...]  # (ticks, bytes) of each
    offset: int

    @property
    def ticks(self) -> int:
        return sum(ticks for ticks, _ in self.samples)

    @property
    def begins(self) -> Fraction:
        """Seconds on the media time line at which the first sample is shown. A picture's run begins with a
        keyframe of a closed group, so nothing of the run is shown earlier."""
        return Fraction(self.start + self.shift, self.track.timescale)

    @property
    def lasts(self) -> Fraction:
        """Seconds."""
        return Fraction(self.ticks, self.track.timescale)


@dataclass(frozen=True)
class Fragment:
    """``moof`` and ``mdat``."""

    data: bytes
    runs: tuple[Run, ...]

    def run(self, kind: TrackKind) -> Run | None:
        """The first run of a kind that holds samples."""
        return next((run for run in self.runs if run.track.kind == kind and run.samples), None)

    def lead(self) -> Run | None:
        """The run that says when the fragment begins and how long it lasts: the picture's, else the sound's."""
        return self.run("video") or self.run("audio")


class Reader:
    """Cuts a byte stream into Init and Fragment. Holds at most one box of MOST_BYTES and its moof."""

    def __init__(self, init: Init | None = None) -> None:
        self.init = init
        self._buffer = bytearray()
        self._ftyp = b""
        self._moof = b""

    @property
    def waiting(self) -> int:
        """Bytes of an unfinished box or pair of boxes."""
        return len(self._buffer) + len(self._moof)

    def feed(self, data: bytes) -> Iterator[Init | Fragment]:
        """Take the next bytes and give what they complete. Raises BoxError on anything else than fMP4."""
        self._buffer += data
        while box := self._next():
            kind, whole = box
            if kind == b"ftyp":
                self._ftyp = whole
            elif kind == b"moov":
                self.init = Init(self._ftyp + whole, _tracks(whole))
                yield self.init
            elif kind == b"moof":
                if self.init is None:
                    raise BoxError("a fragment came before the init segment")
                self._moof = whole
            elif kind == b"mdat":
                yield self._fragment(whole)
            elif kind not in _DROPPED:
                raise BoxError(f"a box {kind!r} was not expected here")

    def _next(self) -> tuple[bytes, bytes] | None:
        if len(self._buffer) < 8:
            return None
        size, kind = struct.unpack_from(">I4s", self._buffer)
        head = 8
        if size == 1:
            if len(self._buffer) < 16:
                return None
            size, head = struct.unpack_from(">Q", self._buffer, 8)[0], 16
        if size < head or size > MOST_BYTES or not kind.isalnum():
            raise BoxError(f"no box: type {kind!r}, {size} bytes")
        if len(self._buffer) < size:
            return None
        whole = bytes(self._buffer[:size])
        del self._buffer[:size]
        return kind, whole

    def _fragment(self, mdat: bytes) -> Fragment:
        if self.init is None or not self._moof:
            raise BoxError("media data came without a moof")
        moof, self._moof = self._moof, b""
        fragment = Fragment(moof + mdat, runs_of(moof, self.init))
        for run in fragment.runs:
            end = run.offset + sum(size for _, size in run.samples)
            if run.offset < len(moof) or end > len(fragment.data):
                raise BoxError("samples lie outside of their media data")
        return fragment


def read_all(data: bytes, init: Init | None = None) -> tuple[Init, list[Fragment]]:
    """A whole file at once; ``init`` is needed when the file holds only fragments. Raises BoxError."""
    reader = Reader(init)
    fragments = [part for part in reader.feed(data) if isinstance(part, Fragment)]
    if reader.init is None:
        raise BoxError("no init segment")
    if reader.waiting:
        raise BoxError("the file ends within a box")
    return reader.init, fragments


def _children(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    while start < end:
        if end - start < 8:
            raise BoxError("a box is cut off")
        size, kind = struct.unpack_from(">I4s", data, start)
        if size < 8 or start + size > end:
            raise BoxError(f"box {kind!r} does not fit into its parent")
        yield kind, start + 8, start + size
        start += size


def _find(data: bytes, start: int, end: int, *path: bytes) -> tuple[int, int]:
    for kind, inner, outer in _children(data, start, end):
        if kind == path[0]:
            return (inner, outer) if len(path) == 1 else _find(data, inner, outer, *path[1:])
    raise BoxError(f"no box {path[0]!r}")


def _unpack(form: str, data: bytes, at: int, end: int) -> tuple[int, ...]:
    if at + struct.calcsize(form) > end:
        raise BoxError("a field is cut off")
    return struct.unpack_from(form, data, at)


def _tracks(moov: bytes) -> tuple[Track, ...]:
    defaults: dict[int, tuple[int, int]] = {}
    found: list[tuple[int, TrackKind, int]] = []
    for kind, start, end in _children(moov, 8, len(moov)):
        if kind == b"trak":
            found.append(_track(moov, start, end))
        elif kind == b"mvex":
            for inner, at, stop in _children(moov, start, end):
                if inner == b"trex":
                    _, number, _, ticks, size, _ = _unpack(">6I", moov, at, stop)
                    defaults[number] = (ticks, size)
    if not found:
        raise BoxError("the init segment has no track")
    return tuple(Track(number, kind, scale, *defaults.get(number, (0, 0))) for number, kind, scale in found)


def _track(moov: bytes, start: int, end: int) -> tuple[int, TrackKind, int]:
    at, stop = _find(moov, start, end, b"tkhd")
    number = _unpack(">I", moov, at + (20 if moov[at] == 1 else 12), stop)[0]
    at, stop = _find(moov, start, end, b"mdia", b"mdhd")
    timescale = _unpack(">I", moov, at + (20 if moov[at] == 1 else 12), stop)[0]
    at, stop = _find(moov, start, end, b"mdia", b"hdlr")
    handler = moov[at + 8 : at + 12]
    if not timescale:
        raise BoxError("a track has no timescale")
    kinds: dict[bytes, TrackKind] = {b"vide": "video", b"soun": "audio"}
    return number, kinds.get(handler, "other"), timescale


def runs_of(moof: bytes, init: Init) -> tuple[Run, ...]:
    """The runs of a whole ``moof`` box. Raises BoxError."""
    tracks = {track.number: track for track in init.tracks}
    runs: list[Run] = []
    for kind, start, end in _children(moof, 8, len(moof)):
        if kind == b"traf":
            runs.extend(_track_runs(moof, start, end, tracks))
    return tuple(runs)


def _track_runs(moof: bytes, start: int, end: int, tracks: dict[int, Track]) -> Iterator[Run]:
    at, stop = _find(moof, start, end, b"tfhd")
    flags, number = _unpack(">2I", moof, at, stop)
    flags &= 0xFFFFFF
    if number not in tracks:
        raise BoxError(f"a fragment of an unknown track {number}")
    track = tracks[number]
    if flags & 1:
        raise BoxError("absolute data offsets are not supported")
    at += 8 + (4 if flags & 2 else 0)
    ticks, size = track.duration, track.size
    if flags & 8:
        ticks, at = _unpack(">I", moof, at, stop)[0], at + 4
    if flags & 0x10:
        size = _unpack(">I", moof, at, stop)[0]
    at, stop = _find(moof, start, end, b"tfdt")
    base = _unpack(">Q" if moof[at] == 1 else ">I", moof, at + 4, stop)[0]
    for kind, inner, outer in _children(moof, start, end):
        if kind == b"trun":
            run = _run(moof, inner, outer, Track(number, track.kind, track.timescale, ticks, size), base)
            base += run.ticks
            yield run


def _run(moof: bytes, at: int, end: int, track: Track, base: int) -> Run:
    start = at
    flags, count = _unpack(">2I", moof, at, end)
    flags &= 0xFFFFFF
    if count > MOST_SAMPLES:
        raise BoxError(f"{count} samples in one run")
    if not flags & 1:
        raise BoxError("a run without a data offset is not supported")
    offset = _unpack(">i", moof, at + 8, end)[0]
    at += 12 + (4 if flags & 4 else 0)
    columns = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    values = _unpack(f">{count * len(columns)}I", moof, at, end)
    width = len(columns)

    def column(bit: int, default: int) -> tuple[int, ...]:
        return values[columns.index(bit) :: width] if bit in columns else (default,) * count

    samples = zip(column(0x100, track.duration), column(0x200, track.size), strict=True)
    shift = column(0x800, 0)[0] if count else 0
    signed = shift - (1 << 32) if moof[start] == 1 and shift >> 31 else shift
    return Run(track, base, signed, tuple(samples), offset)


def _box(kind: bytes, *parts: bytes) -> bytes:
    return struct.pack(">I4s", 8 + sum(map(len, parts)), kind) + b"".join(parts)


def write_fragment(track: Track, sequence: int, start: int, samples: list[tuple[int, bytes]]) -> bytes:
    """A ``moof`` and ``mdat`` of one track's samples, each (ticks, bytes), beginning at tick ``start``."""
    even = samples[0][0] if len({ticks for ticks, _ in samples}) == 1 else 0
    rows = [(len(data),) if even else (ticks, len(data)) for ticks, data in samples]
    table = b"".join(struct.pack(f">{len(row)}I", *row) for row in rows)
    # 0x020000: offsets count from the moof; 0x20: flags of a sample that depends on nothing
    tfhd = struct.pack(">4I", 0x020000 | 0x8 | 0x20, track.number, even or track.duration, 0x02000000)
    tfdt = struct.pack(">IQ", 0x01000000, start)

    def moof(offset: int) -> bytes:
        flags = 0x1 | 0x200 | (0 if even else 0x100)
        trun = struct.pack(">2Ii", flags, len(samples), offset) + table
        traf = _box(b"traf", _box(b"tfhd", tfhd), _box(b"tfdt", tfdt), _box(b"trun", trun))
        return _box(b"moof", _box(b"mfhd", struct.pack(">2I", 0, sequence & 0xFFFFFFFF)), traf)

    return moof(len(moof(0)) + 8) + _box(b"mdat", *(data for _, data in samples))
