"""Hiding, showing, holding, blocking; answers of offices; what others and the author see of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from maru.commons.moderation.models import Block
from maru.commons.people.operations import erase_person
from maru.commons.voices import operations as voices
from maru.commons.voices.models import Voice
from maru.platform.access.refusals import Conflict, Invalid, NotAllowed
from maru.platform.audit.models import Entry
from maru.services.live import exports, timed_files
from maru.services.live.models import Opinion
from maru.services.live.operations import answers, moderation, questions
from maru.services.live.operations.broadcasts import end_broadcast
from maru.services.live.queries import staff
from maru.services.live.queries.numbers import tally

pytestmark = pytest.mark.django_db


def spoken(say: Any, text: str = "words", client: Client | None = None, **more: Any) -> Opinion:
    response = say(client or Client(), "hall", text, **more)
    assert response.status_code == 201, response.content
    return Opinion.objects.select_related("voice", "broadcast").get(
        voice__public_id=response.json()["opinion"]["id"]
    )


def test_hidden_is_gone_everywhere(
    client: Client, broadcast: Any, say: Any, person: Any, events: Any, media: Any
) -> None:
    hall = broadcast()
    opinion = spoken(say, "UNIQUE-WORDS", client)
    timed_files.write_due()
    moderation.hide_opinion(opinion=opinion, reason="personal data", by=person("moderator"))
    assert ("hidden", {"id": opinion.voice.public_id}) in events("live/hall")
    assert Client().get("/api/v1/broadcasts/hall/opinions").json()["opinions"] == []
    timed_files.write_due()
    everything = "".join(path.read_text() for path in media.rglob("*.json"))
    assert "UNIQUE-WORDS" not in everything
    assert opinion.voice.public_id in everything  # as a tombstone
    assert "UNIQUE-WORDS" not in "".join(exports.as_csv(hall))
    assert exports.as_json(hall)["opinions"] == []
    own = client.get("/api/v1/broadcasts/hall/opinions/mine").json()["opinions"]
    assert [(one["state"], one["reason"]) for one in own] == [("hidden", "personal data")]
    assert Entry.objects.filter(act="voices.hide", target=f"voice/{opinion.voice.public_id}").exists()


def test_shown_again_at_its_moment(broadcast: Any, say: Any, person: Any, events: Any) -> None:
    broadcast()
    opinion, moderator = spoken(say), person("moderator")
    moderation.hide_opinion(opinion=opinion, reason="mistake", by=moderator)
    moderation.show_opinion(opinion=opinion, by=moderator)
    kind, payload = events("live/hall")[-1]
    assert (kind, payload["id"], payload["text"]) == ("shown", opinion.voice.public_id, "words")
    with pytest.raises(Conflict):
        moderation.show_opinion(opinion=opinion, by=moderator)


def test_hiding_needs_a_reason(broadcast: Any, say: Any, person: Any) -> None:
    broadcast()
    opinion = spoken(say)
    with pytest.raises(Invalid):
        moderation.hide_opinion(opinion=opinion, reason="  ", by=person("moderator"))
    assert Voice.objects.get().state == "published"


def test_hiding_what_is_on_air_takes_it_off(broadcast: Any, say: Any, person: Any, events: Any) -> None:
    broadcast()
    opinion = spoken(say, question=True)
    questions.set_question_state(opinion=opinion, state="on_air", by=person("producer"))
    moderation.hide_opinion(opinion=opinion, reason="no", by=person("moderator"))
    assert [kind for kind, _ in events("live/hall")][-2:] == ["hidden", "question"]
    assert Opinion.objects.get().question_state == "asked"


def test_held_approved_rejected(client: Client, broadcast: Any, say: Any, person: Any, events: Any) -> None:
    hall = broadcast(moderation="before")
    good, bad = spoken(say, "good", client), spoken(say, "bad", client)
    queue = staff.moderation_queue(hall)
    assert [one.opinion.text for one in queue.held] == ["good", "bad"]
    assert queue.held[0].author_count == 2
    moderation.approve_opinion(opinion=good, by=person("moderator"))
    assert events("live/hall")[-1][0] == "opinion"
    moderation.reject_opinion(opinion=bad, reason="insult", by=person("moderator"))
    assert "hidden" not in [kind for kind, _ in events("live/hall")]  # it never was public
    assert [payload["state"] for kind, payload in events("staff/live/hall") if kind == "decided"] == [
        "published",
        "hidden",
    ]
    listed = client.get("/api/v1/broadcasts/hall/opinions").json()
    assert [one["text"] for one in listed["opinions"]] == ["good"]
    assert listed["hidden"] == []
    own = client.get("/api/v1/broadcasts/hall/opinions/mine").json()["opinions"]
    assert own[0]["reason"] == "insult"


def test_block_and_hide_all(client: Client, broadcast: Any, say: Any, person: Any) -> None:
    hall = broadcast()
    opinion = spoken(say, "spam 1", client)
    spoken(say, "spam 2", client)
    spoken(say, "innocent")
    moderation.block_author(opinion=opinion, reason="spam", by=person("moderator"), hours=1, hide_all=True)
    assert Block.objects.get().kind == "device"
    assert Block.objects.get().until is not None
    assert say(client, "hall", "spam 3").status_code == 403
    assert [one.text for one in exports.all_opinions(hall)] == ["innocent"]
    assert [one.blocked for one in staff.moderation_queue(hall).hidden] == [True, True]


def test_staff_acts_over_the_api(client: Client, broadcast: Any, say: Any, signed_in: Any) -> None:
    broadcast()
    opinion = spoken(say)
    path = f"/api/v1/broadcasts/hall/opinions/{opinion.voice.public_id}"
    body = {"data": '{"reason": "insult"}', "content_type": "application/json"}
    assert client.post(f"{path}/hide", **body).status_code == 401
    assert signed_in().post(f"{path}/hide", **body).status_code == 403
    assert Voice.objects.get().state == "published"
    moderator = signed_in("moderator")
    assert moderator.post(f"{path}/hide", **body).status_code == 200
    assert moderator.post(f"{path}/hide", **body).status_code == 409
    assert moderator.post(f"{path}/show").status_code == 200
    assert Voice.objects.get().state == "published"


def test_unanswered_questions_go_to_offices(
    broadcast: Any, say: Any, person: Any, office: Any, events: Any
) -> None:
    hall, producer = broadcast(), person("producer")
    on_air, routed, waiting = (spoken(say, text, question=True) for text in ("a", "b", "c"))
    for state in ("on_air", "answered"):
        questions.set_question_state(opinion=on_air, state=state, by=producer)  # type: ignore[arg-type]
    with pytest.raises(Conflict):
        answers.route_unanswered(broadcast=hall, office_of={}, by=producer, default=office)
    end_broadcast(broadcast=hall, by=producer)
    given = answers.route_unanswered(broadcast=hall, office_of={routed.voice.public_id: office}, by=producer)
    assert given == 1
    assert [one.text for one in staff.unrouted(hall)] == ["c"]
    counts = tally(hall)
    assert (counts.asked, counts.answered, counts.waiting) == (3, 1, 2)
    officer = person("officer", office=office)
    routed.voice.refresh_from_db()
    answers.answer_opinion(opinion=routed, office=office, by=officer, text="We have seen to it.")
    kind, payload = events("live/hall")[-1]
    assert (kind, payload["id"], payload["text"]) == ("answer", routed.voice.public_id, "We have seen to it.")
    assert payload["office_names"]["ko"] == "도로과"
    counts = tally(hall)
    assert (counts.answered_in_writing, counts.waiting) == (1, 1)
    assert waiting.voice.public_id in {one.id for one in staff.unrouted(hall)}


def test_an_answer_in_the_inbox_reaches_the_room(
    broadcast: Any, say: Any, person: Any, office: Any, events: Any, media: Any
) -> None:
    """The office's inbox belongs to the commons and knows nothing of this room."""
    broadcast()
    opinion = spoken(say, question=True)
    voices.route(voice=opinion.voice, office=office)
    timed_files.write_due()
    voices.answer(voice=opinion.voice, text="Done.", by=person("officer", office=office))
    assert events("live/hall")[-1][0] == "answer"
    timed_files.write_due()
    assert "Done." in "".join(path.read_text() for path in media.rglob("*-v*.json"))


def test_another_office_may_not_answer(broadcast: Any, say: Any, person: Any, office: Any) -> None:
    broadcast()
    opinion = spoken(say, question=True)
    answers.route_opinion(opinion=opinion, office=office, by=None)
    with pytest.raises(NotAllowed):
        answers.answer_opinion(opinion=opinion, office=None, by=person(), text="I know it all.")


def test_an_erased_account_leaves_no_name(broadcast: Any, say: Any, signed_in: Any, media: Any) -> None:
    broadcast()
    browser = signed_in(nickname="NAMED-ONE")
    opinion = spoken(say, "public words", browser)
    timed_files.write_due()
    assert "NAMED-ONE" in "".join(path.read_text() for path in media.rglob("*.json"))
    erase_person(person=browser.person, email=browser.person.email)
    timed_files.write_due()
    text = "".join(path.read_text() for path in media.rglob("*.json"))
    assert "NAMED-ONE" not in text
    assert "public words" in text
    opinion.refresh_from_db()
    assert opinion.writer == ""
