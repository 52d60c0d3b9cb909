"""Speaking and voting, as a page and for the page's script."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from maru.platform.access.refusals import Refusal, TooMany
from maru.services.live import access
from maru.services.live.contracts import NOBODY, BroadcastPage, OpinionView, Viewer
from maru.services.live.forms import OpinionForm, refuse
from maru.services.live.operations import conversation as operations
from maru.services.live.operations import questions
from maru.services.live.queries import conversation as talk
from maru.services.live.views.replies import done, form_json, refusal_json, refused, wants_json
from maru.services.live.wire import opinion_event

VIEWS = ("all", "top", "newest", "answered")
_WAITING = ("asked", "on_air", "passed")


@require_http_methods(["GET", "HEAD", "POST"])
def opinions(request: HttpRequest, slug: str) -> HttpResponse:
    """POST writes an opinion; GET gives a view of the conversation to the page's script."""
    return write(request, slug) if request.method == "POST" else read(request, slug)


def read(request: HttpRequest, slug: str) -> HttpResponse:
    """A view of the conversation as JSON: all, top, newest, answered, on_air."""
    found = access.broadcast(slug)
    viewer = access.reader(request)
    view = request.GET.get("view", "all")
    if view == "on_air":
        pinned = talk.on_air(found, viewer)
        rows: tuple[OpinionView, ...] = (pinned,) if pinned else ()
    else:
        rows = in_view(found, view if view in VIEWS else "all", viewer)
    response = JsonResponse(opinion_rows(rows))
    response["Cache-Control"] = "private, no-store"
    return response


def write(request: HttpRequest, slug: str) -> HttpResponse:
    """A citizen speaks. Refused, the page comes back with what was typed and the reason beside the field."""
    found = access.broadcast(slug)
    form = OpinionForm(request.POST)
    if form.is_valid():
        try:
            access.limit_writing(request)
            speaker = access.speaker(request)
            written = operations.write_opinion(
                broadcast=found,
                text=form.cleaned_data["text"],
                nickname=form.cleaned_data["nickname"],
                person=access.person_of(request),
                device=speaker.device,
                question=form.cleaned_data["question"],
                moment=form.cleaned_data["moment"],
                idempotency=form.cleaned_data["idempotency"],
            )
        except Refusal as refusal:
            if wants_json(request):
                return refusal_json(refusal)
            refuse(form, refusal)
            return _again(request, slug, form, refusal)
        back = reverse("live:broadcast", args=[slug])
        mark = "own" if written.held else f"o-{written.opinion.id}"
        message = (
            _("Thank you. A moderator reads it first; until then only you see it.")
            if written.held
            else _("Thank you. Everyone can read it now.")
        )
        more = {"opinion": opinion_event(written.opinion), "held": written.held}
        return done(request, f"{back}#{mark}", message, **more)
    if wants_json(request):
        return form_json(form)
    return _again(request, slug, form, None)


@require_POST
def vote(request: HttpRequest, slug: str, opinion: str) -> HttpResponse:
    """Support a question or take support back; without ``act`` it is turned round (a form without a script)."""
    found = access.broadcast(slug)
    back = f"{reverse('live:broadcast', args=[slug])}?view={_view(request)}#o-{opinion}"
    try:
        access.limit_voting(request)
        target = access.public_opinion(found, opinion)
        speaker = access.speaker(request)
        act = request.POST.get("act", "")
        if act not in {"add", "remove"}:
            act = "remove" if talk.one(target, speaker).voted else "add"
        change = questions.unvote if act == "remove" else questions.vote
        result = change(opinion=target, person=access.person_of(request), device=speaker.device)
    except Refusal as refusal:
        return refused(request, back, refusal)
    return done(request, back, votes=result.votes, voted=result.voted)


@require_safe
def mine(request: HttpRequest, slug: str) -> HttpResponse:
    """The reader's own opinions that others do not see, and why: the part of the page that shows them."""
    own = talk.own(access.broadcast(slug), access.reader(request))
    response = render(request, "live/_own.html", {"own": own})
    response["Cache-Control"] = "private, no-store"
    return response


def in_view(
    found: Any, view: str, viewer: Viewer = NOBODY, page: BroadcastPage | None = None
) -> tuple[OpinionView, ...]:
    """The opinions of one tab, newest or most supported first. ``page`` saves asking again for what it holds."""
    if view == "answered":
        return talk.questions(found, order="new", states=("answered",), viewer=viewer)
    if view == "newest":
        return talk.questions(found, order="new", viewer=viewer)
    if view == "top":
        return talk.questions(found, order="top", states=_WAITING, viewer=viewer)
    latest = page.conversation if page else talk.latest(found, viewer=viewer)
    return tuple(reversed(latest))


def answered_in_writing(found: Any, viewer: Viewer = NOBODY) -> tuple[OpinionView, ...]:
    """Opinions to which an office has answered, for the part below the recording."""
    return tuple(row for row in talk.questions(found, order="top", limit=200, viewer=viewer) if row.answers)


def opinion_rows(rows: Iterable[OpinionView]) -> dict[str, Any]:
    """Opinions for a script, and which of them this reader supports."""
    rows = tuple(rows)
    return {"opinions": [opinion_event(row) for row in rows], "voted": [row.id for row in rows if row.voted]}


def _again(request: HttpRequest, slug: str, form: OpinionForm, refusal: Refusal | None) -> HttpResponse:
    # Imported here because the page is one of its own users: it shows the tabs of this module.
    from maru.services.live.views.public import page_context

    response = render(request, "live/broadcast.html", page_context(request, slug, form))
    response.status_code = refusal.status if refusal and refusal.status != 401 else 422
    if isinstance(refusal, TooMany):
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _view(request: HttpRequest) -> str:
    view = request.GET.get("view", "")
    return view if view in VIEWS else "top"


def shown_row(row: OpinionView) -> dict[str, Any]:
    """An opinion as the design system's component draws it: the state is that of the question."""
    return {
        "id": row.id,
        "name": row.name,
        "text": row.text,
        "at": row.at,
        "question": row.question,
        "votes": row.votes,
        "state": row.question_state if row.question else "",
        "voted": row.voted,
    }
