"""The downloads of a broadcast: one mp4 and one m4a from the segments that were on air.

Runs of segments from one encoder's session are joined without re-encoding. Where sources with different
parameters follow each other, the pieces that differ from the first are encoded to its shape; the rest is
copied. Everything is written beside its place and renamed when it is whole.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from maru.services.live.engine.timeline import Entry, read_entries

MP4, M4A = "recording.mp4", "sound.m4a"
TIMEOUT_S = 3600.0
_SOUND_RATE = 48_000


class RecordingFailed(OSError):
    """ffmpeg could not join the segments; the text says why. An OSError, for a full disk is the usual reason."""


@dataclass(frozen=True)
class Mark:
    """A chapter. ``at`` is Unix seconds of programme time."""

    title: str
    at: float


@dataclass(frozen=True)
class Recording:
    """What was made. Durations in seconds; ``began`` is the programme time of the first frame."""

    mp4: Path | None
    m4a: Path | None
    duration: float
    began: float
    copied: int
    encoded: int


@dataclass(frozen=True)
class _Run:
    """Entries that follow each other in one session."""

    entries: tuple[Entry, ...]

    @property
    def duration(self) -> float:
        return sum(entry.duration for entry in self.entries)


def finish(
    ffmpeg: str, journal: Path, folder: Path, chapters: Sequence[Mark] = (), title: str = ""
) -> Recording | None:
    """Make ``recording.mp4`` and ``sound.m4a`` in the broadcast's media folder. None: nothing was on air.

    A slate at the very end is left out. Raises RecordingFailed and OSError; what was there stays then.
    """
    entries = read_entries(journal)
    while entries and entries[-1].kind in ("slate", "soon"):
        entries.pop()
    runs = _runs(entries)
    if not runs:
        return None
    with tempfile.TemporaryDirectory(dir=folder, prefix=".recording-") as scratch:
        maker = _Maker(ffmpeg, folder, Path(scratch), runs, _chapters(entries, chapters, title))
        mp4 = maker.make(MP4, best=True)
        m4a = maker.make(M4A, best=False)
    duration = sum(run.duration for run in runs)
    return Recording(mp4, m4a, duration, entries[0].pdt, maker.copied, maker.encoded)


def _runs(entries: Iterable[Entry]) -> list[_Run]:
    """Cut where the source changes: there media time begins anew."""
    count = 0
    keyed = []
    for entry in entries:
        count += entry.discontinuity
        keyed.append((count, entry))
    return [_Run(tuple(entry for _, entry in group)) for _, group in groupby(keyed, key=lambda pair: pair[0])]


def _chapters(entries: Sequence[Entry], marks: Sequence[Mark], title: str) -> str:
    """ffmpeg's metadata file; a mark in a hole of the programme belongs to what follows the hole."""
    starts, total = [], 0.0
    for entry in entries:
        starts.append((entry.pdt, entry.duration, total))
        total += entry.duration
    lines = [";FFMETADATA1", f"title={_escape(title)}"] if title else [";FFMETADATA1"]
    places = sorted((_place(starts, mark.at, total), mark.title) for mark in marks)
    places = [(place, name) for place, name in places if place < total]
    for (place, name), following in zip(places, [*[p for p, _ in places[1:]], total], strict=False):
        lines += [
            "[CHAPTER]",
            "TIMEBASE=1/1000",
            f"START={int(place * 1000)}",
            f"END={int(following * 1000)}",
        ]
        lines += [f"title={_escape(name)}"]
    return "\n".join(lines) + "\n"


def _place(starts: Sequence[tuple[float, float, float]], at: float, total: float) -> float:
    """Seconds into the recording at which programme time ``at`` is heard."""
    for pdt, duration, offset in starts:
        if at < pdt + duration:
            return offset + max(0.0, at - pdt)
    return total


def _escape(text: str) -> str:
    return re.sub(r"([=;#\\\n])", r"\\\1", text)


