"""The office inbox and what a citizen sees of their own voices."""

from __future__ import annotations

import pytest
from django.test import Client

from maru.commons.offices.models import Office
from maru.commons.people import devices
from maru.commons.voices import operations
from maru.commons.voices.models import Answer, Voice

pytestmark = pytest.mark.django_db


def routed(office, text="When does bus 42 come?", **fields) -> Voice:
    one = operations.receive(
        channel="broadcast", about="live/opening", text=text, state="published", **fields
    )
    return operations.route(voice=one, office=office)


def device_client() -> tuple[Client, str]:
    """A browser with a device cookie, and the device's hash."""
    from django.core import signing

    client = Client()
    client.cookies[devices.COOKIE] = signing.Signer(salt=devices._SALT).sign("token")
    return client, devices._hash("token")


def test_an_officer_sees_the_voices_of_their_office_only(signed_in, office):
    other = Office.objects.create(code="water", names={"en": "Water", "ko": "물"})
    routed(office, "mine to answer")
    foreign = routed(other, "somebody else's")
    client = signed_in("officer", office=office)
    page = client.get("/offices/inbox/").content.decode()
    assert "mine to answer" in page
    assert "somebody else" not in page
    assert client.get(f"/offices/inbox/{foreign.public_id}/").status_code == 404
    assert client.post(f"/offices/inbox/{foreign.public_id}/answer/", {"text": "x"}).status_code == 404
    assert not Answer.objects.exists()


def test_answering_in_the_inbox_makes_it_public(signed_in, office, client):
    one = routed(office)
    officer = signed_in("officer", office=office)
    assert one.text in officer.get(f"/offices/inbox/{one.public_id}/").content.decode()
    response = officer.post(f"/offices/inbox/{one.public_id}/answer/", {"text": "At <noon>."})
    assert response.status_code == 302
    page = client.get(f"/voices/{one.public_id}/").content.decode()
    assert "At &lt;noon&gt;." in page
    assert "Roads Division" in page
    again = officer.post(f"/offices/inbox/{one.public_id}/answer/", {"text": "Twice"})
    assert again.status_code == 422
    assert "Twice" not in client.get(f"/voices/{one.public_id}/").content.decode()


def test_an_empty_answer_keeps_the_page(signed_in, office):
    one = routed(office)
    response = signed_in("officer", office=office).post(
        f"/offices/inbox/{one.public_id}/answer/", {"text": " "}
    )
    assert response.status_code == 422
    assert not Answer.objects.exists()


def test_passing_on_is_shown_to_everyone_with_the_reason(signed_in, office, client):
    other = Office.objects.create(code="water", names={"en": "Water Division", "ko": "물과"})
    one = routed(office)
    officer = signed_in("officer", office=office)
    address = f"/offices/inbox/{one.public_id}/pass-on/"
    assert officer.post(address, {"office": other.pk, "reason": ""}).status_code == 422
    assert officer.post(address, {"office": other.pk, "reason": "It is about pipes"}).status_code == 302
    page = client.get(f"/voices/{one.public_id}/").content.decode()
    assert "Water Division" in page
    assert "It is about pipes" in page
    assert officer.get(f"/offices/inbox/{one.public_id}/").status_code == 404


@pytest.mark.parametrize("roles", [(), ("moderator",), ("producer",)])
def test_the_inbox_is_for_officers(signed_in, roles):
    assert signed_in(*roles).get("/offices/inbox/").status_code == 403


def test_an_administrator_sees_every_office(signed_in, office):
    routed(office)
    assert "bus 42" in signed_in("administrator").get("/offices/inbox/?show=all").content.decode()


def test_the_inbox_has_a_budget(signed_in, office, queries):
    for number in range(20):
        routed(office, f"question {number}")
    client = signed_in("officer", office=office)
    with queries(10):  # session, person, grants, second step, count, voices, steps, answers, menus
        client.get("/offices/inbox/")


def test_late_ones_come_first_and_say_so(signed_in, office):
    from datetime import timedelta

    from django.utils import timezone

    routed(office, "in time")
    late = routed(office, "too late")
    Voice.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(days=2))
    page = signed_in("officer", office=office).get("/offices/inbox/").content.decode()
    assert page.index("too late") < page.index("in time")
    assert "days late" in page


def test_the_author_sees_why_a_voice_is_hidden_and_nobody_else_does(signed_in, client):
    author = signed_in()
    one = operations.receive(
        channel="broadcast", about="live/x", text="bad words", state="published", author=author.person
    )
    operations.hide(voice=one, by="test", reason="Insulting")
    assert "Insulting" in author.get("/voices/mine/").content.decode()
    own = author.get(f"/voices/{one.public_id}/")
    assert "Insulting" in own.content.decode()
    assert own["Cache-Control"] == "private, no-store"
    assert client.get(f"/voices/{one.public_id}/").status_code == 404
    assert signed_in().get(f"/voices/{one.public_id}/").status_code == 404
    assert "bad words" not in client.get("/voices/mine/").content.decode()


def test_a_browser_without_an_account_sees_its_own(client):
    mine, device = device_client()
    one = operations.receive(
        channel="broadcast", about="live/x", text="from this device", state="published", device=device
    )
    operations.hide(voice=one, by="test", reason="Insulting")
    assert "from this device" in mine.get("/voices/mine/").content.decode()
    assert "from this device" not in client.get("/voices/mine/").content.decode()


def test_the_reason_of_holding_is_not_shown_to_the_public(client):
    one = operations.receive(
        channel="broadcast", about="live/x", text="words", state="held", reason="Blocked words: xyz"
    )
    operations.publish(voice=one)
    assert "xyz" not in client.get(f"/voices/{one.public_id}/").content.decode()


@pytest.mark.parametrize("address", ["/voices/nothing/", "/voices/%00/", "/voices/" + "x" * 300 + "/"])
def test_an_unknown_voice_is_not_found(client, address):
    assert client.get(address).status_code == 404


def test_pages_in_korean(signed_in, office):
    one = routed(office)
    client = signed_in("officer", office=office)
    client.cookies["maru_language"] = "ko"
    for address in ("/offices/inbox/", f"/offices/inbox/{one.public_id}/", f"/voices/{one.public_id}/"):
        assert 'lang="ko"' in client.get(address).content.decode()
