"""Desks: producer's studio, host's screen, moderator's queue, routing, the command line's status."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from maru.commons.moderation.models import Block
from maru.commons.voices.models import Step
from maru.commons.voices.states import READABLE, State
from maru.platform.events.outbox import head
from maru.services.live.contracts import (
    HostScreen,
    InputView,
    LogView,
    ModerationQueue,
    OpinionView,
    QueuedOpinion,
    Settings,
    Status,
    Studio,
)
from maru.services.live.models import Broadcast, Input, Opinion
from maru.services.live.queries import conversation as talk
from maru.services.live.queries.broadcasts import card, chapters, page, playlist
from maru.services.live.queries.numbers import statistics, tally

_LOG = 100
_QUEUE = 100


def host_screen(broadcast: Broadcast) -> HostScreen:
    """Top and newest questions, the one on air, what is done."""
    newest = head(broadcast.channel)
    return HostScreen(
        card=card(broadcast),
        channel=broadcast.channel,
        head=newest,
        on_air=talk.on_air(broadcast),
        top=talk.questions(broadcast, order="top", states=("asked",), limit=50),
        newest=talk.questions(broadcast, order="new", states=("asked",), limit=50),
        done=talk.questions(broadcast, order="new", states=("answered", "passed"), limit=50),
        tally=tally(broadcast),
        chapters=chapters(broadcast),
    )


def moderation_queue(broadcast: Broadcast) -> ModerationQueue:
    """What is held (oldest first), the newest public opinions, what was hidden lately."""
    newest = head(broadcast.channel)
    rows = broadcast.opinions.select_related("voice", "voice__office")
    held = list(rows.filter(voice__state=State.HELD).order_by("pk")[:_QUEUE])
    recent = list(rows.filter(voice__state__in=READABLE).order_by("-pk")[:_QUEUE])
    hidden = list(rows.filter(voice__state=State.HIDDEN).order_by("-pk")[:_QUEUE])
    queued = _queued(broadcast, [*held, *recent, *hidden])
    return ModerationQueue(
        card=card(broadcast),
        channel=broadcast.channel,
        staff_channel=broadcast.staff_channel,
        head=newest,
        moderation=broadcast.moderation,  # type: ignore[arg-type]  # the column's choices are the literal
        slow_mode_s=broadcast.slow_mode_s,
        held=queued[: len(held)],
        recent=queued[len(held) : len(held) + len(recent)],
        hidden=queued[len(held) + len(recent) :],
    )


def queued_one(opinion: Opinion) -> QueuedOpinion:
    """One opinion as a moderator sees it."""
    return _queued(opinion.broadcast, [opinion])[0]


def unrouted(broadcast: Broadcast) -> tuple[OpinionView, ...]:
    """Public questions that nobody answered and no office has, most supported first."""
    rows = broadcast.opinions.filter(question=True, voice__state__in=[State.PUBLISHED, State.REOPENED])
    rows = rows.exclude(question_state="answered").select_related("voice", "voice__office")
    return talk.views(rows.order_by("-votes", "pk"))


def routed(broadcast: Broadcast) -> tuple[OpinionView, ...]:
    """What lies with an office or was answered there."""
    rows = broadcast.opinions.filter(voice__office__isnull=False, voice__state__in=READABLE)
    return talk.views(
        rows.select_related("voice", "voice__office").order_by("voice__answered_at", "-votes", "pk")
    )


def studio(broadcast: Broadcast) -> Studio:
    """The producer's desk. Holds secrets: never hand it to anyone but producers."""
    return Studio(
        card=card(broadcast),
        playlist=playlist(broadcast.slug),
        channel=broadcast.channel,
        staff_channel=broadcast.staff_channel,
        head=head(broadcast.staff_channel),
        override=broadcast.override,  # type: ignore[arg-type]  # the column's choices are the literal
        inputs=inputs(broadcast),
        log=log(broadcast),
        chapters=chapters(broadcast),
        settings=settings_of(broadcast),
        tally=tally(broadcast),
        statistics=statistics(broadcast),
    )


def status(broadcast: Broadcast) -> Status:
    """The state of a broadcast for machines."""
    last = broadcast.audience.order_by("-at").first()
    return Status(
        slug=broadcast.slug,
        title=broadcast.title,
        state=broadcast.state,  # type: ignore[arg-type]  # the column's choices are the literal
        page=page(broadcast.slug),
        playlist=playlist(broadcast.slug),
        inputs=inputs(broadcast),
        override=broadcast.override,
        on_air=source_on_air(broadcast),
        started_at=broadcast.started_at,
        ended_at=broadcast.ended_at,
        replay_at=broadcast.replay_at,
        viewers=last.now if last and broadcast.state == "live" else 0,
        peak=broadcast.peak,
        opinions=broadcast.opinions.filter(voice__state__in=READABLE).count(),
    )


