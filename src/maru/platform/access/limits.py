"""How often one person, device or address may write: every public write names a declared limit.

Counting is a sliding window over the Django cache: the count of the present window plus the weighted count of the
one before. ``cache.add`` and ``cache.incr`` are atomic on every backend used, so parallel requests cannot slip by.
An address is never stored in clear: its key is an HMAC with a salt of the day that lives in the cache only.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import ipaddress
import math
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import ngettext

from maru.platform.access.refusals import TooMany

_DAY = 86_400


@dataclass(frozen=True)
class Limit:
    """At most ``times`` in any ``seconds`` for one person or device; ``per_address`` for all behind one address."""

    name: str
    times: int
    seconds: int
    per_address: int

    def __post_init__(self) -> None:
        if min(self.times, self.seconds, self.per_address) < 1:
            raise ValueError(f"limit {self.name}: every number must be at least 1")


_declared: dict[str, Limit] = {}


def declare(name: str, *, times: int, seconds: int, per_address: int | None = None) -> Limit:
    """Declare the limit of a public write. ``per_address`` is 20 x ``times`` unless given (schools share one)."""
    limit_ = Limit(name, times, seconds, per_address if per_address is not None else times * 20)
    if _declared.get(name, limit_) != limit_:
        raise ValueError(f"limit {name} is declared twice with different numbers")
    _declared[name] = limit_
    return limit_


def declared() -> tuple[Limit, ...]:
    """Every declared limit, by name."""
    return tuple(_declared[name] for name in sorted(_declared))


def limit(who: HttpRequest | str, name: str, *, now: Callable[[], float] = time.time) -> None:
    """Count one use of ``name`` by ``who`` (a request, or a key of your own); raise TooMany above the limit."""
    rule = _declared[name]
    if isinstance(who, str):
        _count(f"{name}:k:{_digest(who)}", rule.times, rule.seconds, now())
        return
    address = address_of(who)
    key = _subject(who)
    # Who has no device yet is always counted by address: dropping the cookie must not help anywhere.
    if not key or not _is_shared(address):
        _count(f"{name}:a:{_address_key(address, now())}", rule.per_address, rule.seconds, now())
    if key:
        _count(f"{name}:s:{key}", rule.times, rule.seconds, now())


def address_of(request: HttpRequest) -> str:
    """The peer's address as the server saw it (TrustedProxies resolves it). Never store it."""
    return str(request.META.get("REMOTE_ADDR") or "")


def party_of(request: HttpRequest) -> str:
    """Whose request it is by its address, for counting in memory while it lasts. Never store it."""
    return _party(address_of(request))


def _is_shared(address: str) -> bool:
    """Whether the city named it as one that a whole hall shares (MARU_LIMITS_EXEMPT)."""
    networks = settings.MARU.limits_exempt
    if not networks:
        return False
    try:
        known = ipaddress.ip_address(address)
    except ValueError:  # a unix socket has no address
        return False
    return any(known in network for network in networks)


def _subject(request: HttpRequest) -> str:
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return f"p{user.pk}"
    device: str = getattr(request, "device_known", "")
    return f"d{device}" if device else ""


def _count(key: str, times: int, seconds: int, now: float) -> None:
    window = math.floor(now / seconds)
    present, before = f"limit:{key}:{window}", f"limit:{key}:{window - 1}"
    cache.add(present, 0, timeout=seconds * 2 + 1)
    try:
        count = cache.incr(present)
    except ValueError:  # evicted between add and incr: begin anew rather than refuse
        cache.set(present, 1, timeout=seconds * 2 + 1)
        count = 1
    passed = now / seconds - window
    earlier = int(cache.get(before, 0))
    if count + earlier * (1 - passed) > times + 1e-6:
        _uncount(present)
        wait = _wait(count, earlier, times, seconds, passed)
        raise TooMany(
            ngettext(
                "Please wait %(seconds)d second before you send again.",
                "Please wait %(seconds)d seconds before you send again.",
                wait,
            )
            % {"seconds": wait},
            retry_after=wait,
        )


def _wait(count: int, earlier: int, times: int, seconds: int, passed: float) -> int:
    """Seconds until one more would fit, if nothing else is sent (at least 1, at most two windows)."""
    if count <= times and earlier:
        return max(1, math.ceil(seconds * (1 - (times - count) / earlier - passed)))
    return max(1, math.ceil(seconds * (1 - passed + 1 / times)))


def _uncount(key: str) -> None:
    """A refused use does not count: who tries again too early is not kept out for longer."""
    with contextlib.suppress(ValueError):  # evicted meanwhile
        cache.decr(key)


def _address_key(address: str, now: float) -> str:
    day = int(now // _DAY)
    name = f"limit:salt:{day}"
    cache.add(name, secrets.token_hex(16), timeout=2 * _DAY)
    salt = str(cache.get(name, "")) or settings.SECRET_KEY
    return hmac.new(salt.encode(), _party(address).encode(), hashlib.sha256).hexdigest()[:32]


def _party(address: str) -> str:
    """Whose address it is: whoever has one address of version 6 has all of its /64."""
    if ":" not in address:
        return address
    try:
        known = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(known.ipv4_mapped or ipaddress.IPv6Address(int(known) >> 64 << 64))


def _digest(key: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), key.encode(), hashlib.sha256).hexdigest()[:32]
