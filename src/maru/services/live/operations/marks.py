"""What every change leaves behind: intervals to be written anew, events, a hint to the media process.

Transactions of the room lock in one order, so that no two wait for each other: broadcast, voices, audit log,
intervals, channels. Rows are locked with ``no_key``: PostgreSQL checks foreign keys when a transaction commits, and
that check must not wait for somebody who waits for the channel which this transaction holds.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from maru.platform.events.outbox import bus, emit_all
from maru.services.live.models import Broadcast, Opinion, now
from maru.services.live.wire import second_of

TOPIC = "live"
Event = tuple[str, str, dict[str, Any]]

_MARK = """
INSERT INTO live_interval (broadcast_id, second, wanted, written, changed_at) VALUES (%s, %s, 1, 0, %s)
ON CONFLICT (broadcast_id, second)
DO UPDATE SET wanted = live_interval.wanted + 1, changed_at = EXCLUDED.changed_at
"""


@dataclass
class _Gathered:
    marks: dict[int, tuple[Broadcast, set[int]]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)


_gathered: ContextVar[_Gathered | None] = ContextVar("gathered", default=None)


@contextmanager
def gathered() -> Iterator[None]:
    """Within a transaction of many steps: marks and events of all steps wait until the end, then go out
    together.

    Intervals are always locked before channels; steps that did both in turn could wait for each other.
    """
    if _gathered.get() is not None:
        yield
        return
    waiting = _Gathered()
    token = _gathered.set(waiting)
    try:
        yield
    finally:
        _gathered.reset(token)
    for broadcast, seconds in (waiting.marks[key] for key in sorted(waiting.marks)):
        _mark(broadcast, seconds)
    if waiting.events:
        emit_all(waiting.events)


def mark(broadcast: Broadcast, moments: Iterable[datetime]) -> None:
    """The timed files of these moments must be written anew. In a transaction, before its events."""
    seconds = {second_of(moment) for moment in moments}
    waiting = _gathered.get()
    if waiting is None:
        _mark(broadcast, seconds)
    else:
        waiting.marks.setdefault(broadcast.pk, (broadcast, set()))[1].update(seconds)


def _mark(broadcast: Broadcast, seconds: Iterable[int]) -> None:
    at = connection.ops.adapt_datetimefield_value(now())
    with connection.cursor() as cursor:
        # In order, so that two transactions that mark several intervals never wait for each other.
        for second in sorted(seconds):
            cursor.execute(_MARK, [broadcast.pk, second, at])


def mark_questions(broadcast: Broadcast) -> None:
    """All files with questions: their votes have changed since they were written."""
    moments = Opinion.objects.filter(broadcast=broadcast, question=True).values_list("moment", flat=True)
    mark(broadcast, list(moments))


def tell(
    broadcast: Broadcast,
    *events: tuple[str, dict[str, Any]],
    staff: Iterable[tuple[str, dict[str, Any]]] = (),
) -> None:
    """Emit to everyone and, with ``staff``, to studio and moderators. The last thing a transaction does."""
    told: list[Event] = [(broadcast.channel, kind, payload) for kind, payload in events]
    told += [(broadcast.staff_channel, kind, payload) for kind, payload in staff]
    waiting = _gathered.get()
    if waiting is not None:
        waiting.events += told
    elif told:
        emit_all(told)


def wake(broadcast: Broadcast) -> None:
    """After the commit: the media process looks at this broadcast at once instead of at its next poll."""
    transaction.on_commit(functools.partial(_hint, broadcast.slug), robust=True)


def _hint(slug: str) -> None:
    bus().publish(TOPIC, {"slug": slug})


def target(broadcast: Broadcast) -> str:
    """How the audit log names a broadcast."""
    return f"live/{broadcast.slug}"