def source_on_air(broadcast: Broadcast) -> str:
    """What the last switch put on air, however long ago; "" unless the broadcast is live and something was."""
    if broadcast.state != "live":
        return ""
    switch = broadcast.log.filter(kind="switch").first()
    return switch.source_to if switch else ""


def inputs(broadcast: Broadcast) -> tuple[InputView, ...]:
    """Primary first. Holds keys."""
    return tuple(_input(row) for row in broadcast.inputs.order_by("-name"))


def log(broadcast: Broadcast, *, limit: int = _LOG) -> tuple[LogView, ...]:
    """The signal's log, newest first."""
    return tuple(
        LogView(
            id=row.pk,
            at=row.at,
            kind=row.kind,
            input=row.input,
            source_from=row.source_from,
            source_to=row.source_to,
            reason=row.reason,
            detail=row.detail,
        )
        for row in broadcast.log.all()[:limit]
    )


def settings_of(broadcast: Broadcast) -> Settings:
    """What the producer may change."""
    return Settings(
        titles=dict(broadcast.titles),
        summaries=dict(broadcast.summaries),
        programme=broadcast.programme.slug if broadcast.programme else "",
        topics=tuple(topic.code for topic in broadcast.topics.all()),
        starts_at=broadcast.starts_at,
        preset=broadcast.preset,
        thresholds=dict(broadcast.thresholds),
        moderation=broadcast.moderation,  # type: ignore[arg-type]  # the column's choices are the literal
        slow_mode_s=broadcast.slow_mode_s,
        anonymous=broadcast.anonymous,
        opinions_open=broadcast.opinions_open,
    )


def _input(row: Input) -> InputView:
    house = settings.MARU
    server = f"rtmp://{house.encoder_host}:{house.rtmp_port}/live"
    key = quote(row.key, safe="")
    srt = f"srt://{house.encoder_host}:{row.srt_port}?passphrase={key}&pbkeylen=16" if row.srt_port else ""
    push = row.kind == "push"
    return InputView(
        name=row.name,  # type: ignore[arg-type]  # the column's choices are the literal
        kind=row.kind,  # type: ignore[arg-type]  # as above
        key=row.key,
        rtmp=f"{server}/{key}" if push else "",
        rtmp_server=server if push else "",
        srt=srt if push else "",
        file_path=row.file_path,
        revoked=row.revoked_at is not None,
        state=row.state,
        connected_at=row.connected_at,
    )


def _queued(broadcast: Broadcast, rows: list[Opinion]) -> tuple[QueuedOpinion, ...]:
    """Three queries for any number of rows: counts by writer, blocks, reasons for holding."""
    writers = {row.writer for row in rows}
    counts = dict(
        broadcast.opinions.filter(writer__in=writers).values_list("writer").annotate(n=Count("pk")).order_by()
    )
    blocked = _blocked(rows)
    reasons = _reasons(row for row in rows if row.voice.state == State.HELD)
    return tuple(
        QueuedOpinion(
            opinion=talk.opinion_view(row),
            state=row.voice.state,
            reason=row.voice.hidden_reason or reasons.get(row.voice_id, ""),
            author=row.writer[:6],
            author_count=counts.get(row.writer, 0),
            blocked=_key(row) in blocked,
        )
        for row in rows
    )


def _key(row: Opinion) -> tuple[str, str]:
    voice = row.voice
    return (Block.Kind.PERSON, str(voice.author_id)) if voice.author_id else (Block.Kind.DEVICE, voice.device)


def _blocked(rows: list[Opinion]) -> set[tuple[str, str]]:
    values = {value for _kind, value in map(_key, rows) if value}
    found = Block.objects.filter(value__in=values, lifted_at=None).values_list("kind", "value", "until")
    present = timezone.now()
    return {(kind, value) for kind, value, until in found if until is None or until > present}


def _reasons(rows: Iterable[Opinion]) -> dict[int, str]:
    held = [row.voice_id for row in rows]
    if not held:
        return {}
    return dict(Step.objects.filter(voice_id__in=held, act="hold").values_list("voice_id", "reason"))
