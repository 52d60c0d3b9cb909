"""What relay and stream say to each other over the bus. No Django here: the stream process imports it.

fanout      {"channel", "floor", "head", "after", "events": [{"seq","kind","payload"}, …]}  the events after ``floor``,
            in order; ``head``: the newest number. ``after`` repeats the question that this answers, whole, and is
            null in what the relay sends by itself. In an answer nothing exists between ``after`` and ``floor``.
heads       {"heads": {channel: head}}  the channels that moved lately
fanout.ask  {"asks": [[channel, after], …]}  send what came after; each is answered with one ``fanout``
outbox      {"channel"}  a transaction has written to the outbox
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

OUTBOX = "outbox"
FANOUT = "fanout"
HEADS = "heads"
ASK = "fanout.ask"
AUDIENCE = "audience"
AUDIENCE_PART = "audience.part"

STAFF_PREFIX = "staff/"
RING_EVENTS = 2000
RESERVED = frozenset({"seq", "kind"})

_CHANNEL = re.compile(r"[a-z0-9][a-z0-9-]{0,99}(?:/[a-z0-9][a-z0-9_.-]{0,99}){0,3}")


def is_channel(name: str) -> bool:
    """Whether this may be a channel: one to four lower-case words with slashes between, 150 characters at most."""
    return len(name) <= 150 and _CHANNEL.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it travels. ``seq`` counts from 1 without a gap within a channel."""

    seq: int
    kind: str
    payload: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        return {"seq": self.seq, "kind": self.kind, "payload": self.payload}


@dataclass(frozen=True, slots=True)
class Fanout:
    """A stretch of one channel, see the top of this file."""

    channel: str
    floor: int
    head: int
    events: tuple[Event, ...]
    after: int | None = None

    def as_message(self) -> dict[str, Any]:
        events = [event.as_dict() for event in self.events]
        return {
            "channel": self.channel,
            "floor": self.floor,
            "head": self.head,
            "after": self.after,
            "events": events,
        }


def read_fanout(message: dict[str, Any]) -> Fanout | None:
    """Parse a ``fanout`` message; None if it does not have the shape."""
    try:
        events = tuple(Event(int(e["seq"]), str(e["kind"]), dict(e["payload"])) for e in message["events"])
        after = message.get("after")
        return Fanout(
            str(message["channel"]),
            int(message["floor"]),
            int(message["head"]),
            events,
            None if after is None else int(after),
        )
    except (KeyError, TypeError, ValueError):
        return None


def read_asks(message: dict[str, Any]) -> set[tuple[str, int]]:
    """The (channel, after) pairs of a ``fanout.ask`` message; empty if it does not have the shape."""
    try:
        return {(str(channel), int(after)) for channel, after in message["asks"] if is_channel(str(channel))}
    except (KeyError, TypeError, ValueError):
        return set()
