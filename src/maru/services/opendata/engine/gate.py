"""How many large files are made at once. Each holds a query open and a thread now and then; a slow reader holds it for hours.

No Django. One gate for a process; what is counted (an address) is in memory only, and only while the file is being made.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

MOST = 8
MOST_OF_ONE = 4
PATIENCE_S = 60.0  # who takes no piece for so long gives way, if others wait


class Full(Exception):
    """No more at once: come back in some seconds."""


class Overtaken(Exception):
    """The reader was so slow that its place went to another."""


@dataclass(eq=False)
class _Place:
    who: str
    at: float = field(default=0.0)


class Gate:
    """Thread-safe."""

    def __init__(
        self, most: int = MOST, of_one: int = MOST_OF_ONE, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._of_one, self._now = most, of_one, now
        self._lock = threading.Lock()
        self._places: set[_Place] = set()

    def through(self, who: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The pieces, while they hold a place: it is taken now, and given back when they end or are closed. Raises Full."""
        place = self._enter(who)
        held = self._held(place, pieces)
        next(held)  # up to its "try": a generator that never began would never give back
        return held

    def _held(self, place: _Place, pieces: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield b""
            for piece in pieces:
                yield piece
                with self._lock:
                    if place not in self._places:
                        raise Overtaken
                    place.at = self._now()
        finally:
            with self._lock:
                self._places.discard(place)

    def _enter(self, who: str) -> _Place:
        now = self._now()
        with self._lock:
            if sum(one.who == who for one in self._places) >= self._of_one:
                self._make_room(now, [one for one in self._places if one.who == who])
            if len(self._places) >= self._most:
                self._make_room(now, list(self._places))
            place = _Place(who, now)
            self._places.add(place)
            return place

    def _make_room(self, now: float, among: list[_Place]) -> None:
        slowest = min(among, key=lambda one: one.at)
        if now - slowest.at < PATIENCE_S:
            raise Full
        self._places.discard(slowest)

    @property
    def count(self) -> int:
        """How many are being made."""
        return len(self._places)


gate = Gate()
