"""What the worker repeats for the sources: grades, and forgetting what is old."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.utils import timezone

from maru.commons.sources.operations import grading, ledger
from maru.commons.sources.runner.shelf import Shelf
from maru.commons.sources.service import LETTER_DAYS, RUN_DAYS
from maru.platform.events.periodic import Periodic


def grade() -> None:
    """Find every source's grade anew."""
    declared = Shelf(settings.MARU.home).look() or {}
    grading.grade_all(declared, simulated=bool(settings.MARU.outside))


def forget() -> None:
    """Keep the manifest's promise."""
    now = timezone.now()
    ledger.forget(now - dt.timedelta(days=RUN_DAYS), now - dt.timedelta(days=LETTER_DAYS))


PERIODIC = (
    Periodic("sources grades", 600.0, grade),
    Periodic("sources retention", 3600.0, forget),
)
