"""What the media process saw, written down and shown to the producer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog
from django.db import transaction

from maru.services.live.engine.contracts import Report
from maru.services.live.models import Broadcast, LogEntry, cut
from maru.services.live.operations.inputs import inputs_event
from maru.services.live.operations.marks import tell
from maru.services.live.wire import iso

log = structlog.get_logger("maru.live")

# An encoder with a wrong key tries again at once and for ever: one line tells it, a thousand hide the rest.
_QUIET = timedelta(seconds=10)
_INPUT_STATE = {"connected": "connected", "recovered": "connected", "fault": "faulty", "lost": "idle"}


def note_report(*, report: Report) -> LogEntry | None:
    """Keep a report in the broadcast's log and tell the studio. None if it belongs to no broadcast or
    repeats itself.

    A refused key that belongs to no broadcast is shown in those that are on air: their producer is the one
    who waits.
    """
    log.info("report", broadcast=report.broadcast, what=report.kind, input=report.input, reason=report.reason)
    if report.broadcast:
        found = Broadcast.objects.filter(slug=report.broadcast).first()
        return _note(found, report) if found else None
    entries = [_note(found, report) for found in Broadcast.objects.filter(state="live")[:10]]
    return entries[0] if entries else None


def log_event(entry: LogEntry) -> dict[str, object]:
    """The payload of a ``log`` event. What happened is ``what``: ``kind`` is the event's own."""
    return {
        "id": entry.pk,
        "at": iso(entry.at),
        "what": entry.kind,
        "input": entry.input,
        "source_from": entry.source_from,
        "source_to": entry.source_to,
        "reason": entry.reason,
        "detail": entry.detail,
    }


def _note(broadcast: Broadcast, report: Report) -> LogEntry | None:
    at = cut(datetime.fromtimestamp(report.at, UTC))
    with transaction.atomic():
        if report.kind == "refused_key" and _said_lately(broadcast, report, at):
            return None
        entry = LogEntry.objects.create(
            broadcast=broadcast,
            at=at,
            kind=report.kind,
            input=report.input,
            source_from=report.source_from,
            source_to=report.source_to,
            reason=report.reason[:300],
            detail=report.detail,
        )
        if report.input and report.kind in _INPUT_STATE:
            _set_input(broadcast, report, at)
        tell(broadcast, staff=[("log", log_event(entry)), ("inputs", inputs_event(broadcast))])
    return entry


def _said_lately(broadcast: Broadcast, report: Report, at: datetime) -> bool:
    return broadcast.log.filter(kind=report.kind, reason=report.reason[:300], at__gt=at - _QUIET).exists()


def _set_input(broadcast: Broadcast, report: Report, at: datetime) -> None:
    changes: dict[str, object] = {"state": _INPUT_STATE[report.kind]}
    if report.kind == "connected":
        changes["connected_at"] = at
    elif report.kind == "lost":
        changes["connected_at"] = None
    broadcast.inputs.filter(name=report.input).update(**changes)
