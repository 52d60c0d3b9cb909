"""From what the detectors say to faults that begin and end. Pure; time comes from the media itself.

ffmpeg prints every frame of its two detector branches (5 per second) as ``frame:… pts_time:12.4`` followed
by ``key=value`` lines. Detectors speak after a few tenths of a second; a fault begins once the condition has
lasted as long as the thresholds say. For ``recover_s`` after its end, half of that is enough to begin it
again, so that a signal which flickers is not taken for a good one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from maru.services.live.engine.contracts import Signal, Thresholds

Kind = Literal["silence", "black", "freeze"]
MOST_LINE = 512
# A place of the small picture (8 x 8 pixels of 720p) has changed when its brightness differs by more than
# CHANGE levels of 255; the picture lives when that many places changed.
CHANGE = 10
CHANGED_PLACES = 4
FREEZE_STEP_S = 0.4
_TIME = re.compile(r"\bpts_time:(-?[0-9]+(?:\.[0-9]+)?)\s*$")
_STARTS: dict[str, Kind] = {
    "lavfi.black_start": "black",
    "lavfi.silence_start": "silence",
}
_ENDS: dict[str, Kind] = {
    "lavfi.black_end": "black",
    "lavfi.silence_end": "silence",
}


@dataclass
class _State:
    since: float | None = None  # media time at which the condition began
    open: bool = False
    ended: float = -math.inf


class Watchdog:
    """Holds what the detectors said against the thresholds.

    ``origin`` is the wall time of media time 0. ``thresholds`` may be replaced while it runs.
    """

    def __init__(self, thresholds: Thresholds, origin: float) -> None:
        self.thresholds = thresholds
        self.origin = origin
        self._states: dict[Kind, _State] = {"silence": _State(), "black": _State(), "freeze": _State()}

    @property
    def faults(self) -> dict[Kind, float]:
        """The faults that are open, each with the wall time at which it began."""
        return {
            kind: self.origin + state.since
            for kind, state in self._states.items()
            if state.open and state.since is not None
        }

    def limit(self, kind: Kind) -> float:
        """Seconds after which a condition is a fault; 0: it is not looked for."""
        limits = self.thresholds
        return {"silence": limits.silence_s, "black": limits.black_s, "freeze": limits.freeze_s}[kind]

    def note(self, kind: Kind, on: bool, at: float, now: float) -> Iterator[Signal]:
        """A detector says that its condition began or ended at media time ``at``."""
        state = self._states[kind]
        if on and state.since is None:
            state.since = min(at, now)
        elif not on and state.since is not None:
            # a condition that was long enough is a fault, even when its end comes in the same breath
            yield from self._judge(kind, at)
            if state.open:
                state.ended = at
                yield Signal(kind, False, self.origin + at)
            state.since, state.open = None, False

    def tick(self, kinds: tuple[Kind, ...], now: float) -> Iterator[Signal]:
        """Media time has come to ``now`` on the branch that sees ``kinds``."""
        for kind in kinds:
            yield from self._judge(kind, now)

    def _judge(self, kind: Kind, now: float) -> Iterator[Signal]:
        state, limit = self._states[kind], self.limit(kind)
        if state.since is None:
            return
        if not limit:
            if state.open:  # the check was switched off meanwhile
                state.open = False
                yield Signal(kind, False, self.origin + now)
            return
        if state.since - state.ended < self.thresholds.recover_s:
            limit /= 2
        if not state.open and now - state.since >= limit - 1e-6:
            state.open = True
            yield Signal(kind, True, self.origin + state.since)


class Lines:
    """Parses one branch's print-out, fed in any chunks. Lines that say nothing to us are passed over."""

    def __init__(self, watchdog: Watchdog, kinds: tuple[Kind, ...]) -> None:
        self._watchdog = watchdog
        self._kinds = kinds
        self._rest = b""
        self.now = -math.inf

    def feed(self, data: bytes) -> Iterator[Signal]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[-MOST_LINE:]
        for line in lines:
            yield from self._line(line[:MOST_LINE].decode("ascii", "replace").strip())

    def _line(self, line: str) -> Iterator[Signal]:
        if match := _TIME.search(line):
            self.now = max(self.now, float(match[1]))
            return
        key, _, value = line.partition("=")
        if key == "tick":  # printed last, after all that the frame had to say
            yield from self._watchdog.tick(self._kinds, self.now)
            return
        kind = _STARTS.get(key) or _ENDS.get(key)
        if kind is None or kind not in self._kinds:
            return
        try:
            at = float(value)
        except ValueError:
            return
        if math.isfinite(at):
            yield from self._watchdog.note(kind, key in _STARTS, at, max(self.now, at))


class Stillness:
    """Sees a frozen picture on small grey frames of constant rate, the first at media time ``start``.

    Why not ffmpeg's freezedetect: it takes the mean over the whole picture. A clock on a slide moves that by
    0.00006, the keyframes of a frozen but noisy picture by 0.0046, so no threshold tells them apart. Counting
    the places that changed since the stillness began does, and sees slow pans as well.
    """

    def __init__(self, watchdog: Watchdog, start: float, step: float, places: int) -> None:
        self._watchdog = watchdog
        self._start = Fraction(start).limit_denominator(1000)
        self._step = Fraction(step).limit_denominator(1000)
        self._places = places
        self._rest = b""
        self._count = 0
        self._reference: NDArray[np.int16] | None = None
        self._since = 0.0

    @property
    def seconds(self) -> float:
        """How much has been seen."""
        return float(self._step * self._count)

    def feed(self, data: bytes) -> Iterator[Signal]:
        self._rest += data
        while len(self._rest) >= self._places:
            frame = np.frombuffer(self._rest[: self._places], np.uint8).astype(np.int16)
            self._rest = self._rest[self._places :]
            now = float(self._start + self._step * self._count)
            self._count += 1
            yield from self._frame(frame, now)

    def _frame(self, frame: NDArray[np.int16], now: float) -> Iterator[Signal]:
        if self._reference is None or self._lives(frame, self._reference):
            self._reference, self._since = frame, now
            yield from self._watchdog.note("freeze", False, now, now)
        elif now - self._since >= FREEZE_STEP_S - 1e-6:
            yield from self._watchdog.note("freeze", True, self._since, now)
        yield from self._watchdog.tick(("freeze",), now)

    @staticmethod
    def _lives(frame: NDArray[np.int16], reference: NDArray[np.int16]) -> bool:
        return int(np.count_nonzero(np.abs(frame - reference) > CHANGE)) >= CHANGED_PLACES
