"""API tokens: made and revoked on pages and by command, speaking on the Open API."""

from __future__ import annotations

import argparse
import json
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from maru.commons.people import operations
from maru.commons.people.commands import register
from maru.commons.people.models import ApiToken
from maru.platform.access.refusals import Conflict, Invalid
from maru.platform.audit.models import Entry

pytestmark = pytest.mark.django_db
PAGE = "/accounts/tokens/"
READ = "/api/v1/broadcasts"


def told_by(response) -> str:
    page = response.content.decode()
    assert response.status_code == 200, page
    return page.split("<code>maru_", 1)[1].split("</code>", 1)[0].join(["maru_", ""])


def bearer(token: str, scheme: str = "Bearer") -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"{scheme} {token}"}


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    register(parser.add_subparsers(), [])
    options = parser.parse_args(list(words))
    return options.run(options)


def test_made_shown_once_used_and_revoked(signed_in):
    browser = signed_in()
    assert "/accounts/tokens/" in browser.get("/accounts/profile/").content.decode()
    made = browser.post(PAGE, {"name": "captions", "days": "30"})
    token = told_by(made)
    assert "no-store" in made["Cache-Control"]
    row = ApiToken.objects.get()
    assert token.startswith(row.prefix)
    assert row.digest not in (token, "")
    assert abs(row.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=5)
    page = browser.get(PAGE).content.decode()
    assert row.prefix in page
    assert token not in page

    program = Client()
    assert program.get(READ, **bearer(token)).status_code == 200
    row.refresh_from_db()
    first = row.last_used_at
    assert first is not None
    program.get(READ, **bearer(token, "bearer"))
    row.refresh_from_db()
    assert row.last_used_at == first  # not written with each request

    assert browser.post(f"{PAGE}{row.pk}/revoke/").status_code == 302
    refused(program.get(READ, **bearer(token)))
    assert browser.post(f"{PAGE}{row.pk}/revoke/").status_code == 302  # again changes nothing
    assert not Entry.objects.exists()  # a citizen's own affair


def refused(response) -> None:
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "bad_token"
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert response["Content-Type"].startswith("application/json")


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer maru_nonsense", "bearer \xff\x00", "Bearer a b"]
)
def test_what_is_no_token_is_refused_whoever_sends_it(signed_in, header):
    for client in (Client(), signed_in("producer")):
        refused(client.get(READ, HTTP_AUTHORIZATION=header))


def test_the_refusal_speaks_the_language_of_the_asker():
    answer = Client().get(READ, HTTP_ACCEPT_LANGUAGE="ko", **bearer("x"))
    assert answer.json()["error"]["message"] == "유효하지 않은 토큰입니다"


def test_other_schemes_and_other_pages_do_not_look_at_it(person):
    token, _row = operations.create_token(person=person(), name="t", by=None)
    assert Client().get(READ, HTTP_AUTHORIZATION="Basic eDp5").status_code == 200
    assert Client().get("/accounts/profile/", **bearer(token)).status_code == 302
    assert Client().post(PAGE, {"name": "more", "days": "0"}, **bearer(token)).status_code in {302, 401}
    assert ApiToken.objects.count() == 1


def test_expired_ones_and_those_of_closed_accounts_open_nothing(person):
    someone = person()
    token, row = operations.create_token(person=someone, name="t", days=1, by=None)
    assert Client().get(READ, **bearer(token)).status_code == 200
    ApiToken.objects.filter(pk=row.pk).update(expires_at=timezone.now())
    refused(Client().get(READ, **bearer(token)))
    other, _row = operations.create_token(person=someone, name="t", by=None)
    someone.is_active = False
    someone.save()
    refused(Client().get(READ, **bearer(other)))


