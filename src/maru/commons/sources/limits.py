"""How much a provider may be asked: requests a minute, requests a day, and a pause when it is down.

Plain Python with a clock that tests set. A provider is shared by all its sources; one without a provider is its own.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from maru.commons.sources.contracts import SourceFault

OPENS_AFTER = 5  # failures in a row, whatever source they hit
OPEN_S = 30.0
OPEN_MOST_S = 120.0
_LONGEST_WAIT_S = 15.0  # a run waits so long for its turn; beyond that it ends and comes back later
_MINUTE = 60.0
_ZONE = dt.timezone(dt.timedelta(hours=9))  # Korean providers count their days from midnight there


@dataclass
class _Provider:
    per_minute: int = 0
    daily_quota: int = 0
    recent: deque[float] = field(default_factory=deque)
    day: dt.date | None = None
    used: int = 0
    failures: int = 0
    opened: int = 0
    open_until: float = 0.0
    trying_until: float = 0.0


class Limits:
    """Asked before each request (``take``) and told after each (``done``, ``failed``)."""

    def __init__(
        self,
        *,
        lifted: bool = False,
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], dt.date] = lambda: dt.datetime.now(dt.UTC).astimezone(_ZONE).date(),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.lifted = lifted
        self._clock, self._today, self._sleep = clock, today, sleep
        self._lock = threading.Lock()
        self._providers: dict[str, _Provider] = {}

    def declare(self, provider: str, per_minute: int, daily_quota: int) -> None:
        """Of several sources' words about one provider the strictest holds."""
        with self._lock:
            one = self._providers.setdefault(provider, _Provider())
            one.per_minute = _strictest(one.per_minute, per_minute)
            one.daily_quota = _strictest(one.daily_quota, daily_quota)

    def remember(self, provider: str, day: dt.date, used: int) -> None:
        """What was used before this process began."""
        with self._lock:
            one = self._providers.setdefault(provider, _Provider())
            one.day, one.used = day, used

    def used(self) -> dict[str, tuple[dt.date, int]]:
        """Day and use of each provider that has a quota, to be kept over restarts."""
        with self._lock:
            return {
                name: (one.day, one.used)
                for name, one in self._providers.items()
                if one.daily_quota and one.day
            }

    def take(self, provider: str) -> None:
        """Count one request, waiting for the minute's limit. Raises SourceFault(quota) when it would take too long."""
        if self.lifted:
            return
        waited = 0.0
        while True:
            with self._lock:
                one = self._providers.setdefault(provider, _Provider())
                wait = self._wait(one)
                if wait <= 0:
                    one.recent.append(self._clock())
                    one.used += 1
                    return
            if waited + wait > _LONGEST_WAIT_S:
                raise SourceFault("quota", "the provider's limit is reached", retry_after_s=wait)
            self._sleep(wait)
            waited += wait

    def _wait(self, one: _Provider) -> float:
        today = self._today()
        if one.day != today:
            one.day, one.used = today, 0
        if one.daily_quota and one.used >= one.daily_quota:
            return _until_midnight()
        now = self._clock()
        while one.recent and now - one.recent[0] >= _MINUTE:
            one.recent.popleft()
        if one.per_minute and len(one.recent) >= one.per_minute:
            return max(0.01, _MINUTE - (now - one.recent[0]))
        if not one.per_minute:
            one.recent.clear()
        return 0.0

    def open_for(self, provider: str) -> float:
        """Seconds until this provider may be tried again; 0 if now. Of many askers after a pause one is let through."""
        with self._lock:
            one = self._providers.setdefault(provider, _Provider())
            left = one.open_until - self._clock()
            if left > 0:
                return left
            if one.failures >= OPENS_AFTER:
                if one.trying_until > self._clock():
                    return 1.0
                one.trying_until = self._clock() + _MINUTE
            return 0.0

    def worked(self, provider: str) -> None:
        """It answered: the pause is over for all its sources."""
        with self._lock:
            one = self._providers.setdefault(provider, _Provider())
            one.failures, one.opened, one.open_until, one.trying_until = 0, 0, 0.0, 0.0

    def failed(self, provider: str) -> None:
        """It was out of reach; after some of these in a row nobody asks it for a while, longer each time."""
        with self._lock:
            one = self._providers.setdefault(provider, _Provider())
            one.failures += 1
            one.trying_until = 0.0
            if one.failures >= OPENS_AFTER:
                one.open_until = self._clock() + min(OPEN_MOST_S, OPEN_S * 2**one.opened)
                one.opened += 1


def _strictest(one: int, other: int) -> int:
    return min(one, other) if one and other else one or other


def _until_midnight() -> float:
    now = dt.datetime.now(dt.UTC).astimezone(_ZONE)
    midnight = (now + dt.timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - now).total_seconds()
