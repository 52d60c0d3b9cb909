"""The developers' corner: apps for the showcase, courses and consulting hours, and bookings of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from maru.commons.moderation import operations as moderation
from maru.commons.voices.operations import clean
from maru.platform.access.refusals import Conflict, Invalid
from maru.platform.audit.operations import record
from maru.services.opendata.contracts_corner import APP_NAME, APP_SUMMARY
from maru.services.opendata.models.corner import APP_KINDS, App, Booking, Meeting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from maru.commons.people.models import Person

_MOST_SEATS = 500
_LONGEST = 600  # minutes
KEPT = timedelta(days=30)


def submit_app(
    *,
    name: str,
    summary: str,
    address: str,
    kind: str,
    maker: str,
    email: str = "",
    datasets: Iterable[str] = (),
    person: Person | None = None,
    device: str = "",
) -> App:
    """Somebody shows what they made; it waits for the city. Raises Invalid (the field named), NotAllowed (blocked)."""
    moderation.check_may_write(device=device, person=person)
    given = {"name": line(name, APP_NAME, "name"), "maker": line(maker, 60, "maker")}
    words = block(summary, APP_SUMMARY, "summary")
    parts = urlsplit(address.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Invalid("address", _("An address begins with https://."))
    if kind not in dict(APP_KINDS):
        raise Invalid("kind", _("Please choose one of the kinds."))
    with transaction.atomic():
        return App.objects.create(
            slug=_free_slug(given["name"]),
            summary=words,
            address=address.strip()[:300],
            kind=kind,
            email=email.strip(),
            datasets=list(dict.fromkeys(datasets))[:20],
            person=person,
            device=device,
            **given,
        )


def decide_app(*, app: App, publish: bool, reason: str = "", by: Person) -> App:
    """Take an app into the showcase, or say why not (its maker reads it). Either can be taken back."""
    words = clean(reason).replace("\n", " ")[:300]
    if not publish and not words:
        raise Invalid("reason", _("Say why: the maker will read it."))
    with transaction.atomic():
        row = App.objects.select_for_update().get(pk=app.pk)
        row.state, row.reason, row.decided_at = (
            "published" if publish else "refused",
            "" if publish else words,
            timezone.now(),
        )
        row.save(update_fields=["state", "reason", "decided_at"])
        act = "opendata.show_app" if publish else "opendata.refuse_app"
        record(actor=by, act=act, target=f"developers/apps/{row.slug}", details={"reason": row.reason})
    return row


def announce_meeting(
    *,
    kind: str,
    titles: dict[str, str],
    place: str,
    starts_at: datetime,
    minutes: int,
    seats: int,
    by: Person | None,
    summaries: dict[str, str] | None = None,
) -> Meeting:
    """Offer a course or an hour. Raises Invalid (titles, place, starts_at, minutes, seats)."""
    words = {language: text for language, given in titles.items() if (text := clean(given)[:120])}
    if not words:
        raise Invalid("titles", _("It needs a title."))
    if starts_at <= timezone.now():
        raise Invalid("starts_at", _("Please choose a time to come."))
    if not 5 <= minutes <= _LONGEST:
        raise Invalid("minutes", _("Between 5 and 600 minutes, please."))
    if not 1 <= seats <= _MOST_SEATS:
        raise Invalid("seats", _("Between 1 and 500 places, please."))
    with transaction.atomic():
        made = Meeting.objects.create(
            kind="hour" if kind == "hour" else "course",
            titles=words,
            summaries={
                language: text
                for language, given in (summaries or {}).items()
                if (text := clean(given)[:600])
            },
            place=line(place, 200, "place"),
            starts_at=starts_at,
            minutes=minutes,
            seats=seats,
        )
        record(actor=by, act="opendata.add_meeting", target=_target(made), details={"titles": made.titles})
    return made


def cancel_meeting(*, meeting: Meeting, by: Person) -> list[str]:
    """Take an offer back; the addresses of those who had booked, so that they can be told."""
    with transaction.atomic():
        row = Meeting.objects.select_for_update().get(pk=meeting.pk)
        if row.cancelled_at is None:
            row.cancelled_at = timezone.now()
            row.save(update_fields=["cancelled_at"])
            record(actor=by, act="opendata.cancel_meeting", target=_target(row))
        return list(row.bookings.filter(given_up_at=None).exclude(email="").values_list("email", flat=True))


def book(*, meeting: Meeting, name: str, email: str, subject: str = "") -> Booking:
    """Take a place. Raises Invalid (name, email), Conflict when it is full, over, cancelled or booked already."""
    given = line(name, 60, "name")
    address = email.strip().lower()
    if "@" not in address:
        raise Invalid("email", _("Please write an e-mail address."))
    try:
        with transaction.atomic():
            row = Meeting.objects.select_for_update().get(pk=meeting.pk)
            if row.cancelled_at is not None or row.starts_at <= timezone.now():
                raise Conflict(_("This can no longer be booked."), code="closed")
            if row.bookings.filter(given_up_at=None).count() >= row.seats:
                raise Conflict(_("All places are taken."), code="full")
            return Booking.objects.create(
                meeting=row, name=given, email=address, subject=clean(subject).replace("\n", " ")[:500]
            )
    except IntegrityError:
        if Booking.objects.filter(meeting=meeting, email=address, given_up_at=None).exists():
            raise Conflict(_("A place is already booked with this e-mail address."), code="booked") from None
        raise


def give_up(*, booking: Booking) -> Booking:
    """Give a place back; who booked it holds its code. Repeating it changes nothing."""
    with transaction.atomic():
        row = Booking.objects.select_for_update().select_related("meeting").get(pk=booking.pk)
        if row.given_up_at is None:
            row.given_up_at = timezone.now()
            row.save(update_fields=["given_up_at"])
    return row


def forget_bookings(*, before: datetime | None = None) -> int:
    """Name, address and subject of bookings whose meeting began before that time (default: thirty days ago)."""
    old = Booking.objects.filter(meeting__starts_at__lt=before or timezone.now() - KEPT)
    return old.exclude(name="", email="", subject="").update(name="", email="", subject="")


def line(raw: str, limit: int, field: str) -> str:
    """One line that says something, at most ``limit`` characters. Raises Invalid."""
    return block(" ".join(raw.split()), limit, field)


def block(raw: str, limit: int, field: str) -> str:
    """Text that says something, at most ``limit`` characters. Raises Invalid."""
    text = clean(raw)
    if not text:
        raise Invalid(field, _("Please write something."))
    if len(text) > limit:
        raise Invalid(field, _("At most %(most)d characters, please.") % {"most": limit})
    return text


def _free_slug(name: str) -> str:
    stem = slugify(name)[:50] or "app"
    taken: set[Any] = set(App.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    return next(one for n in range(len(taken) + 1) if (one := f"{stem}-{n + 1}" if n else stem) not in taken)


def _target(meeting: Meeting) -> str:
    return f"developers/meetings/{meeting.pk}"
