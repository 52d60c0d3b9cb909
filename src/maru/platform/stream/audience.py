"""How many listen, on which channels, and how many of them on phones. No address is kept, nor anything of a person.

Each stream process tells its own numbers on the bus (``audience.part``); each adds up what it hears. The first
process of a home writes the sum to ``{home}/run/audience.json`` and publishes it as ``audience``:
``{channel: {"now", "phones", "joins"}}``. ``joins`` only grows, also over restarts; who merely reconnects is no join.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FRESH_SECONDS = 6.0
FORGET_SECONDS = 3600.0
KEPT_CHANNELS = 1000

_PHONE = re.compile(r"Mobi|Android|iPhone|iPod", re.IGNORECASE)


def is_phone(user_agent: str) -> bool:
    """Whether a browser calls itself a phone's."""
    return _PHONE.search(user_agent) is not None


@dataclass(frozen=True, slots=True)
class Count:
    """The audience of one channel. ``joins``: how many came since the house was opened."""

    now: int = 0
    phones: int = 0
    joins: int = 0

    def as_dict(self) -> dict[str, int]:
        return {"now": self.now, "phones": self.phones, "joins": self.joins}


@dataclass(slots=True)
class _Part:
    boot: str
    heard_at: float
    counts: dict[str, Count]


class Audience:
    """Adds up the parts. ``process`` names the own part, ``boot`` its present life; times are of a steady clock."""

    def __init__(self, process: str, boot: str) -> None:
        self._process = process
        self._boot = boot
        self._parts: dict[str, _Part] = {}
        self._joins: dict[str, int] = {}

    def part(self, own: dict[str, Count]) -> dict[str, Any]:
        """The own numbers as an ``audience.part`` message."""
        counts = {channel: [count.now, count.phones, count.joins] for channel, count in own.items()}
        return {"process": self._process, "boot": self._boot, "counts": counts}

    def hear(self, message: dict[str, Any], now: float) -> None:
        """Take in a part, the own one too; what does not have the shape is ignored."""
        try:
            process, boot = str(message["process"]), str(message["boot"])
            counts: dict[str, Count] = {}
            for channel, (now_here, phones, joins) in message["counts"].items():
                counts[str(channel)] = Count(int(now_here), int(phones), int(joins))
        except (KeyError, TypeError, ValueError, AttributeError):
            return
        before = self._parts.get(process)
        known = before.counts if before is not None and before.boot == boot else {}
        for channel, count in counts.items():
            came = count.joins - known.get(channel, Count()).joins
            self._joins[channel] = self._joins.pop(channel, 0) + max(0, came)
        self._parts[process] = _Part(boot, now, known | counts)
        while len(self._joins) > KEPT_CHANNELS:
            del self._joins[next(iter(self._joins))]

    def totals(self, now: float) -> dict[str, Count]:
        """The sum over all processes heard lately."""
        for process in [name for name, part in self._parts.items() if now - part.heard_at > FORGET_SECONDS]:
            del self._parts[process]
        sums = {channel: [0, 0] for channel in self._joins}
        for part in self._parts.values():
            if now - part.heard_at <= FRESH_SECONDS:
                for channel, count in part.counts.items():
                    pair = sums.setdefault(channel, [0, 0])
                    pair[0] += count.now
                    pair[1] += count.phones
        return {
            channel: Count(pair[0], pair[1], self._joins.get(channel, 0)) for channel, pair in sums.items()
        }

    def others(self, channel: str, now: float) -> Count:
        """Listeners of a channel at the other processes."""
        fresh = [
            part.counts[channel]
            for process, part in self._parts.items()
            if process != self._process and channel in part.counts and now - part.heard_at <= FRESH_SECONDS
        ]
        return Count(sum(count.now for count in fresh), sum(count.phones for count in fresh))

    def save(self, path: Path, now: float) -> None:
        """Keep joins over a restart. The bus is lossy: what another process told before is kept with it."""
        parts = {
            name: [part.boot, {c: n.joins for c, n in part.counts.items()}]
            for name, part in self._parts.items()
        }
        _write(path.with_name("audience-parts.json"), {"joins": self._joins, "parts": parts})
        _write(path, {channel: count.as_dict() for channel, count in self.totals(now).items()})

    def load(self, path: Path, now: float) -> None:
        """Go on from what ``save`` wrote; begin at nothing if there is none."""
        try:
            data = json.loads(path.with_name("audience-parts.json").read_text())
            self._joins = {str(channel): int(joins) for channel, joins in data["joins"].items()}
            for name, (boot, joins) in data["parts"].items():
                counts = {str(channel): Count(0, 0, int(number)) for channel, number in joins.items()}
                self._parts[str(name)] = _Part(str(boot), now, counts)
        except (OSError, KeyError, TypeError, ValueError, AttributeError):
            self._joins, self._parts = {}, {}


def _write(path: Path, data: dict[str, Any]) -> None:
    draft = path.with_suffix(".draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(data))
        draft.replace(path)
    except OSError:
        return  # a full disk must not stop the stream


def read(home: Path) -> dict[str, Count]:
    """The audience of every channel as last written; empty if the stream has not run."""
    try:
        data = json.loads((home / "run" / "audience.json").read_text())
        return {str(c): Count(int(n["now"]), int(n["phones"]), int(n["joins"])) for c, n in data.items()}
    except (OSError, KeyError, TypeError, ValueError, AttributeError):
        return {}
