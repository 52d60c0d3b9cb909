"""The life of a voice: only legal steps, each written down, each hand-off counted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from maru.commons.offices.models import Office
from maru.commons.voices import listeners, operations, queries
from maru.commons.voices.models import Answer, Step, Voice
from maru.commons.voices.states import ALLOWED, Act, State, after, allowed
from maru.platform.access.refusals import Conflict, Invalid, NotAllowed, Refusal, TooLarge
from maru.platform.audit.models import Entry

pytestmark = pytest.mark.django_db


def voice(state: str = State.PUBLISHED, **fields) -> Voice:
    fields.setdefault("text", "Why does the bus come late?")
    return operations.receive(
        channel="broadcast", about="live/opening", state=state, device="d" * 64, **fields
    )


# The table, written a second time by hand: what may follow what.
LEGAL = {
    (State.RECEIVED, Act.HOLD, State.HELD),
    (State.RECEIVED, Act.PUBLISH, State.PUBLISHED),
    (State.RECEIVED, Act.HIDE, State.HIDDEN),
    (State.HELD, Act.PUBLISH, State.PUBLISHED),
    (State.HELD, Act.HIDE, State.HIDDEN),
    (State.PUBLISHED, Act.HIDE, State.HIDDEN),
    (State.PUBLISHED, Act.ROUTE, State.ROUTED),
    (State.PUBLISHED, Act.ANSWER, State.ANSWERED),
    (State.PUBLISHED, Act.CLOSE, State.CLOSED),
    (State.ROUTED, Act.HIDE, State.HIDDEN),
    (State.ROUTED, Act.ROUTE, State.ROUTED),
    (State.ROUTED, Act.ANSWER, State.ANSWERED),
    (State.ROUTED, Act.CLOSE, State.CLOSED),
    (State.ANSWERED, Act.HIDE, State.HIDDEN),
    (State.ANSWERED, Act.CLOSE, State.CLOSED),
    (State.ANSWERED, Act.REOPEN, State.REOPENED),
    (State.CLOSED, Act.HIDE, State.HIDDEN),
    (State.CLOSED, Act.REOPEN, State.REOPENED),
    (State.REOPENED, Act.HIDE, State.HIDDEN),
    (State.REOPENED, Act.ROUTE, State.ROUTED),
    (State.REOPENED, Act.ANSWER, State.ANSWERED),
    (State.REOPENED, Act.CLOSE, State.CLOSED),
    (State.HIDDEN, Act.SHOW, State.PUBLISHED),
}


def test_the_table_is_the_one_written_by_hand():
    found = {(state, act, after(act, "")) for act in ALLOWED for state in State if allowed(act, state)}
    assert found == LEGAL


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from([act for act in Act if act != Act.RECEIVE]), max_size=9), st.booleans())
def test_no_sequence_of_steps_leaves_the_table(acts, held):
    one, two = (Office.objects.get_or_create(code=code, names={"en": code})[0] for code in ("one", "two"))
    speaker = voice(State.HELD if held else State.RECEIVED)
    for act in acts:
        before = speaker.state
        office = two if speaker.office_id == one.pk else one
        do = {
            Act.HOLD: lambda: operations.hold(voice=speaker),
            Act.PUBLISH: lambda: operations.publish(voice=speaker),
            Act.HIDE: lambda: operations.hide(voice=speaker, by="test", reason="rude"),
            Act.SHOW: lambda: operations.show(voice=speaker, by="test"),
            Act.ROUTE: lambda office=office: operations.route(voice=speaker, office=office),
            Act.ANSWER: lambda: operations.answer(voice=speaker, text="soon", by="test"),
            Act.CLOSE: lambda: operations.close(voice=speaker),
            Act.REOPEN: lambda: operations.reopen(voice=speaker, by="test", reason="not yet"),
        }[act]
        if allowed(act, before):
            do()
            assert act == Act.SHOW or (before, act, speaker.state) in LEGAL
        else:
            steps = speaker.steps.count()
            with pytest.raises(Conflict):
                do()
            speaker.refresh_from_db()
            assert speaker.state == before
            assert speaker.steps.count() == steps
    states = [State.RECEIVED, *(step.state_to for step in speaker.steps.exclude(act=Act.RECEIVE))]
    for step, state_before in zip(speaker.steps.exclude(act=Act.RECEIVE), states, strict=False):
        assert step.state_from == state_before
    assert states[-1] == Voice.objects.get(pk=speaker.pk).state
    assert bool(speaker.hidden_reason) == (speaker.state == State.HIDDEN)


def test_receiving_writes_one_or_two_steps():
    assert [s.act for s in voice(State.RECEIVED).steps.all()] == ["receive"]
    assert [s.act for s in voice(State.PUBLISHED).steps.all()] == ["receive", "publish"]
    held = voice(State.HELD, reason="Blocked words: x")
    assert [s.act for s in held.steps.all()] == ["receive", "hold"]
    assert held.published_at is None


def test_receiving_is_cheap(django_assert_num_queries):
    with django_assert_num_queries(
        4
    ):  # savepoint, voice, steps, release: it runs once for each opinion of a crowd
        voice()


@pytest.mark.parametrize("text", ["", "   ", "\x00\x01\n", "\u200b\x07 "[1:]])
def test_an_empty_voice_is_refused(text):
    with pytest.raises(Invalid) as caught:
        voice(text=text)
    assert caught.value.field == "text"
    assert not Voice.objects.exists()


def test_a_voice_too_long_is_refused():
    with pytest.raises(TooLarge):
        voice(text="x" * 4001)
    with pytest.raises(TooLarge):
        voice(text="가" * 501, max_length=500)
    assert voice(text="👩‍👩‍👧" * 100, max_length=500).text == "👩‍👩‍👧" * 100


def test_text_is_kept_as_written_but_for_what_no_screen_shows():
    assert voice(text="a\x00b\r\nc <b>\ud800 عربى 한글 🏛").text == "ab\nc <b> عربى 한글 🏛"


def test_hiding_needs_a_reason_and_showing_gives_back_the_place(office):
    one = voice()
    with pytest.raises(Invalid):
        operations.hide(voice=one, by="test", reason="  ")
    operations.route(voice=one, office=office)
    operations.hide(voice=one, by="test", reason="rude")
    assert (one.state, one.hidden_reason, one.is_readable) == (State.HIDDEN, "rude", False)
    operations.show(voice=one, by="test")
    assert (one.state, one.hidden_reason, one.is_readable) == (State.ROUTED, "", True)


def test_a_held_voice_hidden_and_shown_becomes_public():
    one = voice(State.HELD)
    operations.hide(voice=one, by="test", reason="rude")
    operations.show(voice=one, by="test")
    assert one.state == State.PUBLISHED
    assert one.published_at is not None


def test_each_hand_off_is_counted_and_does_not_stop_the_clock(office):
    other = Office.objects.create(code="water", names={"en": "Water"}, answer_days=30)
    one = voice()
    operations.route(voice=one, office=office)
    due = one.due_at
    assert due == one.routed_at + timedelta(days=7)
    operations.route(voice=one, office=other, reason="It is water")
    operations.route(voice=one, office=office, reason="It is not")
    assert (one.hand_offs, one.due_at, one.office_id) == (2, due, office.pk)
    with pytest.raises(Conflict):
        operations.route(voice=one, office=office)
    assert Voice.objects.get().hand_offs == 2


def test_an_office_that_does_not_answer_is_given_nothing(office):
    office.answers = False
    office.save()
    with pytest.raises(Invalid):
        operations.route(voice=voice(), office=office)


def test_only_the_office_that_has_it_may_answer(person, office):
    other = Office.objects.create(code="water", names={"en": "Water"})
    mine, theirs = person("officer", office=office), person("officer", office=other)
    one = voice()
    operations.route(voice=one, office=office)
    for stranger in (theirs, person("moderator"), person("producer"), person()):
        with pytest.raises(NotAllowed):
            operations.answer(voice=one, text="No.", by=stranger)
    with pytest.raises(NotAllowed):  # nor in the name of their own office
        operations.answer(voice=one, text="No.", by=theirs, office=other)
    assert not Answer.objects.exists()
    assert not Entry.objects.filter(act="voices.answer").exists()
    made = operations.answer(voice=one, text="Tomorrow.", by=mine)
    assert (made.office_id, made.by, made.text) == (office.pk, mine, "Tomorrow.")
    assert one.state == State.ANSWERED
    entry = Entry.objects.get(act="voices.answer")
    assert (entry.actor, entry.target) == (f"person:{mine.pk}", f"voice/{one.public_id}")


def test_a_producer_may_answer_on_air_what_no_office_has(person):
    one = voice()
    operations.answer(voice=one, text="On air.", by=person("producer"))
    assert one.state == State.ANSWERED


def test_every_act_of_staff_is_audited_and_no_act_of_the_system(person, office):
    moderator = person("moderator")
    one = voice(State.HELD)
    operations.publish(voice=one, by=moderator)
    operations.hide(voice=one, by=moderator, reason="rude")
    operations.show(voice=one, by=moderator)
    operations.route(voice=one, office=office, by=moderator)
    operations.close(voice=one, by=moderator)
    operations.reopen(voice=one, by=moderator, reason="not done")
    operations.route(voice=one, office=office)
    acts = list(Entry.objects.order_by("seq").values_list("act", flat=True))
    assert acts == [f"voices.{act}" for act in ("publish", "hide", "show", "route", "close", "reopen")]
    assert "Why does" not in str(list(Entry.objects.values("details")))


def test_the_room_is_told_in_the_same_transaction(monkeypatch, office):
    heard: list[tuple[str, str, int]] = []
    monkeypatch.setattr(listeners, "_listeners", {})
    listeners.listen(
        "live/", lambda voice, step: heard.append((step.act, voice.state, voice.answers.count()))
    )
    listeners.listen("ideas/", lambda voice, step: heard.append(("never", "", 0)))
    one = voice()
    operations.route(voice=one, office=office)
    operations.answer(voice=one, text="Yes.", by="test")
    assert heard == [("route", "routed", 0), ("answer", "answered", 1)]

    def broken(voice, step):
        raise RuntimeError

    listeners.listen("live/", broken)
    with pytest.raises(RuntimeError):
        operations.close(voice=one)
    assert Voice.objects.get().state == State.ANSWERED
    assert Step.objects.filter(act="close").count() == 0


def test_the_tally_counts_what_everyone_may_see(office):
    states = [voice() for _number in range(6)]
    voice(State.HELD)
    operations.hide(voice=states[0], by="test", reason="rude")
    operations.answer(voice=states[1], text="Yes.", by="test")
    operations.route(voice=states[2], office=office)
    operations.route(voice=states[3], office=office)
    operations.answer(voice=states[3], text="Yes.", by="test")
    operations.reopen(voice=states[3], by="test", reason="no")
    Voice.objects.filter(pk=states[2].pk).update(due_at=timezone.now() - timedelta(days=1))
    found = queries.tally(about="live/opening")
    assert (found.asked, found.answered, found.waiting, found.late) == (5, 1, 2, 1)
    assert queries.tally(about="live/other").asked == 0
    assert queries.tally(office_id=office.pk).asked == 2


def test_clocks():
    now = timezone.now()
    one = Voice(
        created_at=now, routed_at=now - timedelta(days=9, hours=1), due_at=now - timedelta(days=2, hours=1)
    )
    clock = queries.clock_of(one, now)
    assert (clock.late, clock.days_waited, clock.days_late, clock.days_left) == (True, 9, 3, 0)
    one.due_at = now + timedelta(days=3, hours=1)
    clock = queries.clock_of(one, now)
    assert (clock.late, clock.days_left, clock.days_late) == (False, 3, 0)
    one.due_at = None
    assert not queries.clock_of(one, now).late


def test_refusals_are_refusals():
    assert issubclass(Conflict, Refusal)
