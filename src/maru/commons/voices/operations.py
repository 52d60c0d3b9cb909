"""The door of the voices: the only place where a voice comes to be or changes.

Every function is keyword-only and one transaction; it locks the voice, checks that the step is legal, writes the
step, the audit entry where staff acted, and tells the room the voice belongs to (``listeners.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from maru.commons.offices.models import Office
from maru.commons.people.models import Person, Role
from maru.commons.voices.listeners import tell
from maru.commons.voices.models import TEXT_LENGTH, Answer, Step, Voice
from maru.commons.voices.states import Act, State, after, allowed
from maru.platform.access.refusals import Conflict, Invalid, NotAllowed, TooLarge
from maru.platform.audit.operations import actor_key, record

CITIZEN = "citizen"
Actor = Person | str | None


def receive(
    *,
    channel: str,
    about: str,
    text: str,
    language: str = "",
    author: Person | None = None,
    device: str = "",
    nickname: str = "",
    state: str = State.RECEIVED,
    reason: str = "",
    max_length: int = TEXT_LENGTH,
) -> Voice:
    """A new voice; with ``state`` published or held it takes that step at once (``reason``: why it is held).

    Raises Invalid for an empty text and TooLarge above ``max_length`` characters. The text is kept as written but for
    control characters, which no screen can show.
    """
    if state not in {State.RECEIVED, State.HELD, State.PUBLISHED}:
        raise ValueError(f"a voice is not received as {state}")
    words = clean(text)
    if not words:
        raise Invalid("text", _("Please write something."))
    if len(words) > max_length:
        raise TooLarge(_("At most %(most)d characters, please.") % {"most": max_length}, field="text")
    now = timezone.now()
    with transaction.atomic():
        voice = Voice.objects.create(
            channel=channel,
            about=about,
            text=words,
            language=language[:10],
            author=author,
            device=device,
            nickname=clean(nickname).replace("\n", " ")[:40],
            state=state,
            created_at=now,
            published_at=now if state == State.PUBLISHED else None,
        )
        who = actor_key(author) if author else CITIZEN
        steps = [Step(voice=voice, act=Act.RECEIVE, state_to=State.RECEIVED, actor=who, at=now)]
        if state != State.RECEIVED:
            act = Act.PUBLISH if state == State.PUBLISHED else Act.HOLD
            steps.append(
                Step(
                    voice=voice,
                    act=act,
                    state_from=State.RECEIVED,
                    state_to=state,
                    actor=actor_key(None),
                    reason=reason[:300],
                    at=now,
                )
            )
        Step.objects.bulk_create(steps)
    return voice


def hold(*, voice: Voice, by: Actor = None, reason: str = "") -> Voice:
    """Keep a received voice back until a moderator has read it."""
    return _step(voice, Act.HOLD, by=by, reason=reason)


def publish(*, voice: Voice, by: Actor = None) -> Voice:
    """Make a received or held voice public."""
    return _step(voice, Act.PUBLISH, by=by, change=_published)


def hide(*, voice: Voice, by: Actor, reason: str) -> Voice:
    """Take a voice from public sight (or refuse a held one). The author sees the reason, so one is needed."""
    if not reason.strip():
        raise Invalid("reason", _("Say why: the author will read it."))

    def change(row: Voice) -> None:
        row.hidden_from = row.state
        row.hidden_reason = reason.strip()[:300]

    return _step(voice, Act.HIDE, by=by, reason=reason.strip(), change=change)


def show(*, voice: Voice, by: Actor) -> Voice:
    """Take back a hiding: the voice stands where it stood."""

    def change(row: Voice) -> None:
        row.hidden_from = ""
        row.hidden_reason = ""
        _published(row)

    return _step(voice, Act.SHOW, by=by, change=change)


def route(*, voice: Voice, office: Office, by: Actor = None, reason: str = "") -> Voice:
    """Give a public voice to an office, or pass it on to another: counted, and the clock goes on running."""
    if not office.answers:
        raise Invalid("office", _("This office does not answer citizens."))

    def change(row: Voice) -> None:
        now = timezone.now()
        if row.state == State.ROUTED:
            if row.office_id == office.pk:
                raise Conflict(_("This office already has it."))
            row.hand_offs += 1
        if row.routed_at is None or row.state == State.REOPENED:
            row.routed_at = now
            row.due_at = now + timedelta(days=office.answer_days)
        row.office = office

    return _step(voice, Act.ROUTE, by=by, reason=reason, office=office, change=change)


def answer(*, voice: Voice, text: str, by: Actor, office: Office | None = None) -> Answer:
    """Answer in writing, in public. An officer answers for their own office only, and only what lies with it."""
    words = clean(text)
    if not words:
        raise Invalid("text", _("Please write an answer."))
    if len(words) > TEXT_LENGTH:
        raise TooLarge(_("At most %(most)d characters, please.") % {"most": TEXT_LENGTH}, field="text")
    with transaction.atomic():
        row = locked(voice)
        speaker = office or row.office
        check_may_answer(by, row, speaker)

        def change(row: Voice) -> None:
            row.answered_at = timezone.now()
            row.office = speaker

        _step(voice, Act.ANSWER, by=by, office=speaker, change=change, listen=False)
        made = Answer.objects.create(
            voice=voice,
            office=speaker,
            by=by if isinstance(by, Person) else None,
            text=words,
            at=voice.answered_at or timezone.now(),
        )
        tell(voice, voice.steps.order_by("-pk")[0])
    return made


def close(*, voice: Voice, by: Actor = None, reason: str = "") -> Voice:
    """End a voice's way; it stays public."""

    def change(row: Voice) -> None:
        row.closed_at = timezone.now()

    return _step(voice, Act.CLOSE, by=by, reason=reason, change=change)


