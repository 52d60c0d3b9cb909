"""After the broadcast: what was not answered on air goes to offices, which answer in writing, in public."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from maru.commons.voices import operations as voices
from maru.commons.voices.models import Answer, Voice
from maru.commons.voices.states import State
from maru.platform.access.refusals import Invalid
from maru.platform.audit.operations import record
from maru.services.live.models import Broadcast, Opinion, now
from maru.services.live.operations.marks import gathered, mark, target, tell
from maru.services.live.operations.questions import question_event
from maru.services.live.refusals import WrongState

if TYPE_CHECKING:
    from maru.commons.offices.models import Office
    from maru.commons.people.models import Person


def route_unanswered(
    *, broadcast: Broadcast, office_of: Mapping[str, Office], by: Person | None, default: Office | None = None
) -> int:
    """Give the questions that were not answered on air to offices; returns how many were given.

    ``office_of`` maps public ids to offices; what it does not name goes to ``default`` or, without one,
    waits.
    Raises WrongState before the end, Invalid for an office that answers nobody.
    """
    if broadcast.state not in {"ended", "replay"}:
        raise WrongState(_("Questions are passed on after the end of the broadcast."))
    with transaction.atomic(), gathered():
        Broadcast.objects.filter(pk=broadcast.pk).update(routed_at=now())
        waiting = unanswered(broadcast)
        # Locked in order before the audit log is: each step below takes both.
        list(
            Voice.objects.select_for_update(no_key=True)
            .filter(pk__in=[row.voice_id for row in waiting])
            .order_by("pk")
        )
        given = 0
        for opinion in waiting:
            office = office_of.get(opinion.voice.public_id, default)
            if office is not None:
                _route(broadcast, opinion, office, by)
                given += 1
        record(actor=by, act="live.route", target=target(broadcast), details={"questions": given})
    broadcast.refresh_from_db(fields=["routed_at"])
    return given


def route_opinion(*, opinion: Opinion, office: Office, by: Person | None) -> Opinion:
    """Give one opinion (a question or not) to an office, or to another one. Raises Conflict, Invalid."""
    with transaction.atomic():
        _route(opinion.broadcast, opinion, office, by)
    return opinion


def answer_opinion(*, opinion: Opinion, office: Office | None, by: Person | None, text: str) -> Answer:
    """An office answers in writing; the room follows by ``on_step``.

    Raises Invalid, TooLarge, NotAllowed, Conflict.
    """
    if not text.strip():
        raise Invalid("text", _("Please write an answer."))
    return voices.answer(voice=opinion.voice, text=text, by=by, office=office)


def unanswered(broadcast: Broadcast) -> list[Opinion]:
    """Public questions that nobody answered and no office has, most supported first."""
    rows = broadcast.opinions.filter(question=True, voice__state__in=[State.PUBLISHED, State.REOPENED])
    rows = rows.exclude(question_state="answered").select_related("voice", "voice__office", "broadcast")
    return list(rows.order_by("-votes", "pk"))


def _route(broadcast: Broadcast, opinion: Opinion, office: Office, by: Person | None) -> None:
    voices.route(voice=opinion.voice, office=office, by=by)
    if opinion.question and opinion.question_state != "passed":
        opinion.question_state = "passed"
        opinion.save(update_fields=["question_state"])
        mark(broadcast, [opinion.moment])
        tell(broadcast, ("question", question_event(opinion)))
