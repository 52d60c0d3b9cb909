"""The outbox: numbers follow commits, also when many write at once."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone

from maru.platform.events import outbox, wire
from maru.platform.events.models import Channel, Outbox
from maru.platform.ports.bus import connect


@pytest.fixture(autouse=True)
def own_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bus = connect("unix", tmp_path)
    monkeypatch.setattr(outbox, "bus", lambda: bus)


@pytest.mark.django_db()
def test_events_are_numbered_within_their_channel() -> None:
    assert outbox.emit("live/a", "opinion", {"id": "1"}) == 1
    assert outbox.emit("live/b", "opinion", {"id": "2"}) == 1
    assert outbox.emit("live/a", "hidden", {"id": "1"}) == 2
    assert outbox.heads() == {"live/a": 2, "live/b": 1}
    assert outbox.head("live/a") == 2
    assert outbox.head("live/none") == 0
    assert outbox.events_after("live/a", 0, 10) == [
        wire.Event(1, "opinion", {"id": "1"}),
        wire.Event(2, "hidden", {"id": "1"}),
    ]
    assert [event.seq for event in outbox.events_after("live/a", 1, 10)] == [2]
    assert len(outbox.events_after("live/a", 0, 1)) == 1


@pytest.mark.django_db()
def test_several_channels_at_once_keep_the_callers_order() -> None:
    outbox.emit("live/a", "x", {})
    numbers = outbox.emit_all([("staff/live/a", "x", {}), ("live/a", "y", {}), ("staff/live/a", "z", {})])
    assert numbers == [1, 2, 2]
    assert [event.kind for event in outbox.events_after("staff/live/a", 0, 9)] == ["x", "z"]


@pytest.mark.parametrize(
    ("channel", "payload"),
    [
        ("Live/a", {}),
        ("", {}),
        ("live/../a", {}),
        ("live/a\n", {}),
        ("live/a", {"seq": 1}),
        ("live/a", {"kind": 1}),
    ],
)
def test_what_cannot_travel_is_refused_before_anything_is_written(channel: str, payload: dict) -> None:
    with pytest.raises(ValueError):
        outbox.emit(channel, "x", payload)


@pytest.mark.django_db(transaction=True)
def test_the_hint_comes_after_the_commit_and_never_after_a_rollback() -> None:
    with outbox.bus().subscribe(wire.OUTBOX) as hints:
        with transaction.atomic():
            outbox.emit("live/a", "x", {})
            outbox.emit("live/a", "x", {})
            assert hints.get(0) is None
        assert hints.get(5) == (wire.OUTBOX, {"channel": "live/a"})
        with pytest.raises(RuntimeError), transaction.atomic():
            outbox.emit("live/a", "x", {})
            raise RuntimeError
        while (hint := hints.get(0)) is not None:
            assert outbox.head(hint[1]["channel"]) == 2
    assert outbox.emit("live/a", "x", {}) == 3


@pytest.mark.django_db(transaction=True)
def test_numbers_follow_commits_while_many_write() -> None:
    """A reader that polls all the while never sees a number before a smaller one, and none is missing."""
    writers, each = 6, 15
    start = threading.Barrier(writers + 1)
    seen: list[int] = []
    finished = threading.Event()

    def write(writer: int) -> None:
        try:
            start.wait(30)
            for number in range(each):
                with transaction.atomic():
                    # Channels in both orders: this would deadlock if emit_all did not put them in one.
                    pair = [("live/hall", "x", {"by": writer, "n": number}), ("staff/live/hall", "x", {})]
                    outbox.emit_all(pair if writer % 2 else pair[::-1])
                    threading.Event().wait(0.001 * (writer % 3))
                if number % 5 == 0:
                    with pytest.raises(RuntimeError), transaction.atomic():
                        outbox.emit("live/hall", "never", {})
                        raise RuntimeError
        finally:
            connection.close()

    def read() -> None:
        try:
            start.wait(30)
            while True:
                last_look = finished.wait(0.002)
                seen.extend(event.seq for event in outbox.events_after("live/hall", len(seen), 1000))
                if last_look:
                    return
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(writers)]
    reader = threading.Thread(target=read)
    for thread in (*threads, reader):
        thread.start()
    for thread in threads:
        thread.join()
    finished.set()
    reader.join()
    assert seen == list(range(1, writers * each + 1))
    events = outbox.events_after("live/hall", 0, 1000)
    for writer in range(writers):
        assert [e.payload["n"] for e in events if e.payload["by"] == writer] == list(range(each))
    assert outbox.head("staff/live/hall") == writers * each


@pytest.mark.django_db()
def test_what_is_a_day_old_is_thrown_away_and_the_count_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_PRUNED_AT_ONCE", 2)
    for _ in range(7):
        outbox.emit("live/a", "x", {})
    Outbox.objects.filter(seq__lte=5).update(created_at=timezone.now() - dt.timedelta(hours=25))
    assert outbox.prune() == 5
    assert [event.seq for event in outbox.events_after("live/a", 0, 9)] == [6, 7]
    assert outbox.prune(timezone.now() + dt.timedelta(days=2)) == 2
    assert outbox.emit("live/a", "x", {}) == 8
    assert Channel.objects.count() == 1
