"""The producer's studio: announce, prepare, run and end a broadcast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings as house
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from maru.platform.access.refusals import Invalid, Refusal
from maru.platform.stream import tokens
from maru.services.live import access, words
from maru.services.live.contracts import Studio
from maru.services.live.forms import (
    BroadcastForm,
    CaptionsForm,
    ChapterForm,
    NewBroadcastForm,
    PosterForm,
    refuse,
)
from maru.services.live.operations import agenda, broadcasts, inputs
from maru.services.live.queries import broadcasts as shelves
from maru.services.live.queries import staff as queries
from maru.services.live.queries.captions import captions
from maru.services.live.views.moderation import TOKEN_S
from maru.services.live.views.replies import (
    data_for_script,
    done,
    form_json,
    refusal_json,
    refused,
    wants_json,
)

_LIST = 100


@never_cache
@require_safe
def shelf(request: HttpRequest) -> HttpResponse:
    """All broadcasts that staff may run, host or moderate, newest first."""
    person = access.staff(request)
    context = {"cards": shelves.all_cards(limit=_LIST), "produces": person.has_role("producer")}
    return render(request, "live/studio_list.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Announce a broadcast."""
    person = access.producer(request)
    choices = _choices()
    if request.method != "POST":
        start = {"anonymous": True, "opinions_open": True, "moderation": "after", "preset": "default"}
        return render(request, "live/studio_new.html", {"form": NewBroadcastForm(initial=start, **choices)})
    form = NewBroadcastForm(request.POST, **choices)
    if form.is_valid():
        try:
            made = broadcasts.create_broadcast(
                slug=form.cleaned_data["slug"],
                by=person,
                backup=form.cleaned_data["backup"],
                **form.changes(),
            )
        except Refusal as refusal:
            refuse(form, refusal)
        else:
            return done(
                request, desk_url(made.slug), _("The broadcast is announced. Now connect an encoder.")
            )
    return render(request, "live/studio_new.html", {"form": form}, status=422)


