"""Sign-in by an OpenID Connect provider: a real provider process, the whole way of redirects over loopback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from django.test import Client

from maru.commons.people.models import Person

pytestmark = pytest.mark.django_db
CLAIMS = {
    "sub": "kim-77",
    "email": "kim@city.example",
    "email_verified": True,
    "name": "김마루",
    "nickname": "maru",
}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The issuer's address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    command += ["--user-claims", json.dumps(CLAIMS)]
    # The provider insists on TLS unless told that this is a test.
    environment = {**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    issuer = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"{issuer}/.well-known/openid-configuration", timeout=5).raise_for_status()
                break
            except httpx.HTTPError:
                assert process.poll() is None, "the provider did not start"
                assert time.monotonic() < deadline, "the provider does not answer"
                time.sleep(0.1)
        yield issuer
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(autouse=True)
def _city_with_provider(provider, settings):
    app = {
        "provider_id": "city",
        "name": "City login",
        "client_id": "maru",
        "secret": "hush",
        "settings": {"server_url": provider},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}


def go(client: Client, *, deny: bool = False) -> object:
    """From the button on the sign-in page through the provider and back; the last response."""
    start = client.post("/accounts/oidc/city/login/")
    assert start.status_code == 302
    form = {"action": "deny"} if deny else {"sub": CLAIMS["sub"]}
    answer = httpx.post(start["Location"], data=form, follow_redirects=False, timeout=30)
    back = urlsplit(answer.headers["Location"])
    assert back.path == "/accounts/oidc/city/login/callback/"
    return client.get(f"{back.path}?{back.query}")


def test_the_sign_in_page_offers_the_provider(client):
    assert "/accounts/oidc/city/login/" in client.get("/accounts/login/").content.decode()


def test_the_first_sign_in_makes_an_account_the_second_finds_it(client):
    response = go(client)
    assert response.status_code == 302
    person = Person.objects.get()
    assert (person.email, person.name, person.nickname) == ("kim@city.example", "김마루", "maru")
    assert not person.has_usable_password()
    assert not person.is_official
    assert client.session["_auth_user_id"] == str(person.pk)
    again = Client()
    go(again)
    assert again.session["_auth_user_id"] == str(person.pk)
    assert Person.objects.count() == 1


def test_an_existing_account_is_not_taken_over_by_its_address(client, person):
    someone = person("administrator", email="kim@city.example")
    go(client)
    assert client.session.get("_auth_user_id") != str(someone.pk)


def test_denying_leads_to_a_page_and_no_account(client):
    response = go(client, deny=True)
    assert response.status_code in {200, 302, 401}
    assert not Person.objects.exists()


def test_an_answer_that_was_not_asked_for_is_refused(client):
    response = client.get("/accounts/oidc/city/login/callback/?code=stolen&state=invented")
    assert response.status_code in {200, 302, 401, 403}
    assert "_auth_user_id" not in client.session
    assert not Person.objects.exists()


def test_an_official_by_provider_still_needs_the_second_step(client):
    go(client)
    person = Person.objects.get()
    from allauth.mfa.models import Authenticator

    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={"secret": "x"})
    other = Client()
    response = go(other)
    assert response["Location"].startswith("/accounts/2fa/authenticate/")
    assert "_auth_user_id" not in other.session
