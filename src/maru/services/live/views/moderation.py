"""The moderator's queue: what waits, what was said lately, what is hidden."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from maru.platform.access.refusals import Invalid, Refusal
from maru.platform.stream import tokens
from maru.services.live import access, words
from maru.services.live.forms import ReasonForm, reason_text
from maru.services.live.operations import moderation as operations
from maru.services.live.queries import staff as queries
from maru.services.live.views.replies import data_for_script, done, refused

# A desk stays open for a working day.
TOKEN_S = 12 * 3600


@never_cache
@require_safe
def queue(request: HttpRequest, slug: str) -> HttpResponse:
    """Held opinions first, then the latest ones."""
    found, _person = access.moderated(request, slug)
    shown = queries.moderation_queue(found)
    context = {
        "queue": shown,
        "card": shown.card,
        "reasons": ReasonForm().fields["reason"].widget.choices,
        "token": tokens.sign(settings.MARU.secret, shown.staff_channel, TOKEN_S),
        "data": data_for_script(slug=slug, state=shown.card.state, words=words.desk_words()),
    }
    return render(request, "live/moderation.html", context)


@require_POST
def act(request: HttpRequest, slug: str, opinion: str) -> HttpResponse:
    """Approve, hide, show again, or block the author of one opinion."""
    found, person = access.moderated(request, slug)
    back = reverse("live:moderation", args=[slug])
    try:
        message = _do(request, access.any_opinion(found, opinion), person)
    except Refusal as refusal:
        return refused(request, back, refusal)
    return done(request, back, message)


def _do(request: HttpRequest, target: Any, person: Any) -> str:
    wanted = request.POST.get("act", "")
    if wanted == "approve":
        operations.approve_opinion(opinion=target, by=person)
        return _("Published.")
    if wanted == "show":
        operations.show_opinion(opinion=target, by=person)
        return _("It can be read again.")
    reason = _reason(request)
    if wanted == "hide":
        operations.hide_opinion(opinion=target, reason=reason, by=person)
        return _("Hidden. Its author sees the reason.")
    if wanted == "block":
        operations.block_author(
            opinion=target, reason=reason, by=person, hide_all=request.POST.get("hide_all") == "on"
        )
        return _("The author can no longer write.")
    raise Invalid("act", _("There is no such act."))


def _reason(request: HttpRequest) -> str:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        raise Invalid("reason", _("Please choose a reason."))
    return reason_text(form.cleaned_data["reason"], form.cleaned_data["words"])
