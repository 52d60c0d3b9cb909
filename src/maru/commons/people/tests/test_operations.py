"""Roles, erasure, devices, commands and the demonstration's accounts."""

from __future__ import annotations

import argparse

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from maru.commons.offices.city import MODEL, load
from maru.commons.offices.seeds import plant as plant_offices
from maru.commons.people import devices, operations, seeds
from maru.commons.people.commands import register
from maru.commons.people.middleware import DeviceCookie
from maru.commons.people.models import Grant, Person
from maru.platform.access.refusals import Conflict, Invalid
from maru.platform.audit.models import Entry

pytestmark = pytest.mark.django_db


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    register(parser.add_subparsers(), [])
    options = parser.parse_args(list(words))
    return options.run(options)


def test_roles(person, office):
    officer, moderator, administrator, citizen = (
        person("officer", office=office),
        person("moderator"),
        person("administrator"),
        person(),
    )
    assert officer.has_role("officer", office.pk)
    assert not officer.has_role("officer", office.pk + 1)
    assert not officer.has_role("moderator")
    assert moderator.has_role("moderator")
    assert all(administrator.has_role(role) for role in ("officer", "moderator", "producer", "administrator"))
    assert not citizen.is_official
    administrator.is_active = False
    assert not administrator.has_role("producer")


def test_granting_and_revoking_are_audited(person, office):
    boss, someone = person("administrator"), person()
    grant = operations.grant_role(person=someone, role="officer", office=office, by=boss)
    assert someone.has_role("officer", office.pk)
    with pytest.raises(Conflict):
        operations.grant_role(person=someone, role="officer", office=office, by=boss)
    operations.revoke_role(grant=grant, by=boss)
    assert not Person.objects.get(pk=someone.pk).is_official
    acts = [(entry.act, entry.actor, entry.target) for entry in Entry.objects.order_by("seq")]
    assert acts == [
        (act, f"person:{boss.pk}", f"person/{someone.pk}") for act in ("people.grant", "people.revoke")
    ]


@pytest.mark.parametrize(("role", "with_office"), [("officer", False), ("moderator", True), ("king", False)])
def test_wrong_grants_are_refused(person, office, role, with_office):
    someone = person()
    with pytest.raises(Invalid):
        operations.grant_role(person=someone, role=role, office=office if with_office else None, by=None)
    assert not Grant.objects.exists()
    assert not Entry.objects.exists()


def test_the_last_administrator_stays(person):
    first = person("administrator")
    with pytest.raises(Conflict):
        operations.revoke_role(grant=first.grants.get(), by=first)
    with pytest.raises(Conflict):
        operations.set_active(person=first, active=False, by=first)
    with pytest.raises(Conflict):
        operations.erase_person(person=first, email=first.email)
    second = person("administrator")
    operations.revoke_role(grant=first.grants.get(), by=second)
    assert not Person.objects.get(pk=first.pk).has_role("administrator")


def test_two_accounts_of_one_address_cannot_be(person):
    operations.create_person(email=" Kim@Example.org", password="x", by=None)
    with pytest.raises(Conflict):
        operations.create_person(email="kim@example.ORG", by=None)
    with pytest.raises(Invalid):
        operations.create_person(email="no address", by=None)


class TestDevices:
    """The device's cookie."""

    def ask(self, cookie: str = "", *, write: bool, secure: bool = False) -> tuple[HttpResponse, str]:
        request = RequestFactory().get("/", secure=secure)
        if cookie:
            request.COOKIES[devices.COOKIE] = cookie
        seen = {}

        def view(request):
            seen["device"] = devices.device_of(request) if write else devices.known_device(request)
            assert not write or devices.device_of(request) == seen["device"]
            return HttpResponse("x")

        return DeviceCookie(view)(request), seen["device"]

    def test_reading_sets_no_cookie(self):
        response, device = self.ask(write=False)
        assert not response.cookies
        assert device == ""

    def test_writing_sets_one_that_is_known_again(self):
        response, device = self.ask(write=True, secure=True)
        cookie = response.cookies[devices.COOKIE]
        assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", True)
        assert cookie["max-age"] == 400 * 86_400
        assert len(device) == 64
        again, same = self.ask(cookie.value, write=True)
        assert same == device
        assert not again.cookies

    @pytest.mark.parametrize("cookie", ["x", "abc:def", "abc:" + "0" * 43, "\x00", "é" * 2000])
    def test_a_forged_one_is_a_new_device(self, cookie):
        response, device = self.ask(cookie, write=True)
        assert response.cookies
        assert device

    def test_the_hash_does_not_hold_the_token(self):
        response, device = self.ask(write=True)
        assert response.cookies[devices.COOKIE].value.split(":")[0] not in device


