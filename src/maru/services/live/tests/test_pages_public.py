"""What everyone sees, in each life of a broadcast; with and without a script; within its budget of queries."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from maru.services.live.operations import agenda, answers, broadcasts, moderation, questions
from maru.services.live.operations import conversation as talk

pytestmark = pytest.mark.django_db
SLUG = "town-hall"
LIVES = ["scheduled", "live", "ended", "replay", "cancelled"]


def announce(state: str = "live", slug: str = SLUG, **changes: Any) -> Any:
    """A broadcast brought to ``state`` the way producers do it."""
    changes.setdefault("titles", {"en": "Town hall", "ko": "시민과의 대화"})
    made = broadcasts.create_broadcast(slug=slug, by=None, **changes)
    if state == "cancelled":
        return broadcasts.cancel_broadcast(broadcast=made, by=None)
    if state != "scheduled":
        broadcasts.start_broadcast(broadcast=made, by=None)
    if state in {"ended", "replay"}:
        broadcasts.end_broadcast(broadcast=made, by=None)
    if state == "replay":
        broadcasts.publish_replay(broadcast=made)
    return made


def speak(found: Any, text: str = "More trees, please", device: str = "d1", **more: Any) -> Any:
    """What a citizen said; the opinion's view."""
    return talk.write_opinion(broadcast=found, text=text, device=device, **more).opinion


def page_data(html: str) -> dict[str, Any]:
    """What the page hands to its script."""
    block = re.search(r'<script id="live-data" type="application/json">(.*?)</script>', html, re.S)
    assert block
    found: dict[str, Any] = json.loads(block[1])
    return found


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("state", LIVES)
def test_every_life_has_a_page(client: Client, state: str, language: str) -> None:
    announce(state, starts_at=timezone.now() + timedelta(hours=2))
    answer = client.get(f"/live/{SLUG}/", headers={"accept-language": language})
    html = answer.content.decode()
    assert answer.status_code == 200
    assert ("Town hall" if language == "en" else "시민과의 대화") in html
    assert ("data-countdown" in html) == (state == "scheduled")
    assert (f"/media/live/{SLUG}/index.m3u8" in html) == (state in {"live", "ended", "replay"})
    assert ("data-opinion" in html.replace("data-opinions", "")) == (state in {"scheduled", "live", "ended"})


def test_the_page_names_no_cookie_for_readers(client: Client) -> None:
    announce()
    assert "maru_device" not in client.get(f"/live/{SLUG}/").cookies


def test_the_page_says_what_was_said_as_text(client: Client) -> None:
    found = announce()
    speak(found, "<script>alert(1)</script> & <b>bold</b>")
    html = client.get(f"/live/{SLUG}/").content.decode()
    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert page_data(html)["opinions"][0]["text"] == "<script>alert(1)</script> & <b>bold</b>"


def test_tabs_work_without_a_script(client: Client) -> None:
    found = announce()
    speak(found, "just a word")
    asked = speak(found, "a little question", device="d2", question=True)
    wanted = speak(found, "a big question", device="d3", question=True)
    answered = speak(found, "an old question", device="d4", question=True)
    questions.vote(opinion=_row(found, wanted), device="x")
    for state in ("on_air", "answered"):
        questions.set_question_state(opinion=_row(found, answered), state=state, by=None)
    assert _shown(client, "top") == [wanted.id, asked.id]
    assert _shown(client, "newest") == [answered.id, wanted.id, asked.id]
    assert _shown(client, "answered") == [answered.id]
    assert len(_shown(client, "all")) == 4
    assert len(_shown(client, "nonsense")) == 4
    listed = client.get(f"/live/{SLUG}/opinions/?view=top").json()
    assert [one["id"] for one in listed["opinions"]] == [wanted.id, asked.id]


def test_what_is_on_air_is_pinned(client: Client) -> None:
    found = announce()
    assert re.search(r"data-on-air[^>]* hidden", client.get(f"/live/{SLUG}/").content.decode())
    asked = speak(found, "When will the bridge open?", question=True)
    questions.set_question_state(opinion=_row(found, asked), state="on_air", by=None)
    html = client.get(f"/live/{SLUG}/").content.decode()
    assert f'data-on-air data-id="{asked.id}">' in html
    assert client.get(f"/live/{SLUG}/opinions/?view=on_air").json()["opinions"][0]["id"] == asked.id


def test_the_page_has_the_same_price_for_a_long_conversation(client: Client, queries: Any) -> None:
    found = announce()
    for n in range(30):
        speak(found, f"word {n}", device=f"d{n}", question=n % 3 == 0)
    client.get(f"/live/{SLUG}/")
    with queries(20):
        client.get(f"/live/{SLUG}/")


