"""Requests for data: asking, wanting it too, and what became of each."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from maru.commons.offices.queries import answering
from maru.platform.access.refusals import NotFound, Refusal
from maru.services.opendata import access
from maru.services.opendata.forms import DecideForm, RouteForm, WishForm
from maru.services.opendata.operations import wishes as operations
from maru.services.opendata.queries import corner as queries
from maru.services.opendata.views.replies import done, refused, status_of, tried


@require_http_methods(["GET", "HEAD", "POST"])
def shelf(request: HttpRequest) -> HttpResponse:
    """What people ask for, and the form of a new request."""
    form = WishForm(request.POST or None)

    def ask(sent: WishForm) -> HttpResponse:
        access.limit_writing(request)
        made = operations.ask_for_data(
            title=sent.cleaned_data["title"],
            text=sent.cleaned_data["text"],
            nickname=sent.cleaned_data["nickname"],
            person=access.person_of(request),
            device=access.speaker(request).device,
        )
        if queries.wish(made.number) is None:
            return done(request, reverse("opendata:requests"), _("Thank you. A moderator reads it first."))
        return done(
            request,
            reverse("opendata:request", args=[made.number]),
            _("Thank you. Everyone can read it now."),
        )

    answer = tried(request, form, ask)
    if answer is not None:
        return answer
    granted, newest = request.GET.get("state") == "granted", request.GET.get("order") == "new"
    context = {
        "form": form,
        "current": "?state=granted" if granted else "?order=new" if newest else "?order=support",
        "wishes": queries.wishes(
            order="new" if newest else "support", state="granted" if granted else "", who=_who(request)
        ),
    }
    return render(request, "opendata/requests.html", context, status=status_of(form))


@require_safe
def wish(request: HttpRequest, number: str) -> HttpResponse:
    """One request; for the desk also where it goes and what became of it."""
    staff = access.reader(request).publisher
    found = _found(number, staff=staff)
    context: dict[str, Any] = {"wish": queries.wish_view(found, who=_who(request)), "staff": staff}
    if staff:
        offices = [(one.code, one.name) for one in answering()]
        context |= {
            "routing": RouteForm(offices=offices),
            "deciding": DecideForm(states=queries.wish_states(), initial={"state": context["wish"].state}),
        }
    return render(request, "opendata/request.html", context)


@require_POST
def support(request: HttpRequest, number: str) -> HttpResponse:
    """Want it too, or no more."""
    back = reverse("opendata:request", args=[number])
    try:
        access.limit_writing(request)
        found = _found(number, staff=False)
        operations.support(
            wish=found, person=access.person_of(request), device=access.speaker(request).device
        )
    except Refusal as refusal:
        return refused(request, back, refusal)
    return done(request, back)


def _found(number: str, *, staff: bool) -> Any:
    found = queries.wish(number, staff=staff)
    if found is None:
        raise NotFound(_("There is no such request."))
    return found


def _who(request: HttpRequest) -> Any:
    person, device = access.person_of(request), access.reader(request).device
    return lambda number: operations.supporter(number, person, device)
