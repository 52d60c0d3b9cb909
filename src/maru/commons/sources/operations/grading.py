"""Grades, found anew every hour and whenever a declaration changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from maru.commons.sources import grades
from maru.commons.sources.contracts import Declaration
from maru.commons.sources.models import Hour, Source

WEEK = dt.timedelta(days=7)


def grade_all(declared: Mapping[str, Declaration], *, simulated: bool) -> int:
    """Grade every source; returns how many changed."""
    now = timezone.now()
    watched = {
        row["source_id"]: (row["watched"] or 0.0, row["late"] or 0.0)
        for row in Hour.objects.filter(hour__gte=now - WEEK)
        .order_by()
        .values("source_id")
        .annotate(watched=Sum("watched_s"), late=Sum("late_s"))
    }
    changed = []
    for row in Source.objects.filter(name__in=list(declared)).order_by("name"):
        watched_s, late_s = watched.get(row.name, (0.0, 0.0))
        facts = grades.Facts(
            watched_s=watched_s,
            kept=kept_share(watched_s, late_s),
            records=row.records,
            dead=row.dead,
            drift=row.drift,
            live_checked_at=row.live_checked_at,
            simulated=simulated,
        )
        rules = grades.rules_of(declared[row.name], facts, now)
        grade, shown = grades.grade_of(rules), [[one.name, one.status, one.reason] for one in rules]
        if (row.grade, row.rules) != (grade, shown):
            row.grade, row.rules = grade, shown
            changed.append(row)
    # Only these columns: the collector writes the others at the same time.
    with transaction.atomic():
        Source.objects.bulk_update(changed, ["grade", "rules"], batch_size=100)
    return len(changed)


def kept_share(watched_s: float, late_s: float) -> float:
    """The share of the watched time within the promise; 1 where nothing was watched."""
    return max(0.0, 1.0 - late_s / watched_s) if watched_s else 1.0
