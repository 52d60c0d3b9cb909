"""Posters and captions: who may give them, what is refused beside the field, where they are seen."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from maru.commons.files.models import StoredFile
from maru.platform.audit.models import Entry
from maru.services.live.models import Captions
from maru.services.live.tests.test_pages_public import SLUG, announce

pytestmark = pytest.mark.django_db
DESK = f"/studio/{SLUG}/"
SignedIn = Callable[..., Client]
STAFF = ["", "officer", "moderator", "producer", "administrator"]
VTT = "WEBVTT\n\n00:01.000 --> 00:02.000\n시민 여러분, 안녕하세요.\n"


def picture(colour: str = "teal") -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (320, 180), colour).save(out, "PNG")
    return SimpleUploadedFile("poster.png", out.getvalue(), "image/png")


def words(text: str = VTT, name: str = "talk.vtt") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode(), "text/vtt")


def acts() -> list[str]:
    return list(Entry.objects.order_by("pk").values_list("act", flat=True))


@pytest.mark.parametrize("role", STAFF)
def test_who_may_give_and_take_files(signed_in: SignedIn, office: Any, role: str) -> None:
    found = announce()
    browser = signed_in(*([role] if role else []), **({"office": office} if role == "officer" else {}))
    may = role in {"producer", "administrator"}
    wanted = {302} if may else {403}
    assert browser.post(f"{DESK}poster/", {"poster": picture()}).status_code in wanted
    assert browser.post(f"{DESK}captions/", {"language": "ko", "file": words()}).status_code in wanted
    found.refresh_from_db()
    assert (found.poster is not None) == may
    assert found.captions.filter(shown=True).count() == may
    assert browser.post(f"{DESK}poster/remove/").status_code in wanted
    assert browser.post(f"{DESK}captions/ko/remove/").status_code in wanted
    if not may:
        assert not StoredFile.objects.exists() and not Captions.objects.exists()


def test_a_stranger_gives_nothing(client: Client) -> None:
    announce()
    for path, data in (
        ("poster/", {"poster": picture()}),
        ("captions/", {"language": "ko", "file": words()}),
    ):
        assert client.post(f"{DESK}{path}", data).status_code in {302, 401, 403}
        assert client.get(f"{DESK}{path}").status_code == 405
    assert not StoredFile.objects.exists() and not Captions.objects.exists()


def test_the_poster_is_on_every_page_that_shows_the_broadcast(signed_in: SignedIn, client: Client) -> None:
    found = announce("scheduled")
    browser = signed_in("producer")
    html = browser.post(f"{DESK}poster/", {"poster": picture()}, follow=True).content.decode()
    found.refresh_from_db()
    url = found.poster.url
    assert f'<img src="{url}"' in html and "Remove the poster" in html
    assert f'<img src="{url}"' in client.get(f"/live/{SLUG}/").content.decode()
    assert (
        f'property="og:image" content="http://testserver{url}"'
        in client.get(f"/live/{SLUG}/").content.decode()
    )
    assert f'<img src="{url}"' in client.get("/live/").content.decode()
    assert client.get(f"/api/v1/broadcasts/{SLUG}").json()["poster"] == url
    assert acts()[-1] == "live.edit"


def test_a_replaced_or_removed_poster_is_gone_from_the_disk(signed_in: SignedIn, media: Path) -> None:
    found = announce()
    other = announce(slug="other")
    browser = signed_in("producer")
    for slug in (SLUG, "other"):
        browser.post(f"/studio/{slug}/poster/", {"poster": picture("teal")})
    other.refresh_from_db()
    shared = other.poster
    browser.post(f"{DESK}poster/", {"poster": picture("navy")})
    assert (media / shared.path).exists(), "another broadcast has it"
    found.refresh_from_db()
    own = found.poster
    assert own != shared and (media / own.path).exists()
    browser.post(f"{DESK}poster/remove/")
    found.refresh_from_db()
    assert found.poster is None and not (media / own.path).exists()
    assert list(StoredFile.objects.all()) == [shared]
    assert browser.post(f"{DESK}poster/remove/").status_code == 302


def test_without_a_poster_the_picture_of_the_station_is_shown(
    signed_in: SignedIn, client: Client, media: Path
) -> None:
    announce()
    assert "og:image" not in client.get(f"/live/{SLUG}/").content.decode()
    (media / "live" / SLUG).mkdir(parents=True)
    (media / "live" / SLUG / "poster.jpg").write_bytes(b"jpg")
    assert f"/media/live/{SLUG}/poster.jpg" in client.get("/live/").content.decode()
    desk = signed_in("producer").get(DESK).content.decode()
    assert "A picture of the broadcast itself" in desk and "Remove the poster" not in desk


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (None, "Please choose a picture."),
        (SimpleUploadedFile("a.png", b""), "Please choose a picture."),
        (SimpleUploadedFile("a.png", b"<svg onload=alert(1)>"), "not a JPEG, PNG or WebP"),
        (SimpleUploadedFile("a.png", b"x" * (5 * 1024 * 1024 + 1)), "At most 5 MB"),
    ],
)
def test_a_refused_poster_says_why_beside_the_field(signed_in: SignedIn, given: Any, reason: str) -> None:
    announce()
    answer = signed_in("producer").post(f"{DESK}poster/", {"poster": given} if given else {})
    assert answer.status_code == 422
    assert re.search(rf'id="id_poster_error".*?{reason}', answer.content.decode(), re.S)
    assert not StoredFile.objects.exists()


def test_captions_are_offered_by_the_player(signed_in: SignedIn, client: Client, media: Path) -> None:
    found = announce("replay")
    browser = signed_in("producer")
    assert "data-tracks" not in client.get(f"/live/{SLUG}/").content.decode()
    for language, text in (("en", "WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n"), ("ko", VTT)):
        assert (
            browser.post(f"{DESK}captions/", {"language": language, "file": words(text)}).status_code == 302
        )
    assert [(one["lang"], one["label"], one["src"]) for one in _tracks(client)] == [
        ("ko", "한국어", f"/media/live/{SLUG}/captions/ko-v1.vtt"),
        ("en", "English", f"/media/live/{SLUG}/captions/en-v1.vtt"),
    ]
    assert "시민 여러분" in (media / f"live/{SLUG}/captions/ko-v1.vtt").read_text()
    assert f'href="/media/live/{SLUG}/captions/ko-v1.vtt"' in client.get(f"/live/{SLUG}/").content.decode()
    assert f"/media/live/{SLUG}/captions/ko-v1.vtt" in client.get(f"/live/{SLUG}/embed/").content.decode()
    assert f"/media/live/{SLUG}/captions/ko-v1.vtt" in browser.get(DESK).content.decode()
    assert found.captions.count() == 2 and acts()[-1] == "live.put_captions"


def test_a_version_never_means_two_files(signed_in: SignedIn, client: Client, media: Path) -> None:
    announce()
    browser = signed_in("producer")
    here = media / f"live/{SLUG}/captions"
    for number in (1, 2):
        browser.post(
            f"{DESK}captions/", {"language": "ko", "file": words(VTT.replace("시민", f"시민{number}"))}
        )
    assert sorted(file.name for file in here.iterdir()) == ["ko-v1.vtt", "ko-v2.vtt"], (
        "who watches keeps the first"
    )
    assert "시민1" in (here / "ko-v1.vtt").read_text() and "시민2" in (here / "ko-v2.vtt").read_text()


def test_removed_captions_are_gone_and_their_number_is_not_used_again(
    signed_in: SignedIn, client: Client, media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    announce()
    browser = signed_in("producer")
    browser.post(f"{DESK}captions/", {"language": "ko", "file": words()})
    with django_capture_on_commit_callbacks(execute=True):
        assert browser.post(f"{DESK}captions/ko/remove/").status_code == 302
    assert not list((media / f"live/{SLUG}/captions").iterdir())
    assert "data-tracks" not in client.get(f"/live/{SLUG}/").content.decode()
    again = browser.post(f"{DESK}captions/ko/remove/", headers={"accept": "application/json"})
    assert again.status_code == 404
    browser.post(f"{DESK}captions/", {"language": "ko", "file": words()})
    assert _tracks(client)[0]["src"].endswith("ko-v2.vtt")
    assert [act for act in acts() if "captions" in act] == [
        "live.put_captions",
        "live.remove_captions",
        "live.put_captions",
    ]


@pytest.mark.parametrize(
    ("data", "field", "reason"),
    [
        ({"language": "ko"}, "file", "Please choose a file."),
        ({"language": "xx", "file": words()}, "language", "Select a valid choice"),
        ({"language": "ko", "file": words("1\n00:00:01,000 --> 00:00:02,000\nx\n")}, "file", "Line 1: "),
        ({"language": "ko", "file": words("WEBVTT\n\n00:02.000 --> 00:01.000\nx\n")}, "file", "Line 3: "),
        ({"language": "ko", "file": words("x" * (1024 * 1024 + 1))}, "file", "At most 1 MB"),
    ],
)
def test_refused_captions_say_why_beside_the_field(
    signed_in: SignedIn, data: dict[str, Any], field: str, reason: str
) -> None:
    announce()
    for one in data.values():
        if hasattr(one, "seek"):
            one.seek(0)
    answer = signed_in("producer").post(f"{DESK}captions/", data)
    assert answer.status_code == 422
    assert re.search(rf'id="id_{field}_error".*?{reason}', answer.content.decode(), re.S)
    assert not Captions.objects.exists()


def test_a_cancelled_broadcast_takes_no_captions(signed_in: SignedIn) -> None:
    announce("cancelled")
    answer = signed_in("producer").post(f"{DESK}captions/", {"language": "ko", "file": words()})
    assert answer.status_code == 422 and not Captions.objects.exists()


def _tracks(client: Client) -> list[dict[str, str]]:
    html = client.get(f"/live/{SLUG}/").content.decode()
    block = re.search(r'data-tracks="([^"]+)"', html)
    assert block
    found: list[dict[str, str]] = json.loads(block[1].replace("&quot;", '"'))
    return found
