"""How much the interfaces are used: public, by day, interface and dataset. Who asked is not known here."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils import timezone

from maru.services.opendata.contracts_keys import UseReport, UseRow
from maru.services.opendata.models.keys import UsageDay

_SUMS = {"c": Sum("calls"), "r": Sum("rows"), "f": Sum("refused")}


def usage(*, days: int = 30, dataset: str = "") -> UseReport:
    """The last ``days`` days (1 to 800), of one dataset if a slug is given. Counts of the last seconds may be missing."""
    until = timezone.now().date()
    since = until - dt.timedelta(days=max(1, min(days, 800)) - 1)
    rows = UsageDay.objects.filter(day__gte=since, day__lte=until)
    if dataset:
        rows = rows.filter(dataset=dataset)
    by_day = {one.name: one for one in _grouped(rows, "day")}
    every = [(since + dt.timedelta(days=i)).isoformat() for i in range((until - since).days + 1)]
    by_interface = sorted(_grouped(rows, "interface"), key=lambda one: (-one.calls, one.name))
    named = _grouped(rows.exclude(dataset=""), "dataset")
    return UseReport(
        since=since,
        until=until,
        calls=sum(one.calls for one in by_interface),
        rows=sum(one.rows for one in by_interface),
        refused=sum(one.refused for one in by_interface),
        days=tuple(by_day.get(day) or UseRow(day, 0, 0, 0) for day in every),
        interfaces=tuple(by_interface),
        datasets=tuple(sorted(named, key=lambda one: (-one.calls, one.name))[:20]),
    )


def _grouped(rows: QuerySet[UsageDay], by: str) -> list[UseRow]:
    found: list[dict[str, Any]] = list(rows.order_by().values(by).annotate(**_SUMS))
    return [UseRow(str(one[by]), one["c"] or 0, one["r"] or 0, one["f"] or 0) for one in found]