@never_cache
@require_safe
def desk(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything about one broadcast on one page."""
    found, _person = access.produced(request, slug)
    return render_desk(request, found)


@require_POST
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Change titles, times, moderation, thresholds; also while on air."""
    found, person = access.produced(request, slug)
    form = BroadcastForm(request.POST, **_choices())
    if form.is_valid():
        try:
            broadcasts.edit_broadcast(broadcast=found, by=person, **form.changes())
        except Refusal as refusal:
            if wants_json(request):
                return refusal_json(refusal)
            refuse(form, refusal)
        else:
            return done(request, desk_url(slug), _("Saved."))
    if wants_json(request):
        return form_json(form)
    return render_desk(request, found, form=form, status=422)


@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Go on air."""
    return _act(
        request,
        slug,
        lambda found, by: broadcasts.start_broadcast(broadcast=found, by=by),
        _("You are on air."),
    )


@require_POST
def end(request: HttpRequest, slug: str) -> HttpResponse:
    """End it for everyone. The page asks first."""
    message = _("The broadcast has ended. The replay follows within a minute.")
    return _act(request, slug, lambda found, by: broadcasts.end_broadcast(broadcast=found, by=by), message)


@require_POST
def cancel(request: HttpRequest, slug: str) -> HttpResponse:
    """It will not take place."""
    message = _("The broadcast is cancelled.")
    return _act(request, slug, lambda found, by: broadcasts.cancel_broadcast(broadcast=found, by=by), message)


@require_POST
def override(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose by hand what is on air, or leave it to the watchdog."""
    wanted: Any = request.POST.get("override", "")
    return _act(
        request,
        slug,
        lambda found, by: broadcasts.set_override(broadcast=found, override=wanted, by=by),
        _("Switched."),
    )


@require_POST
def key(request: HttpRequest, slug: str) -> HttpResponse:
    """A new key for an input, or none for anybody."""
    name: Any = request.POST.get("input", "")

    def change(found: Any, by: Any) -> None:
        if name not in {"primary", "backup"}:
            raise Invalid("input", _("There is no such input."))
        if request.POST.get("act") == "revoke":
            inputs.revoke_key(broadcast=found, name=name, by=by)
        else:
            inputs.rotate_key(broadcast=found, name=name, by=by)

    return _act(request, slug, change, _("The old key no longer works."))


@require_POST
def backup(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a second encoder's place."""
    message = _("The second input is ready.")
    return _act(
        request, slug, lambda found, by: inputs.add_input(broadcast=found, name="backup", by=by), message
    )


@require_POST
def chapter_new(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a point to the agenda, or one that begins now."""
    form = ChapterForm(request.POST)

    def change(found: Any, by: Any) -> None:
        if not form.is_valid():
            raise Invalid("title", _("Please give the chapter a title."))
        begins = request.POST.get("act") == "now"
        agenda.add_chapter(broadcast=found, title=form.cleaned_data["title"], by=by, start_now=begins)

    return _act(request, slug, change, _("Added to the agenda."))


@require_POST
def chapter(request: HttpRequest, slug: str, chapter: int) -> HttpResponse:
    """Mark a point of the agenda as beginning now, take that back, or remove it."""
    acts = {"mark": agenda.mark_chapter, "unmark": agenda.unmark_chapter, "remove": agenda.remove_chapter}

    def change(found: Any, by: Any) -> None:
        wanted = acts.get(request.POST.get("act", ""))
        if wanted is None:
            raise Invalid("act", _("There is no such act."))
        wanted(chapter=access.chapter(found, chapter), by=by)

    return _act(request, slug, change, _("The agenda is changed."))


def _act(request: HttpRequest, slug: str, change: Callable[[Any, Any], Any], message: str) -> HttpResponse:
    found, person = access.produced(request, slug)
    try:
        change(found, person)
    except Refusal as refusal:
        return refused(request, desk_url(slug), refusal)
    return done(request, desk_url(slug), message)


def render_desk(
    request: HttpRequest,
    found: Any,
    *,
    form: BroadcastForm | None = None,
    poster_form: PosterForm | None = None,
    captions_form: CaptionsForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The desk of one broadcast; the forms are those that were refused."""
    studio = queries.studio(found)
    texts = captions(found)
    context = {
        "studio": studio,
        "card": studio.card,
        "form": form or BroadcastForm(initial=BroadcastForm.initial_of(studio.settings), **_choices()),
        "poster_form": poster_form or PosterForm(),
        "own_poster": found.poster is not None,
        "captions_form": captions_form or CaptionsForm(),
        "captions": texts,
        "player_tracks": [one.track for one in texts],
        "chapter_form": ChapterForm(auto_id="chapter_%s"),
        "overrides": _overrides(studio),
        "on_air": queries.source_on_air(found),
        "has_backup": any(one.name == "backup" for one in studio.inputs),
        "token": tokens.sign(house.MARU.secret, studio.staff_channel, TOKEN_S),
        "absolute": request.build_absolute_uri(studio.card.url),
        "data": data_for_script(slug=found.slug, state=studio.card.state, words=words.desk_words()),
    }
    return render(request, "live/studio.html", context, status=status)


def desk_url(slug: str) -> str:
    """Where the desk of a broadcast is."""
    return reverse("live:studio", args=[slug])


def _overrides(studio: Studio) -> list[tuple[str, str, bool]]:
    offered = [("auto", _("Automatic")), ("primary", _("Primary"))]
    if any(one.name == "backup" for one in studio.inputs):
        offered.append(("backup", _("Backup")))
    offered.append(("slate", _("Slate")))
    return [(code, label, studio.override == code) for code, label in offered]


def _choices() -> dict[str, Any]:
    known = shelves.guide(replays=0)
    return {"topics": known.topics, "programmes": known.programmes}
