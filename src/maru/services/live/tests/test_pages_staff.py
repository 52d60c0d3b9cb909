"""Staff pages: who gets in, what each button does, and that a refused hand changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from maru.commons.moderation import operations as blocks
from maru.commons.offices.city import current_city
from maru.services.live.models import Broadcast
from maru.services.live.operations import agenda, broadcasts, questions
from maru.services.live.queries import staff as desks
from maru.services.live.tests.test_pages_public import SLUG, _row, announce, page_data, speak

pytestmark = pytest.mark.django_db
DESK = f"/studio/{SLUG}/"
SignedIn = Callable[..., Client]
NEW = {
    "slug": "fresh",
    "title_en": "Fresh",
    "title_ko": "새 방송",
    "preset": "default",
    "moderation": "after",
    "slow_mode_s": "0",
    "anonymous": "on",
    "opinions_open": "on",
    "loss_s": "1.5",
    "silence_s": "2",
    "black_s": "1",
    "freeze_s": "2",
    "recover_s": "3",
    "silence_dbfs": "-50",
}
PAGES = {
    "/studio/": ("producer", "moderator"),
    "/studio/new/": ("producer",),
    DESK: ("producer",),
    f"{DESK}host/": ("producer", "moderator"),
    f"{DESK}moderation/": ("producer", "moderator"),
    f"{DESK}routing/": ("producer",),
}


@pytest.mark.parametrize("role", ["", "officer", "moderator", "producer", "administrator"])
@pytest.mark.parametrize("path", PAGES)
def test_who_gets_in(signed_in: SignedIn, office: Any, path: str, role: str) -> None:
    announce()
    browser = signed_in(*([role] if role else []), **({"office": office} if role == "officer" else {}))
    wanted = 200 if role in PAGES[path] or role == "administrator" else 403
    assert browser.get(path).status_code == wanted


@pytest.mark.parametrize("path", PAGES)
def test_strangers_are_sent_to_sign_in(client: Client, path: str) -> None:
    announce()
    answer = client.get(path)
    assert answer.status_code in {302, 401}
    if answer.status_code == 302:
        assert "login" in answer["Location"]


def test_no_act_of_a_citizen_changes_anything(signed_in: SignedIn) -> None:
    found = announce()
    asked = speak(found, "When?", question=True)
    part = agenda.add_chapter(broadcast=found, title="Roads", by=None)
    before = _picture(found)
    acts: list[tuple[str, dict[str, str]]] = [
        ("/studio/new/", NEW),
        (f"{DESK}settings/", NEW),
        (f"{DESK}start/", {}),
        (f"{DESK}end/", {}),
        (f"{DESK}cancel/", {}),
        (f"{DESK}override/", {"override": "slate"}),
        (f"{DESK}key/", {"input": "primary", "act": "revoke"}),
        (f"{DESK}backup/", {}),
        (f"{DESK}chapters/", {"title": "Mine"}),
        (f"{DESK}chapters/{part.pk}/", {"act": "remove"}),
        (f"{DESK}host/{asked.id}/", {"state": "on_air"}),
        (f"{DESK}moderation/{asked.id}/", {"act": "hide", "reason": "insult"}),
        (f"{DESK}routing/", {"rest": "roads"}),
    ]
    for browser, status in ((signed_in(), {403}), (Client(), {302, 401, 403})):
        for path, data in acts:
            for headers in ({}, {"accept": "application/json"}):
                assert browser.post(path, data, headers=headers).status_code in status, path
    assert _picture(found) == before
    assert Broadcast.objects.count() == 1


def test_announcing_shows_the_encoders_addresses(signed_in: SignedIn) -> None:
    browser = signed_in("producer")
    answer = browser.post(
        "/studio/new/", {**NEW, "backup": "on", "starts_at": "2030-05-01T10:00"}, follow=True
    )
    made = Broadcast.objects.get(slug="fresh")
    html = answer.content.decode()
    assert answer.redirect_chain[0][0] == "/studio/fresh/"
    assert made.titles == {"en": "Fresh", "ko": "새 방송"}
    for one in desks.inputs(made):
        assert one.key in html and one.rtmp.replace("&", "&amp;") in html


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"slug": "Not OK!"}, "slug"),
        ({"slug": "new"}, "slug"),
        ({"title_en": "", "title_ko": ""}, "title_"),
        ({"slow_mode_s": "-1"}, "slow_mode_s"),
    ],
)
def test_a_refused_announcement_keeps_what_was_typed(
    signed_in: SignedIn, change: dict[str, str], field: str
) -> None:
    answer = signed_in("producer").post("/studio/new/", {**NEW, "summary_en": "kept words", **change})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "kept words" in html
    assert re.search(rf'id="id_{field}[a-z]*_error"', html)
    assert not Broadcast.objects.exists()


def test_an_address_is_taken_once(signed_in: SignedIn) -> None:
    announce(slug="fresh")
    assert signed_in("producer").post("/studio/new/", NEW).status_code == 422
    assert Broadcast.objects.count() == 1


def test_the_life_of_a_broadcast_by_buttons(signed_in: SignedIn) -> None:
    found, browser = announce("scheduled"), signed_in("producer")
    for act, state in (("start", "live"), ("end", "ended")):
        answer = browser.post(f"{DESK}{act}/")
        assert answer.status_code == 302
        found.refresh_from_db()
        assert found.state == state
    again = browser.post(f"{DESK}cancel/", headers={"accept": "application/json"})
    assert again.status_code == 409 and not again.json()["ok"]
    html = browser.post(f"{DESK}start/", follow=True).content.decode()
    assert "has ended or was cancelled" in html
    announce("scheduled", slug="never")
    browser.post("/studio/never/cancel/")
    assert Broadcast.objects.get(slug="never").state == "cancelled"


def test_settings_keys_override_and_agenda(signed_in: SignedIn) -> None:
    found, browser = announce(), signed_in("producer")
    browser.post(
        f"{DESK}settings/", {**NEW, "title_en": "Renamed", "slow_mode_s": "30", "moderation": "before"}
    )
    found.refresh_from_db()
    assert (found.titles["en"], found.slow_mode_s, found.moderation) == ("Renamed", 30, "before")
    old = found.inputs.get(name="primary").key
    browser.post(f"{DESK}key/", {"input": "primary", "act": "rotate"})
    assert found.inputs.get(name="primary").key != old
    browser.post(f"{DESK}key/", {"input": "primary", "act": "revoke"})
    assert found.inputs.get(name="primary").revoked_at
    assert "Nobody can send here" in browser.get(DESK).content.decode()
    assert (
        browser.post(f"{DESK}key/", {"input": "tertiary"}, headers={"accept": "application/json"}).status_code
        == 422
    )
    browser.post(f"{DESK}backup/")
    browser.post(f"{DESK}override/", {"override": "slate"})
    found.refresh_from_db()
    assert found.override == "slate" and found.inputs.count() == 2
    browser.post(f"{DESK}chapters/", {"title": "Roads", "act": "now"})
    part = found.chapters.get()
    assert part.started_at
    browser.post(f"{DESK}chapters/{part.pk}/", {"act": "unmark"})
    browser.post(f"{DESK}chapters/{part.pk}/", {"act": "remove"})
    assert not found.chapters.exists()
    assert (
        browser.post(
            f"{DESK}chapters/999/", {"act": "mark"}, headers={"accept": "application/json"}
        ).status_code
        == 404
    )
    assert (
        browser.post(f"{DESK}chapters/", {"title": ""}, headers={"accept": "application/json"}).status_code
        == 422
    )


def test_refused_settings_keep_what_was_typed(signed_in: SignedIn) -> None:
    found = announce()
    answer = signed_in("producer").post(
        f"{DESK}settings/", {**NEW, "title_en": "Half done", "loss_s": "ninety"}
    )
    assert answer.status_code == 422 and "Half done" in answer.content.decode()
    found.refresh_from_db()
    assert found.titles["en"] == "Town hall"


def test_the_host_moves_questions(signed_in: SignedIn) -> None:
    found, browser = announce(), signed_in("moderator")
    asked = speak(found, "When will the bridge open?", question=True)
    assert "When will the bridge open?" in browser.get(f"{DESK}host/").content.decode()
    for state in ("on_air", "answered", "asked"):
        assert browser.post(f"{DESK}host/{asked.id}/", {"state": state}).status_code == 302
        assert _row(found, asked).question_state == state
        assert browser.get(f"{DESK}host/").status_code == 200
    wrong = browser.post(
        f"{DESK}host/{asked.id}/", {"state": "answered"}, headers={"accept": "application/json"}
    )
    assert wrong.status_code == 409 and _row(found, asked).question_state == "asked"
    assert (
        browser.post(
            f"{DESK}host/{asked.id}/", {"state": "shouted"}, headers={"accept": "application/json"}
        ).status_code
        >= 400
    )


def test_the_moderator_approves_hides_shows_blocks(signed_in: SignedIn) -> None:
    found, browser = announce(moderation="before"), signed_in("moderator")
    said = speak(found, "judge me", device="dev-1")
    path = f"{DESK}moderation/{said.id}/"
    assert "judge me" in browser.get(f"{DESK}moderation/").content.decode()
    browser.post(path, {"act": "approve"})
    assert "judge me" in Client().get(f"/live/{SLUG}/").content.decode()
    no_reason = browser.post(path, {"act": "hide"}, headers={"accept": "application/json"})
    assert no_reason.status_code == 422
    browser.post(path, {"act": "hide", "reason": "private", "words": "A phone number"})
    assert "judge me" not in Client().get(f"/live/{SLUG}/").content.decode()
    row = _row(found, said)
    assert "A phone number" in row.voice.hidden_reason
    browser.post(path, {"act": "show"})
    assert "judge me" in Client().get(f"/live/{SLUG}/").content.decode()
    browser.post(path, {"act": "block", "reason": "insult"})
    assert blocks.is_blocked(device="dev-1", person=None)
    assert browser.post(path, {"act": "praise"}, headers={"accept": "application/json"}).status_code == 422
    assert (
        browser.post(
            f"{DESK}moderation/nobody/", {"act": "show"}, headers={"accept": "application/json"}
        ).status_code
        == 404
    )


def test_what_was_not_answered_goes_to_offices(signed_in: SignedIn, office: Any) -> None:
    found, browser = announce(), signed_in("producer")
    first = speak(found, "The kerb?", device="d1", question=True)
    second = speak(found, "The lamp?", device="d2", question=True)
    path = f"{DESK}routing/"
    assert "after the end" in browser.get(path).content.decode()
    assert browser.post(path, {"rest": "roads"}).status_code == 422
    broadcasts.end_broadcast(broadcast=found, by=None)
    assert browser.post(path, {}).status_code == 422
    assert browser.post(path, {f"office-{first.id}": "roads"}).status_code == 302
    assert _row(found, first).voice.office == office
    assert _row(found, second).voice.office is None
    assert browser.post(path, {"rest": "roads"}).status_code == 302
    assert _row(found, second).voice.office == office
    html = browser.get(path).content.decode()
    assert "Roads Division" in html and "The lamp?" in html


def test_staff_pages_have_a_price(signed_in: SignedIn, queries: Any) -> None:
    found = announce()
    browser = signed_in("producer")
    for n in range(25):
        asked = speak(found, f"question {n}", device=f"d{n}", question=True)
        questions.vote(opinion=_row(found, asked), device=f"v{n}")
    for path, price in (
        (DESK, 32),
        (f"{DESK}host/", 20),
        (f"{DESK}moderation/", 20),
        (f"{DESK}routing/", 20),
        ("/studio/", 12),
    ):
        browser.get(path)
        with queries(price):
            browser.get(path)


def test_staff_pages_are_never_stored(signed_in: SignedIn) -> None:
    announce()
    browser = signed_in("producer")
    for path in PAGES:
        assert "no-store" in browser.get(path)["Cache-Control"]


def _picture(found: Any) -> Any:
    found.refresh_from_db()
    return (
        found.state,
        found.override,
        found.titles,
        list(found.inputs.values_list("name", "key", "revoked_at")),
        list(found.chapters.values_list("title", "started_at")),
        list(found.opinions.values_list("question_state", "voice__state", "voice__office")),
    )


def test_times_are_the_citys_own(signed_in: SignedIn, client: Client) -> None:
    zone = current_city().time_zone
    signed_in("producer").post("/studio/new/", {**NEW, "starts_at": "2030-05-01T10:00"})
    made = Broadcast.objects.get(slug="fresh")
    assert made.starts_at == datetime(2030, 5, 1, 10, 0, tzinfo=ZoneInfo(zone))
    html = client.get("/live/fresh/").content.decode()
    assert "10 a.m." in html and page_data(html)["timeZone"] == zone


def test_the_desk_knows_what_is_on_air_after_a_long_log(signed_in: SignedIn) -> None:
    broadcast = announce("live")
    entries = [("switch", "primary")] + [("fault", "")] * 120
    for minutes, (kind, source) in enumerate(entries):
        at = broadcast.started_at + timedelta(seconds=minutes)
        broadcast.log.create(at=at, kind=kind, source_to=source)
    page = signed_in("producer").get(DESK).content.decode()
    assert "No picture yet" not in page
    assert "<strong>Primary</strong>" in page
