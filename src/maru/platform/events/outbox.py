"""Writing to the outbox, reading from it, and throwing away what is old."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from maru.platform.events import wire
from maru.platform.events.models import Channel, Outbox
from maru.platform.ports.bus import Bus, connect

KEPT = dt.timedelta(hours=24)
_PRUNED_AT_ONCE = 5000

# Counting up takes the row's lock until the transaction ends. Whoever comes second waits, sees the first one's number,
# and commits later: the order of numbers is the order of commits, and a reader never sees 8 before 7.
_NEXT = """
INSERT INTO events_channel (name, head) VALUES (%s, 1)
ON CONFLICT (name) DO UPDATE SET head = events_channel.head + 1
RETURNING head
"""


@functools.cache
def bus() -> Bus:
    """The bus of this process."""
    return connect(settings.MARU.bus, settings.MARU.home)


def emit(channel: str, kind: str, payload: dict[str, Any]) -> int:
    """Tell the readers of ``channel``, if and when the transaction commits. Returns the event's number.

    ``payload`` is plain JSON without the keys ``seq`` and ``kind``. Emit as late in the transaction as you can: the
    channel is locked until it ends. Who tells several channels uses ``emit_all``.
    Raises ValueError for a bad channel name or payload: a fault of the caller, not of a user.
    """
    return emit_all([(channel, kind, payload)])[0]


def emit_all(events: Sequence[tuple[str, str, dict[str, Any]]]) -> list[int]:
    """Emit several (channel, kind, payload) in one go; returns their numbers in the same order.

    Channels are locked in the order of their names, so that two transactions never wait for each other.
    """
    for channel, _kind, payload in events:
        if not wire.is_channel(channel):
            raise ValueError(f"not a channel name: {channel!r}")
        if wire.RESERVED & payload.keys():
            raise ValueError(f"payload of {channel} uses a reserved key")
    numbers = [0] * len(events)
    # Without a savepoint: if telling fails, what was to be told must not be committed either.
    with transaction.atomic(savepoint=False):
        for index in sorted(range(len(events)), key=lambda i: events[i][0]):
            channel, kind, payload = events[index]
            with connection.cursor() as cursor:
                cursor.execute(_NEXT, [channel])
                numbers[index] = int(cursor.fetchone()[0])
            Outbox.objects.create(channel_id=channel, seq=numbers[index], kind=kind, payload=payload)
        for channel in sorted({event[0] for event in events}):
            transaction.on_commit(functools.partial(_hint, channel), robust=True)
    return numbers


def _hint(channel: str) -> None:
    bus().publish(wire.OUTBOX, {"channel": channel})


def heads() -> dict[str, int]:
    """Number of the newest event of each channel."""
    return dict(Channel.objects.values_list("name", "head"))


def head(channel: str) -> int:
    """Number of the newest event of a channel; 0 if it has none. A page passes it on as ``?after=``."""
    return Channel.objects.filter(name=channel).values_list("head", flat=True).first() or 0


def events_after(channel: str, after: int, limit: int) -> list[wire.Event]:
    """At most ``limit`` events with a number above ``after``, in order."""
    rows = Outbox.objects.filter(channel_id=channel, seq__gt=after).order_by("seq")
    return [wire.Event(*row) for row in rows.values_list("seq", "kind", "payload")[:limit]]


def prune(now: dt.datetime | None = None) -> int:
    """Delete events older than a day; returns how many. In portions, so that no writer waits long."""
    before = (now or timezone.now()) - KEPT
    deleted = 0
    while True:
        ids = list(
            Outbox.objects.filter(created_at__lt=before)
            .order_by("pk")
            .values_list("pk", flat=True)[:_PRUNED_AT_ONCE]
        )
        if not ids:
            return deleted
        deleted += Outbox.objects.filter(pk__in=ids).delete()[0]