def test_an_official_needs_a_second_step_and_is_audited(person):
    someone = person("producer")
    browser = Client()
    browser.force_login(someone, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get(PAGE).status_code == 403
    assert browser.post(PAGE, {"name": "x", "days": "0"}).status_code == 403
    assert not ApiToken.objects.exists()
    Authenticator.objects.create(user=someone, type=Authenticator.Type.TOTP, data={})
    token = told_by(browser.post(PAGE, {"name": "x", "days": "0"}))
    row = ApiToken.objects.get()
    assert [(entry.act, entry.details) for entry in Entry.objects.all()] == [
        ("people.token", {"token": row.prefix})
    ]
    assert token not in json.dumps(list(Entry.objects.values("details", "target")))
    Authenticator.objects.all().delete()
    # Without the second step it can still be closed.
    assert browser.post(f"{PAGE}{row.pk}/revoke/").status_code == 302
    assert Entry.objects.order_by("-seq")[0].act == "people.token_revoke"


def test_a_citizens_token_does_not_become_a_staff_key(person):
    """Made before the role was given, without any second step: the role still asks for one."""
    someone = person()
    token, _row = operations.create_token(person=someone, name="t", by=someone)
    operations.grant_role(person=someone, role="producer", by=None)
    new = json.dumps({"slug": "hall", "titles": {"en": "Hall"}})
    answer = Client().post(READ, new, content_type="application/json", **bearer(token))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "second_factor_needed")
    vouched, _row = operations.create_token(person=someone, name="t", by="command line")
    answer = Client().post(READ, new, content_type="application/json", **bearer(vouched))
    assert answer.status_code == 201


def test_nobody_revokes_what_is_not_theirs_but_an_administrator(signed_in, person):
    someone = person()
    token, row = operations.create_token(person=someone, name="captions", by=someone)
    own, other = f"{PAGE}{row.pk}/revoke/", f"/people/{someone.pk}/tokens/{row.pk}/revoke/"
    assert signed_in().post(own).status_code == 404
    assert signed_in("producer").post(other).status_code == 403
    assert Client().get(READ, **bearer(token)).status_code == 200
    boss = signed_in("administrator")
    assert other in boss.get(f"/people/{someone.pk}/").content.decode()
    assert boss.post(f"/people/{boss.person.pk}/tokens/{row.pk}/revoke/").status_code == 404
    assert boss.post(other).status_code == 302
    refused(Client().get(READ, **bearer(token)))
    assert [(entry.act, entry.actor) for entry in Entry.objects.all()] == [
        ("people.token_revoke", f"person:{boss.person.pk}")
    ]


@pytest.mark.parametrize(
    "form", [{}, {"name": " ", "days": "0"}, {"name": "x" * 61, "days": "30"}, {"name": "x", "days": "7"}]
)
def test_wrong_forms_make_nothing(signed_in, form):
    assert signed_in().post(PAGE, form).status_code == 422
    assert not ApiToken.objects.exists()


def test_there_are_only_so_many(person):
    someone = person()
    for number in range(operations.MOST_TOKENS):
        operations.create_token(person=someone, name=str(number), by=someone)
    with pytest.raises(Conflict):
        operations.create_token(person=someone, name="one more", by=someone)
    operations.revoke_token(token=someone.tokens.all()[0], by=someone)
    operations.create_token(person=someone, name="one more", by=someone)
    for name, days in (("", 0), ("two\nlines", 0), ("x", -1), ("x", 4000)):
        with pytest.raises(Invalid):
            operations.create_token(person=someone, name=name, days=days, by=someone)


def test_the_command_prints_it_alone(person, capsys):
    person(email="kim@example.org")
    assert run("person", "token", "Kim@example.org", "--name", "script") == 0
    token = capsys.readouterr().out.strip()
    assert Client().get(READ, **bearer(token)).status_code == 200
    assert run("person", "token", "kim@example.org", "--name", "s", "--days", "7", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["email"], told["name"], told["token"][:12]) == ("kim@example.org", "s", told["prefix"])
    assert told["expires_at"]
    assert run("person", "token", "nobody@example.org", "--name", "s") == 1
    assert run("person", "token", "kim@example.org", "--name", "") == 1
    assert ApiToken.objects.count() == 2
    assert Entry.objects.filter(actor="command line", act="people.token").count() == 2


def test_a_token_costs_one_query(person, queries):
    token, _row = operations.create_token(person=person(), name="t", by=None)
    Client().get(READ, **bearer(token))
    with queries(3):  # the token with its person; the list's length and its rows
        Client().get(READ, **bearer(token))
