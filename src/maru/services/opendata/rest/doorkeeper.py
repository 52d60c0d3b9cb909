"""Who may ask, and how often: keys known for a second, limits counted in memory. No address outlives its minute."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from maru.services.opendata.contracts_keys import SAMPLE, KeyGrant
from maru.services.opendata.operations.keys import digest_of
from maru.services.opendata.queries.keys import grants
from maru.services.opendata.rest.http import Problem

# A revoked key opens nothing after this many seconds, in every process.
FRESH_S = 1.0
ANONYMOUS_PER_MINUTE = 600
SAMPLE_PER_MINUTE = 300
_MOST_KNOWN = 20_000
_LONGEST_KEY = 128


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


@dataclass(slots=True)
class _Known:
    grant: KeyGrant | None
    until: float


class KeyBook:
    """Keys by what programs send. All stale ones are asked for in one query, so its cost does not grow with their number."""

    def __init__(self, in_thread: Callable[..., Awaitable[dict[str, KeyGrant]]]) -> None:
        self._in_thread = in_thread
        self._known: dict[str, _Known] = {}
        self._wanted: set[str] = set()
        self._asking: asyncio.Task[dict[str, KeyGrant | None]] | None = None

    def peek(self, key: str) -> tuple[bool, KeyGrant | None]:
        """(known for sure, what it allows), without waiting."""
        known = self._known.get(key)
        if known is None or known.until < time.monotonic():
            return len(key) > _LONGEST_KEY, None
        return True, known.grant

    async def find(self, key: str) -> KeyGrant | None:
        """What the key allows; None if nothing."""
        sure, grant = self.peek(key)
        if sure:
            return grant
        while True:
            self._wanted.add(key)
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._ask())
            found = await asyncio.shield(self._asking)
            if key in found:
                return found[key]

    async def _ask(self) -> dict[str, KeyGrant | None]:
        """What the keys that somebody waits for allow. Nobody else's are asked for: strangers could name thousands."""
        wanted, self._wanted = self._wanted, set()
        found = await self._in_thread(grants, [digest_of(key) for key in wanted])
        until = time.monotonic() + FRESH_S
        answers = {key: found.get(digest_of(key)) for key in wanted}
        if len(self._known) + len(answers) > _MOST_KNOWN:
            self._known.clear()
        self._known |= {key: _Known(grant, until) for key, grant in answers.items()}
        return answers

    def forget(self) -> None:
        """Know nothing."""
        self._known.clear()
        self._wanted.clear()


class Limits:
    """Token buckets by key or address, and the day's quota of keys."""

    def __init__(self) -> None:
        self._buckets: dict[str, _Bucket] = {}
        self._days: dict[int, tuple[dt.date, int]] = {}

    def wait(self, who: str, per_minute: int, now: float | None = None) -> int:
        """0 and one call counted, or the seconds until one more is free. A quarter of a minute's worth may come at once."""
        if per_minute <= 0:
            return 0
        now = time.monotonic() if now is None else now
        burst = max(10.0, per_minute / 4)
        rate = per_minute / 60
        bucket = self._buckets.get(who)
        if bucket is None:
            if len(self._buckets) >= _MOST_KNOWN:
                self._drop_full(now)
            bucket = self._buckets[who] = _Bucket(burst, now)
        bucket.left = min(burst, bucket.left + (now - bucket.at) * rate)
        bucket.at = now
        if bucket.left >= 1:
            bucket.left -= 1
            return 0
        return max(1, math.ceil((1 - bucket.left) / rate))

    def over_quota(self, grant: KeyGrant) -> bool:
        """Count one call of today; whether that is more than the key may do. What other processes wrote counts too."""
        if grant.per_day <= 0:
            return False
        today = dt.datetime.now(dt.UTC).date()
        day, used = self._days.get(grant.id, (today, 0))
        if day != today:
            used = 0
        used = max(used, grant.calls_today if day == today else 0)
        if used >= grant.per_day:
            return True
        self._days[grant.id] = (today, used + 1)
        return False

    def _drop_full(self, now: float) -> None:
        idle = [who for who, bucket in self._buckets.items() if now - bucket.at > 60]
        # Those that wait for nothing lose nothing; if all are busy, the longest unused go, not everybody's count.
        for who in idle or sorted(self._buckets, key=lambda one: self._buckets[one].at)[: _MOST_KNOWN // 4]:
            del self._buckets[who]

    def forget(self) -> None:
        """Count anew."""
        self._buckets.clear()
        self._days.clear()


@dataclass(slots=True)
class _Turn:
    gate: asyncio.Semaphore
    callers: int = 0


class Turns:
    """Of the threads that work, one party has at most ``at_once``: slow questions of one never stop those of others."""

    def __init__(self, at_once: int, most_waiting: int) -> None:
        self._at_once, self._most = at_once, most_waiting
        self._turns: dict[str, _Turn] = {}

    @asynccontextmanager
    async def of(self, who: str) -> AsyncIterator[None]:
        """Wait for a turn; "" waits for none. Problem 429 if too many of the same party wait already."""
        if not who:
            yield
            return
        turn = self._turns.setdefault(who, _Turn(asyncio.Semaphore(self._at_once)))
        if turn.callers >= self._most:
            raise Problem(429, "too_many", "Too many of your calls are being answered.", retry_after=2)
        turn.callers += 1
        try:
            async with turn.gate:
                yield
        finally:
            turn.callers -= 1
            if not turn.callers:
                self._turns.pop(who, None)


def seconds_to_midnight() -> int:
    """Until the quota begins anew (UTC)."""
    now = dt.datetime.now(dt.UTC)
    return 86_400 - (now.hour * 3600 + now.minute * 60 + now.second)


def party(address: str) -> str:
    """Whose call it is, for counting: whoever has one address of version 6 has all of its /64."""
    if ":" not in address:
        return address
    try:
        known = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(known.ipv4_mapped or ipaddress.IPv6Address(int(known) >> 64 << 64))


def is_sample(key: str) -> bool:
    """The key for everyone."""
    return key == SAMPLE


def first_key(candidates: Iterable[str]) -> str:
    """The first that says anything; tokens of persons are none of ours."""
    return next((one for one in candidates if one and not one.startswith("maru_")), "")
