"""Questions: support by votes, and what the host makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from maru.commons.moderation import operations as moderation
from maru.platform.access.refusals import Invalid
from maru.platform.audit.operations import record
from maru.services.live.access import digest, writer_of
from maru.services.live.contracts import QuestionState, Viewer, VoteResult
from maru.services.live.models import Broadcast, Opinion, Vote, now
from maru.services.live.operations.marks import mark, target, tell
from maru.services.live.refusals import AccountNeeded, OpinionsClosed, WrongState
from maru.services.live.wire import iso_or_none

if TYPE_CHECKING:
    from maru.commons.people.models import Person

# Back to "asked" undoes a slip of the host's finger.
STEPS: dict[str, frozenset[str]] = {
    "asked": frozenset({"on_air", "passed"}),
    "on_air": frozenset({"answered", "passed", "asked"}),
    "answered": frozenset({"asked"}),
    "passed": frozenset({"asked", "on_air"}),
}


def vote(*, opinion: Opinion, person: Person | None = None, device: str = "") -> VoteResult:
    """Support a question. A second vote of the same voter changes nothing and is no error.

    Who voted from a device and then signs in keeps that one vote.
    Raises Invalid, OpinionsClosed, AccountNeeded, NotAllowed (blocked).
    """
    voter, from_device = _voter(opinion, person, device)
    try:
        with transaction.atomic():
            _may_vote(opinion, person, device)
            if _has_voted(opinion, voter, from_device, person is not None):
                return _result(opinion, voted=True)
            Vote.objects.create(opinion=opinion, voter=voter, device=from_device)
            return _count(opinion, +1)
    except IntegrityError:
        # The same voter twice at the same time: the other request counted.
        return _result(opinion, voted=True)


def unvote(*, opinion: Opinion, person: Person | None = None, device: str = "") -> VoteResult:
    """Take support back. Without a vote it changes nothing and is no error."""
    voter, from_device = _voter(opinion, person, device)
    with transaction.atomic():
        _may_vote(opinion, person, device)
        mine = Q(voter=voter) if person is not None else Q(voter=voter) | Q(device=from_device)
        deleted, _rows = Vote.objects.filter(mine, opinion=opinion).delete()
        if not deleted:
            return _result(opinion, voted=False)
        return _count(opinion, -deleted)


def set_question_state(*, opinion: Opinion, state: QuestionState, by: Person | None) -> Opinion:
    """The host puts a question on air, marks it answered, passes it on, or takes that back.

    One question is on air at a time: the one before goes back to "asked" unless it was marked. Raises
    Invalid (not a
    question) and WrongState for a step that is not allowed.
    """
    with transaction.atomic():
        broadcast = Broadcast.objects.select_for_update(no_key=True).get(pk=opinion.broadcast_id)
        opinion = Opinion.objects.select_related("voice", "voice__office").get(pk=opinion.pk)
        if not opinion.question:
            raise Invalid("state", _("This is not a question."), code="not_a_question")
        if opinion.question_state == state:
            return opinion
        _may_step(broadcast, opinion, state)
        changed = _take_off_air(broadcast) if state == "on_air" else []
        _step(opinion, state)
        changed.append(opinion)
        record(
            actor=by,
            act="live.question",
            target=target(broadcast),
            details={"opinion": opinion.voice.public_id, "state": state},
        )
        mark(broadcast, [row.moment for row in changed])
        tell(broadcast, *[("question", question_event(row)) for row in changed])
    return opinion


def question_event(opinion: Opinion) -> dict[str, Any]:
    """The payload of a ``question`` event. ``opinion.voice`` must be loaded."""
    return {
        "id": opinion.voice.public_id,
        "state": opinion.question_state,
        "at": iso_or_none(now()),
        "on_air_at": iso_or_none(opinion.on_air_at),
        "answered_at": iso_or_none(opinion.answered_at),
    }


def take_off_air(broadcast: Broadcast) -> list[Opinion]:
    """The broadcast ends: no question stays on air. The caller marks and tells. Inside a transaction."""
    return _take_off_air(broadcast)


def _take_off_air(broadcast: Broadcast) -> list[Opinion]:
    taken = list(broadcast.opinions.select_related("voice").filter(question_state="on_air"))
    for opinion in taken:
        _step(opinion, "asked")
    return taken


def to_asked(opinion: Opinion) -> None:
    """Off the air without an answer. The caller marks and tells. Inside a transaction."""
    _step(opinion, "asked")


def _step(opinion: Opinion, state: QuestionState) -> None:
    present = now()
    opinion.question_state = state
    if state == "on_air":
        opinion.on_air_at = present
    if state == "answered":
        opinion.answered_at = present
    elif state == "asked":
        opinion.on_air_at = opinion.answered_at = None
    opinion.save(update_fields=["question_state", "on_air_at", "answered_at"])


def _may_step(broadcast: Broadcast, opinion: Opinion, state: QuestionState) -> None:
    if state not in STEPS.get(opinion.question_state, frozenset()):
        raise WrongState(_("This question cannot be moved there from where it is."))
    if state == "on_air" and broadcast.state != "live":
        raise WrongState(_("Only a broadcast that is on air can put a question on air."))
    if not opinion.voice.is_readable:
        raise WrongState(_("This question is hidden."))


def _voter(opinion: Opinion, person: Person | None, device: str) -> tuple[str, str]:
    viewer = Viewer(person_id=person.pk if person else None, device=device)
    return writer_of(opinion.broadcast_id, viewer), digest(opinion.broadcast_id, "device", device)


def _may_vote(opinion: Opinion, person: Person | None, device: str) -> None:
    broadcast = opinion.broadcast
    if not opinion.question:
        raise Invalid("id", _("Only questions take votes."), code="not_a_question")
    if broadcast.state not in {"scheduled", "live"} or not broadcast.opinions_open:
        raise OpinionsClosed(_("Voting has ended."))
    if person is None and (not broadcast.anonymous or not device):
        raise AccountNeeded(_("Please sign in to vote in this broadcast."))
    moderation.check_may_write(device=device, person=person)


def _has_voted(opinion: Opinion, voter: str, device: str, signed_in: bool) -> bool:
    mine = Vote.objects.filter(opinion=opinion)
    if mine.filter(voter=voter).exists():
        return True
    if not device:
        return False
    if not signed_in:
        # The person who signed out keeps the vote given while signed in on this device.
        return mine.filter(device=device).exists()
    return bool(mine.filter(voter=device).update(voter=voter))


def _count(opinion: Opinion, change: int) -> VoteResult:
    Opinion.objects.filter(pk=opinion.pk).update(votes=F("votes") + change)
    result = _result(opinion, voted=change > 0)
    tell(opinion.broadcast, ("votes", {"id": result.id, "votes": result.votes}))
    return result


def _result(opinion: Opinion, *, voted: bool) -> VoteResult:
    votes = Opinion.objects.values_list("votes", flat=True).get(pk=opinion.pk)
    return VoteResult(id=opinion.voice.public_id, votes=votes, voted=voted)
