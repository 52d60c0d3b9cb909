"""Who watches, in numbers: samples, peak, plays, phones. Nothing here knows an address."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Sum, Value
from django.db.models.functions import Round

from maru.services.live.models import AudienceSample, Broadcast, now

# A point every five seconds draws 40 minutes in 480 points.
_RHYTHM = timedelta(seconds=5)


def note_audience(*, broadcast: Broadcast, viewers: int, phones: int, joins: int) -> None:
    """Take in one reading of the audience: a sample (at most one in five seconds), the peak, the plays.

    ``joins`` is the stream's counter, which only grows; a smaller number than last time means that it began
    anew.
    A place where nobody is and nothing changed leaves no sample.
    """
    viewers, phones, joins = max(0, viewers), max(0, min(phones, viewers)), max(0, joins)
    Broadcast.objects.filter(pk=broadcast.pk, peak__lt=viewers).update(peak=viewers)
    last = broadcast.audience.order_by("-at").first()
    if last is None:
        if not (viewers or joins):
            return
        came = joins
    elif ((last.now, last.joins) == (0, joins) and not viewers) or now() - last.at < _RHYTHM:
        return
    else:
        came = joins - last.joins if joins >= last.joins else joins
    with transaction.atomic():
        AudienceSample.objects.create(broadcast=broadcast, now=viewers, phones=phones, joins=joins)
        # The share of phones is that of the time watched: a phone that comes back ten times is one phone.
        watched = broadcast.audience.aggregate(now=Sum("now"), phones=Sum("phones"))
        share = watched["phones"] / watched["now"] if watched["now"] else 0.0
        Broadcast.objects.filter(pk=broadcast.pk).update(plays=F("plays") + came)
        Broadcast.objects.filter(pk=broadcast.pk).update(phones=Round(F("plays") * Value(share)))
