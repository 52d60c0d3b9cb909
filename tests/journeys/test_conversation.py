"""Citizens, host and moderator in one broadcast, each at their own screen, over real processes."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.journeys.hall import Hall, free_port

pytestmark = pytest.mark.browser
LIVE = "/live/town-hall/"
AXE = Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js"
PATIENT_MS = 20_000
Sit = Callable[..., Page]


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """One house for all journeys of this module."""
    house = Hall(home=tmp_path_factory.mktemp("hall"), port=free_port(), stream_port=free_port())
    try:
        house.open()
        yield house
    finally:
        house.close()


@pytest.fixture
def sit(browser: Browser, hall: Hall) -> Iterator[Sit]:
    """``sit(path, role="host")``: a new browser at a page; an exception in a page fails the journey."""
    faults: list[str] = []
    with ExitStack() as stack:

        def at(path: str = LIVE, role: str = "", width: int = 1280, **options: Any) -> Page:
            options.setdefault("locale", "en-US")
            context = browser.new_context(viewport={"width": width, "height": 860}, **options)
            stack.callback(context.close)
            context.set_default_timeout(PATIENT_MS)
            if role:
                context.add_cookies([hall.cookie(role)])
            page = context.new_page()
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.goto(hall.url + path)
            return page

        yield at
    assert not faults, "; ".join(faults)


def speak(page: Page, text: str, *, question: bool = False) -> None:
    page.get_by_label("Your opinion or question").fill(text)
    if question:
        page.get_by_label("Ask it as a question").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Everyone can read it now")).to_be_visible(timeout=PATIENT_MS)


def see(page: Page, text: str, count: int = 1) -> None:
    expect(page.locator("[data-opinions] .opinion__text", has_text=text)).to_have_count(
        count, timeout=PATIENT_MS
    )


def test_an_opinion_from_the_phone_appears_on_the_laptop_once(sit: Sit) -> None:
    laptop, phone = sit(), sit(width=390)
    speak(phone, "More benches <img src=x onerror=alert(1)> by the river")
    see(laptop, "More benches <img src=x onerror=alert(1)> by the river")
    see(phone, "More benches")
    assert laptop.locator("[data-opinions] img").count() == 0
    expect(phone.get_by_label("Your opinion or question")).to_have_value("")


def test_a_question_is_voted_up_put_on_air_answered(sit: Sit) -> None:
    citizen, other = sit(width=390), sit()
    host = sit("/studio/town-hall/host/", role="moderator")
    speak(citizen, "When does the library open?", question=True)
    row = other.locator(".opinion", has_text="When does the library open?")
    row.get_by_role("button").click()
    expect(citizen.locator(".opinion", has_text="library").locator("[data-part=votes]")).to_have_text(
        "1", timeout=PATIENT_MS
    )
    card = host.locator("[data-list=top] [data-question]", has_text="library")
    expect(card).to_be_visible(timeout=PATIENT_MS)
    card.get_by_role("button", name="Put on air").click()
    expect(other.locator("[data-on-air]")).to_contain_text("When does the library open?", timeout=PATIENT_MS)
    expect(citizen.locator("[data-on-air]")).to_be_visible(timeout=PATIENT_MS)
    expect(host.locator("[data-current]")).to_contain_text("library", timeout=PATIENT_MS)
    host.locator("body").press("a")
    expect(citizen.locator("[data-on-air]")).to_be_hidden(timeout=PATIENT_MS)
    expect(citizen.locator(".opinion", has_text="library").get_by_text("Answered", exact=True)).to_be_visible(
        timeout=PATIENT_MS
    )
    citizen.get_by_role("link", name="Answered", exact=True).click()
    see(citizen, "When does the library open?")


def test_what_a_moderator_hides_disappears_and_its_author_reads_why(sit: Sit) -> None:
    author, reader = sit(width=390), sit()
    desk = sit("/studio/town-hall/moderation/", role="moderator")
    speak(author, "buy my cheap watches")
    see(reader, "cheap watches")
    row = desk.locator("[data-row]", has_text="cheap watches")
    expect(row).to_be_visible(timeout=PATIENT_MS)
    row.focus()
    desk.keyboard.press("h")
    row.get_by_label("Reason, which the author reads").select_option("advert")
    desk.keyboard.press("Enter")
    see(reader, "cheap watches", 0)
    see(author, "cheap watches", 0)
    expect(author.locator("[data-own]")).to_contain_text("advertising", timeout=PATIENT_MS)


def test_a_reader_without_a_script_speaks_and_votes(sit: Sit) -> None:
    page = sit(java_script_enabled=False)
    page.get_by_label("Your opinion or question").fill("Plain and simple?")
    page.get_by_label("Ask it as a question").check()
    page.get_by_role("button", name="Send").click()
    see(page, "Plain and simple?")
    page.locator(".opinion", has_text="Plain and simple?").get_by_role("button").click()
    expect(page.locator(".opinion", has_text="Plain and simple?").locator("button")).to_have_attribute(
        "aria-pressed", "true"
    )


def test_a_refused_text_stays_also_when_the_page_is_loaded_again(sit: Sit) -> None:
    page = sit()
    box = page.get_by_label("Your opinion or question")
    box.fill("x" * 501)
    expect(page.locator("[data-counter]")).to_contain_text("1 characters too many")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("[data-error=text]")).to_be_visible()
    expect(box).to_have_value("x" * 501)
    page.reload()
    expect(page.get_by_label("Your opinion or question")).to_have_value("x" * 501)


def test_nothing_is_lost_while_the_stream_is_down(sit: Sit, hall: Hall) -> None:
    reader, writer = sit(), sit(width=390)
    speak(writer, "before the cut")
    see(reader, "before the cut")
    hall.stop("stream")
    speak(writer, "during the cut")
    see(reader, "during the cut")
    expect(reader.locator("[data-link]")).to_be_visible(timeout=PATIENT_MS)
    hall.start("stream")
    expect(reader.locator("[data-link]")).to_be_hidden(timeout=PATIENT_MS)
    speak(writer, "after the cut")
    for text in ("before the cut", "during the cut", "after the cut"):
        see(reader, text)


def test_a_reader_whose_network_was_away_catches_up(sit: Sit) -> None:
    reader, writer = sit(), sit(width=390)
    see(reader, "no such text", 0)
    reader.context.set_offline(True)
    speak(writer, "said while you were away")
    reader.context.set_offline(False)
    see(reader, "said while you were away")


def test_the_whole_house_restarts_under_an_open_page(sit: Sit, hall: Hall) -> None:
    reader, writer = sit(), sit(width=390)
    for part in ("web", "stream", "worker"):
        hall.stop(part)
    for part in ("stream", "worker", "web"):
        hall.start(part)
    hall.wait(hall.url + "/live/")
    speak(writer, "after the restart")
    see(reader, "after the restart")


def test_the_list_waits_while_the_reader_has_scrolled_away(sit: Sit) -> None:
    writer, reader = sit(width=390), sit()
    for number in range(8):
        speak(writer, f"line {number} " + "word " * 40)
        writer.wait_for_timeout(100)
    see(reader, "line 7")
    reader.locator("[data-scroller]").evaluate("one => { one.scrollTop = 300 }")
    speak(writer, "the newest of all")
    pill = reader.locator("[data-new]")
    expect(pill).to_have_text("1 new", timeout=PATIENT_MS)
    see(reader, "the newest of all", 0)
    pill.click()
    see(reader, "the newest of all")


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("/live/", ""),
        (LIVE, ""),
        (f"{LIVE}embed/", ""),
        (f"{LIVE}transcript/", ""),
        ("/studio/", "producer"),
        ("/studio/new/", "producer"),
        ("/studio/programmes/", "producer"),
        ("/studio/topics/", "producer"),
        ("/studio/town-hall/", "producer"),
        ("/studio/town-hall/host/", "producer"),
        ("/studio/town-hall/moderation/", "producer"),
        ("/studio/town-hall/routing/", "producer"),
    ],
)
def test_every_page_is_accessible_and_fits(sit: Sit, path: str, role: str) -> None:
    assert not _faults(sit, path, role)


def _faults(sit: Sit, path: str, role: str) -> list[str]:
    """What axe finds and what is too wide, on a large light and on a small dark Korean screen."""
    script = AXE.read_text(encoding="utf-8")
    found = []
    for width, locale, scheme in ((1280, "en-US", "light"), (320, "ko-KR", "dark")):
        page = sit(path, role, width, locale=locale, color_scheme=scheme, bypass_csp=True)
        page.add_script_tag(content=script)
        faults = page.evaluate(
            "axe.run().then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')).join(' | ')))"
        )
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found += [f"{path} {width} {scheme}: {fault}" for fault in faults]
        if wide > 0:
            found.append(f"{path} {width}: {wide} pixels too wide")
    return found


def test_the_producer_orders_the_shelves(sit: Sit) -> None:
    page = sit("/studio/", "producer")
    page.get_by_role("link", name="Programmes", exact=True).click()
    page.get_by_role("link", name="New programme").click()
    page.get_by_label("Address").fill("story")
    page.get_by_label("Title (한국어)").fill("시장 이야기")
    page.get_by_role("button", name="Make the programme").click()
    expect(page.get_by_role("row", name="시장 이야기")).to_be_visible()
    page.goto(page.url.replace("programmes", "topics") + "new/")
    page.get_by_label("Code").fill("Not a code")
    page.get_by_label("Name (한국어)").fill("교통")
    page.get_by_role("button", name="Make the topic").click()
    expect(page.locator("#id_code_error")).to_contain_text("small letters")
    page.get_by_label("Code").fill("traffic")
    page.get_by_role("button", name="Make the topic").click()
    expect(page.get_by_role("row", name="교통")).to_be_visible()
    assert not _faults(sit, "/studio/programmes/story/", "producer")
    page.goto(page.url + "traffic/")
    page.get_by_text("Delete", exact=True).click()
    page.get_by_role("button", name="Yes, delete it").click()
    expect(page.get_by_text("There is no topic yet.")).to_be_visible()


def test_the_producer_gives_a_poster_and_captions(sit: Sit, hall: Hall) -> None:
    out = io.BytesIO()
    Image.new("RGB", (640, 360), "teal").save(out, "PNG")
    page = sit("/studio/town-hall/", "producer")
    page.get_by_label("New picture").set_input_files(
        {"name": "hall.png", "mimeType": "image/png", "buffer": out.getvalue()}
    )
    page.get_by_role("button", name="Use this picture").click()
    picture = page.get_by_alt_text("The present poster")
    expect(picture).to_be_visible()
    assert picture.evaluate("(one) => one.decode().then(() => one.naturalWidth)") == 640
    for text, said in (
        ("WEBVTT\n\n00:01,000 --> 00:02,000\n처음\n", "Line 3:"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n처음\n", "The captions are on the page."),
    ):
        page.get_by_label("WebVTT file").set_input_files(
            {"name": "hall.vtt", "mimeType": "text/vtt", "buffer": text.encode()}
        )
        page.get_by_role("button", name="Add these captions").click()
        expect(page.get_by_text(said)).to_be_visible()
    assert not _faults(sit, "/studio/town-hall/", "producer")
    served = httpx.get(f"{hall.url}/media/live/town-hall/captions/ko-v1.vtt")
    assert served.text.endswith("00:00:01.000 --> 00:00:02.000\n처음\n")
    assert served.headers["content-type"].startswith("text/vtt")
    assert "immutable" in served.headers["cache-control"]
    citizen = sit()
    assert (
        citizen.evaluate("document.querySelector('maru-player').video.querySelectorAll('track').length") >= 1
    )


_TO_REPLAY = """
from maru.services.live.access import broadcast
from maru.services.live.operations import broadcasts
found = broadcast("town-hall")
broadcasts.end_broadcast(broadcast=found, by=None)
broadcasts.publish_replay(broadcast=found)
"""


def test_the_replay_shows_each_opinion_at_its_moment(sit: Sit, hall: Hall) -> None:
    """The last journey: it ends the broadcast. The clock of the picture is given by hand, as the player gives it."""
    writer = sit()
    speak(writer, "exactly then")
    moment = writer.evaluate(
        "fetch('/live/town-hall/opinions.json').then(r => r.json()).then(all => "
        "Date.parse(all.opinions.find(one => one.text === 'exactly then').moment))"
    )
    hall.run(_TO_REPLAY)
    page = sit()
    expect(page.get_by_label("In step with the picture")).to_be_checked()

    def picture_at(milliseconds: float) -> None:
        page.evaluate(
            "at => document.dispatchEvent(new CustomEvent('maru:moment', {detail: {pdt: new Date(at)}}))",
            milliseconds,
        )

    picture_at(moment - 1000)
    see(page, "exactly then", 0)
    picture_at(moment - 250)
    see(page, "exactly then", 0)
    picture_at(moment + 250)
    see(page, "exactly then")
    picture_at(moment - 1000)
    see(page, "exactly then", 0)
    page.get_by_text("In step with the picture").click()
    see(page, "exactly then")
