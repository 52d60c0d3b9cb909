"""The memory of a channel: whatever the bus does, each reader sees each event once and in order."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from maru.platform.events.wire import RING_EVENTS, Event, Fanout
from maru.platform.stream.channels import BATCH_SECONDS, Channel, encode, message


def events(first: int, last: int, kind: str = "opinion") -> tuple[Event, ...]:
    return tuple(Event(seq, kind, {"id": f"e{seq}"}) for seq in range(first, last + 1))


def opened(head: int = 0, name: str = "live/hall") -> Channel:
    """A channel that the relay has told about; its ring holds all of 1..head."""
    channel = Channel(name)
    channel.receive(Fanout(name, 0, head, events(1, head), after=0), 0.0)
    return channel


def send(channel: Channel, first: int, last: int, now: float) -> None:
    channel.receive(Fanout(channel.name, first - 1, last, events(first, last)), now)


def parts(data: bytes) -> tuple[int, str, list[dict] | dict]:
    fields = dict(line.split(": ", 1) for line in data.decode().strip().split("\n"))
    return int(fields["id"]), fields["event"], json.loads(fields["data"])


class Eyes:
    """A reader without a socket."""

    def __init__(self, channel: Channel, position: int) -> None:
        self.channel = channel
        self.position = position
        self.saw: list[int] = []
        self.resets = 0

    def look(self) -> None:
        while (following := self.channel.after(self.position)) is not None:
            data, self.position = following
            _number, event, body = parts(data)
            if event == "reset":
                self.resets += 1
                self.saw.clear()
            else:
                assert isinstance(body, list)
                self.saw.extend(event["seq"] for event in body)


def test_a_crowd_of_events_is_one_message_a_second() -> None:
    channel = opened()
    messages = 0
    reader = Eyes(channel, 0)
    for tick in range(1, 1001):  # a hundred a second for ten seconds, looked at after each
        now = 100 + tick / 100
        send(channel, tick, tick, now)
        if channel.publish(now):
            messages += 1
            reader.look()
    assert messages == 10
    assert channel.publish(now + 1)
    reader.look()
    assert reader.saw == list(range(1, 1001))


def test_after_a_quiet_time_the_first_event_does_not_wait() -> None:
    channel = opened(3)
    assert channel.batch_at() is None
    send(channel, 4, 4, 50.0)
    assert channel.publish(50.0)
    send(channel, 5, 5, 50.1)
    assert channel.batch_at() == 50.0 + BATCH_SECONDS
    assert not channel.publish(50.9)
    assert channel.publish(51.0)


def test_a_batch_is_encoded_once_for_all() -> None:
    channel = opened(3)
    send(channel, 4, 6, 1.0)
    channel.publish(10.0)
    first, second = channel.after(3), channel.after(3)
    assert first is not None
    assert second is not None
    assert first[0] is second[0]
    assert channel.after(1)[0] is channel.after(1)[0]  # type: ignore[index]


def test_votes_of_one_question_are_told_once_a_batch() -> None:
    votes = [Event(1, "votes", {"id": "q", "votes": 1}), Event(2, "votes", {"id": "r", "votes": 7})]
    votes += [Event(3, "opinion", {"id": "o"}), Event(4, "votes", {"id": "q", "votes": 2})]
    number, kind, body = parts(message([encode(event) for event in votes]))
    assert (number, kind) == (4, "batch")
    assert [(event["seq"], event["kind"]) for event in body] == [(2, "votes"), (3, "opinion"), (4, "votes")]


def test_the_ring_keeps_the_last_events_and_no_more() -> None:
    channel = opened()
    send(channel, 1, RING_EVENTS + 500, 0.0)
    # What nobody was given yet is kept, however much it is.
    assert channel.floor == 0
    channel.publish(10.0)
    assert channel.floor == 500
    reader = Eyes(channel, 499)
    reader.look()
    assert reader.resets == 1
    reader = Eyes(channel, 500)
    reader.look()
    assert (reader.resets, reader.saw) == (0, list(range(501, RING_EVENTS + 501)))


def test_an_old_answer_does_not_turn_the_channel_back() -> None:
    channel = opened(10)
    channel.receive(Fanout("live/hall", 0, 7, events(1, 7), after=0), 1.0)
    assert (channel.head, channel.loads) == (10, 1)
    channel.receive(Fanout("live/hall", 7, 7, (), after=10), 1.0)
    assert (channel.head, channel.loads) == (7, 2)


def test_a_quiet_channel_is_asked_about_now_and_then() -> None:
    channel = opened(1)
    assert not channel.ask_due(5.0)
    assert channel.ask_due(11.0)
    assert not channel.ask_due(11.1)
    assert channel.ask_due(12.0)
    channel.receive(Fanout("live/hall", 1, 1, (), after=1), 12.0)
    assert not channel.ask_due(13.0)


# Any interleaving

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("emit"), st.integers(1, 4)),
        st.tuples(st.just("deliver"), st.integers(0, 9)),
        st.tuples(st.just("repeat"), st.integers(0, 9)),
        st.tuples(st.just("drop"), st.integers(0, 9)),
        st.tuples(st.just("time"), st.integers(1, 30)),
        st.tuples(st.just("join"), st.integers(0, 60)),
        st.tuples(st.just("look"), st.integers(0, 9)),
        st.tuples(st.just("heads"), st.just(0)),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=60,
)


class Story:
    """A relay, a bus that loses, repeats and reorders, a stream process that may die, and its readers."""

    def __init__(self) -> None:
        self.head = 0
        self.now = 0.0
        self.flying: list[Fanout] = []
        self.channel = Channel("live/hall")
        self.readers: list[tuple[int, Eyes]] = []

    def ask(self) -> None:
        if self.channel.ask_due(self.now):
            after = self.channel.head if self.channel.known else 0
            self.flying.append(Fanout("live/hall", after, self.head, events(after + 1, self.head), after))

    def step(self, act: str, number: int) -> None:
        if act == "emit":
            self.flying.append(
                Fanout("live/hall", self.head, self.head + number, events(self.head + 1, self.head + number))
            )
            self.head += number
        elif act in {"deliver", "repeat", "drop"} and self.flying:
            fanout = self.flying[number % len(self.flying)]
            if act != "repeat":
                self.flying.remove(fanout)
            if act != "drop":
                self.channel.receive(fanout, self.now)
        elif act == "time":
            self.now += number / 10
        elif act == "join" and self.channel.known:
            place = min(number, self.channel.published)
            self.readers.append((place, Eyes(self.channel, place)))
        elif act == "look" and self.readers:
            self.readers[number % len(self.readers)][1].look()
        elif act == "heads":
            self.channel.compare(self.head, self.now)
        elif act == "restart":
            # Readers come back with the last id they saw, to a process that knows nothing.
            self.channel = Channel("live/hall")
        self.ask()
        self.channel.publish(self.now)

    def settle(self) -> None:
        for _ in range(6):
            self.now += 11.0
            self.channel.compare(self.head, self.now)
            self.ask()
            while self.flying:
                self.step("deliver", 0)
            self.channel.publish(self.now + 1)

    def check(self) -> None:
        assert self.channel.head == self.channel.published == self.head
        for place, reader in self.readers:
            reader.channel = self.channel
            reader.look()
            assert reader.resets == 0
            assert reader.saw == list(range(place + 1, self.head + 1))


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_every_reader_sees_every_event_once_in_order(steps: Sequence[tuple[str, int]]) -> None:
    story = Story()
    for act, number in steps:
        story.step(act, number)
        for _place, reader in story.readers:
            reader.channel = story.channel if story.channel.known else reader.channel
    story.settle()
    story.check()
