"""Sign-up, sign-in, second step: through the real pages."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.test import Client

from maru.commons.people.models import Person

pytestmark = pytest.mark.django_db
PASSWORD = "a quiet wooden hall"


@pytest.fixture(autouse=True)
def _quick_hashes(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def sign_up(client: Client, email: str = "kim@example.org", **fields) -> int:
    data = {"email": email, "password1": PASSWORD, "nickname": "김", **fields}
    return client.post("/accounts/signup/", data).status_code


def sign_in(client: Client, email: str = "kim@example.org", password: str = PASSWORD):
    return client.post("/accounts/login/", {"login": email, "password": password})


def signed_in_as(client: Client) -> str | None:
    key = client.session.get("_auth_user_id")
    return Person.objects.get(pk=key).email if key else None


def add_totp(client: Client) -> str:
    """Set an authenticator app up by its page; the secret."""
    assert client.get("/accounts/2fa/totp/activate/")["Location"].startswith("/accounts/reauthenticate/")
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200
    secret = client.session[totp.SECRET_SESSION_KEY]
    assert client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)}).status_code == 302
    return secret


def code_of(secret: str) -> str:
    counter = next(totp.yield_hotp_counters_from_time())
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


def test_sign_up_in_out_and_in_again(client):
    assert client.get("/accounts/signup/").status_code == 200
    assert sign_up(client, email="Kim@Example.org") == 302
    person = Person.objects.get()
    assert (person.email, person.nickname, person.language) == ("kim@example.org", "김", "en")
    assert signed_in_as(client) == "kim@example.org"
    client.post("/accounts/logout/")
    assert signed_in_as(client) is None
    sign_in(client, password="wrong one entirely")
    assert signed_in_as(client) is None
    sign_in(client, email="KIM@example.org")
    assert signed_in_as(client) == "kim@example.org"


def test_a_weak_password_is_refused(client):
    assert sign_up(client, password1="12345") == 200
    assert not Person.objects.exists()


def test_an_address_has_one_account(client, person):
    person(email="kim@example.org")
    assert sign_up(client, email="KIM@example.org") == 200
    assert Person.objects.filter(email="kim@example.org").count() == 1
    assert signed_in_as(client) is None


def test_the_forgotten_password_page_does_not_tell_who_has_an_account(client, person):
    person(email="kim@example.org")
    answers = [
        client.post("/accounts/password/reset/", {"email": email})["Location"]
        for email in ("kim@example.org", "nobody@example.org")
    ]
    assert answers[0] == answers[1]


def test_a_closed_account_does_not_open(client):
    sign_up(client)
    client.post("/accounts/logout/")
    Person.objects.update(is_active=False)
    sign_in(client)
    assert signed_in_as(client) is None


def test_sign_in_leads_back_but_never_out_of_the_house(client):
    sign_up(client)
    for asked, led in (
        ("/live/opening/", "/live/opening/"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
    ):
        client.post("/accounts/logout/")
        response = client.post(
            "/accounts/login/", {"login": "kim@example.org", "password": PASSWORD, "next": asked}
        )
        assert response["Location"] == led


def test_a_forgotten_password(client):
    sign_up(client)
    client.post("/accounts/logout/")
    mail.outbox.clear()
    assert client.post("/accounts/password/reset/", {"email": "kim@example.org"}).status_code == 302
    address = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", mail.outbox[0].body).group(1)
    form = client.get(address)["Location"]
    assert client.get(form).status_code == 200
    new = "another quiet hall"
    response = client.post(form, {"password1": new, "password2": new})
    assert response.status_code == 302
    client.post("/accounts/logout/")
    sign_in(client, password=new)
    assert signed_in_as(client) == "kim@example.org"


def test_a_guesser_is_slowed_down(client):
    sign_up(client)
    client.post("/accounts/logout/")
    words = [sign_in(Client(), password=f"guess {number}").content.decode() for number in range(7)]
    assert "Too many" in words[-1]


def test_an_authenticator_app_is_asked_for_from_then_on(client):
    sign_up(client)
    secret = add_totp(client)
    client.post("/accounts/logout/")
    assert sign_in(client)["Location"].startswith("/accounts/2fa/authenticate/")
    assert signed_in_as(client) is None
    client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert signed_in_as(client) is None
    from django.core.cache import cache

    cache.clear()  # the code was used at activation, and a used one is refused for a while
    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert signed_in_as(client) == "kim@example.org"


def test_recovery_codes_open_once(client):
    sign_up(client)
    add_totp(client)
    codes = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES).wrap().get_unused_codes()
    for known, code in ((True, codes[0]), (False, codes[0]), (True, codes[1])):
        client.post("/accounts/logout/")
        sign_in(client)
        client.post("/accounts/2fa/authenticate/", {"code": code})
        assert (signed_in_as(client) == "kim@example.org") is known


def test_an_official_without_second_step_is_led_to_it(client, settings):
    settings.MARU = replace(settings.MARU, staff_mfa="required")
    sign_up(client)
    Person.objects.get().grants.create(role="administrator")
    response = client.get("/people/")
    assert response.status_code == 403
    assert "/accounts/2fa/" in response.content.decode()
    add_totp(client)
    assert client.get("/people/").status_code == 200


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(
    "address",
    ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"],
)
def test_the_doors_stand_open_in_both_languages(client, address, language):
    client.cookies["maru_language"] = language
    response = client.get(address)
    assert response.status_code == 200
    assert f'lang="{language}"' in response.content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
        "/accounts/2fa/webauthn/",
        "/accounts/2fa/webauthn/add/",
        "/accounts/password/change/",
        "/accounts/email/",
        "/accounts/sessions/",
        "/accounts/logout/",
        "/accounts/3rdparty/",
    ],
)
def test_pages_of_ones_own_account_open(client, address):
    sign_up(client)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert client.get(address).status_code == 200
