"""What the worker repeats for the sources: grades, and forgetting what is old."""

from __future__ import annotations

import datetime as dt
import math
import time

from django.conf import settings
from django.utils import timezone

from maru.commons.sources.models import Source
from maru.commons.sources.operations import grading, ledger
from maru.commons.sources.runner.shelf import Shelf
from maru.commons.sources.service import LETTER_DAYS, RUN_DAYS
from maru.platform.events.periodic import Periodic

GRADES_S = 600.0
_graded = (-math.inf, -1)  # when, by the monotonic clock, and how many sources there were


def grade() -> None:
    """Find every source's grade anew: every ten minutes, and at once when there are others than before."""
    global _graded
    number = Source.objects.count()
    if number == _graded[1] and time.monotonic() - _graded[0] < GRADES_S:
        return
    declared = Shelf(settings.MARU.home).look() or {}
    grading.grade_all(declared, simulated=bool(settings.MARU.outside))
    _graded = (time.monotonic(), number)


def forget() -> None:
    """Keep the manifest's promise."""
    now = timezone.now()
    ledger.forget(now - dt.timedelta(days=RUN_DAYS), now - dt.timedelta(days=LETTER_DAYS))


PERIODIC = (
    Periodic("sources grades", 10.0, grade),
    Periodic("sources retention", 3600.0, forget),
)
