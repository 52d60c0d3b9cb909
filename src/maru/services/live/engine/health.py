"""Whether an input is fit to be on air, and which source should be.

Plain bookkeeping with the clock handed in: ``now`` is Unix seconds, ``tick`` is ``time.monotonic()``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from maru.services.live.engine.contracts import (
    InputName,
    Override,
    Publication,
    SegmentSet,
    Signal,
    SourceInfo,
    SourceKind,
    Thresholds,
)

# An encoder that takes bytes but gives no segment for this long hangs; the first may take longer.
STALL_S = 4.5
FIRST_SET_S = 15.0
# Segments that come this long after their time are too old to be put on air: the machine cannot keep pace.
LATE_S = 8.0
# After a closed socket the encoder still flushes what it had; that much is waited for, without a backup.
DRAIN_S = 0.8
_TRACK_SLACK_S = 0.5


@dataclass(frozen=True)
class Change:
    """A change for the log. ``began`` is when the matter itself began, ``seen`` when it was noticed."""

    kind: Literal["connected", "lost", "fault", "recovered"]
    reason: str
    began: float
    seen: float


class InputHealth:
    """What is known about one input from its bytes, its detectors and its segments."""

    def __init__(self, name: InputName, thresholds: Thresholds) -> None:
        self.name = name
        self.thresholds = thresholds
        self.publication: Publication | None = None
        self.session = ""
        self.info: SourceInfo | None = None
        self.connected_at = 0.0
        self.lost_at: float | None = None
        self.closed_at: float | None = None
        self.drained = True
        self.faults: dict[str, float] = {}
        self.good_since = 0.0
        self.eligible_from = 0.0
        self.sets = 0
        self.delay = 0.5
        self._last_set = 0.0

    # -- judgement -------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether an encoder holds the connection."""
        return self.publication is not None and self.closed_at is None

    @property
    def good(self) -> bool:
        """Fit to be on air now."""
        return self.connected and self.lost_at is None and not self.faults and self.sets > 0

    def good_for(self, now: float) -> float:
        """Seconds of unbroken good signal."""
        return now - self.good_since if self.good else 0.0

    def draining(self, now: float) -> bool:
        """The socket closed but the encoder may still hand over what it had."""
        return self.closed_at is not None and not self.drained and now < self.closed_at + DRAIN_S

    @property
    def bad_since(self) -> float:
        """When what makes it unfit was noticed; 0.0 if never connected."""
        return max([self.closed_at or 0.0, self.lost_at or 0.0, *self.faults.values()])

    @property
    def why(self) -> str:
        """What makes it unfit, in a word or two."""
        if self.closed_at is not None:
            return "the encoder left"
        return "no data" if self.lost_at is not None else ", ".join(sorted(self.faults))

    @property
    def state(self) -> str:
        """A word for the studio."""
        if not self.connected:
            return "lost" if self.closed_at else "idle"
        if self.lost_at is not None:
            return "lost"
        if self.faults:
            return "faulty"
        return "good" if self.sets else "starting"

    # -- what happens ----------------------------------------------------------------------------

    def connect(self, publication: Publication, session: str, now: float) -> Change:
        """A new encoder took this input."""
        self.publication, self.session, self.info = publication, session, None
        self.connected_at = now
        self.lost_at = self.closed_at = None
        self.drained = False
        self.faults = {}
        self.good_since = now
        self.eligible_from = 0.0
        self.sets, self._last_set, self.delay = 0, now, 0.5
        return Change("connected", f"{publication.protocol} {publication.peer}".strip(), now, now)

    def close(self, session: str, now: float, reason: str) -> Change | None:
        """The connection ended. None if it is no longer this input's connection, or was closed before."""
        if session != self.session or self.closed_at is not None:
            return None
        self.closed_at = now
        return Change("lost", reason or "the encoder left", now, now)

    def drain(self, session: str) -> None:
        """Nothing more comes from this session."""
        if session == self.session:
            self.drained = True

    def arrived(self, segments: SegmentSet, now: float) -> list[Change]:
        """A segment set came out of this input's encoder."""
        self.sets += 1
        self._last_set = now
        behind = now - segments.start - segments.duration
        self.delay = max(min(max(0.2, behind), 6.0), self.delay * 0.9)
        changes = [self._end_fault("stalled", now, now)]
        if behind > LATE_S:
            changes.append(self._begin_fault("late", segments.start + segments.duration, now))
        elif behind < LATE_S / 2:
            changes.append(self._end_fault("late", now, now))
        return [change for change in changes if change]

    def signal(self, signal: Signal, now: float) -> Change | None:
        """A detector spoke. A check whose threshold is 0 is off."""
        limit = {
            "silence": self.thresholds.silence_s,
            "black": self.thresholds.black_s,
            "freeze": self.thresholds.freeze_s,
        }[signal.kind]
        if not signal.begins:
            return self._end_fault(signal.kind, signal.at, now)
        return self._begin_fault(signal.kind, signal.at, now) if limit > 0 else None

    def watch(self, now: float, tick: float) -> list[Change]:
        """What the clocks say; to be called several times a second."""
        if self.publication is None or self.closed_at is not None:
            return []
        changes: list[Change | None] = [self._watch_bytes(now, tick)]
        if self.lost_at is None:
            changes += self._watch_tracks(now, tick)
            patience = STALL_S if self.sets else FIRST_SET_S
            if now - self._last_set > patience:
                changes.append(self._begin_fault("stalled", self._last_set, now))
        return [change for change in changes if change]

    def _watch_bytes(self, now: float, tick: float) -> Change | None:
        assert self.publication is not None
        silent = tick - self.publication.last_media
        limit = self.thresholds.loss_s
        if self.lost_at is None and 0 < limit < silent:
            self.lost_at = now
            return Change("lost", "no data", now - silent, now)
        if self.lost_at is not None and (silent <= limit or limit == 0):
            began, self.lost_at = self.lost_at, None
            self.good_since = self.eligible_from = now
            self._last_set = now
            return Change("recovered", "data flows again", began, now)
        return None

    def _watch_tracks(self, now: float, tick: float) -> list[Change | None]:
        assert self.publication is not None
        limit = self.thresholds.loss_s
        if limit == 0 or self.info is None:
            return []
        changes: list[Change | None] = []
        for kind, there, last in (
            ("no picture", self.info.has_video, self.publication.last_video),
            ("no sound", self.info.has_audio, self.publication.last_audio),
        ):
            if not there or last is None:
                continue
            silent = tick - last
            if silent > limit + _TRACK_SLACK_S:
                changes.append(self._begin_fault(kind, now - silent, now))
            else:
                changes.append(self._end_fault(kind, now, now))
        return changes

    def _begin_fault(self, kind: str, began: float, now: float) -> Change | None:
        if kind in self.faults:
            return None
        self.faults[kind] = now
        return Change("fault", kind, began, now)

    def _end_fault(self, kind: str, at: float, now: float) -> Change | None:
        if self.faults.pop(kind, None) is None:
            return None
        if not self.faults:
            self.good_since = max(self.good_since, min(at, now))
            self.eligible_from = self.good_since
        return Change("recovered", kind, at, now)


