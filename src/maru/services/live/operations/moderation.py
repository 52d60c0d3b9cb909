"""Taking away, giving back, letting in: what moderators do, and what follows from it.

The voices do the step itself, with its audit entry; ``on_step`` hears of every step of a voice of this
room, also
when an office answers in its own inbox, and makes the room follow in the same transaction.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from maru.commons.moderation import operations as blocks
from maru.commons.moderation.models import Block
from maru.commons.voices import operations as voices
from maru.commons.voices.models import Answer, Step, Voice
from maru.commons.voices.states import READABLE, Act, State
from maru.platform.access.refusals import Invalid
from maru.services.live.models import Opinion, now
from maru.services.live.operations.marks import gathered, mark, tell
from maru.services.live.operations.questions import question_event, to_asked
from maru.services.live.queries.conversation import answer_view, opinion_view
from maru.services.live.wire import answer_record, iso, opinion_event

if TYPE_CHECKING:
    from maru.commons.people.models import Person


def hide_opinion(*, opinion: Opinion, reason: str, by: Person | None) -> Opinion:
    """Take an opinion away from everyone but its author, who sees ``reason``. Raises Invalid, Conflict."""
    voices.hide(voice=opinion.voice, by=by, reason=reason)
    return opinion


def show_opinion(*, opinion: Opinion, by: Person | None) -> Opinion:
    """Give a hidden opinion back, at its old moment. Conflict if it is not hidden."""
    voices.show(voice=opinion.voice, by=by)
    return opinion


def approve_opinion(*, opinion: Opinion, by: Person | None) -> Opinion:
    """Publish a held opinion. Conflict if it is not held."""
    voices.publish(voice=opinion.voice, by=by)
    return opinion


def reject_opinion(*, opinion: Opinion, reason: str, by: Person | None) -> Opinion:
    """Do not publish a held opinion; its author sees ``reason``. Raises Invalid, Conflict."""
    voices.hide(voice=opinion.voice, by=by, reason=reason)
    return opinion


def block_author(
    *, opinion: Opinion, reason: str, by: Person | None, hours: int | None = None, hide_all: bool = False
) -> Block:
    """Keep the writer from writing, for ``hours`` or for good; with ``hide_all`` hide what they said here.

    The account is blocked if there is one, else the device. Invalid if neither is known any more.
    """
    voice = opinion.voice
    kind, value = (
        (Block.Kind.PERSON, str(voice.author_id)) if voice.author_id else (Block.Kind.DEVICE, voice.device)
    )
    if not value:
        raise Invalid("opinion", _("The writer of this opinion is not known any more."))
    until: datetime | None = now() + timedelta(hours=hours) if hours else None
    with transaction.atomic(), gathered():
        theirs = _theirs(opinion) if hide_all else []
        made = blocks.block(kind=kind, value=value, reason=reason, by=by, until=until)
        for row in theirs:
            voices.hide(voice=row, by=by, reason=reason)
    return made


def _theirs(opinion: Opinion) -> list[Voice]:
    """All that this writer said here and can be read or waits, locked in order before anything else is."""
    same = Opinion.objects.filter(broadcast=opinion.broadcast_id, writer=opinion.writer).values("voice_id")
    rows = Voice.objects.select_for_update(no_key=True).filter(pk__in=same, state__in=[*READABLE, State.HELD])
    return list(rows.order_by("pk"))


def on_step(voice: Voice, step: Step) -> None:
    """A voice of this room moved on: its file must be written anew, and everyone be told."""
    opinion = Opinion.objects.select_related("broadcast").filter(voice=voice).first()
    if opinion is None:
        return
    opinion.voice = voice
    if step.act == Act.HIDE:
        _hidden(opinion, was_public=step.state_from in READABLE)
    elif step.act in {Act.SHOW, Act.PUBLISH}:
        _appeared(opinion, "shown" if step.act == Act.SHOW else "opinion")
    elif step.act == Act.ANSWER:
        _answered(opinion)


def _hidden(opinion: Opinion, *, was_public: bool) -> None:
    broadcast, public_id = opinion.broadcast, opinion.voice.public_id
    decided = ("decided", {"id": public_id, "state": "hidden", "reason": opinion.voice.hidden_reason})
    if not was_public:
        tell(broadcast, staff=[decided])
        return
    events: list[tuple[str, dict[str, object]]] = [("hidden", {"id": public_id})]
    if opinion.question_state == "on_air":
        to_asked(opinion)
        events.append(("question", question_event(opinion)))
    mark(broadcast, [opinion.moment])
    tell(broadcast, *events, staff=[decided])


def _appeared(opinion: Opinion, kind: str) -> None:
    mark(opinion.broadcast, [opinion.moment])
    event = opinion_event(opinion_view(opinion))
    tell(
        opinion.broadcast,
        (kind, event),
        staff=[("decided", {"id": opinion.voice.public_id, "state": "published", "reason": ""})],
    )


def _answered(opinion: Opinion) -> None:
    answer = Answer.objects.select_related("office").filter(voice=opinion.voice).order_by("-pk")[0]
    mark(opinion.broadcast, [opinion.moment])
    record = answer_record(answer_view(answer))
    tell(opinion.broadcast, ("answer", {"id": opinion.voice.public_id, **record, "at": iso(answer.at)}))
