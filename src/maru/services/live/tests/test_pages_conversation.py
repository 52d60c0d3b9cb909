"""Speaking and voting over HTTP: with a form, with the script, refused, and never lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from maru.services.live.operations import broadcasts, moderation
from maru.services.live.tests.test_pages_public import SLUG, _row, announce, page_data, speak

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}
WRITE = f"/live/{SLUG}/opinions/"


def test_a_form_without_a_script_comes_back_to_the_opinion(client: Client) -> None:
    found = announce()
    answer = client.post(WRITE, {"text": "한글과 😀", "nickname": "Mina"}, follow=True)
    opinion = found.opinions.get()
    assert answer.redirect_chain == [(f"/live/{SLUG}/#o-{opinion.voice.public_id}", 302)]
    html = answer.content.decode()
    assert "한글과 😀" in html and "Mina" in html and "Thank you" in html


def test_the_script_gets_the_opinion(client: Client) -> None:
    announce()
    body = client.post(WRITE, {"text": "Hello", "question": "on", "idempotency": "abc"}, headers=JSON).json()
    again = client.post(WRITE, {"text": "Hello", "question": "on", "idempotency": "abc"}, headers=JSON).json()
    assert body["ok"] and body["opinion"]["text"] == "Hello" and body["opinion"]["question"]
    assert again["opinion"]["id"] == body["opinion"]["id"]


@pytest.mark.parametrize(
    ("text", "status"), [("", 422), ("   \n", 422), ("x" * 501, (413, 422)), ("x" * 100_000, (413, 422))]
)
def test_refused_text_stays_and_is_explained(client: Client, text: str, status: Any) -> None:
    found = announce()
    wanted = status if isinstance(status, tuple) else (status,)
    page = client.post(WRITE, {"text": text, "nickname": "Mina"})
    assert page.status_code in wanted
    html = page.content.decode()
    assert 'value="Mina"' in html and text.strip() in html
    assert 'role="alert" hidden' not in html.split('data-error="text"')[1][:40]
    body = client.post(WRITE, {"text": text}, headers=JSON)
    assert body.status_code in wanted and not body.json()["ok"]
    assert body.json()["errors"].get("text") or body.json()["message"]
    assert not found.opinions.exists()


def test_500_emoji_are_500_characters(client: Client) -> None:
    found = announce()
    assert client.post(WRITE, {"text": "😀" * 500}, headers=JSON).json()["ok"]
    assert found.opinions.count() == 1


def test_refusals_speak_the_readers_language(client: Client) -> None:
    announce()
    korean = client.post(WRITE, {"text": ""}, headers={**JSON, "accept-language": "ko"}).json()
    english = client.post(WRITE, {"text": ""}, headers=JSON).json()
    assert korean["message"] != english["message"]


def test_odd_fields_do_no_harm(client: Client) -> None:
    found = announce()
    body = client.post(
        WRITE, {"text": "fine", "moment": "yesterday-ish", "idempotency": "x" * 900}, headers=JSON
    )
    assert body.json()["ok"]
    assert (
        client.post(
            WRITE, b"\xff\xfe text=\xc3\x28", content_type="application/x-www-form-urlencoded"
        ).status_code
        == 422
    )
    assert found.opinions.count() == 1


def test_the_moment_of_the_picture_is_kept(client: Client) -> None:
    found = announce()
    seen = found.started_at.isoformat()
    client.post(WRITE, {"text": "now", "moment": seen}, headers=JSON)
    assert found.opinions.get().moment == found.started_at


def test_closed_conversations_keep_the_text(client: Client) -> None:
    found = announce()
    broadcasts.edit_broadcast(broadcast=found, by=None, opinions_open=False)
    page = client.post(WRITE, {"text": "too late"})
    assert page.status_code == 409
    assert "too late" in page.content.decode()
    assert not found.opinions.exists()


def test_anonymous_citizens_are_sent_to_sign_in_where_an_account_is_needed(
    client: Client, signed_in: Callable[..., Client]
) -> None:
    found = announce(anonymous=False)
    html = client.get(f"/live/{SLUG}/").content.decode()
    assert f"?next=/live/{SLUG}/" in html and '<form class="form" method="post"' not in html
    assert client.post(WRITE, {"text": "hello"}, headers=JSON).status_code == 401
    assert not found.opinions.exists()
    assert signed_in().post(WRITE, {"text": "hello"}, headers=JSON).json()["ok"]


def test_held_opinions_are_seen_by_their_author_only(client: Client) -> None:
    announce(moderation="before")
    body = client.post(WRITE, {"text": "let me in"}, headers=JSON).json()
    assert body["held"]
    assert "let me in" in client.get(f"/live/{SLUG}/").content.decode()
    assert "let me in" in client.get(f"{WRITE}mine/").content.decode()
    assert "let me in" not in Client().get(f"/live/{SLUG}/").content.decode()
    assert "let me in" not in Client().get(f"{WRITE}mine/").content.decode()


def test_the_author_of_a_hidden_opinion_reads_why(client: Client) -> None:
    found = announce()
    body = client.post(WRITE, {"text": "something rude"}, headers=JSON).json()
    row = found.opinions.get(voice__public_id=body["opinion"]["id"])
    moderation.hide_opinion(opinion=row, reason="It names a private person", by=None)
    html = client.get(f"/live/{SLUG}/").content.decode()
    assert "something rude" in html and "It names a private person" in html
    assert "something rude" not in Client().get(f"/live/{SLUG}/").content.decode()


def test_votes_are_turned_round_by_a_form_and_set_by_the_script(client: Client) -> None:
    found = announce()
    asked = speak(found, "When?", question=True)
    path = f"{WRITE}{asked.id}/vote/"
    answer = client.post(path)
    assert answer.status_code == 302 and answer["Location"].endswith(f"#o-{asked.id}")
    assert _row(found, asked).votes == 1
    assert asked.id in page_data(client.get(f"/live/{SLUG}/").content.decode())["voted"]
    client.post(path)
    assert _row(found, asked).votes == 0
    for act, votes in (("add", 1), ("add", 1), ("remove", 0), ("remove", 0)):
        body = client.post(path, {"act": act}, headers=JSON).json()
        assert (body["votes"], body["voted"]) == (votes, act == "add")


def test_votes_that_cannot_be_given(client: Client) -> None:
    found = announce()
    said = speak(found, "no question")
    assert client.post(f"{WRITE}{said.id}/vote/", headers=JSON).status_code == 422
    assert client.post(f"{WRITE}unknown/vote/", headers=JSON).status_code == 404
    assert client.get(f"{WRITE}{said.id}/vote/").status_code == 405


def test_too_many_opinions_are_asked_to_wait(client: Client) -> None:
    found = announce()
    answers = [client.post(WRITE, {"text": f"n {n}"}, headers=JSON) for n in range(14)]
    assert answers[-1].status_code == 429 and int(answers[-1]["Retry-After"]) >= 1
    assert found.opinions.count() < 14


def test_posts_need_the_pages_token() -> None:
    found = announce()
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(WRITE, {"text": "forged"}).status_code == 403
    assert not found.opinions.exists()
