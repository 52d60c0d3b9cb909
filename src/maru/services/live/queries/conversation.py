"""Opinions and questions as the public reads them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Literal

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from maru.commons.offices.models import Office
from maru.commons.voices.models import Answer
from maru.commons.voices.states import READABLE, State
from maru.platform.access.refusals import Invalid
from maru.services.live.access import digest, writer_of
from maru.services.live.contracts import (
    NOBODY,
    AnswerView,
    ConversationPage,
    Named,
    OpinionView,
    OwnOpinion,
    QuestionOrder,
    Viewer,
)
from maru.services.live.models import Broadcast, Opinion, Vote, now

MOST = 500
# Viewers see the end some seconds late: what they were writing then still counts.
GRACE = timedelta(seconds=60)


def why_closed(broadcast: Broadcast) -> str:
    """Why nobody can write now; "" if the conversation is open."""
    if broadcast.state == "cancelled":
        return _("This broadcast was cancelled.")
    if not broadcast.opinions_open:
        return _("The producer has closed the conversation for now.")
    if broadcast.state in {"scheduled", "live"}:
        return ""
    if broadcast.state == "ended" and broadcast.ended_at and now() <= broadcast.ended_at + GRACE:
        return ""
    return _("The broadcast has ended. What was asked here is answered below.")


def named(office: Office | None) -> Named | None:
    """Code and names of an office."""
    return Named(office.code, office.name, dict(office.names)) if office else None


def opinion_view(opinion: Opinion, answers: Iterable[Answer] = (), voted: bool = False) -> OpinionView:
    """An opinion as the public may see it. ``opinion.voice`` must be loaded."""
    voice = opinion.voice
    return OpinionView(
        id=voice.public_id,
        name=voice.nickname or _("A citizen"),
        text=voice.text,
        at=voice.created_at,
        moment=opinion.moment,
        question=opinion.question,
        votes=opinion.votes,
        state=voice.state,
        question_state=opinion.question_state,  # type: ignore[arg-type]  # the column's choices are the literal
        on_air_at=opinion.on_air_at,
        answered_at=opinion.answered_at,
        answers=tuple(answer_view(answer) for answer in answers),
        office=named(voice.office),
        voted=voted,
    )


def answer_view(answer: Answer) -> AnswerView:
    """A written answer; one without an office is the city's own."""
    return AnswerView(named(answer.office) or Named("", ""), answer.text, answer.at)


def readable(broadcast: Broadcast) -> QuerySet[Opinion]:
    """All opinions of ``broadcast`` that everyone may read, with their voices."""
    return broadcast.opinions.filter(voice__state__in=READABLE).select_related("voice", "voice__office")


def views(opinions: Iterable[Opinion], viewer: Viewer = NOBODY) -> tuple[OpinionView, ...]:
    """Views with answers and the viewer's votes: two more queries for any number of opinions."""
    rows = list(opinions)
    answers: dict[int, list[Answer]] = {}
    wanted = [row.voice_id for row in rows if row.voice.answered_at is not None]
    if wanted:
        for answer in Answer.objects.filter(voice_id__in=wanted).select_related("office"):
            answers.setdefault(answer.voice_id, []).append(answer)
    voted = _voted([row for row in rows if row.question and row.votes], viewer)
    return tuple(opinion_view(row, answers.get(row.voice_id, ()), row.pk in voted) for row in rows)


def _voted(rows: list[Opinion], viewer: Viewer) -> set[int]:
    if not rows or viewer == NOBODY:
        return set()
    broadcast_id = rows[0].broadcast_id
    mine = Q(voter=writer_of(broadcast_id, viewer))
    if viewer.person_id is None:
        mine |= Q(device=digest(broadcast_id, "device", viewer.device))
    found = Vote.objects.filter(mine, opinion__in=[row.pk for row in rows])
    return set(found.values_list("opinion_id", flat=True))


def conversation(
    broadcast: Broadcast, *, after: str = "", limit: int = 100, viewer: Viewer = NOBODY
) -> ConversationPage:
    """A stretch in the order of arrival. ``after`` is ``next`` of the one before; Invalid if it is not."""
    limit = max(1, min(limit, MOST))
    rows = list(readable(broadcast).filter(pk__gt=_cursor(after)).order_by("pk")[: limit + 1])
    more = len(rows) > limit
    rows = rows[:limit]
    return ConversationPage(
        opinions=views(rows, viewer),
        next=str(rows[-1].pk) if rows else after,
        more=more,
        hidden=hidden_ids(broadcast),
    )


def latest(broadcast: Broadcast, *, limit: int = 60, viewer: Viewer = NOBODY) -> tuple[OpinionView, ...]:
    """The newest opinions, oldest of them first."""
    rows = list(readable(broadcast).order_by("-pk")[:limit])
    return views(reversed(rows), viewer)


def all_opinions(broadcast: Broadcast) -> tuple[OpinionView, ...]:
    """The whole conversation in the order of its moments, for export and transcript."""
    return views(readable(broadcast).order_by("moment", "pk"))


def hidden_ids(broadcast: Broadcast) -> tuple[str, ...]:
    """Public ids of what a moderator took away after it could be read."""
    taken = broadcast.opinions.filter(voice__state=State.HIDDEN, voice__published_at__isnull=False)
    return tuple(taken.order_by("pk").values_list("voice__public_id", flat=True))


def questions(
    broadcast: Broadcast,
    *,
    order: QuestionOrder = "top",
    states: tuple[str, ...] = (),
    limit: int = 100,
    viewer: Viewer = NOBODY,
) -> tuple[OpinionView, ...]:
    """Questions by votes (``top``), age (``new``) or moment."""
    rows = readable(broadcast).filter(question=True)
    if states:
        rows = rows.filter(question_state__in=states)
    orders: dict[str, tuple[str, ...]] = {
        "top": ("-votes", "pk"),
        "new": ("-pk",),
        "moment": ("moment", "pk"),
    }
    return views(rows.order_by(*orders[order])[: max(1, min(limit, MOST))], viewer)


def on_air(broadcast: Broadcast, viewer: Viewer = NOBODY) -> OpinionView | None:
    """The question that is on air now."""
    found = views(readable(broadcast).filter(question_state="on_air")[:1], viewer)
    return found[0] if found else None


def one(opinion: Opinion, viewer: Viewer = NOBODY) -> OpinionView:
    """One opinion with its answers."""
    return views([opinion], viewer)[0]


def own(broadcast: Broadcast, viewer: Viewer) -> tuple[OwnOpinion, ...]:
    """What this writer said and others cannot read, with the reason."""
    writer = writer_of(broadcast.pk, viewer)
    if not writer:
        return ()
    rows = broadcast.opinions.filter(
        writer=writer, voice__state__in=[State.HELD, State.HIDDEN]
    ).select_related("voice")
    return tuple(
        OwnOpinion(
            id=row.voice.public_id,
            text=row.voice.text,
            at=row.voice.created_at,
            state=_own_state(row.voice.state),
            reason=row.voice.hidden_reason,
        )
        for row in rows.order_by("-pk")[:50]
    )


def _own_state(state: str) -> Literal["held", "hidden"]:
    return "hidden" if state == State.HIDDEN else "held"


def _cursor(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid("after", _("This is not a cursor of this list."), code="bad_cursor")
    return int(text)