def choose(
    on_air: SourceKind,
    inputs: Mapping[InputName, InputHealth],
    override: Override,
    recover_s: float,
    now: float,
) -> SourceKind:
    """The source that should be on air. Pure: the same facts give the same answer.

    A move away from a broken source is immediate; a move back, or out of a slate, asks for ``recover_s``
    of good signal. Before anything was on air (``soon``) whatever is good may begin.
    """
    primary, backup = inputs.get("primary"), inputs.get("backup")
    if override == "slate":
        return "slate"
    if override in ("primary", "backup"):
        forced = inputs.get(override)
        usable = forced and forced.connected and forced.lost_at is None and "stalled" not in forced.faults
        return override if usable else "slate" if on_air != "soon" else "soon"
    # A millisecond of tolerance: recovery is measured between two clocks that are both rounded.
    ripe = recover_s - 0.001
    # From a backup that broke, a primary that is good for less than that is still better than a slate.
    alone = on_air == "backup" and not (backup and backup.good)
    if primary and primary.good and (on_air in ("primary", "soon") or alone or primary.good_for(now) >= ripe):
        return "primary"
    if backup and backup.good and (on_air in ("primary", "backup", "soon") or backup.good_for(now) >= ripe):
        return "backup"
    last = inputs.get(on_air) if on_air in ("primary", "backup") else None
    if last is not None and last.draining(now) and not last.faults:
        return on_air
    return "soon" if on_air == "soon" else "slate"
