"""How the plaza answers what people send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from maru.platform.access.refusals import Refusal
from maru.services.opendata.forms import refuse


def done(request: HttpRequest, url: str, message: str = "") -> HttpResponse:
    """The act is done: say so and go on."""
    if message:
        messages.success(request, message)
    return HttpResponseRedirect(url)


def refused(request: HttpRequest, url: str, refusal: Refusal) -> HttpResponse:
    """An act of a single button is refused: say why and go back."""
    messages.error(request, str(refusal.message))
    return HttpResponseRedirect(url)


def tried(request: HttpRequest, form: Form, act: Callable[[Any], HttpResponse]) -> HttpResponse | None:
    """If the form was sent and is sound, do ``act``; None: show the form again, with what is wrong."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        return act(form)
    except Refusal as refusal:
        refuse(form, refusal)
        return None


def status_of(form: Form) -> int:
    """422 for a form that was sent and is shown again."""
    return 422 if form.is_bound else 200