class _Maker:
    def __init__(self, ffmpeg: str, folder: Path, scratch: Path, runs: Sequence[_Run], metadata: str) -> None:
        self.ffmpeg = ffmpeg
        self.folder = folder
        self.scratch = scratch
        self.runs = runs
        self.copied = self.encoded = 0
        self._metadata = scratch / "metadata.txt"
        self._metadata.write_text(metadata, encoding="utf-8")

    def make(self, name: str, *, best: bool) -> Path | None:
        """One file; None if no entry holds a suitable rendition."""
        rendition: Callable[[Entry], str] = _best if best else _sound
        pieces: list[tuple[Path, float]] = []
        shape = self._common_shape(rendition) if best else None
        for number, run in enumerate(self.runs):
            piece = self._piece(f"{name}-{number}", [rendition(entry) for entry in run.entries], shape, best)
            if piece is not None:
                pieces.append((piece, run.duration))
        if not pieces:
            return None
        return self._join(name, pieces)

    def _common_shape(self, rendition: Callable[[Entry], str]) -> str:
        """The init segment most of the programme uses: what shares its parameters is copied."""
        weights: dict[str, float] = {}
        for run in self.runs:
            files = [rendition(entry) for entry in run.entries]
            if files[0]:
                shape = _shape(self.folder / Path(files[0]).parent / "init.mp4")
                weights[shape] = weights.get(shape, 0.0) + run.duration
        return max(weights, key=lambda shape: weights[shape]) if weights else ""

    def _piece(self, name: str, files: Sequence[str], shape: str | None, best: bool) -> Path | None:
        """A run as one fragmented mp4, in the common shape. Missing files are left out."""
        present = [self.folder / file for file in files if file and (self.folder / file).is_file()]
        if not present:
            return None
        raw = self.scratch / f"{name}.mp4"
        init = present[0].parent / "init.mp4"
        with raw.open("wb") as out:
            for part in (init, *present):
                with part.open("rb") as source:
                    shutil.copyfileobj(source, out)
        made = self.scratch / f"{name}.ts.mp4"
        same = shape is None or _shape(init) == shape
        if same:
            self.copied += 1
            codec = ["-c", "copy"]
        else:
            self.encoded += 1
            codec = self._encoding(shape or "")
        maps = ["-map", "0:v:0", "-map", "0:a:0"] if best else ["-map", "0:a:0"]
        # Pieces are joined by one clock: every source's own time base becomes the same.
        clock = ["-video_track_timescale", "90000", "-avoid_negative_ts", "make_zero"]
        self._run(["-i", str(raw), *maps, *codec, *clock, "-f", "mp4", str(made)])
        raw.unlink()
        return made

    def _encoding(self, shape: str) -> list[str]:
        width, height = shape.split("/")[0].split("x")
        fit = (
            f"scale={width}:{height}:force_original_aspect_ratio=decrease,pad={width}:{height}:-1:-1,setsar=1"
        )
        profile = ["-profile:v", "high", "-preset", "veryfast", "-crf", "21", "-pix_fmt", "yuv420p"]
        return [
            *("-vf", fit, "-c:v", "libx264", *profile, "-threads", "1"),
            *("-c:a", "aac", "-ar", str(_SOUND_RATE), "-ac", "2", "-b:a", "128k"),
        ]

    def _join(self, name: str, pieces: Sequence[tuple[Path, float]]) -> Path:
        listing = self.scratch / f"{name}.list"
        lines = [f"file '{piece.name}'\nduration {lasts:.6f}\n" for piece, lasts in pieces]
        listing.write_text("".join(lines), encoding="utf-8")
        draft = self.scratch / name
        form = "ipod" if name.endswith("m4a") else "mp4"
        self._run(
            [
                *("-f", "concat", "-safe", "0", "-i", str(listing), "-i", str(self._metadata)),
                *("-map", "0", "-map_metadata", "1", "-map_chapters", "1", "-c", "copy"),
                *("-video_track_timescale", "90000", "-movflags", "+faststart", "-f", form, str(draft)),
            ]
        )
        place = self.folder / name
        draft.replace(place)
        return place

    def _run(self, arguments: Sequence[str]) -> None:
        command = [self.ffmpeg, "-nostdin", "-hide_banner", "-v", "error", "-y", *arguments]
        try:
            done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired as error:
            raise RecordingFailed("joining took too long") from error
        if done.returncode:
            raise RecordingFailed(done.stderr.decode("utf-8", "replace").strip()[-400:])


def _best(entry: Entry) -> str:
    """The file of the highest picture an entry has."""
    heights = {int(match[1]): name for name in entry.files if (match := re.fullmatch(r"(\d+)p", name))}
    return entry.files[heights[max(heights)]] if heights else ""


def _sound(entry: Entry) -> str:
    return entry.files.get("audio", "")


def _shape(init: Path) -> str:
    """What must be equal for pieces to be joined without re-encoding: picture size and kind of sound.

    Parameter sets of the picture may differ: when pieces are joined, each keyframe brings its own.
    """
    try:
        data = init.read_bytes()
    except OSError:
        return ""
    width = height = 0
    if (at := data.find(b"avc1")) >= 0:
        width = int.from_bytes(data[at + 28 : at + 30], "big")
        height = int.from_bytes(data[at + 30 : at + 32], "big")
    sound = re.search(rb"\x05\x80\x80\x80(.)", data[max(0, data.find(b"esds")) :], re.DOTALL)
    config = b""
    if sound is not None:
        start = max(0, data.find(b"esds")) + sound.end()
        config = data[start : start + min(2, sound[1][0])]
    return f"{width}x{height}/{config.hex()}"
