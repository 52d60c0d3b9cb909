"""The desk's part of the corner: requests for data, apps, courses and consulting hours."""

from __future__ import annotations

from typing import Any

from django.core.mail import send_mail
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from maru.commons.offices.queries import answering
from maru.platform.access.refusals import Invalid, NotFound, Refusal
from maru.services.opendata import access
from maru.services.opendata.forms import MeetingForm
from maru.services.opendata.operations import corner as operations
from maru.services.opendata.operations import wishes as wish_operations
from maru.services.opendata.queries import corner as queries
from maru.services.opendata.views.replies import done, refused, status_of, tried


@never_cache
@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    """All requests, held ones too."""
    access.publisher(request)
    context = {"here": _("Requests for data"), "wishes": queries.wishes(staff=True, limit=200)}
    return render(request, "opendata/desk_requests.html", context)


@require_POST
def request_act(request: HttpRequest, number: str) -> HttpResponse:
    """Pass a request on to an office, or say what became of it."""
    person = access.publisher(request)
    back = reverse("opendata:request", args=[number])
    found: Any = queries.wish(number, staff=True)
    if found is None:
        raise NotFound(_("There is no such request."))
    try:
        if request.POST.get("act") == "route":
            office = next((one for one in answering() if one.code == request.POST.get("office", "")), None)
            if office is None:
                raise Invalid("office", _("Please choose an office."))
            wish_operations.route_wish(wish=found, office=office, by=person)
            return done(request, back, _("Passed on."))
        slug = request.POST.get("dataset", "").strip().strip("/").rpartition("/")[2]
        if slug and slug not in queries.titles_of([slug]):
            raise Invalid("dataset", _("There is no such dataset."))
        wish_operations.decide_wish(wish=found, state=request.POST.get("state", ""), dataset=slug, by=person)
    except Refusal as refusal:
        return refused(request, back, refusal)
    return done(request, back, _("Saved."))


@never_cache
@require_safe
def apps(request: HttpRequest) -> HttpResponse:
    """What waits for the showcase, and what is in it."""
    access.publisher(request)
    context = {
        "here": _("Apps"),
        "waiting": queries.apps(state="waiting", limit=100),
        "shown": queries.apps(limit=200),
    }
    return render(request, "opendata/desk_apps.html", context)


@require_POST
def app_act(request: HttpRequest, slug: str) -> HttpResponse:
    """Take an app into the showcase, or say why not."""
    person = access.publisher(request)
    back = reverse("opendata:desk_apps")
    found: Any = queries.app(slug)
    if found is None:
        raise NotFound(_("There is no such app."))
    publish = request.POST.get("act") == "publish"
    try:
        operations.decide_app(app=found, publish=publish, reason=request.POST.get("reason", ""), by=person)
    except Refusal as refusal:
        return refused(request, back, refusal)
    return done(request, back, _("It is in the showcase.") if publish else _("Saved."))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def meetings(request: HttpRequest) -> HttpResponse:
    """What is planned, who comes, and a new date."""
    person = access.publisher(request)
    form = MeetingForm(request.POST or None)

    def announce(sent: MeetingForm) -> HttpResponse:
        data = sent.cleaned_data
        operations.announce_meeting(
            titles=sent.titles(),
            summaries=sent.summaries(),
            by=person,
            **{name: data[name] for name in ("kind", "place", "starts_at", "minutes", "seats")},
        )
        return done(request, reverse("opendata:desk_meetings"), _("Announced."))

    answer = tried(request, form, announce)
    if answer is not None:
        return answer
    context = {
        "here": _("Courses and consulting hours"),
        "meetings": queries.meetings(with_bookings=True),
        "form": form,
    }
    return render(request, "opendata/desk_meetings.html", context, status=status_of(form))


@require_POST
def meeting_cancel(request: HttpRequest, number: int) -> HttpResponse:
    """Take a date back and tell those who had booked."""
    person = access.publisher(request)
    found: Any = queries.meeting(number)
    if found is None:
        raise NotFound(_("There is no such date."))
    addresses = operations.cancel_meeting(meeting=found, by=person)
    view = queries.meeting_view(found)
    for address in addresses:
        # One mail each: nobody reads who else had booked.
        send_mail(
            subject=_("Cancelled: %(title)s") % {"title": view.title},
            message=_("%(title)s on %(day)s was cancelled. We are sorry.")
            % {"title": view.title, "day": f"{view.starts_at:%Y-%m-%d %H:%M} UTC"},
            from_email=None,
            recipient_list=[address],
            fail_silently=True,
        )
    return done(request, reverse("opendata:desk_meetings"), _("Cancelled."))
