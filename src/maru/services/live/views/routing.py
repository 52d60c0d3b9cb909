"""After the broadcast: which office answers what was not answered on air."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from maru.commons.offices.queries import answering
from maru.platform.access.refusals import Refusal
from maru.services.live import access
from maru.services.live.operations import answers as operations
from maru.services.live.queries import broadcasts as queries
from maru.services.live.queries import staff
from maru.services.live.queries.numbers import tally
from maru.services.live.views.replies import done

_PREFIX = "office-"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """The questions that nobody answered, each with a choice of offices; below, what lies where."""
    found, person = access.produced(request, slug)
    offices = answering()
    error = ""
    chosen = {
        name.removeprefix(_PREFIX): code
        for name, code in request.POST.items()
        if name.startswith(_PREFIX) and code
    }
    if request.method == "POST":
        by_code = {office.code: office for office in offices}
        wanted = {opinion: by_code[code] for opinion, code in chosen.items() if code in by_code}
        rest = by_code.get(request.POST.get("rest", ""))
        try:
            if not wanted and rest is None:
                error = _("Please choose an office for at least one question.")
            else:
                given = operations.route_unanswered(
                    broadcast=found, office_of=wanted, by=person, default=rest
                )
                message = ngettext(
                    "%(n)d question was passed on.", "%(n)d questions were passed on.", given
                ) % {"n": given}
                return done(request, reverse("live:routing", args=[slug]), message)
        except Refusal as refusal:
            error = str(refusal.message)
    context = {
        "card": queries.card(found),
        "waiting": [(row, chosen.get(row.id, "")) for row in staff.unrouted(found)],
        "routed": staff.routed(found),
        "offices": offices,
        "tally": tally(found),
        "error": error,
        "over": found.state in {"ended", "replay"},
    }
    return render(request, "live/routing.html", context, status=422 if error else 200)
