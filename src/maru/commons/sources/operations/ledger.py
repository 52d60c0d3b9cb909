"""Writing down what the collector did: newest values first, then cursors, letters, alarms and figures.

Plain SQL that SQLite and PostgreSQL share: the collector writes hundreds of rows a second beside a live broadcast, and no
transaction may hold the others up. So newest values go in portions of their own; a crash between them and the cursor
means that the source is asked again and nothing changes. What arrives late never replaces what is newer.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, transaction

from maru.commons.sources.contracts import DeadRow
from maru.commons.sources.models import DeadLetter, DriftAlarm, Run
from maru.commons.sources.settlements import Settlement, Watch
from maru.platform.events.outbox import emit_all

RAW_BYTES = 64 * 1024
CHANNEL = "sources"
_AT_ONCE = 400
_REASON = 300

_LATEST = """
INSERT INTO sources_latest (source_id, series, key, labels, number, text, unit, at, seen)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (source_id, series, key) DO UPDATE SET
  labels = excluded.labels, number = excluded.number, text = excluded.text, unit = excluded.unit,
  at = excluded.at, seen = excluded.seen
WHERE excluded.at >= sources_latest.at
"""
_HEALTH = """
UPDATE sources_source SET state = %s, last_ok_at = %s, last_value_at = %s, last_try_at = %s, next_at = %s,
  failures = %s, error = %s, error_detail = %s, error_at = %s, drift = %s,
  records = COALESCE(%s, records), corrected = corrected + %s, dead = dead + %s
WHERE name = %s
"""
_PLACE = "UPDATE sources_source SET cursor = %s, validators = %s WHERE name = %s"
_LETTER = """
INSERT INTO sources_deadletter (source_id, digest, raw, reason, field, seen, first_at, last_at)
VALUES (%s, %s, %s, %s, %s, 1, %s, %s)
ON CONFLICT (source_id, digest) DO UPDATE SET
  seen = sources_deadletter.seen + 1, last_at = excluded.last_at, reason = excluded.reason,
  field = excluded.field, settled_at = NULL
"""
_HOUR = """
INSERT INTO sources_hour (source_id, hour, runs, failures, added, corrected, dead, watched_s, late_s)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (source_id, hour) DO UPDATE SET
  runs = sources_hour.runs + excluded.runs, failures = sources_hour.failures + excluded.failures,
  added = sources_hour.added + excluded.added, corrected = sources_hour.corrected + excluded.corrected,
  dead = sources_hour.dead + excluded.dead, watched_s = sources_hour.watched_s + excluded.watched_s,
  late_s = sources_hour.late_s + excluded.late_s
