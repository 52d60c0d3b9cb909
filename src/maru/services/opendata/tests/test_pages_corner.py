"""Developers' corner, requests for data and the officials' desk: who may, what each button does."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from maru.platform.audit.models import Entry
from maru.services.opendata.models import App, Booking, Dataset, Meeting, Support, Upload, Wish
from maru.services.opendata.operations import corner, wishes

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]
DESK = (
    "/data/desk/",
    "/data/desk/publish/",
    "/data/desk/upload/",
    "/data/desk/remarks/",
    "/data/desk/requests/",
    "/data/desk/apps/",
    "/data/desk/courses/",
)
APP = {
    "name": "Where is my bike",
    "kind": "web",
    "address": "https://example.org/bike",
    "summary": "Shows bikes near you.",
    "datasets": "/data/bikes/\nhttps://data.example/data/other/",
    "maker": "Kim",
    "email": "kim@example.org",
}
PERSONAL = "이름,전화\n홍길동,010-1234-5678\n김철수,010-2222-3333\n"


def meeting(kind: str = "course", seats: int = 2, days: int = 3) -> Meeting:
    return corner.announce_meeting(
        kind=kind,
        titles={"en": "First steps", "ko": "첫걸음"},
        place="Room 3",
        starts_at=timezone.now() + dt.timedelta(days=days),
        minutes=90,
        seats=seats,
        by=None,
    )


def read(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return answer.content.decode()


class TestKeys:
    """A key is seen once."""

    def test_a_stranger_is_asked_to_sign_in(self, client: Client) -> None:
        assert "/accounts/login/?next=%2Fdevelopers%2F" in read(client, "/developers/")
        assert client.post("/developers/keys/", {"purpose": "x"}).status_code == 401

    def test_made_shown_once_replaced_ended(self, signed_in: SignedIn) -> None:
        browser = signed_in()
        html = browser.post("/developers/keys/", {"purpose": "my map"}).content.decode()
        key = re.search(r'<pre id="new-key"[^>]*>([^<]+)</pre>', html)
        assert key
        again = read(browser, "/developers/")
        assert key[1] not in again and "my map" in again
        number = re.search(r"/developers/keys/(\d+)/", again)
        assert number
        replaced = browser.post(f"/developers/keys/{number[1]}/", {"act": "rotate"}).content.decode()
        assert 'id="new-key"' in replaced and "valid until" in replaced
        browser.post(f"/developers/keys/{number[1]}/", {"act": "revoke"})
        assert "ended" in read(browser, "/developers/")

    def test_nobody_ends_the_key_of_another(self, signed_in: SignedIn) -> None:
        mine, other = signed_in(), signed_in()
        mine.post("/developers/keys/", {"purpose": "mine"})
        number = re.search(r"/developers/keys/(\d+)/", read(mine, "/developers/"))
        assert number
        html = other.post(f"/developers/keys/{number[1]}/", {"act": "revoke"}, follow=True).content.decode()
        assert "There is no such key." in html
        assert "End this key?" in read(mine, "/developers/")


class TestApps:
    """The showcase."""

    def test_sent_in_looked_at_and_shown(self, client: Client, bikes: Dataset, signed_in: SignedIn) -> None:
        html = client.post("/developers/apps/new/", APP, follow=True).content.decode()
        assert "Someone of the city looks at it now." in html
        app = App.objects.get()
        assert app.datasets == ["bikes", "other"]
        assert "Where is my bike" in read(client, "/developers/apps/")  # its maker sees how it stands
        assert "Where is my bike" not in read(Client(), "/developers/apps/")
        desk = signed_in("administrator")
        assert "kim@example.org" in read(desk, "/data/desk/apps/")
        desk.post(f"/data/desk/apps/{app.slug}/", {"act": "publish"})
        shown = read(Client(), "/developers/apps/")
        assert "Where is my bike" in shown and "kim@example.org" not in shown
        assert "Where is my bike" in read(client, "/data/bikes/")
        assert Entry.objects.filter(act="opendata.show_app").count() == 1

    def test_refused_with_a_reason_that_its_maker_reads(self, client: Client, signed_in: SignedIn) -> None:
        client.post("/developers/apps/new/", APP)
        desk, app = signed_in("administrator"), App.objects.get()
        html = desk.post(
            f"/data/desk/apps/{app.slug}/", {"act": "refuse", "reason": " "}, follow=True
        ).content.decode()
        assert "Say why" in html
        desk.post(f"/data/desk/apps/{app.slug}/", {"act": "refuse", "reason": "It does not open."})
        assert "It does not open." in read(client, "/developers/apps/")

    @pytest.mark.parametrize(
        "change",
        [{"address": "javascript:alert(1)"}, {"name": " "}, {"summary": "x" * 601}, {"kind": "none"}],
    )
    def test_a_bad_one_comes_back_with_what_was_typed(self, client: Client, change: dict[str, str]) -> None:
        answer = client.post("/developers/apps/new/", {**APP, **change})
        assert answer.status_code == 422 and 'value="Kim"' in answer.content.decode()
        assert not App.objects.exists()


class TestMeetings:
    """Courses and consulting hours."""

    def test_booked_full_and_given_back(self, client: Client) -> None:
        one = meeting("hour", seats=1)
        page = f"/developers/courses/{one.pk}/"
        data = {"name": "Lee", "email": "Lee@example.org", "subject": "Buses"}
        answer = client.post(page, data)
        mine = answer["Location"]
        assert "Lee" in read(client, mine)
        assert client.get(mine)["Referrer-Policy"] == "no-referrer"
        assert "All places are taken" in read(client, page)
        late = client.post(page, {**data, "email": "other@example.org"})
        assert late.status_code == 422 and Booking.objects.count() == 1
        assert "given back" in client.post(mine, follow=True).content.decode()
        assert client.post(page, {**data, "email": "other@example.org"}).status_code == 302

    def test_nobody_books_twice_or_too_late(self, client: Client) -> None:
        one = meeting(seats=5)
        page, data = f"/developers/courses/{one.pk}/", {"name": "Lee", "email": "lee@example.org"}
        assert client.post(page, data).status_code == 302
        assert "already booked" in client.post(page, data).content.decode()
        Meeting.objects.update(starts_at=timezone.now() - dt.timedelta(hours=1))
        assert "This is over." in read(client, page)
        assert client.post(page, {**data, "email": "b@example.org"}).status_code == 422

    def test_announced_and_cancelled_with_a_mail_to_each(
        self, signed_in: SignedIn, mailoutbox: list[Any]
    ) -> None:
        desk = signed_in("administrator")
        data = {
            "kind": "course",
            "title_en": "Maps",
            "place": "Room 1",
            "starts_at": "2199-05-01T10:00",
            "minutes": "60",
            "seats": "3",
        }
        assert desk.post("/data/desk/courses/", data).status_code == 302
        one = Meeting.objects.get()
        assert "Maps" in read(Client(), "/developers/courses/")
        for name in ("a", "b"):
            corner.book(meeting=one, name=name, email=f"{name}@example.org")
        desk.post(f"/data/desk/courses/{one.pk}/cancel/")
        assert [mail.to for mail in mailoutbox] == [["a@example.org"], ["b@example.org"]]
        assert "This was cancelled." in read(Client(), f"/developers/courses/{one.pk}/")
        assert desk.post("/data/desk/courses/", {**data, "seats": "0"}).status_code == 422

    def test_names_and_addresses_are_forgotten(self, db: None) -> None:
        old = meeting()
        corner.book(meeting=old, name="a", email="a@example.org", subject="s")
        Meeting.objects.update(starts_at=timezone.now() - dt.timedelta(days=31))
        corner.book(meeting=meeting(), name="b", email="b@example.org")
        assert corner.forget_bookings() == 1
        assert corner.forget_bookings() == 0
        assert sorted(Booking.objects.values_list("email", flat=True)) == ["", "b@example.org"]


class TestRequests:
    """Data that is not there yet."""

    def test_asked_supported_routed_granted(
        self, client: Client, signed_in: SignedIn, office: Any, bikes: Dataset
    ) -> None:
        html = client.post(
            "/data/requests/", {"title": "Street trees", "text": "Each one."}, follow=True
        ).content.decode()
        assert "Street trees" in html
        wish = Wish.objects.get()
        page = f"/data/requests/{wish.number}/"
        assert "goes to an office by" in client.get(page).content.decode()
        for browser in (client, Client()):
            browser.post(f"{page}support/")
        assert "2 people want it" in read(client, page)
        client.post(f"{page}support/")
        assert "1 person wants it" in read(client, page)
        assert Support.objects.count() == 1
        desk, act = signed_in("administrator"), f"/data/desk/requests/{wish.number}/"
        desk.post(act, {"act": "route", "office": "roads"})
        assert "answer promised by" in read(client, page)
        desk.post(act, {"act": "decide", "state": "granted", "dataset": "/data/bikes/"})
        assert "Bike stations" in read(client, page)
        assert "Street trees" in read(client, "/data/requests/?state=granted")
        assert "Street trees" in read(desk, "/data/desk/requests/")

    def test_granted_needs_the_dataset(self, signed_in: SignedIn) -> None:
        wish = wishes.ask_for_data(title="Trees", text="All", device="d")
        desk = signed_in("administrator")
        for dataset in ("", "nothing"):
            desk.post(
                f"/data/desk/requests/{wish.number}/",
                {"act": "decide", "state": "granted", "dataset": dataset},
            )
        wish.refresh_from_db()
        assert wish.state == "open"

    @pytest.mark.parametrize(
        "data", [{"title": "", "text": "x"}, {"title": "x", "text": " "}, {"title": "y" * 121, "text": "x"}]
    )
    def test_an_empty_one_comes_back(self, client: Client, data: dict[str, str]) -> None:
        assert client.post("/data/requests/", data).status_code == 422
        assert not Wish.objects.exists()

    def test_no_such_request(self, client: Client) -> None:
        assert client.get("/data/requests/nothing/").status_code == 404


class TestDesk:
    """Publishing and deciding."""

    @pytest.mark.parametrize("path", DESK)
    @pytest.mark.parametrize("role", ["", "moderator", "officer", "administrator"])
    def test_who_gets_in(
        self, signed_in: SignedIn, office: Any, bikes: Dataset, path: str, role: str
    ) -> None:
        options = {"office": office} if role == "officer" else {}
        browser = signed_in(*([role] if role else []), **options)
        assert browser.get(path).status_code == (200 if role in {"officer", "administrator"} else 403)
        assert Client().get(path).status_code == 302

    def test_a_source_is_published_with_one_press(
        self, signed_in: SignedIn, office: Any, declared: str, give: Callable[..., Any]
    ) -> None:
        browser = signed_in("officer", office=office)
        assert "Bike stations" in read(browser, "/data/desk/publish/?q=bike")
        browser.post("/data/desk/publish/", {"origin": "source", "name": declared})
        assert Dataset.objects.get().state == "published"
        html = browser.post(
            "/data/desk/publish/", {"origin": "source", "name": declared}, follow=True
        ).content.decode()
        assert "It is published already." in html

    def test_an_upload_without_personal_data_is_published(self, signed_in: SignedIn, office: Any) -> None:
        browser = signed_in("officer", office=office)
        answer = browser.post(
            "/data/desk/upload/", upload("trees.csv", "id,species\n1,Pine\n2,Oak\n"), follow=True
        )
        assert answer.redirect_chain[-1][0] == "/data/trees/"
        assert "Pine" in answer.content.decode()

    def test_nobody_publishes_in_the_name_of_another_office(
        self, signed_in: SignedIn, office: Any, declared: str, give: Callable[..., Any]
    ) -> None:
        other = type(office).objects.create(
            code="parks", names={"ko": "공원과", "en": "Parks"}, answer_days=7
        )
        browser = signed_in("officer", office=other)
        browser.post("/data/desk/publish/", {"origin": "source", "name": declared}, follow=True)
        browser.post("/data/desk/upload/", upload("trees.csv", "id,species\n1,Pine\n2,Oak\n"), follow=True)
        assert not Dataset.objects.exists()
        own = {**upload("trees.csv", "id,species\n1,Pine\n2,Oak\n"), "office": "parks"}
        browser.post("/data/desk/upload/", own, follow=True)
        made = Dataset.objects.get()
        assert made.office == other
        words = {name: value for name, value in own.items() if name != "file"}
        browser.post(f"/data/desk/{made.slug}/", {**words, "office": "roads"}, follow=True)
        made.refresh_from_db()
        assert made.office == other

    @pytest.mark.parametrize("body", ["", "\x00\x01"])
    def test_a_file_that_cannot_be_read_comes_back(self, signed_in: SignedIn, office: Any, body: str) -> None:
        answer = signed_in("officer", office=office).post("/data/desk/upload/", upload("bad.csv", body))
        assert answer.status_code == 422 and 'value="Trees"' in answer.content.decode()
        assert not Dataset.objects.exists()

    def test_a_held_file_shows_what_was_found_masked_and_is_published_without_it(
        self, signed_in: SignedIn, office: Any
    ) -> None:
        browser = signed_in("officer", office=office)
        answer = browser.post("/data/desk/upload/", upload("people.csv", PERSONAL + "나무,1\n"), follow=True)
        html = answer.content.decode()
        assert answer.redirect_chain[-1][0] == "/data/desk/held/people/"
        assert "Mobile phone numbers" in html and "010-1234-5678" not in html and "홍길동" not in html
        assert Client().get("/data/people/").status_code == 404
        assert "people.csv" in read(browser, "/data/desk/")
        refused = browser.post("/data/desk/held/people/", {"decision": "release"})
        assert refused.status_code == 422 and Upload.objects.get().state == "waiting"
        browser.post("/data/desk/held/people/", {"decision": "reject", "reason": "Names."})
        assert Upload.objects.get().state == "rejected"

    def test_describing_anew_and_withdrawing(self, signed_in: SignedIn, office: Any, bikes: Dataset) -> None:
        browser = signed_in("officer", office=office)
        html = read(browser, "/data/desk/sets/bikes/")
        names = re.findall(r'name="([^"]+)"[^>]* value="([^"]*)"', html)
        data = {name: value for name, value in names if name != "csrfmiddlewaretoken"}
        data |= {
            "category": "transport",
            "office": "roads",
            "licence": "CC-BY-4.0",
            "title_en": "Bicycles",
            "column2_unit": "pieces",
        }
        data |= {"summary_en": "Each", "summary_ko": "모두", "keywords": "bike, 자전거"}
        assert browser.post("/data/desk/sets/bikes/", data).status_code == 302
        page = read(Client(), "/data/bikes/")
        assert "Bicycles" in page and "pieces" in page and "CC BY 4.0" in page
        assert (
            browser.post("/data/desk/sets/bikes/", {**data, "title_en": "", "title_ko": ""}).status_code
            == 422
        )
        browser.post("/data/desk/sets/bikes/withdraw/", {"reason": "Wrong."})
        bikes.refresh_from_db()
        assert bikes.state == "withdrawn"

    def test_new_rows_for_an_uploaded_dataset(self, signed_in: SignedIn, office: Any) -> None:
        browser = signed_in("officer", office=office)
        browser.post("/data/desk/upload/", upload("trees.csv", "id,species\n1,Pine\n2,Oak\n"))
        assert "New rows" in read(browser, "/data/desk/sets/trees/")
        more = {
            "file": SimpleUploadedFile("trees.csv", b"id,species\n1,Pine\n2,Elm\n3,Fir\n"),
            "complete": "on",
        }
        answer = browser.post("/data/desk/sets/trees/rows/", more, follow=True)
        assert answer.redirect_chain[-1][0] == "/data/trees/history/"
        assert "Fir" in read(Client(), "/data/trees/sheet/")
        people = {"file": SimpleUploadedFile("trees.csv", "id,species\n1,홍길동 010-1234-5678\n".encode())}
        held = browser.post("/data/desk/sets/trees/rows/", people, follow=True)
        assert held.redirect_chain[-1][0] == "/data/desk/held/trees/"
        assert "010-1234" not in read(Client(), "/data/trees/sheet/")
        nothing = browser.post("/data/desk/sets/trees/rows/", {}, follow=True).content.decode()
        assert "Please choose a file." in nothing

    def test_withdrawn_and_published_again(self, signed_in: SignedIn, office: Any, bikes: Dataset) -> None:
        browser = signed_in("officer", office=office)
        browser.post("/data/desk/sets/bikes/withdraw/", {"reason": "Wrong."})
        assert "Publish it again" in read(browser, "/data/desk/sets/bikes/")
        browser.post("/data/desk/sets/bikes/restore/")
        bikes.refresh_from_db()
        assert bikes.state == "published"

    def test_another_office_changes_nothing(self, signed_in: SignedIn, bikes: Dataset) -> None:
        from maru.commons.offices.models import Office

        other = Office.objects.create(code="parks", names={"en": "Parks"}, answer_days=7)
        browser = signed_in("officer", office=other)
        assert browser.get("/data/desk/sets/bikes/").status_code == 403
        assert browser.post("/data/desk/sets/bikes/withdraw/", {"reason": "x"}).status_code == 403
        bikes.refresh_from_db()
        assert bikes.state == "published"

    def test_no_act_of_a_citizen_changes_anything(self, signed_in: SignedIn, bikes: Dataset) -> None:
        one, wish = meeting(), wishes.ask_for_data(title="Trees", text="All", device="d")
        app = corner.submit_app(name="A", summary="B", address="https://example.org/", kind="web", maker="C")
        acts = (
            "/data/desk/publish/",
            "/data/desk/upload/",
            f"/data/desk/requests/{wish.number}/",
            f"/data/desk/apps/{app.slug}/",
            f"/data/desk/courses/{one.pk}/cancel/",
            "/data/desk/courses/",
            "/data/desk/sets/bikes/",
            "/data/desk/sets/bikes/withdraw/",
            "/data/desk/held/bikes/",
        )
        for browser, status in ((signed_in(), 403), (Client(), 401)):
            for path in acts:
                assert browser.post(path, {"act": "publish", "reason": "x"}).status_code == status, path
        assert App.objects.get().state == "waiting" and Meeting.objects.get().cancelled_at is None


def upload(name: str, body: str) -> dict[str, Any]:
    return {
        "file": SimpleUploadedFile(name, body.encode()),
        "title_en": "Trees",
        "title_ko": "나무",
        "summary_en": "",
        "summary_ko": "",
        "category": "environment",
        "office": "roads",
        "licence": "KOGL-1",
    }