def test_the_pages_of_roles(signed_in, person, office):
    boss, someone = signed_in("administrator"), person(email="kim@example.org")
    assert "kim@example.org" in boss.get("/people/?q=KIM").content.decode()
    assert "kim@example.org" not in boss.get("/people/?role=staff").content.decode()
    address = f"/people/{someone.pk}/"
    assert boss.post(f"{address}grant/", {"role": "officer", "office": ""}).status_code == 422
    assert boss.post(f"{address}grant/", {"role": "officer", "office": office.pk}).status_code == 302
    page = boss.get(address).content.decode()
    assert "Roads Division" in page
    grant = Grant.objects.get(person=someone)
    assert boss.post(f"{address}revoke/{grant.pk}/").status_code == 302
    assert not Grant.objects.filter(person=someone).exists()
    boss.post(f"{address}active/", {"active": "0"})
    assert not Person.objects.get(pk=someone.pk).is_active
    own = Grant.objects.get(person=boss.person)
    assert boss.post(f"/people/{boss.person.pk}/revoke/{own.pk}/").status_code == 409
    assert "people.close" in boss.get("/audit/?act=people.").content.decode()


@pytest.mark.parametrize("roles", [(), ("moderator",), ("producer",)])
def test_nobody_else_may_and_nothing_changes(signed_in, person, roles):
    client, someone = signed_in(*roles), person()
    for address in ("/people/", f"/people/{someone.pk}/", "/audit/"):
        assert client.get(address).status_code == 403
    for act in ("grant", "active"):
        assert (
            client.post(f"/people/{someone.pk}/{act}/", {"role": "producer", "active": "0"}).status_code
            == 403
        )
    assert not Grant.objects.filter(person=someone).exists()
    assert Person.objects.get(pk=someone.pk).is_active
    assert not Entry.objects.exists()


def test_lists_have_a_budget(signed_in, person, office, queries):
    client = signed_in("administrator")
    for _number in range(60):
        person("officer", office=office)
    with queries(8):  # session, person, grants, count, people, their grants
        client.get("/people/")
    with queries(8):
        client.get("/audit/")


def test_the_audit_page_names_people_and_pages(signed_in, person):
    client = signed_in("administrator", name="Park Producer")
    for _number in range(51):
        operations.set_active(person=person(), active=True, by=client.person)
    page = client.get("/audit/").content.decode()
    assert "Park Producer" in page
    assert "page=2" in page
    assert client.get("/audit/?page=2&actor=%00").status_code == 200
    assert client.get("/audit/?page=nonsense").status_code == 200


def test_ones_own_profile(signed_in):
    client = signed_in()
    assert (
        client.post("/accounts/profile/", {"nickname": "새 이름", "name": "", "language": "ko"}).status_code
        == 302
    )
    person = Person.objects.get(pk=client.person.pk)
    assert (person.nickname, person.language) == ("새 이름", "ko")
    assert 'lang="ko"' in client.get("/accounts/profile/").content.decode()
    assert client.post("/accounts/profile/", {"nickname": "x" * 41}).status_code == 200
    assert client.post("/accounts/delete/", {"email": "other@example.org"}).status_code == 422
    assert client.post("/accounts/delete/", {"email": person.email}).status_code == 302
    assert not Person.objects.filter(pk=person.pk).exists()
    assert Client().get("/accounts/profile/").status_code == 302


def test_the_commands_make_staff(office, capsys, monkeypatch):
    monkeypatch.setenv("MARU_PASSWORD", "a quiet wooden hall")
    assert run("person", "create", "--email", "boss@example.org", "--role", "administrator") == 0
    assert Person.objects.get().has_role("administrator")
    assert run("person", "create", "--email", "boss@example.org") == 1
    assert (
        run("person", "create", "--email", "o@example.org", "--role", "officer", "--office", "nowhere") == 1
    )
    assert not Person.objects.filter(email="o@example.org").exists()
    assert run("person", "create", "--email", "w@example.org", "--password", "1234") == 1
    assert (
        run("person", "grant", "--email", "boss@example.org", "--role", "officer", "--office", "roads") == 0
    )
    assert run("person", "grant", "--email", "nobody@example.org", "--role", "producer") == 1
    assert "no account" in capsys.readouterr().err


def test_the_demonstration_has_one_of_each_role_and_planting_is_idempotent(client):
    city = load(MODEL)
    plant_offices(city)
    seeds.plant(city)
    seeds.plant(city)
    assert Person.objects.count() == len(seeds.ACCOUNTS)
    for account in seeds.ACCOUNTS:
        person = Person.objects.get(email=account["email"])
        assert account["role"] == "citizen" or person.has_role(account["role"])
    assert client.login(username="admin@maru.example", password=seeds.PASSWORD)


def test_in_another_city_the_demonstration_finds_offices_for_its_officers(office):
    from maru.commons.offices.city import from_data

    city = from_data(
        {
            "code": "town",
            "names": {"ko": "마을", "en": "Town"},
            "languages": ["ko", "en"],
            "time_zone": "UTC",
            "offices": [{"code": "roads", "names": {"ko": "도로", "en": "Roads"}}],
        }
    )
    seeds.plant(city)
    assert Person.objects.get(email="officer@maru.example").has_role("officer", office.pk)
