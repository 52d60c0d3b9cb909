"""Passkeys: set up, sign in without a password, refuse a foreign key."""

from __future__ import annotations

import json

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from maru.commons.people.models import Person
from maru.commons.people.tests.authenticator import Passkey

pytestmark = pytest.mark.django_db


@pytest.fixture()
def owner(settings) -> Client:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False
    client = Client()
    data = {"email": "kim@example.org", "password1": "a quiet wooden hall"}
    assert client.post("/accounts/signup/", data, secure=True).status_code == 302
    client.post("/accounts/reauthenticate/", {"password": data["password1"]}, secure=True)
    return client


def register(client: Client, key: Passkey):
    page = client.get("/accounts/2fa/webauthn/add/", secure=True)
    options = page.context["js_data"]["creation_options"]
    credential = json.dumps(key.create(options))
    return client.post(
        "/accounts/2fa/webauthn/add/",
        {"name": "my phone", "credential": credential, "passwordless": "on"},
        secure=True,
    )


def sign_in(client: Client, key: Passkey):
    options = client.get(
        "/accounts/2fa/webauthn/login/", secure=True, headers={"x-requested-with": "XMLHttpRequest"}
    ).json()["request_options"]
    return client.post(
        "/accounts/2fa/webauthn/login/", {"credential": json.dumps(key.get(options))}, secure=True
    )


def test_a_passkey_signs_in_without_a_password_and_counts_as_the_second_step(owner):
    key = Passkey()
    assert register(owner, key).status_code == 302
    assert Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN).count() == 1
    person = Person.objects.get()
    assert person.has_second_factor()
    other = Client()
    assert sign_in(other, key).status_code == 302
    assert other.session["_auth_user_id"] == str(person.pk)


def test_a_foreign_key_or_site_does_not_sign_in(owner):
    key = Passkey()
    register(owner, key)
    thief = Passkey()
    thief.id, thief.user = key.id, key.user
    phisher = Passkey(origin="https://test-server.example")
    phisher.id, phisher.user, phisher.private = key.id, key.user, key.private
    for wrong in (thief, phisher):
        client = Client()
        sign_in(client, wrong)
        assert "_auth_user_id" not in client.session


def test_an_answer_cannot_be_used_twice(owner):
    key = Passkey()
    register(owner, key)
    client = Client()
    options = client.get(
        "/accounts/2fa/webauthn/login/", secure=True, headers={"x-requested-with": "XMLHttpRequest"}
    ).json()["request_options"]
    answer = {"credential": json.dumps(key.get(options))}
    client.post("/accounts/2fa/webauthn/login/", answer, secure=True)
    assert "_auth_user_id" in client.session
    other = Client()
    other.get("/accounts/2fa/webauthn/login/", secure=True, headers={"x-requested-with": "XMLHttpRequest"})
    other.post("/accounts/2fa/webauthn/login/", answer, secure=True)
    assert "_auth_user_id" not in other.session


@pytest.mark.parametrize(
    "nonsense", ["", "{}", "[]", "null", '{"id": 7}', "not json", '{"response": {"userHandle": "!!"}}']
)
def test_nonsense_is_refused_and_no_fault(owner, nonsense):
    client = Client()
    client.get("/accounts/2fa/webauthn/login/", secure=True, headers={"x-requested-with": "XMLHttpRequest"})
    assert client.post(
        "/accounts/2fa/webauthn/login/", {"credential": nonsense}, secure=True
    ).status_code in {200, 302}
    assert "_auth_user_id" not in client.session
