"""A room: a channel and the readers in it. Gives each batch to everybody, in slices, so that nothing else waits long."""

from __future__ import annotations

import asyncio
import operator
from collections.abc import Callable
from itertools import islice

from maru.platform.events.wire import Fanout
from maru.platform.stream.audience import Count
from maru.platform.stream.channels import Channel
from maru.platform.stream.readers import Reader

SLICE = 400
BEAT_SECONDS = 15.0
VIEWERS_SECONDS = 5.0
KEPT_SECONDS = 600.0
# An event, not a comment: only so can a page tell a quiet channel from a dead connection.
BEAT = b"event: beat\ndata: {}\n\n"


class Room:
    """Made for the first reader of a channel, kept for a while after the last one left."""

    __slots__ = (
        "_again", "_loop", "_running", "_timer", "_told", "_told_at", "ahead", "arrivals", "channel", "empty_at",
        "joins", "others", "phones", "readers", "said_at", "sent",
    )  # fmt: skip

    def __init__(self, name: str, loop: asyncio.AbstractEventLoop) -> None:
        self.channel = Channel(name)
        self.readers: set[Reader] = set()
        # Readers that wait until the relay has told what the channel is, with whether they count as a join.
        self.arrivals: dict[Reader, bool] = {}
        # Readers that know of events we have not heard of: the page was faster, or the database is a restored one.
        self.ahead: set[Reader] = set()
        self.others = Count()
        self.phones = self.joins = self.sent = 0
        self.empty_at = self.said_at = loop.time()
        self._told = Count()
        self._told_at = 0.0
        self._loop = loop
        self._running = self._again = False
        self._timer: asyncio.TimerHandle | None = None

    # Coming and going

    def count(self) -> Count:
        """The own audience."""
        return Count(len(self.readers), self.phones, self.joins)

    def enter(self, reader: Reader, *, joins: bool) -> None:
        """Take in a reader whose ``seq`` is the place it asked for, or -1."""
        reader.room = self
        self.arrivals[reader] = joins
        if self.channel.known:
            self._greet()

    def leave(self, reader: Reader) -> None:
        self.arrivals.pop(reader, None)
        self.ahead.discard(reader)
        if reader in self.readers:
            self.readers.discard(reader)
            self.phones -= reader.phone
        self.empty_at = self._loop.time()

    def _greet(self) -> None:
        channel = self.channel
        arrivals, self.arrivals = self.arrivals, {}
        for reader, joins in arrivals.items():
            self.readers.add(reader)
            self.phones += reader.phone
            self.joins += joins
            if reader.seq < 0:
                reader.seq = channel.published
            elif reader.seq > channel.head:
                self.ahead.add(reader)
            viewers = len(self.readers) + self.others.now
            hello = b'id: %d\nevent: hello\ndata: {"head":%d,"viewers":%d}\n\n'
            reader.say(hello % (reader.seq, channel.published, viewers))
            reader.pump()

    # What the relay says

    def receive(self, fanout: Fanout, now: float) -> None:
        """Take in events, and see to it that they are given out."""
        channel = self.channel
        head, loads = channel.head, channel.loads
        channel.receive(fanout, now)
        if not channel.known:
            return
        if channel.loads != loads:
            self.deliver()
        self._greet()
        if fanout.after is not None:
            lost = self.readers if channel.head < head else self.ahead
            for reader in [reader for reader in lost if reader.seq > channel.head]:
                reader.reset()
            self.ahead.clear()
        self._schedule()

    def ask_due(self, now: float) -> bool:
        """Whether the relay should be asked about this channel."""
        wanted = bool(self.arrivals or self.ahead)
        return (wanted or bool(self.readers)) and self.channel.ask_due(now, wanted=wanted)

    def _schedule(self) -> None:
        at = self.channel.batch_at()
        if at is not None and self._timer is None:
            self._timer = self._loop.call_at(max(at, self._loop.time()), self.publish)

    def publish(self, *, at_once: bool = False) -> None:
        """Give out what waits. ``at_once``: before its time, because the house closes."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        # A timer may ring a little early, by the grain of its clock.
        at = self.channel.batch_at()
        if at is not None and self.channel.publish(max(self._loop.time(), at)):
            self.deliver(at_once=at_once)

    # Giving out

    def deliver(self, *, at_once: bool = False) -> None:
        """Give everybody what they lack."""
        if at_once:
            for reader in list(self.readers):
                reader.pump()
        elif self._running:
            self._again = True
        else:
            self._running = True
            self._each(Reader.pump, self._delivered)

    def _delivered(self) -> None:
        self._running = False
        if self._again:
            self._again = False
            self.deliver()

    def _each(self, act: Callable[[Reader], None], done: Callable[[], None]) -> None:
        self.said_at = self._loop.time()
        self.sent += len(self.readers)
        readers = iter(list(self.readers))

        def step() -> None:
            for reader in islice(readers, SLICE):
                act(reader)
            if operator.length_hint(readers):
                self._loop.call_soon(step)
            else:
                done()

        step()

    def tell(self, now: float) -> None:
        """Say who is there if that changed, at most every five seconds; a beat if nothing was said for long."""
        own = self.count()
        all_here = Count(own.now + self.others.now, own.phones + self.others.phones)
        if all_here != self._told and now - self._told_at >= VIEWERS_SECONDS:
            self._told, self._told_at = all_here, now
            self._say(b'event: viewers\ndata: {"now":%d,"phones":%d}\n\n' % (all_here.now, all_here.phones))
        elif now - self.said_at >= BEAT_SECONDS:
            self._say(BEAT)

    def _say(self, data: bytes) -> None:
        self._each(lambda reader: reader.say(data), lambda: None)

    def idle(self, now: float) -> bool:
        """Whether the room may be given up; one where nothing ever happened at once."""
        kept = KEPT_SECONDS if self.channel.head else 0.0
        return not self.readers and not self.arrivals and now - self.empty_at > kept
