"""Use of the interfaces, written in batches: the front counts in memory and calls this every few seconds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from maru.services.opendata.models.keys import AccessKey, KeyDay, UsageDay

# (day, interface, dataset) -> (calls, rows, refused)
Counts = Mapping[tuple[dt.date, str, str], tuple[int, int, int]]
KEPT_DAYS = 800


def add_usage(*, counts: Counts, keys: Mapping[tuple[dt.date, int], int]) -> None:
    """Add what was counted since the last time: one transaction, a row per day, interface and dataset, and per key."""
    with transaction.atomic():
        for (day, interface, dataset), (calls, rows, refused) in sorted(counts.items()):
            place = {"day": day, "interface": interface, "dataset": dataset[:80]}
            changes = {
                "calls": F("calls") + calls,
                "rows": F("rows") + rows,
                "refused": F("refused") + refused,
            }
            if not UsageDay.objects.filter(**place).update(**changes):
                UsageDay.objects.bulk_create([UsageDay(**place)], ignore_conflicts=True)
                UsageDay.objects.filter(**place).update(**changes)
        # A key may have been deleted with its owner since it was counted.
        alive = set(AccessKey.objects.filter(pk__in={key for _day, key in keys}).values_list("pk", flat=True))
        for (day, key), calls in sorted(keys.items()):
            if key not in alive:
                continue
            if not KeyDay.objects.filter(key_id=key, day=day).update(calls=F("calls") + calls):
                KeyDay.objects.bulk_create([KeyDay(key_id=key, day=day)], ignore_conflicts=True)
                KeyDay.objects.filter(key_id=key, day=day).update(calls=F("calls") + calls)


def forget_old_usage() -> int:
    """Days of keys older than two months go (they are about people's programs); totals stay about two years."""
    today = timezone.now().date()
    gone, _by_model = KeyDay.objects.filter(day__lt=today - dt.timedelta(days=62)).delete()
    old, _by_model = UsageDay.objects.filter(day__lt=today - dt.timedelta(days=KEPT_DAYS)).delete()
    return gone + old