def test_the_guide_searches_and_narrows(client: Client, queries: Any) -> None:
    announce("live", slug="on-air", titles={"en": "Bridge opening", "ko": "다리 개통"})
    announce("scheduled", slug="soon", titles={"en": "Budget hearing", "ko": "예산 공청회"})
    announce("replay", slug="past", titles={"en": "Bus lanes", "ko": "버스 차로"})
    with queries(14):
        html = client.get("/live/").content.decode()
    assert all(title in html for title in ("Bridge opening", "Budget hearing", "Bus lanes"))
    found = client.get("/live/?q=budget").content.decode()
    assert "Budget hearing" in found and "Bridge opening" not in found
    assert "Nothing matches" in client.get("/live/?q=zebra").content.decode()
    assert client.get("/live/?page=0&q=%00&topic=nope").status_code == 200
    assert "/live/calendar.ics" in html


def test_an_empty_guide_says_so(client: Client) -> None:
    assert "No broadcast is announced yet" in client.get("/live/").content.decode()


def test_what_is_not_there_is_404(client: Client) -> None:
    for path in (
        "/live/nowhere/",
        "/live/programmes/nothing/",
        "/live/nowhere/embed/",
        "/live/nowhere/transcript/",
    ):
        assert client.get(path).status_code == 404
    assert client.get("/live/nowhere/opinions/").status_code == 404
    assert client.get("/live/nowhere/opinions.csv").status_code == 404


def test_the_embed_may_be_framed_and_nothing_else_may(client: Client) -> None:
    announce()
    framed, page = client.get(f"/live/{SLUG}/embed/"), client.get(f"/live/{SLUG}/")
    assert "X-Frame-Options" not in framed
    assert "frame-ancestors *" in framed["Content-Security-Policy"]
    assert page["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert "<form" not in framed.content.decode().split('id="live-data"')[0].replace("</template>", "")


def test_sharing_shows_title_and_address(client: Client) -> None:
    announce()
    html = client.get(f"/live/{SLUG}/").content.decode()
    assert '<meta property="og:title" content="Town hall">' in html
    assert f'<meta property="og:url" content="http://testserver/live/{SLUG}/">' in html
    assert f'&lt;iframe src="http://testserver/live/{SLUG}/embed/"' in html


def test_chapters_and_written_answers_stand_below(client: Client, office: Any) -> None:
    found = announce()
    agenda.add_chapter(broadcast=found, title="Roads", by=None, start_now=True)
    asked = speak(found, "Who mends the kerb?", question=True)
    broadcasts.end_broadcast(broadcast=found, by=None)
    broadcasts.publish_replay(broadcast=found)
    answers.route_unanswered(broadcast=found, office_of={asked.id: office}, by=None)
    answers.answer_opinion(opinion=_row(found, asked), office=office, by=None, text="We do, on Monday.")
    html = client.get(f"/live/{SLUG}/").content.decode()
    assert "data-seek=" in html and "Roads" in html
    assert "We do, on Monday." in html and "Roads Division" in html
    text = client.get(f"/live/{SLUG}/transcript/").content.decode()
    assert "Who mends the kerb?" in text and "We do, on Monday." in text


def test_what_was_hidden_is_nowhere(client: Client) -> None:
    found = announce()
    said = speak(found, "something rude")
    moderation.hide_opinion(opinion=_row(found, said), reason="It insults someone", by=None)
    for path in ("", "transcript/", "opinions/", "opinions.csv", "opinions.json", "embed/"):
        answer = client.get(f"/live/{SLUG}/{path}")
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert b"something rude" not in body, path


def test_feeds(client: Client) -> None:
    found = announce("scheduled", starts_at=timezone.now() + timedelta(days=1))
    speak(found)
    calendar = client.get("/live/calendar.ics")
    assert calendar["Content-Type"].startswith("text/calendar")
    assert (
        b"BEGIN:VEVENT" in calendar.content and f"http://testserver/live/{SLUG}/".encode() in calendar.content
    )
    table = b"".join(client.get(f"/live/{SLUG}/opinions.csv").streaming_content).decode()
    assert "More trees" in table
    assert "More trees" in json.dumps(client.get(f"/live/{SLUG}/opinions.json").json())


def test_home_shows_what_is_on_air(client: Client) -> None:
    announce()
    assert f"/live/{SLUG}/" in client.get("/").content.decode()


def _row(found: Any, view: Any) -> Any:
    return found.opinions.select_related("voice", "broadcast").get(voice__public_id=view.id)


def _shown(client: Client, view: str) -> list[str]:
    html = client.get(f"/live/{SLUG}/?view={view}").content.decode()
    return re.findall(r'<li id="o-([^"]+)"', html)
