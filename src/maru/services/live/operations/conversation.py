"""Writing an opinion or a question."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from maru.commons.moderation import operations as moderation
from maru.commons.voices import operations as voices
from maru.commons.voices.states import State
from maru.platform.access.refusals import Invalid, TooMany
from maru.services.live.access import writer_of
from maru.services.live.contracts import NICKNAME_CHARACTERS, OPINION_CHARACTERS, Viewer, Written
from maru.services.live.models import Broadcast, Opinion, cut, now
from maru.services.live.operations.marks import mark, tell
from maru.services.live.queries.conversation import opinion_view, why_closed
from maru.services.live.refusals import AccountNeeded, OpinionsClosed
from maru.services.live.text import clean, required
from maru.services.live.wire import opinion_event

if TYPE_CHECKING:
    from maru.commons.people.models import Person

# The picture a viewer sees is some seconds old, two minutes at most when the line is bad; a viewer who has
# rewound
# further speaks about now. One second of doubt for clocks that run ahead.
BEHIND = timedelta(seconds=120)
AHEAD = timedelta(seconds=1)
_TOKEN = 64


def write_opinion(
    *,
    broadcast: Broadcast,
    text: str,
    nickname: str = "",
    person: Person | None = None,
    device: str = "",
    question: bool = False,
    moment: datetime | None = None,
    idempotency: str = "",
) -> Written:
    """A citizen speaks. Published at once, or held for a moderator; stored before this returns.

    ``moment`` is the PROGRAM-DATE-TIME of the picture the writer saw. ``idempotency`` is a token of the
    client: the
    same token of the same writer gives the first opinion back instead of a second one.
    Raises Invalid (text, nickname), OpinionsClosed, AccountNeeded, NotAllowed (blocked), TooMany (slow mode).
    """
    viewer = Viewer(person_id=person.pk if person else None, device=device)
    writer = writer_of(broadcast.pk, viewer)
    token = _token(idempotency)
    if token and (earlier := _earlier(broadcast, writer, token)):
        return earlier
    _may_write(broadcast, person, device, writer)
    words = required(text, limit=OPINION_CHARACTERS, field="text")
    name = _name(nickname, person, writer)
    doubt = _doubt(broadcast, words, name)
    try:
        with transaction.atomic():
            _keep_pace(broadcast, writer)
            opinion = Opinion(
                broadcast=broadcast,
                moment=_moment(broadcast, moment),
                question=question,
                writer=writer,
                idempotency=token,
            )
            _store(opinion, words, name, person, device, doubt)
    except IntegrityError:
        # The same token at the same time: the other one won, and holds what was written.
        if token and (earlier := _earlier(broadcast, writer, token)):
            return earlier
        raise
    return Written(opinion=opinion_view(opinion), held=doubt is not None)


def _store(
    opinion: Opinion, words: str, name: str, person: Person | None, device: str, doubt: str | None
) -> None:
    opinion.voice = voices.receive(
        channel="broadcast",
        about=opinion.broadcast.channel,
        text=words,
        language=(get_language() or "").split("-")[0],
        author=person,
        device=device,
        nickname=name,
        state=State.PUBLISHED if doubt is None else State.HELD,
        reason=doubt or "",
    )
    opinion.save(force_insert=True)
    event = opinion_event(opinion_view(opinion))
    if doubt is None:
        mark(opinion.broadcast, [opinion.moment])
        tell(opinion.broadcast, ("opinion", event))
    else:
        tell(opinion.broadcast, staff=[("held", {**event, "reason": doubt})])


def _may_write(broadcast: Broadcast, person: Person | None, device: str, writer: str) -> None:
    closed = why_closed(broadcast)
    if closed:
        raise OpinionsClosed(closed)
    if person is None and (not broadcast.anonymous or not writer):
        raise AccountNeeded
    moderation.check_may_write(device=device, person=person)


def _name(nickname: str, person: Person | None, writer: str) -> str:
    name = clean(nickname, limit=NICKNAME_CHARACTERS, field="nickname", lines=False)
    if name:
        return name
    if person is not None and person.nickname:
        return str(person.nickname)[:NICKNAME_CHARACTERS]
    # The same number for the same writer throughout a broadcast, so that a talk can be followed.
    return _("Citizen %(number)s") % {"number": f"{int(writer[:8], 16) % 10_000:04d}"}


def _doubt(broadcast: Broadcast, *texts: str) -> str | None:
    """Why a moderator must read this first (for the moderator only); None if it may be published at once."""
    reasons = [verdict.reason for verdict in map(moderation.check_text, texts) if not verdict.clean]
    if reasons:
        return "; ".join(reasons)
    return "" if broadcast.moderation == "before" else None


def _keep_pace(broadcast: Broadcast, writer: str) -> None:
    """TooMany if this writer spoke less than the slow mode's seconds ago."""
    if not broadcast.slow_mode_s:
        return
    # The row's lock puts writers in one line, so that two requests at once cannot both be the first.
    Broadcast.objects.select_for_update(no_key=True).filter(pk=broadcast.pk).values_list(
        "pk", flat=True
    ).get()
    last = (
        broadcast.opinions.filter(writer=writer)
        .order_by("-pk")
        .values_list("voice__created_at", flat=True)
        .first()
    )
    if last is None:
        return
    left = broadcast.slow_mode_s - (now() - last).total_seconds()
    if left > 0:
        wait = math.ceil(left)
        message = ngettext(
            "Slow mode is on. Please wait %(seconds)d second.",
            "Slow mode is on. Please wait %(seconds)d seconds.",
            wait,
        )
        raise TooMany(message % {"seconds": wait}, retry_after=wait, code="slow_mode")


def _moment(broadcast: Broadcast, seen: datetime | None) -> datetime:
    present = now()
    if broadcast.state == "ended" and broadcast.ended_at:
        present = min(present, broadcast.ended_at)
    if broadcast.state not in {"live", "ended"} or seen is None or not _is_near(seen, present):
        return present
    return cut(seen)


def _is_near(seen: datetime, present: datetime) -> bool:
    return seen.tzinfo is not None and present - BEHIND <= seen <= present + AHEAD


def _token(text: str) -> str:
    if not text:
        return ""
    if len(text) > _TOKEN or not text.isascii() or not text.isprintable():
        raise Invalid("idempotency", _("At most 64 plain characters."), code="bad_token")
    return text


def _earlier(broadcast: Broadcast, writer: str, token: str) -> Written | None:
    found = (
        broadcast.opinions.select_related("voice", "voice__office")
        .filter(writer=writer, idempotency=token)
        .first()
    )
    if found is None:
        return None
    return Written(opinion=opinion_view(found), held=not found.voice.is_readable, repeated=True)
