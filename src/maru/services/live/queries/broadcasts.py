"""Guide, cards and the player page."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from maru.commons.voices.models import Answer
from maru.commons.voices.states import READABLE
from maru.platform.events.outbox import head
from maru.services.live.contracts import (
    NOBODY,
    BroadcastCard,
    BroadcastPage,
    ChapterView,
    Download,
    Guide,
    GuideFilters,
    Named,
    ProgrammePage,
    Viewer,
)
from maru.services.live.models import Broadcast, Chapter, Opinion, Programme, Topic
from maru.services.live.queries import conversation as talk
from maru.services.live.queries.numbers import phones_share, tally
from maru.services.live.text import searchable

_LIST = 24
# Each word looks through all answered questions; nobody remembers more than this of what they look for.
_WORDS = 5


def broadcast_page(broadcast: Broadcast, viewer: Viewer = NOBODY) -> BroadcastPage:
    """Everything the player page shows. At most 14 queries, however long the conversation."""
    # Read before the conversation: what happens in between comes twice rather than never.
    newest = head(broadcast.channel)
    closed = talk.why_closed(broadcast)
    may_write = not closed and (broadcast.anonymous or viewer.person_id is not None)
    on_air = talk.on_air(broadcast, viewer) if broadcast.state == "live" else None
    return BroadcastPage(
        card=card(broadcast),
        playlist=playlist(broadcast.slug),
        channel=broadcast.channel,
        head=newest,
        anonymous=broadcast.anonymous,
        opinions_open=broadcast.opinions_open,
        moderation=broadcast.moderation,  # type: ignore[arg-type]  # the column's choices are the literal
        slow_mode_s=broadcast.slow_mode_s,
        may_write=may_write,
        closed_because=closed,
        chapters=chapters(broadcast),
        conversation=talk.latest(broadcast, viewer=viewer),
        questions=talk.questions(broadcast, limit=50, viewer=viewer),
        on_air=on_air,
        own=talk.own(broadcast, viewer),
        tally=tally(broadcast),
        downloads=downloads(broadcast),
        conversation_url=f"{settings.MEDIA_URL}live/{broadcast.slug}/conversation/",
        peak=broadcast.peak,
        plays=broadcast.plays,
        phones_share=phones_share(broadcast),
    )


def guide(filters: GuideFilters | None = None, *, replays_from: int = 0, replays: int = _LIST) -> Guide:
    """The programme guide in the active language, narrowed by ``filters``; replays in portions."""
    filters = filters or GuideFilters()
    rows = _narrowed(filters)
    past = rows.filter(state__in=["ended", "replay"])
    return Guide(
        on_air=cards(rows.filter(state="live").order_by("-started_at")),
        upcoming=cards(rows.filter(state="scheduled").order_by("starts_at", "pk")[:100]),
        replays=cards(past.order_by("-started_at", "-pk")[replays_from : replays_from + replays]),
        topics=tuple(Named(row.code, row.name, dict(row.names)) for row in Topic.objects.all()),
        programmes=tuple(Named(row.slug, row.title, dict(row.titles)) for row in Programme.objects.all()),
        filters=filters,
        total_replays=past.count(),
    )


def programme_page(programme: Programme) -> ProgrammePage:
    """One series with all that is on air, to come, and past."""
    filters = GuideFilters(programme=programme.slug)
    return ProgrammePage(programme.slug, programme.title, programme.summary, guide(filters, replays=100))


def calendar_cards() -> tuple[BroadcastCard, ...]:
    """What a calendar shows: all that has a time, newest 200."""
    return cards(_all().exclude(starts_at=None).order_by("-starts_at")[:200])


def all_cards(*, state: str = "", limit: int = 100, offset: int = 0) -> tuple[BroadcastCard, ...]:
    """Broadcasts newest first, of one state if given; for the Open API and the studio."""
    rows = _all().filter(state=state) if state else _all()
    return cards(rows.order_by("-pk")[offset : offset + limit])


def search(
    filters: GuideFilters, *, state: str, limit: int, offset: int
) -> tuple[int, tuple[BroadcastCard, ...]]:
    """How many there are, and a portion of them, newest first."""
    rows = _narrowed(filters)
    if state:
        rows = rows.filter(state=state)
    return rows.count(), cards(rows.order_by("-pk")[offset : offset + limit])


def cards(rows: QuerySet[Broadcast]) -> tuple[BroadcastCard, ...]:
    """Cards of many: two queries."""
    return tuple(card(row) for row in rows.select_related("programme", "poster").prefetch_related("topics"))


def card(row: Broadcast) -> BroadcastCard:
    """One card in the active language."""
    ran = (row.ended_at - row.started_at).total_seconds() if row.started_at and row.ended_at else None
    return BroadcastCard(
        slug=row.slug,
        title=row.title,
        summary=row.summary,
        state=row.state,  # type: ignore[arg-type]  # the column's choices are the literal
        starts_at=row.starts_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        url=page(row.slug),
        poster=_poster(row),
        programme=Named(row.programme.slug, row.programme.title, dict(row.programme.titles))
        if row.programme
        else None,
        topics=tuple(Named(topic.code, topic.name, dict(topic.names)) for topic in row.topics.all()),
        duration_s=ran,
        plays=row.plays,
    )


def chapters(broadcast: Broadcast) -> tuple[ChapterView, ...]:
    """The agenda: marked chapters in the order of their beginning, then the others in theirs."""
    rows = sorted(broadcast.chapters.all(), key=_place)
    return tuple(_chapter(broadcast, row) for row in rows)


def _place(row: Chapter) -> tuple[float, int, int]:
    return (row.started_at.timestamp() if row.started_at else float("inf"), row.position, row.pk)


def _chapter(broadcast: Broadcast, row: Chapter) -> ChapterView:
    begun = broadcast.started_at
    offset = (row.started_at - begun).total_seconds() if row.started_at and begun else None
    return ChapterView(id=row.pk, title=row.title, at=row.started_at, offset_s=offset)


def downloads(broadcast: Broadcast) -> tuple[Download, ...]:
    """Recording files that exist now."""
    if broadcast.state != "replay":
        return ()
    kinds: tuple[tuple[Literal["mp4", "m4a"], str], ...] = (("mp4", "recording.mp4"), ("m4a", "sound.m4a"))
    return tuple(
        Download(kind, f"{settings.MEDIA_URL}live/{broadcast.slug}/{name}", path.stat().st_size)
        for kind, name in kinds
        if (path := folder(broadcast.slug) / name).is_file()
    )


def page(slug: str) -> str:
    """The player page."""
    return f"/live/{slug}/"


def playlist(slug: str) -> str:
    """The one address of picture and sound, from before the start to the replay."""
    return f"{settings.MEDIA_URL}live/{slug}/index.m3u8"


def folder(slug: str) -> Path:
    """Where the broadcast's public files lie."""
    return Path(settings.MEDIA_ROOT) / "live" / slug


