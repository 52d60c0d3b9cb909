"""The relay: reads the outbox and hands each event to the stream, in order. One thread of the worker.

It keeps nothing that matters: after a crash the stream notices by the numbers what it lacks, and asks. Two relays at
once do no harm either, since the stream drops what it has.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.db import Error, connection

from maru.platform.events import outbox, wire
from maru.platform.ports.bus import Bus, Subscription

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
HEADS_SECONDS = 1.0
# Between two looks. A burst of opinions gives a burst of hints; one look serves them all.
REST_SECONDS = 0.03
AT_ONCE = 500
# Channels that moved within this time are named in ``heads``; for the others the stream asks.
LATELY_SECONDS = 600.0


class Relay:
    """``Relay(stop).run()`` returns within a second after ``stop`` is set. ``turn`` is one round, for the tests."""

    def __init__(
        self, stop: threading.Event, bus: Bus | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stop = stop
        self._bus = bus or outbox.bus()
        self._clock = clock
        self._sent: dict[str, int] = {}
        self._moved: dict[str, float] = {}
        self._looked = -LOOK_SECONDS
        self._told = -HEADS_SECONDS

    def run(self) -> None:
        """Relay until ``stop`` is set. A database that is away is waited for."""
        with self._bus.subscribe(wire.OUTBOX, wire.ASK) as hints:
            started = False
            while not self._stop.is_set():
                try:
                    if not started:
                        self._sent = outbox.heads()
                        started = True
                    self.turn(hints)
                except Error:
                    log.exception("relay: the database is away")
                    connection.close()
                    self._stop.wait(1.0)
        connection.close()

    def turn(self, hints: Subscription) -> None:
        """Wait for a hint, at most a quarter of a second; then publish what is new and answer what was asked."""
        channels, asks = self._listen(hints)
        now = self._clock()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            channels |= {name for name, head in outbox.heads().items() if head > self._sent.get(name, 0)}
        for channel in sorted(channels):
            self._send_new(channel, now)
        for channel, after in sorted(asks):
            self._answer(channel, after)
        if now - self._told >= HEADS_SECONDS:
            self._told = now
            self._moved = {name: at for name, at in self._moved.items() if now - at < LATELY_SECONDS}
            self._bus.publish(wire.HEADS, {"heads": {name: self._sent[name] for name in self._moved}})
        self._stop.wait(REST_SECONDS)

    def _listen(self, hints: Subscription) -> tuple[set[str], set[tuple[str, int]]]:
        channels: set[str] = set()
        asks: set[tuple[str, int]] = set()
        hint = hints.get(LOOK_SECONDS)
        while hint is not None:
            topic, message = hint
            if topic == wire.ASK:
                asks |= wire.read_asks(message)
            else:
                channels.add(str(message.get("channel")))
            hint = hints.get(0)
        return channels, asks

    def _send_new(self, channel: str, now: float) -> None:
        floor = self._sent.get(channel, 0)
        while not self._stop.is_set():
            events = outbox.events_after(channel, floor, AT_ONCE)
            if not events:
                break
            head = events[-1].seq
            self._bus.publish(wire.FANOUT, wire.Fanout(channel, floor, head, tuple(events)).as_message())
            self._moved[channel] = now
            self._sent[channel] = floor = head
            if len(events) < AT_ONCE:
                break

    def _answer(self, channel: str, after: int) -> None:
        head = outbox.head(channel)
        floor = max(after, head - wire.RING_EVENTS)
        events = outbox.events_after(channel, floor, wire.RING_EVENTS)
        if events:
            floor, head = events[0].seq - 1, events[-1].seq
        else:
            floor = head
        self._bus.publish(wire.FANOUT, wire.Fanout(channel, floor, head, tuple(events), after).as_message())
