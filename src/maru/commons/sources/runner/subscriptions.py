"""MQTT: the house subscribes for each source of that kind, and what comes goes into the spool before it is acknowledged.

A session with a name of its own lets the broker keep what comes while the collector is away (QoS 1). Messages are
gathered for a quarter of a second, so that one sync to the disk serves many.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from typing import Any
from urllib.parse import quote, unquote

import structlog
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from maru.commons.sources.contracts import Declaration, SourceFault
from maru.commons.sources.fetch import SourceFetch
from maru.commons.sources.runner.engine import Engine
from maru.commons.sources.runner.job import Desk
from maru.commons.sources.runner.spool import Frame, SpoolFull

log = structlog.get_logger("maru.collector")

GATHER_S = 0.25
_MOST_WAITING = 20_000
_KEEPALIVE_S = 30
_LOST_S = 10.0


class Subscription:
    """One source's place at its broker."""

    def __init__(self, declaration: Declaration, desk: Desk) -> None:
        self.declaration = declaration
        self._desk = desk
        self._lock = threading.Lock()
        self._waiting: list[tuple[int, int, Frame]] = []
        self._client: mqtt.Client | None = None
        self._heard_at = time.monotonic()

    def open(self) -> None:
        """Connect and subscribe. Raises SourceFault, OSError, ValueError."""
        secure, host, port, user, password, topic = _parts(
            SourceFetch(self.declaration, self._desk.reach).resolve(self.declaration.address)
        )
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"maru-{self.declaration.name}",
            clean_session=False,
            manual_ack=True,
        )
        secret = self.declaration.secret
        if not user and secret and self._desk.reach.keys.has(secret):
            user, password = (
                str(self.declaration.options.get("user", "maru")),
                self._desk.reach.keys.get(secret),
            )
        if user:
            client.username_pw_set(user, password)
        if secure:
            client.tls_set()
        qos = int(self.declaration.options.get("qos", 1))

        def connected(client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
            if not reason.is_failure:
                client.subscribe(topic, qos=qos)

        client.on_connect = connected
        client.on_message = self._came
        client.connect(host, port, keepalive=_KEEPALIVE_S)
        client.loop_start()
        self._client = client

    def close(self) -> None:
        """Leave; the broker keeps what comes meanwhile."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    def is_lost(self) -> bool:
        """Whether the connection has been gone for a while. The client tries the same place again and again; a broker that
        has moved is found only by asking anew where it is."""
        if self._client is not None and self._client.is_connected():
            self._heard_at = time.monotonic()
        return time.monotonic() - self._heard_at > _LOST_S

    def keep(self) -> int:
        """Put what came into the spool and acknowledge it; how many messages. What the spool cannot take is not acknowledged."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        if not waiting or self._client is None:
            return 0
        try:
            self._desk.spool.put(self.declaration.name, [frame for _mid, _qos, frame in waiting])
        except SpoolFull as fault:
            log.warning("spool", source=self.declaration.name, fault=str(fault))
            with self._lock:
                self._waiting = waiting + self._waiting
            return 0
        for mid, qos, _frame in waiting:
            if qos:
                self._client.ack(mid, qos)
        return len(waiting)

    def _came(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        # The topic travels with the content type: the kit's parse knows no other way to be told of it.
        head = f"application/json; topic={quote(message.topic, safe='')}; retain={int(message.retain)}"
        frame = Frame(bytes(message.payload), head, dt.datetime.now(dt.UTC))
        with self._lock:
            if len(self._waiting) < _MOST_WAITING:
                self._waiting.append((message.mid, message.qos, frame))


class Subscriptions:
    """All of them; follows the shelf."""

    def __init__(self, desk: Desk, engine: Engine) -> None:
        self._desk, self._engine = desk, engine
        self._open: dict[str, Subscription] = {}

    def run(self, stop: threading.Event) -> None:
        """Until told to stop."""
        rounds = 0
        while not stop.is_set():
            if rounds % 8 == 0:
                self._follow()
            for one in list(self._open.values()):
                one.keep()
            rounds += 1
            stop.wait(GATHER_S)
        for one in self._open.values():
            one.keep()
            one.close()

    def _follow(self) -> None:
        wanted = {
            name: standing.declaration
            for name, standing in list(self._engine.standings.items())
            if standing.declaration.kind == "mqtt" and not standing.paused
        }
        for name, one in list(self._open.items()):
            if wanted.get(name) != one.declaration or one.is_lost():
                one.keep()
                self._open.pop(name).close()
        for name, declaration in wanted.items():
            if name not in self._open:
                self._try(name, declaration)

    def _try(self, name: str, declaration: Declaration) -> None:
        subscription = Subscription(declaration, self._desk)
        standing = self._engine.standings[name]
        try:
            subscription.open()
        except SourceFault as fault:
            standing.failures, standing.error, standing.error_detail = (
                standing.failures + 1,
                fault.code,
                fault.detail,
            )
        except (OSError, ValueError) as fault:
            standing.failures, standing.error = standing.failures + 1, "unreachable"
            standing.error_detail = f"the broker does not answer: {type(fault).__name__}"
        else:
            self._open[name] = subscription


def _parts(address: str) -> tuple[bool, str, int, str, str, str]:
    """secure, host, port, user, password, topic of an ``mqtt://`` address. Topics may hold ``#``: no fragment here."""
    scheme, _sep, rest = address.partition("://")
    authority, _slash, topic = rest.partition("/")
    credentials, _at, place = authority.rpartition("@")
    user, _colon, password = credentials.partition(":")
    host, _colon, port = place.partition(":")
    secure = scheme == "mqtts"
    return (
        secure,
        host,
        int(port) if port else (8883 if secure else 1883),
        unquote(user),
        unquote(password),
        unquote(topic),
    )
