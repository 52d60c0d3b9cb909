"""Reading the developers' corner: showcase, meetings, requests for data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, Q
from django.utils import timezone

from maru.commons.offices.models import in_language
from maru.commons.voices.states import READABLE, State
from maru.services.opendata.contracts_corner import AppView, BookingView, MeetingView, WishAnswer, WishView
from maru.services.opendata.models.corner import (
    APP_KINDS,
    WISH_STATES,
    App,
    Booking,
    Meeting,
    Support,
    Wish,
)
from maru.services.opendata.models.datasets import Dataset

if TYPE_CHECKING:
    from django.db.models import QuerySet


# A request that no office has is nobody's work: so long may the city take to find one.
PLACED_WITHIN = timedelta(days=3)


def apps(
    *, state: str = "published", dataset: str = "", device: str = "", limit: int = 60
) -> tuple[AppView, ...]:
    """Apps in a state, newest first; ``dataset``: those made with it; ``device``: those sent by this browser."""
    found = App.objects.filter(device=device) if device else App.objects.filter(state=state)
    rows = list(found[: 500 if dataset else limit])
    if dataset:
        rows = [row for row in rows if dataset in row.datasets][:limit]
    names = titles_of({slug for row in rows for slug in row.datasets})
    return tuple(_app(row, names) for row in rows)


def titles_of(slugs: Iterable[str]) -> dict[str, str]:
    """The titles of published datasets in the reader's language, by slug."""
    rows = Dataset.objects.filter(slug__in=set(slugs), state="published").values_list("slug", "titles")
    return {slug: in_language(titles) for slug, titles in rows}


def app(slug: str) -> App | None:
    """One app, in any state."""
    return None if "\x00" in slug else App.objects.filter(slug=slug).first()


def meetings(*, kind: str = "", past: bool = False, with_bookings: bool = False) -> tuple[MeetingView, ...]:
    """What is offered from now on (``past``: what was, the last first), with the places left."""
    now = timezone.now()
    found = Meeting.objects.filter(starts_at__lt=now) if past else Meeting.objects.filter(starts_at__gte=now)
    if kind:
        found = found.filter(kind=kind)
    if not with_bookings:
        found = found.filter(cancelled_at=None)
    taken = Count("bookings", filter=Q(bookings__given_up_at=None))
    rows = found.annotate(taken=taken).order_by("-starts_at" if past else "starts_at")[:100]
    return tuple(_meeting(row, with_bookings=with_bookings) for row in rows)


def meeting(number: int) -> Meeting | None:
    """One meeting."""
    return Meeting.objects.filter(pk=number).first()


def meeting_view(row: Meeting) -> MeetingView:
    """One meeting as the pages show it."""
    return _meeting(row, with_bookings=False)


def booking(code: str) -> Booking | None:
    """The booking that this code opens."""
    return None if "\x00" in code else Booking.objects.select_related("meeting").filter(code=code).first()


def booking_view(row: Booking) -> BookingView:
    """One booking as its holder sees it."""
    return _booking(row)


def wishes(
    *,
    order: str = "support",
    state: str = "",
    who: Callable[[str], str] | None = None,
    staff: bool = False,
    limit: int = 100,
) -> tuple[WishView, ...]:
    """Requests that everyone may read (``staff``: also held ones); ``who`` gives the reader's digest for a number."""
    states = [*READABLE, *([State.HELD] if staff else [])]
    found = _with_life(Wish.objects.filter(voice__state__in=states))
    if state:
        found = found.filter(state=state)
    rows = list(found.order_by(*(("-pk",) if order == "new" else ("-supporters", "-pk")))[:limit])
    names = titles_of({row.dataset for row in rows if row.dataset})
    given = _supported(rows, who)
    return tuple(_wish(row, names, row.pk in given) for row in rows)


def wish(number: str, *, staff: bool = False) -> Wish | None:
    """One request that everyone may read (``staff``: any)."""
    found = Wish.objects.select_related("voice", "voice__office")
    if not staff:
        found = found.filter(voice__state__in=READABLE)
    return None if "\x00" in number else found.filter(number=number).first()


def wish_view(row: Wish, *, who: Callable[[str], str] | None = None) -> WishView:
    """One request as the pages show it."""
    names = titles_of([row.dataset] if row.dataset else [])
    return _wish(row, names, bool(_supported([row], who)))


def _with_life(found: QuerySet[Wish]) -> QuerySet[Wish]:
    return found.select_related("voice", "voice__office").prefetch_related("voice__answers__office")


def _supported(rows: list[Wish], who: Callable[[str], str] | None) -> set[int]:
    if who is None or not rows:
        return set()
    wanted = Q()
    for row in rows:
        if digest := who(row.number):
            wanted |= Q(wish=row, who=digest)
    return set(Support.objects.filter(wanted).values_list("wish_id", flat=True)) if wanted else set()


def _wish(row: Wish, names: Mapping[str, str], supported: bool) -> WishView:
    voice = row.voice
    waiting = row.state == "open" and not voice.answered_at
    due = voice.due_at
    if voice.office is None and voice.state != State.HELD:
        due = (voice.published_at or voice.created_at) + PLACED_WITHIN
    return WishView(
        number=row.number,
        title=row.title,
        text=voice.text,
        state=row.state,
        state_title=row.get_state_display(),
        supporters=row.supporters,
        supported=supported,
        at=voice.created_at,
        office=in_language(voice.office.names) if voice.office else "",
        due_at=due if waiting else None,
        late=bool(waiting and due and due < timezone.now()),
        answers=tuple(
            WishAnswer(in_language(one.office.names) if one.office else "", one.text, one.at)
            for one in voice.answers.all()
        ),
        dataset=(row.dataset, names.get(row.dataset, row.dataset)) if row.dataset else None,
        held=voice.state == State.HELD,
    )


def _app(row: App, names: Mapping[str, str]) -> AppView:
    return AppView(
        slug=row.slug,
        name=row.name,
        summary=row.summary,
        address=row.address,
        kind=row.kind,
        kind_title=row.get_kind_display(),
        maker=row.maker,
        datasets=tuple((slug, names[slug]) for slug in row.datasets if slug in names),
        state=row.state,
        state_title=row.get_state_display(),
        reason=row.reason,
        sent_at=row.sent_at,
        email=row.email,
    )


def _meeting(row: Meeting, *, with_bookings: bool) -> MeetingView:
    taken = getattr(row, "taken", None)
    if taken is None:
        taken = row.bookings.filter(given_up_at=None).count()
    return MeetingView(
        id=row.pk,
        kind=row.kind,
        title=row.title,
        summary=in_language(row.summaries),
        place=row.place,
        starts_at=row.starts_at,
        ends_at=row.starts_at + timedelta(minutes=row.minutes),
        minutes=row.minutes,
        seats=row.seats,
        free=max(0, row.seats - taken),
        cancelled=row.cancelled_at is not None,
        over=row.starts_at <= timezone.now(),
        bookings=tuple(_booking(one) for one in row.bookings.all()) if with_bookings else (),
    )


def _booking(row: Booking) -> BookingView:
    return BookingView(row.code, row.name, row.email, row.subject, row.at, row.given_up_at is not None)


def wish_states() -> list[tuple[str, str]]:
    """The states of a request with their names."""
    return [(code, str(name)) for code, name in WISH_STATES]


def app_kinds() -> list[tuple[str, str]]:
    """The kinds of apps with their names."""
    return [(code, str(name)) for code, name in APP_KINDS]
