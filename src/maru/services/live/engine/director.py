"""Which segment goes on air next: the choice between sources turned into timeline entries.

The edge of the list trails the clock by what an encoder needs (about half a second more than the segment
itself), also while a slate runs: so a player never notices in its buffer which source it is playing.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from maru.services.live.engine.contracts import (
    SEGMENT_SECONDS,
    InputName,
    Override,
    SegmentSet,
    SourceKind,
    StationState,
)
from maru.services.live.engine.health import InputHealth, choose
from maru.services.live.engine.timeline import WINDOW_ENTRIES, Entry, Timeline

# A new source may begin this much before the timeline ends. Its date is then off by as much as long as it
# is on air, which is why it is not the second that would save more of the picture.
OVERLAP_S = 0.25
# All encoders cut on the same even seconds; what an encoder gives before its first of them is no beginning.
SHORTEST_START_S = 1.0
# The slate is listed as late as an encoder's segment would be.
SLATE_LAG_S = 0.3
# RFC 8216bis 6.2.1: something new within 1.5 target durations of the last.
UPDATE_S = 2.8
# After a fault was seen, so long may pass until a backup's next segment is complete; then the slate comes.
FAILOVER_S = 2.6
GRACE_S = 0.7
# A longer outage of the house itself is shown as a jump of the date, not as minutes of slate.
LONGEST_FILL_S = 30.0
LONGEST_SEGMENT_S = SEGMENT_SECONDS + 0.499  # rounds to the target duration


class Feed:
    """Segment sets of one input that are not on air (yet)."""

    def __init__(self) -> None:
        self.pending: deque[tuple[float, SegmentSet]] = deque()

    def add(self, segments: SegmentSet, now: float) -> None:
        """Take in what an encoder finished at ``now``."""
        self.pending.append((now, segments))

    def pick(self, last: Entry | None, end: float, session: str, eligible_from: float) -> SegmentSet | None:
        """The next set for a timeline that ends at ``end``: what follows the last entry, else a new start."""
        for _, segments in self.pending:
            if last and segments.session == last.session and segments.number == last.number + 1:
                return segments
        for _, segments in self.pending:
            fresh = segments.start >= end - OVERLAP_S and segments.start >= eligible_from - 0.1
            if segments.session == session and fresh and segments.duration >= SHORTEST_START_S:
                return segments
        return None

    def next_start(self, end: float, session: str) -> float:
        """When the next set that may follow ``end`` begins, by the grid of those that came."""
        known = [
            segments.start + segments.duration for _, segments in self.pending if segments.session == session
        ]
        if not known:
            return end
        steps = math.ceil((end - OVERLAP_S - known[-1]) / SEGMENT_SECONDS)
        return known[-1] + steps * SEGMENT_SECONDS

    def take(self, segments: SegmentSet) -> None:
        """It is on air: no longer pending."""
        self.pending = deque(item for item in self.pending if item[1] is not segments)

    def expired(self, before: float) -> list[SegmentSet]:
        """Remove and return what arrived before ``before`` and never went on air."""
        old = []
        while self.pending and self.pending[0][0] < before:
            old.append(self.pending.popleft()[1])
        return old


@dataclass(frozen=True)
class Step:
    """One entry to be listed now."""

    segments: SegmentSet
    kind: SourceKind
    waiting: bool = False


class Director:
    """Decides, entry by entry. Keeps what it is committed to; writes nothing."""

    def __init__(
        self,
        timeline: Timeline,
        health: Mapping[InputName, InputHealth],
        feeds: Mapping[InputName, Feed],
        slates: Mapping[str, Sequence[SegmentSet]],
    ) -> None:
        self.timeline = timeline
        self.health = health
        self.feeds = feeds
        self.slates = slates
        self.target: SourceKind = timeline.entries[-1].kind if timeline.entries else "soon"
        self.decided_at = 0.0
        self.listed_at = 0.0

    def aim(self, state: StationState, override: Override, recover_s: float, now: float) -> bool:
        """Choose the source for now; True when it changed."""
        wanted = choose(self.target, self.health, override, recover_s, now) if state == "live" else "soon"
        if wanted == "soon" and self.timeline.entries:
            wanted = "slate"
        changed = wanted != self.target
        if changed:
            self.target, self.decided_at = wanted, now
        return changed

    def next(self, now: float) -> Step | None:
        """What to list now; None when nothing is due. Call again after the step was listed."""
        if self.target in ("slate", "soon"):
            if (held := self._held()) is not None:
                return held
            return self._slate(now) if self._slate_due(now) else None
        last, end = self.timeline.last, self.timeline.end
        if end is None:
            # Nothing was ever listed: the first good segment opens the timeline.
            end = now - 3 * SEGMENT_SECONDS
        segments = self._pick(self.target, last, end)
        arrives_from_elsewhere = last is not None and last.kind != self.target
        if segments is not None:
            gap = segments.start - end
            hole = SEGMENT_SECONDS - 0.05 <= gap <= LONGEST_FILL_S and bool(self.timeline.entries)
            if arrives_from_elsewhere and hole:
                return self._slate(now) or Step(segments, self.target)
            return Step(segments, self.target)
        if not arrives_from_elsewhere or last is None:
            return None
        return self._meanwhile(last, end, now)

    def _held(self) -> Step | None:
        """What an encoder that left still handed over, before the slate follows it."""
        last = self.timeline.last
        if last is None or last.kind not in ("primary", "backup"):
            return None
        health = self.health[last.kind]
        if health.closed_at is None or health.faults:
            return None
        for _, segments in self.feeds[last.kind].pending:
            if segments.session == last.session and segments.number == last.number + 1:
                return Step(segments, last.kind)
        return None

    def listed(self, step: Step, now: float) -> None:
        """The step is in the journal."""
        self.listed_at = now
        if step.kind in ("primary", "backup"):
            self.feeds[step.kind].take(step.segments)

    def _pick(self, name: SourceKind, last: Entry | None, end: float) -> SegmentSet | None:
        if name not in ("primary", "backup") or name not in self.feeds:
            return None
        health = self.health[name]
        return self.feeds[name].pick(last, end, health.session, health.eligible_from)

    def _meanwhile(self, last: Entry, end: float, now: float) -> Step | None:
        """The chosen source has nothing ready yet: stay with the old one, or the slate when time is up."""
        assert self.target in ("primary", "backup")
        health = self.health[self.target]
        begins = max(end, self.feeds[self.target].next_start(end, health.session))
        due = begins + SEGMENT_SECONDS + health.delay + GRACE_S
        old = self.health.get(last.kind) if last.kind in ("primary", "backup") else None
        if old is not None and old.good:
            segments = self._pick(last.kind, last, end)
            return Step(segments, last.kind) if segments is not None and now > due else None
        if old is not None:
            due = min(due, self.decided_at + FAILOVER_S)
        return self._slate(now) if now > due else None

    def _slate_due(self, now: float) -> bool:
        last, end = self.timeline.last, self.timeline.end
        if last is None or end is None:
            return True
        if last.kind not in ("slate", "soon"):
            return end < now + 0.5
        if now >= end + SEGMENT_SECONDS + SLATE_LAG_S:
            return True
        return now - self.listed_at >= UPDATE_S and self.listed_at > 0 and end < now + 1.5

    def _slate(self, now: float) -> Step | None:
        """The slate's next two seconds, set to follow the timeline."""
        last, end = self.timeline.last, self.timeline.end
        before = not self.timeline.entries and self.target != "slate"
        chain = self.slates.get("soon" if before else "back", ())
        if not chain:
            return None
        if end is None:
            start = (now - SEGMENT_SECONDS * WINDOW_ENTRIES) // SEGMENT_SECONDS * SEGMENT_SECONDS
        elif now - end > LONGEST_FILL_S:
            start = (now - 2 * SEGMENT_SECONDS) // SEGMENT_SECONDS * SEGMENT_SECONDS
        else:
            start = end
        position = 0
        if last is not None and last.session == chain[0].session and end == start:
            position = (last.number - chain[0].number + 1) % len(chain)
        return Step(replace(chain[position], start=start), "soon" if before else "slate", waiting=before)
