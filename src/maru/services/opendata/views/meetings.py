"""Courses and consulting hours: what is offered, booking a place and giving it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from maru.platform.access.refusals import NotFound
from maru.services.opendata import access
from maru.services.opendata.contracts_corner import MeetingView
from maru.services.opendata.forms import BookingForm
from maru.services.opendata.operations import corner as operations
from maru.services.opendata.queries import corner as queries
from maru.services.opendata.views.replies import done, status_of, tried


@dataclass(frozen=True)
class Part:
    """Courses, or hours."""

    id: str
    title: str
    words: str
    meetings: tuple[MeetingView, ...]


@require_safe
def shelf(request: HttpRequest) -> HttpResponse:
    """What can be booked."""
    parts = [
        Part(
            "courses",
            _("Courses"),
            _("Free, for beginners and for those who know more. Bring a question and a computer."),
            queries.meetings(kind="course"),
        ),
        Part(
            "hours",
            _("Consulting hours"),
            _("One hour with someone who knows the data: what there is, what it means, how to call it."),
            queries.meetings(kind="hour"),
        ),
    ]
    return render(request, "opendata/meetings.html", {"parts": parts})


@require_http_methods(["GET", "HEAD", "POST"])
def meeting(request: HttpRequest, number: int) -> HttpResponse:
    """One date, and the form of a booking."""
    found: Any = queries.meeting(number)
    if found is None:
        raise NotFound(_("There is no such date."))
    form = BookingForm(request.POST or None)

    def book(sent: BookingForm) -> HttpResponse:
        access.limit_writing(request)
        made = operations.book(meeting=found, **sent.cleaned_data)
        return done(request, reverse("opendata:booking", args=[made.code]))

    answer = tried(request, form, book)
    if answer is not None:
        return answer
    context = {"meeting": queries.meeting_view(found), "form": form}
    return render(request, "opendata/meeting.html", context, status=status_of(form))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def booking(request: HttpRequest, code: str) -> HttpResponse:
    """A booking for the one who holds its address; POST gives the place back."""
    found = queries.booking(code)
    if found is None:
        raise NotFound(_("There is no such booking."))
    if request.method == "POST":
        operations.give_up(booking=found)
        return done(request, request.path, _("Thank you. Someone else can have it now."))
    context = {"booking": queries.booking_view(found), "meeting": queries.meeting_view(found.meeting)}
    response = render(request, "opendata/booking.html", context)
    # The address is the key to the booking: it must not travel to another site.
    response["Referrer-Policy"] = "no-referrer"
    return response
