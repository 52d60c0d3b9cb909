"""Questions and defect reports of a dataset, and subscriptions to its changes."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from maru.services.opendata import access
from maru.services.opendata.contracts import DatasetView
from maru.services.opendata.forms import AskForm, FollowForm, ReportForm
from maru.services.opendata.operations import remarks as operations
from maru.services.opendata.operations import subscriptions
from maru.services.opendata.queries import remarks as queries
from maru.services.opendata.views.asked import title_of
from maru.services.opendata.views.dataset import overview_context
from maru.services.opendata.views.frame import frame_of, language
from maru.services.opendata.views.replies import done, tried

_MOST = 100


@require_safe
def questions(request: HttpRequest, slug: str) -> HttpResponse:
    """What was asked and reported, and what the office answered."""
    return _page(request, slug)


@require_POST
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """A question. Refused, the page comes back with what was typed."""
    form = AskForm(request.POST)

    def send(sent: AskForm) -> HttpResponse:
        access.limit_writing(request)
        speaker = access.speaker(request)
        operations.ask(
            dataset=access.dataset(slug),
            text=sent.cleaned_data["text"],
            nickname=sent.cleaned_data["nickname"],
            person=access.person_of(request),
            device=speaker.device,
        )
        return _thanks(request, slug)

    return tried(request, form, send) or _page(request, slug, asking=form, status=422)


@require_POST
def report(request: HttpRequest, slug: str) -> HttpResponse:
    """A defect report, routed to the office that owns the data."""
    view, _frame = frame_of(request, slug, "questions")
    form = ReportForm(request.POST, columns=_columns(view))

    def send(sent: ReportForm) -> HttpResponse:
        access.limit_writing(request)
        speaker = access.speaker(request)
        operations.report_defect(
            dataset=access.dataset(slug),
            text=sent.cleaned_data["text"],
            column=sent.cleaned_data["column"],
            record=sent.cleaned_data["record"],
            person=access.person_of(request),
            device=speaker.device,
        )
        return _thanks(request, slug)

    return tried(request, form, send) or _page(request, slug, reporting=form, status=422)


@require_POST
def follow(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask to be told of changes."""
    form = FollowForm(request.POST, auto_id="follow_%s")

    def send(sent: FollowForm) -> HttpResponse:
        access.limit_subscribing(request)
        made = subscriptions.subscribe(
            dataset=access.dataset(slug),
            kind=sent.cleaned_data["kind"],
            address=sent.cleaned_data["address"],
            person=access.person_of(request),
            language=language(),
        )
        if sent.cleaned_data["kind"] == "email":
            message = _("Please look into your mail and confirm the address.")
            return done(request, reverse("opendata:dataset", args=[slug]), message)
        return done(
            request,
            reverse("opendata:subscription", args=[made.token]),
            _("Your program is told from now on."),
        )

    answer = tried(request, form, send)
    return answer or render(
        request, "opendata/dataset.html", overview_context(request, slug, form), status=422
    )


@require_http_methods(["GET", "HEAD", "POST"])
def subscription(request: HttpRequest, token: str) -> HttpResponse:
    """One subscription for the one who holds its address: confirm it, see it, end it."""
    found = access.subscription(token)
    if request.method == "POST":
        slug = found.dataset.slug
        if request.POST.get("act") == "end":
            subscriptions.unsubscribe(subscription=found)
            return done(request, reverse("opendata:dataset", args=[slug]), _("You are not told any more."))
        if request.POST.get("act") == "resume":
            subscriptions.resume(subscription=found)
            return done(request, request.path, _("We try again."))
        subscriptions.confirm(subscription=found)
        return done(request, request.path, _("Confirmed. You are told from now on."))
    return _private(
        render(request, "opendata/subscription.html", {"subscription": subscriptions.shown(found)})
    )


@csrf_exempt
@require_POST
def end_at_once(request: HttpRequest, token: str) -> HttpResponse:
    """A mail program's button "unsubscribe" (RFC 8058): the address itself is the permission."""
    subscriptions.unsubscribe(subscription=access.subscription(token))
    return HttpResponse(status=204)


def _private(response: HttpResponse) -> HttpResponse:
    """The address is the key to the subscription: it must not travel to another site."""
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "private, no-store"
    return response


def _thanks(request: HttpRequest, slug: str) -> HttpResponse:
    back = reverse("opendata:questions", args=[slug])
    return done(request, back, _("Thank you. It is with the city now; the answer comes on this page."))


def _columns(view: DatasetView) -> list[tuple[str, str]]:
    return [(column.name, title_of(column, language())) for column in view.columns]


def _page(
    request: HttpRequest,
    slug: str,
    *,
    asking: AskForm | None = None,
    reporting: ReportForm | None = None,
    status: int = 200,
) -> HttpResponse:
    view, context = frame_of(request, slug, "questions")
    found, _total = queries.remarks(slug, viewer=access.reader(request), size=_MOST)
    more: dict[str, Any] = {
        "remarks": found,
        "asking": asking or AskForm(auto_id="ask_%s"),
        "reporting": reporting or ReportForm(columns=_columns(view)),
    }
    return render(request, "opendata/questions.html", context | more, status=status)
