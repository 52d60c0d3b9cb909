"""Reading voices: counts for the public, the inbox of an office, what one citizen said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone

from maru.commons.people.models import Person
from maru.commons.voices.models import Answer, Step, Voice
from maru.commons.voices.states import READABLE, State

WAITING = (State.ROUTED, State.REOPENED)


@dataclass(frozen=True)
class Tally:
    """How many voices everyone may read, were answered, and wait for an office; ``late`` of these are past due."""

    asked: int
    answered: int
    waiting: int
    late: int


def tally(*, about: str = "", office_id: int | None = None) -> Tally:
    """Count the voices about one thing, or of one office. One query."""
    found = Voice.objects.filter(state__in=READABLE)
    if about:
        found = found.filter(about=about)
    if office_id is not None:
        found = found.filter(office_id=office_id)
    waiting = Q(state__in=WAITING)
    counts = found.aggregate(
        asked=Count("pk"),
        answered=Count("pk", filter=Q(answered_at__isnull=False) & ~waiting),
        waiting=Count("pk", filter=waiting),
        late=Count("pk", filter=waiting & Q(due_at__lt=timezone.now())),
    )
    return Tally(**counts)


@dataclass(frozen=True)
class Clock:
    """What an inbox shows of time: ``waited`` and ``left`` in seconds (``left`` below 0: late)."""

    waited: float
    left: float | None

    @property
    def late(self) -> bool:
        """Past the promise."""
        return self.left is not None and self.left < 0

    @property
    def days_waited(self) -> int:
        """Whole days since the city had it."""
        return int(self.waited // 86_400)

    @property
    def days_left(self) -> int:
        """Whole days until the promise; 0 on the last day and later."""
        return max(0, int((self.left or 0) // 86_400))

    @property
    def days_late(self) -> int:
        """Whole days past the promise; at least 1 if late."""
        return -int((self.left or 0) // 86_400) if self.late else 0


def clock_of(voice: Voice, now: datetime | None = None) -> Clock:
    """The clock of a voice that waits for an answer."""
    now = now or timezone.now()
    since = voice.routed_at or voice.created_at
    return Clock(
        waited=(now - since).total_seconds(),
        left=(voice.due_at - now).total_seconds() if voice.due_at else None,
    )


def inbox(*, office_ids: Iterable[int] | None, show: str = "waiting") -> QuerySet[Voice]:
    """Voices with these offices (None: all), the most urgent first. ``show``: waiting, answered, all."""
    found = Voice.objects.exclude(office=None).exclude(state=State.HIDDEN)
    if office_ids is not None:
        found = found.filter(office_id__in=list(office_ids))
    if show == "waiting":
        found = found.filter(state__in=WAITING).order_by("due_at", "pk")
    elif show == "answered":
        found = found.filter(state__in=[State.ANSWERED, State.CLOSED]).order_by("-answered_at", "-pk")
    else:
        found = found.order_by("-created_at", "-pk")
    return with_life(found)


def mine(*, person: Person | None, device: str) -> QuerySet[Voice]:
    """What this account, or this browser without an account, has said; hidden voices too."""
    if person is not None:
        return with_life(Voice.objects.filter(author=person))
    if device:
        return with_life(Voice.objects.filter(author=None, device=device))
    return Voice.objects.none()


def with_life(voices: QuerySet[Voice]) -> QuerySet[Voice]:
    """The same with office, steps and answers in three queries."""
    return voices.select_related("office").prefetch_related(
        Prefetch("steps", queryset=Step.objects.select_related("office")),
        Prefetch("answers", queryset=Answer.objects.select_related("office")),
    )