"""
_USED = """
INSERT INTO sources_providerday (provider, day, used) VALUES (%s, %s, %s)
ON CONFLICT (provider, day) DO UPDATE SET used = excluded.used
"""


def settle(settlements: Sequence[Settlement]) -> None:
    """Write these down, in order. Raises DatabaseError; what was not written may be handed in again whole."""
    _write_latest(settlements)
    with transaction.atomic():
        _many(_HEALTH, [_health(one) for one in settlements])
        _many(
            _PLACE, [(one.place.cursor, one.place.validators, one.source) for one in settlements if one.place]
        )
        _many(_LETTER, [row for one in settlements for row in _letters(one)])
        _write_drift(settlements)
        _write_runs(settlements)
        moves = [_moved(one) for one in settlements if one.former]
        if moves:
            emit_all(moves)
    for one in settlements:
        if one.then is not None:
            one.then()


def note_watch(watches: Iterable[Watch]) -> None:
    """Add to the hours how long each source was watched and late."""
    with transaction.atomic():
        _many(_HOUR, [(w.source, _moment(w.hour), 0, 0, 0, 0, 0, w.watched_s, w.late_s) for w in watches])


def note_use(used: dict[str, tuple[dt.date, int]]) -> None:
    """Keep how much of their daily quotas is used."""
    with transaction.atomic():
        _many(_USED, [(name, day, count) for name, (day, count) in used.items()])


def letter_digest(raw: bytes) -> str:
    """The name of a dead letter: the same bytes are the same letter."""
    return hashlib.blake2b(raw, digest_size=16).hexdigest()


def _write_latest(settlements: Sequence[Settlement]) -> None:
    newest: dict[tuple[str, str, str], tuple[Any, ...]] = {}
    for one in settlements:
        seen = _moment(one.at)
        for row in one.latest:
            place = (one.source, row.series, row.key)
            before = newest.get(place)
            if before is None or row.at >= before[0]:
                newest[place] = (row.at, row.labels, row.number, row.text, row.unit, _moment(row.at), seen)
    # One order for all: two writers never wait for each other's rows.
    rows = [(*place, *values[1:]) for place, values in sorted(newest.items(), key=lambda item: item[0])]
    for start in range(0, len(rows), _AT_ONCE):
        with transaction.atomic():
            _many(_LATEST, rows[start : start + _AT_ONCE])


def _health(one: Settlement) -> tuple[Any, ...]:
    health = one.health
    return (
        health.state,
        _moment(health.last_ok_at),
        _moment(health.last_value_at),
        _moment(health.last_try_at),
        _moment(health.next_at),
        health.failures,
        health.error,
        health.error_detail[:500],
        _moment(health.error_at),
        health.drift,
        one.records,
        one.corrected,
        one.dead_count,
        one.source,
    )


def _letters(one: Settlement) -> list[tuple[Any, ...]]:
    at = _moment(one.at)
    found = []
    for letter in one.dead:
        raw = letter.raw[:RAW_BYTES]
        reason, field = clean(letter.reason)[:_REASON], clean(letter.field)[:60]
        found.append((one.source, letter_digest(raw), raw, reason, field, at, at))
    return found


def _write_drift(settlements: Sequence[Settlement]) -> None:
    opened = [(one, change) for one in settlements for change in one.drift if not change.closed]
    if opened:
        DriftAlarm.objects.bulk_create(
            [
                DriftAlarm(
                    source_id=one.source,
                    kind=change.kind,
                    name=clean(change.name)[:120],
                    becomes=clean(change.becomes)[:120],
                    first_at=one.at,
                    last_at=one.at,
                )
                for one, change in opened
            ],
            ignore_conflicts=True,
        )
    for one in settlements:
        for change in one.drift:
            if change.closed:
                DriftAlarm.objects.filter(
                    source_id=one.source, kind=change.kind, name=clean(change.name)[:120], closed_at=None
                ).update(closed_at=one.at)


def _write_runs(settlements: Sequence[Settlement]) -> None:
    hours: dict[tuple[str, dt.datetime], list[int]] = {}
    runs = []
    for one in settlements:
        hour = one.at.replace(minute=0, second=0, microsecond=0)
        sums = hours.setdefault((one.source, hour), [0, 0, 0, 0, 0])
        figures = (int(one.ended), int(bool(one.code)), one.added, one.corrected, one.dead_count)
        for place, figure in enumerate(figures):
            sums[place] += figure
        if one.code or one.added or one.corrected or one.gone or one.dead_count:
            runs.append(_run(one))
    _many(_HOUR, [(name, _moment(hour), *sums, 0.0, 0.0) for (name, hour), sums in hours.items()])
    Run.objects.bulk_create(runs)


def _run(one: Settlement) -> Run:
    return Run(
        source_id=one.source,
        at=one.at,
        seconds=round(one.seconds, 3),
        requests=one.requests,
        size=one.size,
        added=one.added,
        corrected=one.corrected,
        unchanged=one.unchanged,
        gone=one.gone,
        dead=one.dead_count,
        code=one.code,
        detail=clean(one.detail)[:500],
    )


def _moved(one: Settlement) -> tuple[str, str, dict[str, Any]]:
    value_at = one.health.last_value_at
    payload = {
        "name": one.source,
        "state": one.health.state,
        "before": one.former,
        "last_value_at": value_at.isoformat() if value_at else None,
    }
    return CHANNEL, "source", payload


def clean(text: str) -> str:
    """Without NUL and half surrogates, which PostgreSQL and UTF-8 do not take."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def dead_row(raw: bytes, reason: str, field: str = "") -> DeadRow:
    """A letter with at most what is kept of it."""
    return DeadRow(raw=raw[:RAW_BYTES], reason=reason[:_REASON], field=field[:60])


def forget(before: dt.datetime, letters_before: dt.datetime) -> None:
    """Remove old runs, settled or aged letters and closed alarms, in portions."""
    for model, condition in (
        (Run, {"at__lt": before}),
        (DeadLetter, {"last_at__lt": letters_before}),
        (DriftAlarm, {"closed_at__lt": letters_before}),
    ):
        while True:
            ids = list(
                model._default_manager.filter(**condition).order_by("pk").values_list("pk", flat=True)[:2000]
            )
            if not ids:
                break
            model._default_manager.filter(pk__in=ids).delete()


def _moment(moment: dt.datetime | None) -> Any:
    """As the backend wants it: plain SQL passes by Django's own adaption."""
    return connection.ops.adapt_datetimefield_value(moment) if moment is not None else None


def _many(sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(sql, rows)
