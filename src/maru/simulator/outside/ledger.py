"""Which records there are at a moment, when each came, which are spoiled, and which were handed out."""

from __future__ import annotations

import bisect
import math
import time
from collections import deque
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from maru.simulator.outside.model import System

Indices = npt.NDArray[np.int64]
Times = npt.NDArray[np.float64]
NINE_HOURS = 9 * 3600.0
BAD_SHARE = 5  # of the records that come while a system writes garbage, one in so many is bad
_HANDED = 20_000
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Stretch:
    """Records from ``first`` on come in batches every ``interval`` seconds, the first batch at ``start``."""

    first: int
    start: float
    interval: float


@dataclass
class Span:
    """Records (first, last+1) that came while something was wrong; ``end`` is None while it lasts."""

    first: int
    end: int | None = None
    by: float = 0.0


class Intervals:
    """A set of whole numbers that mostly lie beside each other."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []

    def add(self, start: int, end: int) -> None:
        """Take in [start, end)."""
        if end <= start:
            return
        left = bisect.bisect_left(self.ends, start)
        right = bisect.bisect_right(self.starts, end)
        if left < right:
            start, end = min(start, self.starts[left]), max(end, self.ends[right - 1])
        self.starts[left:right] = [start]
        self.ends[left:right] = [end]

    def __len__(self) -> int:
        return sum(self.ends) - sum(self.starts)

    def slices(self) -> list[tuple[int, int]]:
        """The intervals."""
        return list(zip(self.starts, self.ends, strict=True))

    def take(self, offset: int, limit: int) -> Indices:
        """``limit`` members from the ``offset``th on."""
        found: list[Indices] = []
        for start, end in self.slices():
            size = end - start
            if offset >= size:
                offset -= size
                continue
            part = np.arange(start + offset, min(end, start + offset + limit), dtype=np.int64)
            found.append(part)
            limit -= len(part)
            offset = 0
            if limit <= 0:
                break
        return np.concatenate(found) if found else np.empty(0, np.int64)


def mixed(indices: Indices, salt: int) -> npt.NDArray[np.uint64]:
    """Numbers that look random but are always the same for an index and a salt."""
    return ((indices.astype(np.uint64) + np.uint64(salt * 7919 + 1)) * _MIX) >> np.uint64(33)


@dataclass
class Faults:
    """What is wrong with a system now."""

    plug: bool = False
    slow_s: float = 0.0
    bodies: bool = False  # now and then an answer that is none
    renamed: bool = False


class Ledger:
    """The records of one system under one seed and clock."""

    def __init__(self, system: System, *, seed: int, history: int, anchor: float) -> None:
        self.system = system
        self.seed = seed
        self.history = history
        batches = max(1, history // system.batch)
        interval = system.interval_s
        aligned = (
            math.floor((anchor + NINE_HOURS) / interval) * interval - NINE_HOURS if interval >= 60 else anchor
        )
        first = aligned - (batches - 1) * interval
        if history == 0:
            first = aligned + interval
        self.stretches = [Stretch(0, first, interval)]
        self.faults = Faults()
        self.garbage: list[Span] = []
        self.doubled: list[Span] = []
        self.skewed: list[Span] = []
        self.delivered = Intervals()
        self.sizes: dict[tuple[int, int, bool], int] = {}  # of files that were made for these records
        self.requests = 0
        self.errors = 0
        self.still: float | None = None  # since when no record comes any more
        # When which places were handed out, of a system that shows only the present: what was cut off cannot be asked again.
        self.handed: deque[tuple[float, int, int]] = deque(maxlen=_HANDED)
        self.trash: list[tuple[float, int]] = []  # when which answer that is none was given

    def count(self, now: float) -> int:
        """How many records there are."""
        if self.still is not None:
            now = min(now, self.still)
        last = self.stretches[-1]
        if now < last.start:
            return last.first
        return last.first + self.system.batch * (int((now - last.start) / last.interval) + 1)

    def visible(self, now: float) -> tuple[int, int]:
        """First record that is shown, and one past the last."""
        count = self.count(now)
        return (max(0, count - self.system.window) if self.system.window else 0), count

    def hurry(self, now: float, factor: float) -> None:
        """From now on records come ``factor`` times as often as natural."""
        interval = self.system.interval_s / factor
        last = self.stretches[-1]
        count = self.count(now)
        if math.isclose(interval, last.interval):
            return
        self.stretches.append(Stretch(count, now + interval, interval))

    def times(self, indices: Indices) -> Times:
        """The time that each record bears, in unix seconds: when it came by the system's clock."""
        found = self.true_times(indices)
        for span in self.skewed:
            inside = (indices >= span.first) & (indices < (span.end if span.end is not None else 1 << 60))
            found = np.where(inside, found + span.by, found)
        return found

    def true_times(self, indices: Indices) -> Times:
        """When each record came, whatever the system's clock says. Grows with the index."""
        batch = self.system.batch
        if len(self.stretches) == 1:
            only = self.stretches[0]
            found: Times = np.asarray(
                only.start + (indices - only.first) // batch * only.interval, np.float64
            )
        else:
            firsts = np.array([one.first for one in self.stretches], np.int64)
            which = np.maximum(np.searchsorted(firsts, indices, side="right") - 1, 0)
            starts = np.array([one.start for one in self.stretches])
            intervals = np.array([one.interval for one in self.stretches])
            found = starts[which] + (indices - firsts[which]) // batch * intervals[which]
        return found

    def sources(self, first: int, end: int) -> Indices:
        """The records that stand at these places: while a system repeats itself, every third is its neighbour again."""
        indices = np.arange(first, end, dtype=np.int64)
        for span in self.doubled:
            low, high = max(first, span.first + 1), min(end, span.end if span.end is not None else end)
            if low < high:
                part = indices[low - first : high - first]
                indices[low - first : high - first] = np.where(part % 3 == 0, part - 1, part)
        return indices

    def bad(self, indices: Indices) -> npt.NDArray[np.bool_] | None:
        """Which records are garbage; None if none is."""
        found: npt.NDArray[np.bool_] | None = None
        for span in self.garbage:
            inside = (indices >= span.first) & (indices < (span.end if span.end is not None else 1 << 60))
            inside &= mixed(indices, 77) % np.uint64(BAD_SHARE) == 0
            found = inside if found is None else found | inside
        return found if found is not None and found.any() else None

    def begin(self, spans: list[Span], now: float, by: float = 0.0) -> None:
        """Something goes wrong with the records that come from now on."""
        if not spans or spans[-1].end is not None:
            spans.append(Span(self.count(now), None, by))

    def finish(self, spans: list[Span], now: float) -> None:
        """It is right again."""
        if spans and spans[-1].end is None:
            spans[-1].end = self.count(now)

    def hand_out(self, first: int, end: int) -> None:
        """Note that these places were delivered."""
        self.delivered.add(first, end)
        if self.system.window and end > first:
            self.handed.append((time.time(), first, end))

    def given(self) -> tuple[int, int]:
        """How many different good records were ever given, and how many bad ones."""
        bad = good = 0
        for first, end in self.delivered.slices():
            for low in range(first, end, 500_000):
                high = min(end, low + 500_000)
                spoiled = self.spoiled(low, high)
                bad += spoiled[0]
                good += high - low - spoiled[0] - spoiled[1]
        return good, bad

    def spoiled(self, first: int, end: int) -> tuple[int, int]:
        """Of the places [first, end): how many are bad, how many are repetitions of a good or bad neighbour."""
        touched = [
            span for span in (*self.garbage, *self.doubled) if span.first < end and (span.end or end) > first
        ]
        if not touched:
            return 0, 0
        places = np.arange(first, end, dtype=np.int64)
        sources = self.sources(first, end)
        again = sources != places
        bad = self.bad(places)
        return (0 if bad is None else int((bad & ~again).sum())), int(again.sum())


@dataclass
class World:
    """All systems under one clock."""

    ledgers: dict[str, Ledger]
    seed: int
    anchor: float
    rate: float = 1.0
    pushed: dict[str, dict[str, int]] = field(default_factory=dict)


def first_at(ledger: Ledger, moment: float, count: int) -> int:
    """The first record that bears ``moment`` or a later time, ``count`` if none. While or after a clock was wrong, records with an
    earlier time may stand behind it; none with a later one stands before it."""
    found = _first_true(ledger, moment, count)
    for span in ledger.skewed:
        candidate = max(span.first, _first_true(ledger, moment - span.by, count))
        if candidate < min(count, span.end if span.end is not None else count):
            found = min(found, candidate)
    return found


def _first_true(ledger: Ledger, moment: float, count: int) -> int:
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if float(ledger.true_times(np.array([middle], np.int64))[0]) < moment:
            low = middle + 1
        else:
            high = middle
    return low
