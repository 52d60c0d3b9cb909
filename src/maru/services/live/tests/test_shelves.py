"""Programmes and topics: who orders the shelves, what is refused, and that searches follow."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from maru.platform.access.refusals import Invalid
from maru.platform.audit.models import Entry
from maru.services.live.models import Programme, Topic
from maru.services.live.operations import shelves
from maru.services.live.tests.test_pages_public import announce

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
STORY = {
    "slug": "story",
    "title_en": "The mayor's story",
    "title_ko": "시장 이야기",
    "summary_ko": "매주 한 번",
}
ROADS = {"code": "roads", "name_en": "Roads", "name_ko": "도로"}
PAGES = [
    "/studio/programmes/",
    "/studio/programmes/new/",
    "/studio/programmes/story/",
    "/studio/topics/",
    "/studio/topics/new/",
    "/studio/topics/roads/",
]


def plant() -> tuple[Programme, Topic]:
    return (
        shelves.create_programme(
            slug="story", titles={"en": "The mayor's story", "ko": "시장 이야기"}, by=None
        ),
        shelves.create_topic(code="roads", names={"en": "Roads", "ko": "도로"}, by=None),
    )


@pytest.mark.parametrize("role", ["", "officer", "moderator", "producer", "administrator"])
def test_who_orders_the_shelves(signed_in: SignedIn, office: Any, role: str) -> None:
    plant()
    browser = signed_in(*([role] if role else []), **({"office": office} if role == "officer" else {}))
    may = role in {"producer", "administrator"}
    for path in PAGES:
        answer = browser.get(path)
        assert answer.status_code == (200 if may else 403), path
        if may:
            assert "no-store" in answer["Cache-Control"]
    acts: list[tuple[str, dict[str, str]]] = [
        ("/studio/programmes/new/", {**STORY, "slug": "other"}),
        ("/studio/programmes/story/", {**STORY, "title_en": "Renamed"}),
        ("/studio/topics/new/", {**ROADS, "code": "other"}),
        ("/studio/topics/roads/", {**ROADS, "name_en": "Renamed"}),
        ("/studio/programmes/story/delete/", {}),
        ("/studio/topics/roads/delete/", {}),
    ]
    for path, data in acts:
        assert browser.post(path, data).status_code == (302 if may else 403), path
    left = [*Programme.objects.values_list("slug", flat=True), *Topic.objects.values_list("code", flat=True)]
    assert left == (["other", "other"] if may else ["story", "roads"])
    shelf = browser.get("/studio/")
    assert ('href="/studio/programmes/"' in shelf.content.decode()) == may


def test_strangers_are_sent_to_sign_in(client: Client) -> None:
    plant()
    for path in PAGES:
        assert client.get(path).status_code in {302, 401}
        assert client.post(path, STORY).status_code in {302, 401, 403, 405}
    assert Programme.objects.get().titles["en"] == "The mayor's story"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_programme_is_made_shown_changed_and_deleted(
    signed_in: SignedIn, client: Client, language: str
) -> None:
    browser = signed_in("producer")
    assert browser.post("/studio/programmes/new/", STORY)["Location"] == "/studio/programmes/"
    made = Programme.objects.get()
    assert made.titles == {"en": "The mayor's story", "ko": "시장 이야기"} and made.summaries == {
        "ko": "매주 한 번"
    }
    page = client.get("/live/programmes/story/", headers={"accept-language": language}).content.decode()
    assert {"en": "The mayor&#x27;s story", "ko": "시장 이야기"}[language] in page
    html = browser.get("/studio/programmes/story/").content.decode()
    assert 'value="시장 이야기"' in html and "매주 한 번" in html
    browser.post("/studio/programmes/story/", {**STORY, "slug": "evening", "title_en": "Evening"})
    assert client.get("/live/programmes/evening/").status_code == 200
    assert client.get("/live/programmes/story/").status_code == 404
    browser.post("/studio/programmes/evening/delete/")
    assert not Programme.objects.exists()
    assert list(
        Entry.objects.filter(act__endswith="programme").order_by("pk").values_list("act", "target")
    ) == [
        ("live.add_programme", "live/programmes/story"),
        ("live.edit_programme", "live/programmes/evening"),
        ("live.delete_programme", "live/programmes/evening"),
    ]
    assert Entry.objects.get(act="live.edit_programme").details["former"] == "story"


@pytest.mark.parametrize(
    ("path", "data", "field"),
    [
        ("programmes/new/", {**STORY, "slug": "Not OK"}, "slug"),
        ("programmes/new/", {**STORY, "slug": "new"}, "slug"),
        ("programmes/new/", {**STORY, "slug": "story"}, "slug"),
        ("programmes/new/", {**STORY, "slug": "other", "title_en": "", "title_ko": " "}, "title_ko|title_en"),
        ("programmes/new/", {**STORY, "slug": "other", "title_en": "x" * 201}, "title_en"),
        ("programmes/second/", {**STORY, "slug": "story"}, "slug"),
        ("topics/new/", {**ROADS, "code": "new"}, "code"),
        ("topics/new/", {**ROADS, "code": "x" * 41}, "code"),
        ("topics/new/", ROADS, "code"),
        ("topics/new/", {"code": "other", "name_en": ""}, "name_ko|name_en"),
    ],
)
def test_what_is_refused_is_said_beside_its_field(
    signed_in: SignedIn, path: str, data: dict[str, str], field: str
) -> None:
    plant()
    shelves.create_programme(slug="second", titles={"en": "Second"}, by=None)
    answer = signed_in("producer").post(f"/studio/{path}", data)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert re.search(rf'id="id_({field})_error"', html)
    assert sorted(Programme.objects.values_list("slug", flat=True)) == ["second", "story"]
    assert Topic.objects.count() == 1


def test_what_holds_a_broadcast_is_not_deleted(signed_in: SignedIn) -> None:
    plant()
    found = announce(programme="story", topics=["roads"])
    browser = signed_in("producer")
    for path in ("programmes/story/", "topics/roads/"):
        page = browser.get(f"/studio/{path}").content.decode()
        assert "It cannot be deleted" in page and "Yes, delete it" not in page
        refused = browser.post(f"/studio/{path}delete/", headers={"accept": "application/json"})
        assert refused.status_code == 409 and refused.json()["code"] == "not_empty"
    found.refresh_from_db()
    assert found.programme.slug == "story" and found.topics.get().code == "roads"


@pytest.mark.parametrize("slug", ["programmes", "topics"])
def test_a_broadcast_cannot_take_the_address_of_a_shelf(slug: str) -> None:
    with pytest.raises(Invalid) as caught:
        announce(slug=slug)
    assert (caught.value.field, caught.value.reason) == ("slug", "reserved")


def test_searches_follow_a_new_name(signed_in: SignedIn, client: Client) -> None:
    plant()
    announce(slug="first", titles={"ko": "첫 방송"}, programme="story", topics=["roads"])
    browser = signed_in("producer")
    assert "첫 방송" not in client.get("/live/?q=저녁산책").content.decode()
    browser.post("/studio/programmes/story/", {**STORY, "title_ko": "저녁산책"})
    browser.post("/studio/topics/roads/", {**ROADS, "name_ko": "보행길"})
    for words in ("저녁산", "보행"):
        assert "첫 방송" in client.get(f"/live/?q={words}").content.decode()
    assert "첫 방송" not in client.get("/live/?q=시장").content.decode()


def test_shelves_have_a_price(signed_in: SignedIn, queries: Any) -> None:
    for number in range(20):
        shelves.create_programme(slug=f"p{number}", titles={"en": f"P {number}"}, by=None)
        shelves.create_topic(code=f"t{number}", names={"en": f"T {number}"}, by=None)
    browser = signed_in("producer")
    for path in ("/studio/programmes/", "/studio/topics/"):
        browser.get(path)
        with queries(6):
            browser.get(path)
