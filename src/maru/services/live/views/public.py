"""What everyone sees: the guide, a programme, a broadcast in its four lives, its embed and its transcript."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from maru.services.live import access, words
from maru.services.live.contracts import BroadcastPage, GuideFilters
from maru.services.live.forms import OpinionForm
from maru.services.live.queries import broadcasts as queries
from maru.services.live.queries import conversation as talk
from maru.services.live.queries.captions import captions
from maru.services.live.views.conversation import VIEWS, answered_in_writing, in_view, opinion_rows, shown_row
from maru.services.live.views.replies import data_for_script

_REPLAYS = 24


@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    """What is on air, what comes, what was; by words, topic and programme."""
    page = _page_number(request)
    filters = GuideFilters(
        text=request.GET.get("q", "")[:100].replace("\x00", ""),
        topic=request.GET.get("topic", "")[:40].replace("\x00", ""),
        programme=request.GET.get("programme", "")[:80].replace("\x00", ""),
    )
    found = queries.guide(filters, replays_from=(page - 1) * _REPLAYS, replays=_REPLAYS)
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "guide": found,
        "data": data_for_script(words=words.countdown_words()),
        "older": page + 1 if page * _REPLAYS < found.total_replays else 0,
        "newer": page - 1,
        "query": query.urlencode(),
        "searching": any((filters.text, filters.topic, filters.programme)),
    }
    return render(request, "live/guide.html", context)


@require_safe
def programme(request: HttpRequest, slug: str) -> HttpResponse:
    """One series: what is on air, what comes, what was."""
    page = queries.programme_page(access.programme(slug))
    data = data_for_script(words=words.countdown_words())
    return render(request, "live/programme.html", {"page": page, "guide": page.guide, "data": data})


@require_safe
def broadcast(request: HttpRequest, slug: str) -> HttpResponse:
    """Picture and conversation of one broadcast: soon, live, ended, replay."""
    return render(request, "live/broadcast.html", page_context(request, slug))


@require_safe
@xframe_options_exempt
# Other sites may frame this page, and only this one. The decorator is typed for views without arguments.
@csp_replace({"frame-ancestors": ["*"]})  # type: ignore[arg-type]
def embed(request: HttpRequest, slug: str) -> HttpResponse:
    """Picture and conversation for a frame on another site."""
    return render(request, "live/embed.html", {**page_context(request, slug), "embedded": True})


@require_safe
def transcript(request: HttpRequest, slug: str) -> HttpResponse:
    """The whole conversation as text, in the order of its moments; needs no script."""
    found = access.broadcast(slug)
    context = {
        "card": queries.card(found),
        "opinions": talk.all_opinions(found),
        "chapters": queries.chapters(found),
    }
    response = render(request, "live/transcript.html", context)
    patch_cache_control(response, private=True, max_age=10)
    return response


def page_context(request: HttpRequest, slug: str, form: OpinionForm | None = None) -> dict[str, Any]:
    """Everything that the page of a broadcast shows; ``form`` is one that was refused."""
    found = access.broadcast(slug)
    viewer = access.reader(request)
    page = queries.broadcast_page(found, viewer=viewer)
    view = request.GET.get("view", "all")
    view = view if view in VIEWS else "all"
    shown = in_view(found, view, viewer, page)
    known = {row.id: row for row in (*page.questions, *page.conversation, *shown)}
    person = access.person_of(request)
    texts = captions(found)
    return {
        "page": page,
        "card": page.card,
        "life": _life(page),
        "view": view,
        "shown": [shown_row(row) for row in shown],
        "form": form or OpinionForm(initial={"nickname": ""}),
        "person": person,
        "answered": answered_in_writing(found, viewer),
        "absolute": request.build_absolute_uri(page.card.url),
        "poster": request.build_absolute_uri(page.card.poster) if page.card.poster else "",
        "player_chapters": [{"title": one.title, "at": one.at} for one in page.chapters if one.at],
        "captions": texts,
        "player_tracks": [one.track for one in texts],
        "sound": page.playlist.replace("index.m3u8", "audio.m3u8"),
        # What is on air moves on its own, silently where the browser wants a press first; a replay waits for its reader.
        "starts_itself": page.card.state in {"live", "ended"},
        "player_downloads": [(one.kind, one.url) for one in page.downloads],
        "data": data_for_script(
            slug=page.card.slug,
            state=page.card.state,
            head=page.head,
            timed=page.conversation_url,
            words=words.page_words(),
            **opinion_rows(known.values()),
        ),
    }


def _life(page: BroadcastPage) -> str:
    return {"scheduled": "soon", "live": "live", "ended": "ended", "replay": "replay"}.get(
        page.card.state, "cancelled"
    )


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "")
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 5 and int(text) else 1
