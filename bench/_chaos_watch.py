"""Looks at the public Open API once a second while the world goes wrong: how old each source's last value is."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import httpx

_EVERY_S = 1.0
_LATE = frozenset({"stale", "broken"})


@dataclass
class Looks:
    """What was seen of one source. ``worst`` is its greatest age as a share of its promise."""

    seen: int = 0
    late: int = 0
    worst: float = 0.0
    age_s: float = 0.0
    fresh_s: float = 0.0
    at: float = 0.0


class Watch(threading.Thread):
    """Samples until told to stop. An answer that does not come is a failure of the house as well: pages must not care."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.url = url
        self.stop = threading.Event()
        self.looks: dict[str, Looks] = {}
        self.failures = 0
        self.times: list[float] = []

    def run(self) -> None:
        """One look a second."""
        with httpx.Client(base_url=self.url, timeout=10) as client:
            while not self.stop.wait(_EVERY_S):
                began = time.monotonic()
                try:
                    answer = client.get("/api/v1/sources", params={"limit": 2000})
                    answer.raise_for_status()
                except httpx.HTTPError:
                    self.failures += 1
                    continue
                self.times.append(time.monotonic() - began)
                for one in answer.json()["sources"]:
                    self._take(one["name"], one["age_s"], one["fresh_s"], one["state"])

    def _take(self, name: str, age_s: float | None, fresh_s: float, state: str) -> None:
        looks = self.looks.setdefault(name, Looks(fresh_s=fresh_s))
        looks.seen += 1
        if age_s is None:
            looks.late += 1
            return
        looks.late += age_s > fresh_s or state in _LATE
        if age_s / fresh_s > looks.worst:
            looks.worst, looks.age_s, looks.at = age_s / fresh_s, age_s, time.time()


def states(url: str) -> dict[str, str]:
    """State of every source now."""
    found = httpx.get(f"{url}/api/v1/sources", params={"limit": 2000}, timeout=30).json()["sources"]
    return {one["name"]: one["state"] for one in found}
