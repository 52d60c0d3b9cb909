"""The bus port: hints between the processes of the house, on one machine or many.

A hint wakes; it is never the truth. Delivery is at most once and may fail without a word: whoever is not listening,
or is too slow, misses it, and finds out from the database or from the next hint. Hence publishing never blocks and
never raises for lack of readers, and every reader must do without.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import select
import time
from abc import ABC, abstractmethod
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

from maru.platform.ports.environment import SettingsError

_TOPIC = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
log = logging.getLogger(__name__)

Message = dict[str, Any]
Hint = tuple[str, Message]


class Subscription(ABC):
    """A place in the audience of some topics. Use it as a context manager; one thread or one loop reads it."""

    def __init__(self) -> None:
        self._ready: deque[Hint] = deque()

    @abstractmethod
    def fileno(self) -> int:
        """A descriptor that is readable when something has come: for select, epoll and event loops."""

    @abstractmethod
    def _receive(self) -> list[Hint]:
        """What has come, without waiting; empty if nothing."""

    @abstractmethod
    def close(self) -> None:
        """Leave. May be called twice."""

    def get(self, timeout: float) -> Hint | None:
        """The next (topic, message), waiting at most ``timeout`` seconds (0: not at all); None if none came."""
        deadline = time.monotonic() + timeout
        while not self._ready:
            self._ready.extend(self._receive())
            if self._ready:
                break
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            poll = select.poll()
            poll.register(self.fileno(), select.POLLIN)
            poll.poll(left * 1000)
        return self._ready.popleft()

    async def aget(self, timeout: float | None = None) -> Hint | None:
        """As ``get``, for an event loop; None only when ``timeout`` seconds have passed."""
        loop = asyncio.get_running_loop()
        deadline = None if timeout is None else loop.time() + timeout
        while (hint := self.get(0)) is None:
            left = None if deadline is None else deadline - loop.time()
            if left is not None and left <= 0:
                return None
            came = asyncio.Event()
            loop.add_reader(self.fileno(), came.set)
            try:
                await asyncio.wait_for(came.wait(), left)
            except TimeoutError:
                return None
            finally:
                loop.remove_reader(self.fileno())
        return hint

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Bus(Protocol):
    """What each backend gives."""

    def publish(self, topic: str, message: Message) -> None:
        """Hint all present readers of ``topic``. Returns at once; a hint that cannot be sent is dropped."""

    def subscribe(self, *topics: str) -> Subscription:
        """Listen to one or more topics from now on."""

    def close(self) -> None:
        """Send what waits, at most one second, and let go."""


def check_topic(topic: str) -> str:
    """The topic itself, or ValueError: a topic becomes a folder or a key and must be a plain word."""
    if not _TOPIC.fullmatch(topic):
        raise ValueError(f"not a topic: {topic!r}")
    return topic


def encode(message: Message) -> bytes:
    """Compact UTF-8 JSON; half surrogate pairs become question marks."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def decode(topic: str, data: bytes) -> Hint | None:
    """The hint, or None for what is not a JSON object (another program wrote to our socket or channel)."""
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        log.warning("bus: a broken message on %s was dropped", topic)
        return None
    return topic, message


def connect(url: str, home: Path) -> Bus:
    """The bus of ``MARU_BUS``: ``unix`` (sockets below ``home``) or ``redis://…``. SettingsError for others."""
    if url == "unix":
        from maru.platform.ports.bus_unix import UnixBus

        return UnixBus(home)
    if urlsplit(url).scheme in {"redis", "rediss"}:
        from maru.platform.ports.bus_redis import RedisBus

        return RedisBus(url)
    raise SettingsError("MARU_BUS", "neither unix nor redis://host:port/number")
