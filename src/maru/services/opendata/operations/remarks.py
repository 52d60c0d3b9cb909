"""Questions and defect reports about a dataset: voices, given to the office that owns it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from maru.commons.moderation import operations as moderation
from maru.commons.voices import operations as voices
from maru.commons.voices.models import Step, Voice
from maru.commons.voices.states import READABLE, Act, State
from maru.platform.access.refusals import Invalid, SignInNeeded
from maru.platform.events.outbox import emit
from maru.services.opendata import text as texts
from maru.services.opendata.contracts import RemarkView, Viewer
from maru.services.opendata.models import Dataset, Remark
from maru.services.opendata.queries.remarks import remark
from maru.services.opendata.refusals import WrongState

if TYPE_CHECKING:
    from maru.commons.people.models import Person

MOST_TEXT = 2_000
MOST_NAME = 30


def ask(
    *, dataset: Dataset, text: str, nickname: str = "", person: Person | None = None, device: str = ""
) -> RemarkView:
    """A question. Published and given to the dataset's office at once, or held for a moderator.

    Raises Invalid (text), SignInNeeded (neither person nor device), NotAllowed (blocked), WrongState (not published).
    """
    return _receive(dataset, "question", text, nickname, person, device)


def report_defect(
    *,
    dataset: Dataset,
    text: str,
    column: str = "",
    record: str = "",
    nickname: str = "",
    person: Person | None = None,
    device: str = "",
) -> RemarkView:
    """A report that something in the data is wrong; ``column`` and ``record`` say where. As ``ask`` otherwise."""
    if column and column not in {one["name"] for one in dataset.columns}:
        raise Invalid("column", _("There is no such column."))
    return _receive(dataset, "defect", text, nickname, person, device, column=column, record=record)


def on_step(voice: Voice, step: Step) -> None:
    """A voice about a dataset moved on: one that a moderator let in goes to its office, and the page is told."""
    found = Remark.objects.select_related("dataset", "dataset__office").filter(voice=voice).first()
    if found is None:
        return
    if step.act == Act.PUBLISH and voice.office_id is None:
        _route(found.dataset, voice)
    if step.act in {Act.PUBLISH, Act.ANSWER, Act.HIDE, Act.SHOW, Act.CLOSE}:
        emit(
            f"data/{found.dataset.slug}",
            "remark",
            {"id": voice.public_id, "state": voice.state, "remark": found.kind},
        )


def forget_person(person: Person) -> None:
    """An account is deleted: its subscriptions go with it; what was said stays, and the voices cut the link."""
    from maru.services.opendata.models import Subscription

    Subscription.objects.filter(person=person).delete()


def _receive(
    dataset: Dataset,
    kind: str,
    text: str,
    nickname: str,
    person: Person | None,
    device: str,
    *,
    column: str = "",
    record: str = "",
) -> RemarkView:
    if dataset.state != "published":
        raise WrongState(_("Only a published dataset can be asked about."))
    if person is None and not device:
        raise SignInNeeded
    moderation.check_may_write(device=device, person=person)
    name = texts.line(nickname, limit=MOST_NAME, field="nickname")
    where = texts.line(record, limit=300, field="record")
    verdicts = [moderation.check_text(words) for words in (text, name, where)]
    doubt = "; ".join(one.reason for one in verdicts if not one.clean)
    with transaction.atomic():
        voice = voices.receive(
            channel="data",
            about=dataset.about,
            text=text,
            language=(get_language() or "").split("-")[0],
            author=person,
            device=device,
            nickname=name or (person.nickname[:MOST_NAME] if person is not None else ""),
            state=State.HELD if doubt else State.PUBLISHED,
            reason=doubt,
            max_length=MOST_TEXT,
        )
        Remark.objects.create(voice=voice, dataset=dataset, kind=kind, column=column, record=where)
        if not doubt:
            _route(dataset, voice)
            emit(
                f"data/{dataset.slug}",
                "remark",
                {"id": voice.public_id, "state": voice.state, "remark": kind},
            )
    viewer = Viewer(person_id=person.pk if person is not None else None, device=device)
    shown = remark(voice.public_id, viewer=viewer)
    assert shown is not None  # written above
    return shown


def _route(dataset: Dataset, voice: Voice) -> None:
    """To the office that owns the dataset; without one it stays public until somebody passes it on."""
    if dataset.office is not None and dataset.office.answers and voice.state in READABLE:
        voices.route(voice=voice, office=dataset.office)