def _all() -> QuerySet[Broadcast]:
    return Broadcast.objects.exclude(state="cancelled")


def _narrowed(filters: GuideFilters) -> QuerySet[Broadcast]:
    rows = _all()
    if filters.topic:
        rows = rows.filter(topics__code=filters.topic)
    if filters.programme:
        rows = rows.filter(programme__slug=filters.programme)
    # Every word must be found, in any order; NUL is nowhere, and PostgreSQL refuses to look for it.
    every = Q()
    for word in searchable(filters.text[:200].replace("\x00", " ")).split()[:_WORDS]:
        every &= Q(words__contains=word) | Q(_was_answered(word))
    return rows.filter(every)


def _was_answered(word: str) -> Exists:
    """Whether an answered question, or its answer in writing, has this word and may be read by everyone."""
    asked = Opinion.objects.filter(broadcast=OuterRef("pk"), question=True, voice__state__in=READABLE)
    written = Answer.objects.filter(voice=OuterRef("voice"), text__icontains=word)
    in_question = Q(voice__text__icontains=word) & (
        Q(question_state="answered") | Q(voice__answered_at__isnull=False)
    )
    return Exists(asked.filter(in_question | Q(Exists(written))).order_by())


def _poster(row: Broadcast) -> str:
    if row.poster is not None:
        return row.poster.url
    if (folder(row.slug) / "poster.jpg").is_file():
        return f"{settings.MEDIA_URL}live/{row.slug}/poster.jpg"
    return ""
