"""Figures of one broadcast."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Q, Sum

from maru.commons.voices.states import READABLE
from maru.services.live.contracts import AudiencePoint, Statistics, Tally
from maru.services.live.models import Broadcast, now

# The sample is taken every few seconds; an older one says nothing about now.
FRESH = timedelta(seconds=30)
_POINTS = 240


def tally(broadcast: Broadcast) -> Tally:
    """How the questions fared: one query."""
    readable = Q(voice__state__in=READABLE)
    asked = readable & Q(question=True)
    spoken = Q(question_state="answered")
    written = Q(voice__answered_at__isnull=False)
    counts = broadcast.opinions.aggregate(
        opinions=Count("pk", filter=readable),
        asked=Count("pk", filter=asked),
        answered=Count("pk", filter=asked & (spoken | written)),
        spoken=Count("pk", filter=asked & spoken),
        written=Count("pk", filter=asked & ~spoken & written),
        on_air=Count("pk", filter=asked & Q(question_state="on_air")),
    )
    return Tally(
        asked=counts["asked"],
        answered=counts["answered"],
        answered_on_air=counts["spoken"],
        answered_in_writing=counts["written"],
        on_air=counts["on_air"],
        waiting=counts["asked"] - counts["answered"] - counts["on_air"],
        opinions=counts["opinions"],
    )


def statistics(broadcast: Broadcast) -> Statistics:
    """Viewers, plays, share of phones, and how much was said."""
    samples = list(broadcast.audience.order_by("-at")[: _POINTS * 4])
    last = (
        samples[0] if samples and now() - samples[0].at <= FRESH and broadcast.state != "cancelled" else None
    )
    readable = broadcast.opinions.filter(voice__state__in=READABLE)
    counts = readable.aggregate(
        opinions=Count("pk"),
        questions=Count("pk", filter=Q(question=True)),
        votes=Sum("votes"),
        writers=Count("writer", distinct=True),
    )
    return Statistics(
        slug=broadcast.slug,
        state=broadcast.state,  # type: ignore[arg-type]  # the column's choices are the literal
        now=last.now if last else 0,
        phones_now=last.phones if last else 0,
        peak=broadcast.peak,
        plays=broadcast.plays,
        phones_share=phones_share(broadcast),
        opinions=counts["opinions"],
        questions=counts["questions"],
        votes=counts["votes"] or 0,
        writers=counts["writers"],
        tally=tally(broadcast),
        measured_at=samples[0].at if samples else None,
        curve=_thin([AudiencePoint(s.at, s.now, s.phones) for s in reversed(samples)]),
    )


def phones_share(broadcast: Broadcast) -> float | None:
    """Between 0 and 1; None while nobody has watched."""
    return round(broadcast.phones / broadcast.plays, 3) if broadcast.plays else None


def _thin(points: list[AudiencePoint]) -> tuple[AudiencePoint, ...]:
    """At most 240 points; of each stretch the one with most viewers, so that the peak is seen."""
    step = -(-len(points) // _POINTS) or 1
    return tuple(max(points[i : i + step], key=lambda point: point.now) for i in range(0, len(points), step))
