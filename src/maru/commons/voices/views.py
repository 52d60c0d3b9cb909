"""Pages of voices: the office's inbox, one voice with its whole life, and what I said."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from maru.commons.people.devices import known_device
from maru.commons.voices import access, operations, queries
from maru.commons.voices.forms import AnswerForm, PassOnForm
from maru.commons.voices.models import Voice
from maru.platform.access.refusals import Refusal
from maru.platform.access.roles import staff_page

_PER_PAGE = 20
_SHOWN = ("waiting", "answered", "all")


@require_GET
@staff_page("officer")
def inbox(request: HttpRequest) -> HttpResponse:
    """Voices with my office."""
    officer = access.official(request)
    offices = access.offices_of(officer)
    show = request.GET.get("show", "waiting")
    show = show if show in _SHOWN else "waiting"
    page = Paginator(queries.inbox(office_ids=offices, show=show), _PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "page": page,
        "rows": [_row(voice) for voice in page],
        "show": show,
        "current": f"?show={show}",
        "my_offices": [grant.office for grant in officer.held_grants if grant.office],
    }
    return render(request, "voices/inbox.html", context)


@require_GET
@staff_page("officer")
def inbox_voice(request: HttpRequest, public_id: str) -> HttpResponse:
    """One voice, to answer or to pass on."""
    return _inbox_page(request, access.inbox_voice(request, public_id), AnswerForm(), PassOnForm())


@require_POST
@staff_page("officer")
def answer(request: HttpRequest, public_id: str) -> HttpResponse:
    """Answer in writing."""
    voice = access.inbox_voice(request, public_id)
    form = AnswerForm(request.POST)
    if form.is_valid():
        try:
            operations.answer(voice=voice, text=form.cleaned_data["text"], by=access.official(request))
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            messages.success(request, _("Your answer is public now."))
            return redirect("inbox")
    return _inbox_page(request, voice, form, PassOnForm(), status=422)


@require_POST
@staff_page("officer")
def pass_on(request: HttpRequest, public_id: str) -> HttpResponse:
    """Give it to another office; counted."""
    voice = access.inbox_voice(request, public_id)
    form = PassOnForm(request.POST)
    if form.is_valid():
        try:
            operations.route(voice=voice, by=access.official(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            words = _("Passed on to %(office)s.") % {"office": form.cleaned_data["office"].name}
            messages.success(request, words)
            return redirect("inbox")
    return _inbox_page(request, voice, AnswerForm(), form, status=422)


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """What I said, with or without an account; hidden voices with the reason."""
    person = request.user if request.user.is_authenticated else None
    found = queries.mine(person=person, device=known_device(request))
    page = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    response = render(request, "voices/mine.html", {"page": page, "rows": [_row(voice) for voice in page]})
    response["Cache-Control"] = "private, no-store"
    return response


@require_GET
def voice(request: HttpRequest, public_id: str) -> HttpResponse:
    """One voice with every step of its life."""
    found = access.readable_voice(request, public_id)
    own = access.is_own(request, found)
    response = render(request, "voices/voice.html", {"row": _row(found), "own": own})
    if own:
        response["Cache-Control"] = "private, no-store"
    return response


def _row(voice: Voice) -> dict[str, object]:
    waiting = voice.state in queries.WAITING
    return {
        "voice": voice,
        "clock": queries.clock_of(voice) if waiting else None,
        "answers": voice.answers.all(),
        "steps": voice.steps.all(),
        "tone": _TONES.get(voice.state, "neutral"),
        "page_url": f"/{voice.about}/" if "/" in voice.about else "",
    }


_TONES = {
    "held": "warn",
    "published": "accent",
    "hidden": "danger",
    "routed": "info",
    "reopened": "warn",
    "answered": "good",
    "closed": "good",
}


def _inbox_page(
    request: HttpRequest, voice: Voice, form: AnswerForm, pass_form: PassOnForm, status: int = 200
) -> HttpResponse:
    context = {
        "row": _row(voice),
        "form": form,
        "pass_form": pass_form,
        "open": voice.state in queries.WAITING,
    }
    return render(request, "voices/inbox_voice.html", context, status=status)
