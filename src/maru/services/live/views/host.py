"""The host's screen: a tablet beside the camera."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from maru.platform.access.refusals import Refusal
from maru.services.live import access, words
from maru.services.live.operations import questions as operations
from maru.services.live.queries import staff as queries
from maru.services.live.views.replies import data_for_script, done, refused


@never_cache
@require_safe
def screen(request: HttpRequest, slug: str) -> HttpResponse:
    """The question on air, the most supported and the newest ones."""
    found, person = access.hosted(request, slug)
    shown = queries.host_screen(found)
    context = {
        "screen": shown,
        "card": shown.card,
        "user_is_producer": person.has_role("producer"),
        "data": data_for_script(slug=slug, state=shown.card.state, words=words.desk_words()),
    }
    return render(request, "live/host.html", context)


@require_POST
def act(request: HttpRequest, slug: str, opinion: str) -> HttpResponse:
    """Put a question on air, mark it answered, pass it on, or take that back."""
    found, person = access.hosted(request, slug)
    back = reverse("live:host", args=[slug])
    try:
        target = access.any_opinion(found, opinion)
        operations.set_question_state(opinion=target, state=request.POST.get("state", ""), by=person)  # type: ignore[arg-type]  # the operation refuses other words
    except Refusal as refusal:
        return refused(request, back, refusal)
    return done(request, back)
