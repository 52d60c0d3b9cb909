"""One source, whole: for its page, the Open API and the people who look after it."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import get_language, gettext

from maru.commons.offices.models import in_language
from maru.commons.sources import grades, words
from maru.commons.sources.contracts_pages import (
    Bar,
    DriftView,
    FieldView,
    LatestView,
    LetterView,
    RuleView,
    RunView,
    SourcePage,
)
from maru.commons.sources.models import DeadLetter, DriftAlarm, Hour, Latest, Run, Source
from maru.commons.sources.operations.grading import WEEK, kept_share
from maru.commons.sources.queries.catalogue import card_of, fields

HOURS = 48
RUNS = 20
LATEST = 60
LETTERS = 50
_SHOWN_BYTES = 1200


def source_page(source: Source) -> SourcePage:
    """Everything that everyone may know of it."""
    now = timezone.now()
    row = Source.objects.filter(pk=source.pk).values(*fields()).get()
    declared = source.declared
    licence, schedule = declared.get("licence", {}), declared.get("schedule", {})
    bars = arrivals(source, now)
    values = latest(source, limit=LATEST)
    return SourcePage(
        card=card_of(row, now),
        owner=_in_turn(declared.get("owner", "")),
        office_id=source.office_id,
        provider=source.provider,
        address=declared.get("address", ""),
        every_s=source.every_s,
        term=schedule.get("term", ""),
        licence_id=licence.get("id", ""),
        licence=licence.get("title", ""),
        licence_address=licence.get("address", ""),
        personal=words.of(words.PERSONAL, declared.get("personal", "none")),
        kept=_kept(source, now),
        paused=source.paused,
        wanted=source.wanted,
        last_ok_at=source.last_ok_at,
        last_try_at=source.last_try_at,
        next_at=source.next_at,
        failures=source.failures,
        error_detail=source.error_detail,
        error_at=source.error_at,
        corrected=source.corrected,
        letters=DeadLetter.objects.filter(source=source, settled_at=None).count(),
        latest=values,
        latest_total=Latest.objects.filter(source=source).count() if len(values) == LATEST else len(values),
        bars=bars,
        arrived=sum(bar.added for bar in bars),
        runs=tuple(_run(one) for one in Run.objects.filter(source=source)[:RUNS]),
        alarms=tuple(
            _alarm(one) for one in DriftAlarm.objects.filter(source=source).order_by("-last_at")[:30]
        ),
        rules=tuple(_rule(rule) for rule in source.rules),
        fields=_fields(declared),
        key=tuple(declared.get("key", ())),
        feeds=tuple(declared.get("feeds", ())),
        added_at=source.added_at,
        options=declared.get("options", {}),
    )


def latest(
    source: Source | str, *, series: str = "", limit: int = 100, offset: int = 0
) -> tuple[LatestView, ...]:
    """The newest value of each series of a source, in the order of series and key."""
    name = source if isinstance(source, str) else source.pk
    rows = Latest.objects.filter(source_id=name).order_by("series", "key")
    if series:
        rows = rows.filter(series=series)
    declared = Source.objects.values_list("declared", flat=True).filter(pk=name).first() or {}
    titles = {one["name"]: in_language(one.get("titles") or {}) for one in declared.get("series", ())}
    return tuple(_latest(row, titles) for row in rows[offset : offset + limit])


def arrivals(source: Source, now: dt.datetime) -> tuple[Bar, ...]:
    """What came in each of the last 48 hours, the present one last."""
    end = now.replace(minute=0, second=0, microsecond=0)
    start = end - dt.timedelta(hours=HOURS - 1)
    found = {row.hour: row for row in Hour.objects.filter(source=source, hour__gte=start)}
    most = max((row.added for row in found.values()), default=0)
    bars = []
    for number in range(HOURS):
        hour = start + dt.timedelta(hours=number)
        row = found.get(hour) or Hour(hour=hour)
        height = round(100 * row.added / most) if most else 0
        bars.append(Bar(hour, row.added, row.corrected, row.dead, row.failures, height))
    return tuple(bars)


def letters(source: Source) -> tuple[LetterView, ...]:
    """The newest dead letters, for those who look after the source."""
    rows = DeadLetter.objects.filter(source=source, settled_at=None).order_by("-last_at", "-pk")[:LETTERS]
    return tuple(letter(row) for row in rows)


def letter(row: DeadLetter) -> LetterView:
    """One of them."""
    raw = bytes(row.raw)
    return LetterView(
        id=row.pk,
        reason=gettext(row.reason),
        field=row.field,
        seen=row.seen,
        first_at=row.first_at,
        last_at=row.last_at,
        size=len(raw),
        shown=raw[:_SHOWN_BYTES].decode("utf-8", "backslashreplace").replace("\x00", "\\x00"),
    )


def _in_turn(text: str) -> str:
    """The reader's half of a text that a declaration gives as "Korean · English"; any other text as it is."""
    korean, middle, english = text.partition(" · ")
    if not middle or english.isascii() is korean.isascii():
        return text
    return korean if (get_language() or "").startswith("ko") else english


def _kept(source: Source, now: dt.datetime) -> float | None:
    sums = Hour.objects.filter(source=source, hour__gte=now - WEEK).aggregate(
        w=Sum("watched_s"), n=Sum("late_s")
    )
    return kept_share(sums["w"], sums["n"] or 0.0) if sums["w"] else None


def _latest(row: Latest, titles: dict[str, str]) -> LatestView:
    return LatestView(
        series=row.series,
        title=titles.get(row.series) or row.series,
        key=row.key,
        labels=json.loads(row.labels or "{}"),
        number=row.number,
        text=row.text,
        unit=row.unit,
        at=row.at,
        seen=row.seen,
    )


def _run(row: Run) -> RunView:
    return RunView(
        at=row.at,
        seconds=row.seconds,
        requests=row.requests,
        size=row.size,
        added=row.added,
        corrected=row.corrected,
        unchanged=row.unchanged,
        gone=row.gone,
        dead=row.dead,
        code=row.code,
        code_title=words.of(words.ERRORS, row.code) if row.code else "",
        detail=row.detail,
    )


def _alarm(row: DriftAlarm) -> DriftView:
    return DriftView(
        kind=row.kind,
        kind_title=words.of(words.DRIFTS, row.kind),
        name=row.name,
        becomes=row.becomes,
        first_at=row.first_at,
        closed_at=row.closed_at,
    )


def _rule(rule: list[str]) -> RuleView:
    name, status, reason = rule
    level = grades.LEVELS[name]
    return RuleView(
        name=name,
        title=str(grades.TITLES[name]),
        level=str(level),
        level_title=words.of(words.GRADES, level),
        status=status,
        reason=str(grades.REASONS.get(reason, reason)),
    )


def _fields(declared: dict[str, Any]) -> tuple[FieldView, ...]:
    key = set(declared.get("key", ()))
    return tuple(
        FieldView(
            name=one["name"],
            title=in_language(one.get("titles") or {}) or one["name"],
            type=words.of(words.TYPES, one.get("type", "text")),
            unit=one.get("unit", ""),
            outside=tuple(one.get("names", ())),
            key=one["name"] in key,
            personal=bool(one.get("personal")),
        )
        for one in declared.get("fields", ())
    )
