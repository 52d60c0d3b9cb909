"""The bus over many machines: Redis publish/subscribe.

One thread per process sends and one per subscription receives, so that a Redis which is slow, gone or coming back
never holds up a request or an event loop. Hints sent or due while the connection is down are lost, as the port allows.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import queue
import threading
from collections import deque

import redis

from maru.platform.ports.bus import Hint, Message, Subscription, check_topic, decode, encode

log = logging.getLogger(__name__)

_PREFIX = "maru."
_QUEUE = 10_000
_TIMEOUT = 5.0
_RETRY = 0.5


def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_connect_timeout=_TIMEOUT, socket_timeout=_TIMEOUT, health_check_interval=0
    )


class RedisBus:
    """See ``Bus``. Safe to use from several threads; a forked child gets its own sender."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._pid = 0
        self._waiting: queue.Queue[tuple[str, bytes] | None] = queue.Queue(_QUEUE)
        self._thread: threading.Thread | None = None

    def publish(self, topic: str, message: Message) -> None:
        item = (_PREFIX + check_topic(topic), encode(message))
        with self._lock:
            if self._thread is None or self._pid != os.getpid():
                self._start()
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(item)

    def subscribe(self, *topics: str) -> Subscription:
        return _RedisSubscription(_client(self._url), [check_topic(topic) for topic in topics])

    def close(self) -> None:
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is None or self._pid != os.getpid():
            return
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(None)
        thread.join(1.0)

    def _start(self) -> None:
        self._pid = os.getpid()
        self._waiting = queue.Queue(_QUEUE)
        self._thread = threading.Thread(
            target=self._send, args=(self._waiting,), name="bus-send", daemon=True
        )
        self._thread.start()
        # A command that publishes and ends at once must still be heard.
        atexit.register(self.close)

    def _send(self, waiting: queue.Queue[tuple[str, bytes] | None]) -> None:
        client = _client(self._url)
        down = False
        while (item := waiting.get()) is not None:
            try:
                client.publish(*item)
                down = False
            except redis.RedisError as fault:
                if not down:
                    log.warning("bus: Redis does not take hints: %s", fault)
                down = True
        client.close()


class _RedisSubscription(Subscription):
    """The thread puts hints into a list and a byte into a pipe; the pipe is the descriptor others may wait on."""

    def __init__(self, client: redis.Redis, topics: list[str]) -> None:
        super().__init__()
        self._client = client
        self._topics = topics
        self._came: deque[Hint] = deque(maxlen=_QUEUE)
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        self._stop = threading.Event()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bus-listen", daemon=True)
        self._thread.start()
        # As with unix sockets, what is published after subscribe() returns is heard; but a Redis that is down
        # must not keep a process from starting.
        self._listening.wait(_TIMEOUT)

    def fileno(self) -> int:
        return self._read

    def _receive(self) -> list[Hint]:
        with contextlib.suppress(BlockingIOError):
            os.read(self._read, 65536)
        hints: list[Hint] = []
        while self._came:
            hints.append(self._came.popleft())
        return hints

    def close(self) -> None:
        if self._stop.is_set():
            return
        self._stop.set()
        self._thread.join(_TIMEOUT + 1)
        os.close(self._read)
        os.close(self._write)

    def _run(self) -> None:
        down = False
        while not self._stop.is_set():
            try:
                self._listen()
            except (redis.RedisError, OSError) as fault:
                if not down:
                    log.warning("bus: Redis is not heard: %s", fault)
                down = True
                self._listening.set()
                self._stop.wait(_RETRY)
        self._client.close()

    def _listen(self) -> None:
        with self._client.pubsub() as pubsub:  # type: ignore[no-untyped-call]
            pubsub.subscribe(*(_PREFIX + topic for topic in self._topics))
            confirmed = 0
            while not self._stop.is_set():
                item = pubsub.get_message(timeout=0.2)
                if item is None:
                    continue
                if item["type"] == "subscribe":
                    confirmed += 1
                    if confirmed >= len(self._topics):
                        self._listening.set()
                elif item["type"] == "message":
                    self._put(item["channel"].decode(), item["data"])

    def _put(self, channel: str, data: bytes) -> None:
        hint = decode(channel.removeprefix(_PREFIX), data)
        if hint is not None:
            self._came.append(hint)
            with contextlib.suppress(BlockingIOError):
                os.write(self._write, b"\0")
