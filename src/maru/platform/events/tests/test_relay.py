"""The relay: everything that was committed reaches the stream, in order; questions are answered."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import OperationalError
from django.utils import timezone

from maru.platform.events import outbox, wire
from maru.platform.events.models import Outbox
from maru.platform.events.relay import LATELY_SECONDS, Relay
from maru.platform.ports.bus import Bus, Subscription, connect

PATIENCE = 20.0


class Ears:
    """What the stream hears."""

    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription

    def fanouts(self) -> list[wire.Fanout]:
        found: list[wire.Fanout] = []
        while (hint := self._subscription.get(0)) is not None:
            fanout = wire.read_fanout(hint[1]) if hint[0] == wire.FANOUT else None
            found.extend([fanout] if fanout else [])
        return found

    def heads(self) -> list[dict[str, int]]:
        found = []
        while (hint := self._subscription.get(0)) is not None:
            found.extend([hint[1]["heads"]] if hint[0] == wire.HEADS else [])
        return found


class Clock:
    now = 0.0

    def __call__(self) -> float:
        self.now += 0.3  # every look is due
        return self.now


@pytest.fixture()
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bus:
    bus = connect("unix", tmp_path)
    monkeypatch.setattr(outbox, "bus", lambda: bus)
    return bus


@pytest.fixture()
def ears(bus: Bus) -> Iterator[Ears]:
    with bus.subscribe(wire.FANOUT, wire.HEADS) as subscription:
        yield Ears(subscription)


@pytest.fixture()
def hints(bus: Bus) -> Iterator[Subscription]:
    with bus.subscribe(wire.OUTBOX, wire.ASK) as subscription:
        yield subscription


@pytest.fixture()
def relay(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> Relay:
    monkeypatch.setattr("maru.platform.events.relay.LOOK_SECONDS", 0.0)
    monkeypatch.setattr("maru.platform.events.relay.REST_SECONDS", 0.0)
    return Relay(threading.Event(), bus, Clock())


def emit(channel: str, count: int) -> None:
    for _ in range(count):
        outbox.emit(channel, "opinion", {"id": "x"})


def seqs(fanouts: list[wire.Fanout], channel: str) -> list[int]:
    return [event.seq for fanout in fanouts if fanout.channel == channel for event in fanout.events]


@pytest.mark.django_db()
def test_new_events_are_sent_once_in_order(relay: Relay, ears: Ears, hints: Subscription) -> None:
    emit("live/a", 3)
    emit("live/b", 1)
    relay.turn(hints)
    fanouts = ears.fanouts()
    assert (seqs(fanouts, "live/a"), seqs(fanouts, "live/b")) == ([1, 2, 3], [1])
    assert fanouts[0].floor == 0
    relay.turn(hints)
    assert ears.fanouts() == []
    emit("live/a", 1)
    relay.turn(hints)
    (fanout,) = ears.fanouts()
    assert (fanout.floor, fanout.head, seqs([fanout], "live/a")) == (3, 4, [4])


@pytest.mark.django_db()
def test_a_crowd_is_sent_in_portions(
    relay: Relay, ears: Ears, hints: Subscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maru.platform.events.relay.AT_ONCE", 4)
    emit("live/a", 10)
    relay.turn(hints)
    fanouts = ears.fanouts()
    assert [len(fanout.events) for fanout in fanouts] == [4, 4, 2]
    assert seqs(fanouts, "live/a") == list(range(1, 11))


@pytest.mark.django_db()
def test_questions_are_answered_whole(relay: Relay, ears: Ears, bus: Bus, hints: Subscription) -> None:
    emit("live/a", 5)
    relay.turn(hints)
    ears.fanouts()
    bus.publish(
        wire.ASK, {"asks": [["live/a", 2], ["live/none", 0], ["live/a", 2], ["live/a", 9], ["../", 0]]}
    )
    relay.turn(hints)
    answers = {(fanout.channel, fanout.after): fanout for fanout in ears.fanouts()}
    assert len(answers) == 3
    assert seqs([answers["live/a", 2]], "live/a") == [3, 4, 5]
    assert (answers["live/none", 0].head, answers["live/none", 0].events) == (0, ())
    # Asked by one who knows more than there is: the database is a restored one.
    assert (answers["live/a", 9].floor, answers["live/a", 9].head) == (5, 5)


@pytest.mark.django_db()
def test_an_answer_says_from_where_it_can_tell(
    relay: Relay, ears: Ears, bus: Bus, hints: Subscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    emit("live/a", 8)
    Outbox.objects.filter(seq__lte=3).update(created_at=timezone.now() - dt.timedelta(hours=25))
    outbox.prune()
    bus.publish(wire.ASK, {"asks": [["live/a", 1]]})
    relay.turn(hints)
    answer = next(fanout for fanout in ears.fanouts() if fanout.after is not None)
    assert (answer.floor, answer.head, seqs([answer], "live/a")) == (3, 8, [4, 5, 6, 7, 8])
    monkeypatch.setattr(wire, "RING_EVENTS", 2)
    bus.publish(wire.ASK, {"asks": [["live/a", 0]]})
    relay.turn(hints)
    (answer,) = ears.fanouts()
    assert (answer.floor, seqs([answer], "live/a")) == (6, [7, 8])
    outbox.prune(timezone.now() + dt.timedelta(days=2))
    bus.publish(wire.ASK, {"asks": [["live/a", 0]]})
    relay.turn(hints)
    (answer,) = ears.fanouts()
    assert (answer.floor, answer.head, answer.events) == (8, 8, ())


@pytest.mark.django_db()
@pytest.mark.parametrize(
    "message", [{}, {"asks": 3}, {"asks": [["live/a"]]}, {"asks": [[1, "x"]]}, {"channel": 5}]
)
def test_broken_hints_do_no_harm(
    relay: Relay, ears: Ears, bus: Bus, hints: Subscription, message: dict
) -> None:
    bus.publish(wire.ASK, message)
    bus.publish(wire.OUTBOX, message)
    emit("live/a", 1)
    relay.turn(hints)
    assert seqs(ears.fanouts(), "live/a") == [1]


@pytest.mark.django_db()
def test_heads_name_the_channels_that_moved_lately(relay: Relay, ears: Ears, hints: Subscription) -> None:
    emit("live/a", 2)
    for _ in range(5):
        relay.turn(hints)
    assert {"live/a": 2} in ears.heads()
    relay._clock.now += LATELY_SECONDS  # type: ignore[attr-defined]
    relay.turn(hints)
    assert ears.heads() == [{}]


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_is_waited_for(bus: Bus, ears: Ears, monkeypatch: pytest.MonkeyPatch) -> None:
    real, faults = outbox.heads, iter([True, True])

    def heads() -> dict[str, int]:
        if next(faults, False):
            raise OperationalError("the database is away")
        return real()

    monkeypatch.setattr(outbox, "heads", heads)
    stop = threading.Event()
    monkeypatch.setattr(stop, "wait", lambda _seconds: False)
    thread = threading.Thread(target=Relay(stop, bus).run)
    with bus.subscribe(wire.HEADS) as stream:
        thread.start()
        assert stream.get(PATIENCE) == (wire.HEADS, {"heads": {}})
    stop.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
