"""Votes and the host: one vote for one voter, one question on air."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from maru.platform.audit.models import Entry
from maru.platform.events.models import Outbox
from maru.services.live.models import Opinion, Vote
from maru.services.live.operations.broadcasts import end_broadcast
from maru.services.live.operations.questions import STEPS, vote
from maru.services.live.queries.numbers import tally

pytestmark = pytest.mark.django_db


def ask(say: Any, text: str = "Why?", client: Client | None = None) -> str:
    response = say(client or Client(), "hall", text, question=True)
    assert response.status_code == 201, response.content
    return str(response.json()["opinion"]["id"])


def put_vote(client: Client, question: str, **more: Any) -> Any:
    return client.put(f"/api/v1/broadcasts/hall/questions/{question}/vote", **more)


def drop_vote(client: Client, question: str) -> Any:
    return client.delete(f"/api/v1/broadcasts/hall/questions/{question}/vote")


def move(client: Client, question: str, state: str) -> Any:
    return client.put(
        f"/api/v1/broadcasts/hall/questions/{question}/state",
        data=json.dumps({"state": state}),
        content_type="application/json",
    )


def test_one_vote_for_one_device(client: Client, broadcast: Any, say: Any, events: Any) -> None:
    broadcast()
    question = ask(say)
    assert put_vote(client, question).json() == {"id": question, "votes": 1, "voted": True}
    assert put_vote(client, question).json()["votes"] == 1
    assert put_vote(Client(), question).json()["votes"] == 2
    assert events("live/hall")[-1] == ("votes", {"id": question, "votes": 2})
    listed = client.get("/api/v1/broadcasts/hall/questions").json()["questions"]
    assert [(one["votes"], one["voted"]) for one in listed] == [(2, True)]
    assert drop_vote(client, question).json() == {"id": question, "votes": 1, "voted": False}
    assert drop_vote(client, question).json()["votes"] == 1


def test_signing_in_does_not_give_a_second_vote(broadcast: Any, say: Any, person: Any) -> None:
    broadcast()
    question = ask(say)
    browser = Client()
    assert put_vote(browser, question).json()["votes"] == 1
    browser.force_login(person(), backend="django.contrib.auth.backends.ModelBackend")
    assert put_vote(browser, question).json()["votes"] == 1
    browser.logout()
    assert Vote.objects.count() == 1


def test_two_people_share_a_device(broadcast: Any, say: Any, person: Any) -> None:
    broadcast()
    question = ask(say)
    browser = Client()
    for expected in (1, 2):
        browser.force_login(person(), backend="django.contrib.auth.backends.ModelBackend")
        assert put_vote(browser, question).json()["votes"] == expected


def test_opinions_take_no_votes(client: Client, broadcast: Any, say: Any) -> None:
    broadcast()
    opinion = say(client, "hall", "no question").json()["opinion"]["id"]
    response = put_vote(client, opinion)
    assert (response.status_code, response.json()["error"]["code"]) == (422, "not_a_question")
    assert put_vote(client, "nothing-here").status_code == 404


def test_votes_end_with_the_broadcast(client: Client, broadcast: Any, say: Any) -> None:
    hall = broadcast()
    question = ask(say)
    end_broadcast(broadcast=hall, by=None)
    assert put_vote(client, question).status_code == 409


@pytest.mark.django_db(transaction=True)
def test_votes_at_the_same_time(broadcast: Any, say: Any) -> None:
    broadcast()
    question = ask(say)
    devices = [f"device-{number % 8}" for number in range(24)]
    faults: list[BaseException] = []

    def one(device: str) -> None:
        try:
            vote(opinion=Opinion.objects.select_related("broadcast", "voice").get(), device=device)
        except BaseException as fault:  # noqa: BLE001  # handed over to the test's own thread
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(device,)) for device in devices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not faults
    assert Opinion.objects.get().votes == Vote.objects.count() == 8
    counts = [row.payload["votes"] for row in Outbox.objects.filter(kind="votes").order_by("seq")]
    assert counts == sorted(counts)
    assert question


def test_the_host_moves_a_question(broadcast: Any, say: Any, signed_in: Any, events: Any) -> None:
    hall = broadcast()
    host, question = signed_in("producer"), ask(say)
    assert move(host, question, "on_air").json()["on_air_at"]
    assert events("live/hall")[-1][1]["state"] == "on_air"
    answered = move(host, question, "answered").json()
    assert answered["state"] == "answered"
    assert answered["answered_at"] > answered["on_air_at"]
    counts = tally(hall)
    assert (counts.asked, counts.answered, counts.waiting) == (1, 1, 0)
    assert Entry.objects.filter(act="live.question").count() == 2
    undone = move(host, question, "asked").json()
    assert (undone["on_air_at"], undone["answered_at"]) == (None, None)


def test_one_question_is_on_air_at_a_time(broadcast: Any, say: Any, signed_in: Any, events: Any) -> None:
    broadcast()
    host, first, second = signed_in("moderator"), ask(say, "first"), ask(say, "second")
    move(host, first, "on_air")
    move(host, second, "on_air")
    states = dict(Opinion.objects.values_list("voice__public_id", "question_state"))
    assert states == {first: "asked", second: "on_air"}
    last = [payload for kind, payload in events("live/hall") if kind == "question"][-2:]
    assert [(one["id"], one["state"]) for one in last] == [(first, "asked"), (second, "on_air")]


@pytest.mark.parametrize("start", sorted(STEPS))
def test_only_legal_steps(broadcast: Any, say: Any, signed_in: Any, start: str) -> None:
    broadcast()
    host, question = signed_in("producer"), ask(say)
    for state in sorted(STEPS):
        Opinion.objects.update(question_state=start)
        response = move(host, question, state)
        legal = state == start or state in STEPS[start]
        assert response.status_code == (200 if legal else 409), (start, state)
        assert Opinion.objects.get().question_state == (state if legal else start)
    assert move(host, question, "nonsense").status_code == 422


def test_only_on_air_broadcasts_put_on_air(broadcast: Any, say: Any, signed_in: Any) -> None:
    broadcast(live=False)
    response = move(signed_in("producer"), ask(say), "on_air")
    assert (response.status_code, response.json()["error"]["code"]) == (409, "wrong_state")


def test_citizens_are_not_hosts(client: Client, broadcast: Any, say: Any, signed_in: Any) -> None:
    broadcast()
    question = ask(say)
    assert move(client, question, "on_air").status_code == 401
    assert move(signed_in(), question, "on_air").status_code == 403
    assert Opinion.objects.get().question_state == "asked"


def test_the_end_takes_the_question_off_the_air(broadcast: Any, say: Any, signed_in: Any) -> None:
    hall = broadcast()
    question = ask(say)
    move(signed_in("producer"), question, "on_air")
    end_broadcast(broadcast=hall, by=None)
    assert Opinion.objects.get().question_state == "asked"
