"""Files the producer gives to a broadcast: its poster and its captions."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from maru.commons.files.operations import discard, store_picture
from maru.platform.access.refusals import Refusal
from maru.services.live import access
from maru.services.live.forms import CaptionsForm, PosterForm, refuse
from maru.services.live.operations.broadcasts import edit_broadcast
from maru.services.live.operations.captions import put_captions, remove_captions
from maru.services.live.views.replies import done, form_json, refusal_json, refused, wants_json
from maru.services.live.views.studio import desk_url, render_desk
from maru.services.live.webvtt import MOST_BYTES


@require_POST
def poster(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a picture in instead of the present one."""
    found, person = access.produced(request, slug)
    form = PosterForm(request.POST, request.FILES)
    if form.is_valid():
        former = found.poster
        try:
            stored = store_picture(upload=form.cleaned_data["poster"], by=person, field="poster")
            edit_broadcast(broadcast=found, by=person, poster=stored)
        except Refusal as refusal:
            if wants_json(request):
                return refusal_json(refusal)
            refuse(form, refusal)
        else:
            if former is not None and former != stored:
                discard(stored=former)
            return done(request, desk_url(slug), _("The poster is changed."))
    if wants_json(request):
        return form_json(form)
    return render_desk(request, found, poster_form=form, status=422)


@require_POST
def poster_remove(request: HttpRequest, slug: str) -> HttpResponse:
    """Without a picture of its own again: the page shows the first picture of the broadcast."""
    found, person = access.produced(request, slug)
    former = found.poster
    if former is not None:
        edit_broadcast(broadcast=found, by=person, poster=None)
        discard(stored=former)
    return done(request, desk_url(slug), _("The poster is removed."))


@require_POST
def captions(request: HttpRequest, slug: str) -> HttpResponse:
    """Take captions of one language in, instead of those that were there."""
    found, person = access.produced(request, slug)
    form = CaptionsForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            put_captions(
                broadcast=found,
                language=form.cleaned_data["language"],
                data=form.cleaned_data["file"].read(MOST_BYTES + 1),
                by=person,
            )
        except Refusal as refusal:
            if wants_json(request):
                return refusal_json(refusal)
            refuse(form, refusal)
        else:
            return done(request, desk_url(slug), _("The captions are on the page."))
    if wants_json(request):
        return form_json(form)
    return render_desk(request, found, captions_form=form, status=422)


@require_POST
def captions_remove(request: HttpRequest, slug: str, language: str) -> HttpResponse:
    """Take the captions of one language away."""
    found, person = access.produced(request, slug)
    try:
        remove_captions(broadcast=found, language=language, by=person)
    except Refusal as refusal:
        return refused(request, desk_url(slug), refusal)
    return done(request, desk_url(slug), _("The captions are removed."))
