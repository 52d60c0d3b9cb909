"""Refusals and faults as citizens and machines see them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.urls("maru.platform.access.tests.urls")]

KINDS = [
    ("NotAllowed", 403, "not_allowed"),
    ("NotFound", 404, "not_found"),
    ("Conflict", 409, "conflict"),
    ("TooLarge", 413, "too_large"),
    ("invalid", 422, "invalid"),
    ("many", 429, "too_many"),
]


@pytest.mark.parametrize(("kind", "status", "code"), KINDS)
def test_a_machine_gets_one_shape(client, kind, status, code):
    response = client.get(f"/api/v1/refuse/{kind}/")
    assert response.status_code == status
    assert response.json()["error"]["code"] == code
    assert response.json()["error"]["message"]
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("kind", "status", "code"), KINDS)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_citizen_gets_a_page_in_their_language_with_what_they_wrote(client, kind, status, code, language):
    client.cookies["maru_language"] = language
    response = client.post(f"/refuse/{kind}/", {"text": "my <b>long</b> words", "password": "hidden thing"})
    page = response.content.decode()
    assert response.status_code == status
    assert f'lang="{language}"' in page
    assert "my &lt;b&gt;long&lt;/b&gt; words" in page
    assert "hidden thing" not in page


def test_the_accept_header_chooses_json(client):
    response = client.get("/refuse/NotFound/", headers={"accept": "application/json"})
    assert response.json()["error"]["code"] == "not_found"


def test_too_many_tells_when_to_come_back(client):
    response = client.get("/api/v1/refuse/many/")
    assert response["Retry-After"] == "17"
    assert response.json()["error"]["retry_after"] == 17


def test_the_way_back_stays_in_the_house(client):
    here = client.get("/refuse/NotFound/", headers={"referer": "http://testserver/live/?q=1"})
    assert 'href="/live/?q=1"' in here.content.decode()
    away = client.get("/refuse/NotFound/", headers={"referer": "https://evil.example/live/"})
    assert "evil.example" not in away.content.decode()


def test_a_stranger_is_sent_to_sign_in_and_back(client):
    response = client.get("/studio/?tab=1")
    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=%2Fstudio%2F%3Ftab%3D1"


def test_a_stranger_who_posts_is_not_redirected_and_keeps_the_words(client):
    response = client.post("/studio/", {"text": "words"})
    assert response.status_code == 401


def test_roles_open_doors(signed_in):
    assert signed_in("producer").get("/studio/").content == b"studio"
    assert signed_in("administrator").get("/studio/").content == b"studio"
    assert signed_in("moderator").get("/studio/").status_code == 403
    assert signed_in().get("/studio/").status_code == 403
    assert signed_in().get("/own/").content == b"own"


def test_staff_pages_are_not_kept_by_caches(signed_in):
    assert signed_in("producer").get("/studio/")["Cache-Control"] == "private, no-store"


def test_staff_need_a_second_step_where_the_city_demands_it(signed_in, settings):
    client = signed_in("producer")
    settings.MARU = replace(settings.MARU, staff_mfa="required")
    response = client.get("/studio/")
    assert response.status_code == 403
    assert 'href="/accounts/2fa/"' in response.content.decode()
    from allauth.mfa.models import Authenticator

    Authenticator.objects.create(user=client.person, type=Authenticator.Type.RECOVERY_CODES, data={})
    assert client.get("/studio/").status_code == 403
    Authenticator.objects.create(user=client.person, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert client.get("/studio/").status_code == 200


@pytest.mark.parametrize("address", ["/refuse/fault/", "/api/v1/refuse/fault/"])
def test_a_fault_shows_a_reference_and_no_secret(address):
    response = Client(raise_request_exception=False).get(address)
    assert response.status_code == 500
    words = response.content.decode()
    assert response["X-Reference"] in words
    assert "secret" not in words


def test_a_fault_is_logged_with_its_reference(monkeypatch):
    from maru.platform.access import faults

    told = []
    monkeypatch.setattr(faults.log, "error", lambda event, **words: told.append(words))
    response = Client(raise_request_exception=False).get("/refuse/fault/")
    assert [words["reference"] for words in told] == [response["X-Reference"]]
    assert isinstance(told[0]["exc_info"], RuntimeError)


def test_an_unknown_address_is_a_page(client):
    response = client.get("/nothing/here/")
    assert response.status_code == 404
    assert "<h1" in response.content.decode()


def test_a_body_too_large_is_turned_away_unread(client):
    response = client.post(
        "/refuse/Conflict/", {"text": "x" * 1_000_000}, content_type="application/x-www-form-urlencoded"
    )
    assert response.status_code == 413
    response = client.post("/api/v1/refuse/Conflict/", "x" * 70_000, content_type="application/json")
    assert response.status_code == 413
    assert response.json()["error"]["code"] == "too_large"


def test_invalid_utf8_in_a_form_is_no_fault(client):
    response = client.post(
        "/refuse/Conflict/", b"text=%ff%fe%00x", content_type="application/x-www-form-urlencoded"
    )
    assert response.status_code == 409
