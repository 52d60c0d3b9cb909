"""From the transaction to the reader: the real outbox, relay, bus and memory of the stream, on either database."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.db import transaction

from maru.platform.events import outbox, wire
from maru.platform.events.relay import Relay
from maru.platform.ports.bus import connect
from maru.platform.stream.channels import Channel

PATIENCE = 20.0


@pytest.mark.django_db(transaction=True)
def test_what_was_committed_arrives_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bus = connect("unix", tmp_path)
    monkeypatch.setattr(outbox, "bus", lambda: bus)
    outbox.emit("live/old", "opinion", {})
    stop = threading.Event()
    thread = threading.Thread(target=Relay(stop, bus).run)
    channel = Channel("live/a")
    with bus.subscribe(wire.FANOUT, wire.HEADS) as stream:
        thread.start()
        try:
            while channel.head < 20:
                hint = stream.get(PATIENCE)
                assert hint is not None
                fanout = wire.read_fanout(hint[1]) if hint[0] == wire.FANOUT else None
                if fanout is not None:
                    # What was there before the relay started is not sent; who wants it asks.
                    assert fanout.channel == "live/a"
                    channel.receive(fanout, 0.0)
                if not channel.known:
                    bus.publish(wire.ASK, {"asks": [["live/a", 0]]})
                elif channel.head < 20:
                    with transaction.atomic():
                        outbox.emit("live/a", "opinion", {})
        finally:
            stop.set()
            thread.join(PATIENCE)
    assert not thread.is_alive()
    messages, place = [], 0
    channel.publish(1e9)
    while (following := channel.after(place)) is not None:
        messages.append(following[0])
        place = following[1]
    assert place == channel.head >= 20