def reopen(*, voice: Voice, by: Actor, reason: str) -> Voice:
    """Take an answered or closed voice up again."""
    if not reason.strip():
        raise Invalid("reason", _("Say what is still open."))

    def change(row: Voice) -> None:
        row.closed_at = None

    return _step(voice, Act.REOPEN, by=by, reason=reason.strip(), change=change)


def forget_speakers(*, about: str, before: datetime) -> int:
    """Cut the link to person and device of voices about ``about…`` from before that time; how many. The words stay."""
    old = Voice.objects.filter(about__startswith=about, created_at__lt=before)
    return old.exclude(author=None, device="").update(author=None, device="")


def check_may_answer(by: Actor, voice: Voice, office: Office | None) -> None:
    """NotAllowed unless ``by`` is an officer of the office the voice lies with, a producer on air, or the system."""
    if not isinstance(by, Person) or by.has_role(Role.ADMINISTRATOR):
        return
    if voice.office_id is None and office is None and by.has_role(Role.PRODUCER):
        return  # answered on air before any office had it
    if office is None or not by.has_role(Role.OFFICER, office.pk) or voice.office_id not in (None, office.pk):
        raise NotAllowed(_("Only the office that has this voice may answer it."))


def clean(text: str) -> str:
    """``text`` without control and private-use characters, line ends as ``\\n``, trimmed."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        c for c in plain if c == "\n" or (c >= " " and c != "\x7f" and not "\ud800" <= c <= "\udfff")
    ).strip()


def locked(voice: Voice) -> Voice:
    """The row of ``voice`` as it is now, locked until the end of the transaction."""
    return Voice.objects.select_for_update(no_key=True).get(pk=voice.pk)


def _published(row: Voice) -> None:
    if row.published_at is None:
        row.published_at = timezone.now()


def _step(
    voice: Voice,
    act: str,
    *,
    by: Actor,
    reason: str = "",
    office: Office | None = None,
    change: Callable[[Voice], None] | None = None,
    listen: bool = True,
) -> Voice:
    """Do one legal step on the locked row, and bring ``voice`` (the caller's object) up to date."""
    with transaction.atomic():
        row = locked(voice)
        before = row.state
        if not allowed(act, before):
            raise Conflict(
                _("This voice is “%(state)s”; that step is not possible now.")
                % {"state": State(before).label}
            )
        state = after(act, row.hidden_from)
        if change is not None:
            change(row)
        row.state = state
        row.save()
        step = Step.objects.create(
            voice=row,
            act=act,
            state_from=before,
            state_to=state,
            office=office,
            actor=actor_key(by),
            reason=reason[:300],
        )
        if isinstance(by, Person):
            _audit(by, row, step)
        _bring_up_to_date(voice, row)
        if listen:
            tell(voice, step)
    return voice


def _audit(by: Person, row: Voice, step: Step) -> None:
    details: dict[str, Any] = {"about": row.about, "from": step.state_from, "to": step.state_to}
    if step.office_id and step.office is not None:
        details["office"] = step.office.code
    if step.reason:
        details["reason"] = step.reason
    record(actor=by, act=f"voices.{step.act}", target=f"voice/{row.public_id}", details=details)


def _bring_up_to_date(voice: Voice, row: Voice) -> None:
    for field in Voice._meta.concrete_fields:
        setattr(voice, field.attname, getattr(row, field.attname))
