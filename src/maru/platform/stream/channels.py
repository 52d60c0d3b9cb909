"""What the stream remembers of a channel: the last events, what was sent, what is missing. No sockets, no clock.

Three numbers order everything: ``floor`` < events in the ring <= ``head`` (newest received without a gap), and
``published`` <= ``head`` (newest that readers were given). A reader is a position between them.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from maru.platform.events.wire import RING_EVENTS, Event, Fanout

BATCH_SECONDS = 1.0
ASK_AGAIN_SECONDS = 0.25
QUIET_SECONDS = 10.0
# A reader that is behind is given the past in messages of about this size, as fast as it takes them.
CATCH_UP_BYTES = 64 * 1024
CACHED_PLACES = 64
# Of these kinds only the last of each id counts: a question that gets 300 votes in a second is told once.
_LATEST_ONLY = frozenset({"votes"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One event, encoded once for all readers."""

    seq: int
    data: bytes
    latest: tuple[str, str] | None


def encode(event: Event) -> Entry:
    """``{"seq", "kind", …payload}`` as compact UTF-8."""
    body = {"seq": event.seq, "kind": event.kind, **event.payload}
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    latest = (event.kind, str(event.payload.get("id"))) if event.kind in _LATEST_ONLY else None
    return Entry(event.seq, data, latest)


def message(entries: Iterable[Entry]) -> bytes:
    """A ``batch`` of server-sent events; its id is that of the last event."""
    kept: list[Entry] = []
    seen: set[tuple[str, str]] = set()
    for entry in reversed(list(entries)):
        if entry.latest is not None:
            if entry.latest in seen:
                continue
            seen.add(entry.latest)
        kept.append(entry)
    kept.reverse()
    events = b",".join(entry.data for entry in kept)
    return b"id: %d\nevent: batch\ndata: [%s]\n\n" % (kept[-1].seq, events)


class Channel:
    """``known`` is False until the relay has told what the channel is. Times are seconds of any steady clock."""

    __slots__ = (
        "_cache", "_live", "_ring", "asked_at", "batched_at", "behind", "floor", "gaps", "head", "heard_at", "known", "loads", "name",
        "published",
    )  # fmt: skip

    def __init__(self, name: str) -> None:
        self.name = name
        self.known = self.behind = False
        self.floor = self.head = self.published = 0
        self.gaps = self.loads = 0
        self.asked_at = self.batched_at = float("-inf")
        self.heard_at = float("-inf")
        self._ring: deque[Entry] = deque()
        self._live = (-1, (b"", 0))
        self._cache: dict[int, tuple[bytes, int]] = {}

    # Receiving

    def receive(self, fanout: Fanout, now: float) -> None:
        """Take in what is new and follows; drop what is known. ``behind``: something is still missing."""
        if fanout.after is not None:
            self.heard_at = now
            # Never mind an old answer that was on its way: only one that knew all we know can say that we are wrong.
            went_back = fanout.head < fanout.after == self.head
            if not self.known or fanout.floor > self.head or went_back:
                self._load(fanout)
                return
        if not self.known:
            return
        for event in fanout.events:
            if event.seq <= self.head:
                continue
            if event.seq != self.head + 1:
                break
            self._ring.append(encode(event))
            self.head = event.seq
        self.compare(fanout.head, now)

    def compare(self, head: int, now: float) -> None:
        """Told that ``head`` is the newest number: are we ``behind``?"""
        if not self.known:
            return
        behind = head > self.head
        self.gaps += behind and not self.behind
        self.behind = behind
        if not behind:
            self.heard_at = now

    def _load(self, fanout: Fanout) -> None:
        """Begin anew from an answer; readers whose place is not in it are told to reset by ``after``."""
        self._ring = deque(encode(event) for event in fanout.events)
        self._cache.clear()
        self._live = (-1, (b"", 0))
        self.floor = fanout.floor
        self.head = self.published = fanout.head
        self.known = True
        self.behind = False
        self.loads += 1

    def ask_due(self, now: float, *, wanted: bool = False) -> bool:
        """Whether to ask the relay now: for what is missing or ``wanted``, and of a channel that is long quiet."""
        wanted = wanted or self.behind or not self.known or now - self.heard_at >= QUIET_SECONDS
        due = wanted and now - self.asked_at >= ASK_AGAIN_SECONDS
        if due:
            self.asked_at = now
        return due

    # Sending

    def batch_at(self) -> float | None:
        """When the next batch may be published; None if nothing waits."""
        return self.batched_at + BATCH_SECONDS if self.head > self.published else None

    def publish(self, now: float) -> bool:
        """Give the readers all that waits, as one batch, if its time has come."""
        at = self.batch_at()
        if at is None or now < at:
            return False
        self._cache.clear()
        self._live = (self.published, (message(self._between(self.published, self.head)), self.head))
        self.published = self.head
        self.batched_at = now
        while len(self._ring) > RING_EVENTS:
            self.floor = self._ring.popleft().seq
        return True

    def after(self, position: int) -> tuple[bytes, int] | None:
        """The next message for a reader at ``position`` and its place after it; None if it has everything.

        A reader whose place is no longer in the ring gets ``reset`` and goes on from the newest.
        """
        if position >= self.published:
            return None
        if position == self._live[0]:
            return self._live[1]
        found = self._cache.get(position)
        if found is None:
            # After a restart thousands come back to a few places; a place of one's own is not worth keeping.
            if len(self._cache) >= CACHED_PLACES:
                self._cache.clear()
            found = self._cache[position] = self._catch_up(position)
        return found

    def reset(self) -> tuple[bytes, int]:
        """The ``reset`` message and the place of a reader after it."""
        return b'id: %d\nevent: reset\ndata: {"head":%d}\n\n' % (
            self.published,
            self.published,
        ), self.published

    def _catch_up(self, position: int) -> tuple[bytes, int]:
        if position < self.floor:
            return self.reset()
        entries: list[Entry] = []
        size = 0
        for entry in self._between(position, self.published):
            entries.append(entry)
            size += len(entry.data)
            if size >= CATCH_UP_BYTES:
                break
        return message(entries), entries[-1].seq

    def _between(self, position: int, last: int) -> list[Entry]:
        start = position - self.floor
        return list(islice(self._ring, start, last - self.floor))
