"""Questions and reports are voices: public, with the office that owns the dataset, answered under its page."""

from __future__ import annotations

from typing import Any

import pytest

from maru.commons.moderation import operations as moderation
from maru.commons.voices import operations as voices
from maru.commons.voices.models import Voice
from maru.platform.access.refusals import Invalid, NotAllowed, Refusal, SignInNeeded
from maru.platform.events.models import Outbox
from maru.services.opendata.contracts import Viewer
from maru.services.opendata.models import Dataset, Remark
from maru.services.opendata.operations.describing import withdraw
from maru.services.opendata.operations.remarks import ask, report_defect
from maru.services.opendata.queries import datasets
from maru.services.opendata.queries.remarks import desk, remarks
from maru.services.opendata.refusals import WrongState

pytestmark = pytest.mark.django_db


def test_a_question_goes_to_the_owner_and_its_answer_stands_below(bikes: Dataset, office: Any) -> None:
    asked = ask(dataset=bikes, text="Why is station 3 empty?", nickname="Dan", device="d1")
    assert asked.own
    voice = Voice.objects.get()
    assert (voice.about, voice.channel, voice.state, voice.office) == ("data/bikes", "data", "routed", office)
    assert voice.due_at is not None
    voices.answer(voice=voice, text="It is being rebuilt.", by=None)
    [shown], total = remarks("bikes")
    assert total == 1
    assert (shown.kind, shown.name, shown.state, shown.own) == ("question", "Dan", "answered", False)
    assert shown.answers[0].text == "It is being rebuilt."
    assert [row.kind for row in Outbox.objects.filter(channel_id="data/bikes")] == ["remark", "remark"]


def test_a_report_names_column_and_record_and_is_counted_while_open(bikes: Dataset) -> None:
    report_defect(dataset=bikes, text="Minus one bike.", column="bikes", record="ST-3", device="d1")
    page = datasets.dataset("bikes")
    assert (page.defects, page.open_defects, page.questions) == (1, 1, 0)
    [row] = desk(office_ids=None)
    assert row.open_defects == 1
    voices.answer(voice=Voice.objects.get(), text="Fixed.", by=None)
    assert datasets.dataset("bikes").open_defects == 0


def test_a_blocked_word_holds_it_and_letting_it_in_sends_it_to_the_office(
    bikes: Dataset, office: Any
) -> None:
    moderation.add_word(language="en", word="rascal", by=None)
    held = ask(dataset=bikes, text="You rascal, where are the bikes?", device="d1")
    assert held.state == "held"
    assert remarks("bikes")[1] == 0
    assert remarks("bikes", viewer=Viewer(device="d1"))[1] == 1
    voices.publish(voice=Voice.objects.get(), by=None)
    assert Voice.objects.get().office == office
    assert remarks("bikes")[1] == 1


def test_hidden_it_is_only_its_writers_with_the_reason(bikes: Dataset) -> None:
    ask(dataset=bikes, text="Words", device="d1")
    voices.hide(voice=Voice.objects.get(), by=None, reason="Names a neighbour.")
    assert remarks("bikes")[1] == 0
    [own], _total = remarks("bikes", viewer=Viewer(device="d1"))
    assert own.hidden_reason == "Names a neighbour."
    assert remarks("bikes", viewer=Viewer(device="d2"))[1] == 0


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"text": "  ", "device": "d1"}, Invalid),
        ({"text": "x" * 2001, "device": "d1"}, Refusal),
        ({"text": "Words"}, SignInNeeded),
        ({"text": "Words", "device": "d1", "column": "nothing"}, Invalid),
    ],
)
def test_what_cannot_be_said_leaves_nothing(
    bikes: Dataset, given: dict[str, Any], refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        report_defect(dataset=bikes, **given)
    assert not Voice.objects.exists()
    assert not Remark.objects.exists()


def test_who_is_blocked_may_not_ask(bikes: Dataset) -> None:
    moderation.block(kind="device", value="d1", reason="floods", by=None)
    with pytest.raises(NotAllowed):
        ask(dataset=bikes, text="Words", device="d1")


def test_a_withdrawn_dataset_takes_no_questions(bikes: Dataset) -> None:
    fresh = withdraw(dataset=bikes, reason="wrong", by=None)
    with pytest.raises(WrongState):
        ask(dataset=fresh, text="Words", device="d1")
