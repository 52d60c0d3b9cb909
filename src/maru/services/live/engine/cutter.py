"""From the fragments of one rendition to numbered segments on the two-second grid.

The media time line is laid so that its even seconds are the even seconds of the wall clock (``ladder.Plan``).
Segment n covers the media seconds 2n to 2n + 2; a fragment with picture already begins there, because the
encoder was told to set a keyframe. Sound alone comes in small fragments and is cut here, at a frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from maru.services.live.engine.boxes import BoxError, Fragment, Init, Run, Track, write_fragment

GRID = 2
# a keyframe may come this much before its even second by rounding; less than a frame at 30 fps
SLACK = Fraction(1, 50)
LATE_SOUND = Fraction(1, 4)
MOST_SECONDS = 366 * 86_400


@dataclass(frozen=True)
class Piece:
    """One segment of one rendition. ``begins`` and ``lasts`` are seconds of media time.

    ``whole``: its sound begins with its picture (at the start of a session it may come later).
    """

    number: int
    begins: Fraction
    lasts: Fraction
    data: bytes
    whole: bool = True


def number_at(seconds: Fraction) -> int:
    """The grid number of a moment of media time."""
    return int((seconds + SLACK) // GRID)


class PictureCutter:
    """Renditions with picture: one fragment is one segment."""

    def __init__(self) -> None:
        self._last = 0

    def take(self, fragment: Fragment) -> Iterator[Piece]:
        lead, sound = fragment.run("video"), fragment.run("audio")
        if lead is None:
            return  # the sound that outlasts the picture at the very end
        number = number_at(lead.begins)
        if number <= self._last:
            return  # a keyframe outside of the grid: nothing may be written twice under one number
        self._last = number
        whole = sound is not None and sound.begins - lead.begins < LATE_SOUND
        yield Piece(number, lead.begins, lead.lasts, fragment.data, whole)

    def finish(self) -> Iterator[Piece]:
        return iter(())


class SoundCutter:
    """The sound-only rendition: gathers samples and cuts them where the grid says.

    What lies before segment ``first`` (the encoder's priming) goes into it.
    """

    def __init__(self, init: Init, first: int = 1) -> None:
        track = init.track("audio")
        if track is None:
            raise BoxError("the sound rendition has no sound")
        self._track: Track = track
        self._first = first
        self._number: int | None = None
        self._begins = 0
        self._next = 0
        self._parts: list[tuple[int, list[tuple[int, bytes]]]] = []

    def take(self, fragment: Fragment) -> Iterator[Piece]:
        for run in fragment.runs:
            if run.track.number == self._track.number and run.samples:
                yield from self._run(run, fragment.data)

    def _run(self, run: Run, data: bytes) -> Iterator[Piece]:
        at, offset = run.start, run.offset
        if at > MOST_SECONDS * self._track.timescale:
            raise BoxError(f"sound at tick {at} is out of all reason")  # a negative time would be read so
        for ticks, size in run.samples:
            # a frame belongs to the segment that holds its middle
            number = max(self._first, int(Fraction(2 * at + ticks, 2 * self._track.timescale) // GRID))
            if self._number is None or number > self._number:
                yield from self.finish()
                self._number, self._begins = number, at
            if not self._parts or at != self._next:
                self._parts.append((at, []))
            self._parts[-1][1].append((ticks, data[offset : offset + size]))
            offset += size
            at = self._next = at + ticks

    def finish(self) -> Iterator[Piece]:
        """The segment that is being gathered, if there is any."""
        if self._number is None or not self._parts:
            return
        data = b"".join(
            write_fragment(self._track, self._number + place, start, samples)
            for place, (start, samples) in enumerate(self._parts)
        )
        scale = self._track.timescale
        yield Piece(
            self._number, Fraction(self._begins, scale), Fraction(self._next - self._begins, scale), data
        )
        self._parts = []
