"""Speaking in a broadcast, through the Open API as any client would."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from maru.commons.moderation.operations import add_word, block
from maru.commons.voices.models import Step, Voice
from maru.services.live.models import Opinion, now
from maru.services.live.operations.broadcasts import edit_broadcast, end_broadcast
from maru.services.live.wire import iso

pytestmark = pytest.mark.django_db


def code(response: Any) -> str:
    return str(response.json()["error"]["code"])


def test_an_opinion_is_a_voice_and_an_event(client: Client, broadcast: Any, say: Any, events: Any) -> None:
    broadcast()
    response = say(client, "hall", "버스가 늦어요 🚌 <b>!</b>", nickname="은평주민")
    assert response.status_code == 201, response.content
    opinion = response.json()["opinion"]
    assert opinion["text"] == "버스가 늦어요 🚌 <b>!</b>"
    assert not response.json()["held"]
    voice = Voice.objects.get(public_id=opinion["id"])
    assert (voice.about, voice.channel, voice.state) == ("live/hall", "broadcast", "published")
    kind, payload = events("live/hall")[-1]
    assert kind == "opinion"
    assert payload == {key: opinion[key] for key in payload}


def test_a_writer_without_name_gets_the_same_number(client: Client, broadcast: Any, say: Any) -> None:
    broadcast()
    first, second = say(client, "hall", "one").json(), say(client, "hall", "two").json()
    other = say(Client(), "hall", "three").json()
    assert first["opinion"]["name"] == second["opinion"]["name"] != ""
    assert first["opinion"]["name"] != other["opinion"]["name"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", "empty"), ("가" * 501, "too_long"), ("a\x00b", "bad_characters"), ("\ud83d", "invalid")],
)
def test_bad_text_is_refused_and_nothing_kept(
    client: Client, broadcast: Any, say: Any, text: str, expected: str
) -> None:
    broadcast()
    response = say(client, "hall", text)
    assert response.status_code == 422
    assert response.json()["error"]["field"] == "text"
    assert code(response) == expected
    assert not Voice.objects.exists()


def test_a_long_nickname_is_refused(client: Client, broadcast: Any, say: Any) -> None:
    broadcast()
    response = say(client, "hall", "hello", nickname="n" * 31)
    assert response.status_code == 422
    assert response.json()["error"]["field"] == "nickname"


def test_a_token_sent_twice_makes_one_opinion(client: Client, broadcast: Any, say: Any, events: Any) -> None:
    broadcast()
    first = say(client, "hall", "once", idempotency="abc").json()
    again = say(client, "hall", "once", idempotency="abc")
    assert again.status_code == 201
    assert again.json()["repeated"]
    assert again.json()["opinion"]["id"] == first["opinion"]["id"]
    assert Opinion.objects.count() == 1
    assert [kind for kind, _ in events("live/hall")].count("opinion") == 1
    assert not say(Client(), "hall", "another's", idempotency="abc").json()["repeated"]


def test_slow_mode_waits(client: Client, broadcast: Any, say: Any) -> None:
    broadcast(slow_mode_s=30)
    assert say(client, "hall", "one").status_code == 201
    response = say(client, "hall", "two")
    assert response.status_code == 429
    assert 25 <= int(response["Retry-After"]) <= 30
    assert say(Client(), "hall", "someone else").status_code == 201


def test_blocked_words_wait_for_a_moderator(client: Client, broadcast: Any, say: Any, events: Any) -> None:
    broadcast()
    add_word(language="ko", word="바보", by=None)
    response = say(client, "hall", "이 바 보 야")
    assert response.json()["held"]
    assert "opinion" not in [kind for kind, _ in events("live/hall")]
    kind, payload = events("staff/live/hall")[-1]
    assert kind == "held"
    assert "바보" in payload["reason"]
    assert client.get("/api/v1/broadcasts/hall/opinions").json()["opinions"] == []
    own = client.get("/api/v1/broadcasts/hall/opinions/mine").json()["opinions"]
    assert [(one["state"], one["reason"]) for one in own] == [("held", "")]
    assert Client().get("/api/v1/broadcasts/hall/opinions/mine").json()["opinions"] == []


def test_moderation_before_publication(client: Client, broadcast: Any, say: Any) -> None:
    broadcast(moderation="before")
    assert say(client, "hall", "please read me").json()["held"]
    assert Step.objects.filter(act="hold").exists()


def test_without_an_account(client: Client, broadcast: Any, say: Any, signed_in: Any) -> None:
    broadcast(anonymous=False)
    response = say(client, "hall", "hello")
    assert (response.status_code, code(response)) == (401, "account_needed")
    citizen = signed_in()
    response = say(citizen, "hall", "hello")
    assert response.status_code == 201, response.content
    assert response.json()["opinion"]["name"] == citizen.person.nickname


def test_a_session_needs_its_csrf_token(broadcast: Any, say: Any, signed_in: Any) -> None:
    broadcast()
    browser = signed_in()
    browser.handler.enforce_csrf_checks = True
    response = say(browser, "hall", "forged")
    assert (response.status_code, code(response)) == (403, "csrf")
    assert not Voice.objects.exists()


def test_a_blocked_device_cannot_write(client: Client, broadcast: Any, say: Any) -> None:
    broadcast()
    say(client, "hall", "first")
    block(kind="device", value=Voice.objects.get().device, reason="spam", by=None)
    response = say(client, "hall", "second")
    assert (response.status_code, code(response)) == (403, "blocked")
    assert Voice.objects.count() == 1


def test_closed_and_ended(client: Client, broadcast: Any, say: Any) -> None:
    hall = broadcast()
    edit_broadcast(broadcast=hall, by=None, opinions_open=False)
    response = say(client, "hall", "hello")
    assert (response.status_code, code(response)) == (409, "opinions_closed")
    edit_broadcast(broadcast=hall, by=None, opinions_open=True)
    end_broadcast(broadcast=hall, by=None)
    late = say(client, "hall", "I saw the end some seconds late")
    assert late.status_code == 201
    assert late.json()["opinion"]["moment"] <= iso(hall.ended_at)
    hall.ended_at = now() - timedelta(seconds=61)
    hall.save()
    assert say(client, "hall", "too late").status_code == 409


@pytest.mark.parametrize(("seconds", "taken"), [(-6, True), (-119, True), (-125, False), (5, False)])
def test_the_moment_is_the_picture_seen(
    client: Client, broadcast: Any, say: Any, seconds: int, taken: bool
) -> None:
    broadcast()
    seen = now() + timedelta(seconds=seconds)
    said = say(client, "hall", "look", moment=iso(seen)).json()["opinion"]
    assert (said["moment"] == iso(seen)) is taken
    if not taken:
        assert abs((Opinion.objects.get().moment - now()).total_seconds()) < 60


def test_before_the_start_the_moment_is_now(client: Client, broadcast: Any, say: Any) -> None:
    broadcast(live=False)
    seen = now() - timedelta(seconds=60)
    said = say(client, "hall", "early", moment=iso(seen)).json()["opinion"]
    assert said["moment"] > iso(seen)


def test_ten_thousand_from_one_address(client: Client, broadcast: Any, say: Any) -> None:
    """The flood is cut to what a full hall behind one address may write; another address is not touched."""
    broadcast()
    counts = {201: 0, 429: 0}
    for number in range(40):
        counts[say(client, "hall", f"flood {number}").status_code] += 1
    assert counts[429] > 0
    assert counts[201] <= 12  # ten a minute; two windows may meet in between
    # The same address with a fresh device each time: the address itself has its limit. Counting alone is tried
    # ten thousand times; writing is what the counting prevents.
    from django.test import RequestFactory

    from maru.platform.access.refusals import TooMany
    from maru.services.live.access import limit_writing

    refused = 0
    for _number in range(10_000):
        request = RequestFactory().post("/", REMOTE_ADDR="127.0.0.9")
        try:
            limit_writing(request)
        except TooMany:
            refused += 1
    assert refused >= 8_000
    flooded = Client(REMOTE_ADDR="127.0.0.9")
    assert say(flooded, "hall", "one more").status_code == 429
    assert say(Client(REMOTE_ADDR="127.0.0.10"), "hall", "a neighbour").status_code == 201
