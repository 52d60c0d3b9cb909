"""The pictures of the guides, taken from a running demonstration city in the system's Chromium.

``python docs/pictures.py http://127.0.0.1:8000 --home var [--only guide,host]`` while ``make run`` is up. It looks at the
demonstration's broadcast, then holds a short one of its own (with an encoder that fails, so that the slate is seen) for
the pictures of what comes after the end. Writes ``docs/guides/pictures/NAME.webp``, each at most 120 kB.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Error, Locator, Page, expect, sync_playwright

from maru.simulator.encoder import Programme, Settings

FOLDER = Path(__file__).parent / "guides" / "pictures"
MOST_BYTES = 120_000
PATIENT_MS = 90_000
DESKTOP = {"width": 1280, "height": 860}
TABLET = {"width": 1180, "height": 820}
PHONE = {"width": 390, "height": 844}
SOURCE = {"width": 960, "height": 540, "fps": 25.0, "video_kbps": 1500}
QUESTIONS = (
    ("Will the night bus stop at the hospital?", "Dana"),
    ("Who pays for the new bus lanes?", "Old Oak"),
    ("Can the last bus wait for the last train?", "Han"),
)
# Name of the picture, its address, whether a canvas is to be drawn, how far down the page it looks.
NUMBERS = (
    ("sources", "/sources/", False, 0),
    ("source", "/sources/noise_levels/", False, 0),
    ("plaza", "/data/", False, 0),
    ("sheet", "/data/cycling-bikes/sheet/?bikes.from=10&sort=-bikes", False, 0),
    ("chart", "/data/noise-levels/chart/?unit=minute", True, 260),
    ("map", "/data/cycling-bikes/map/", True, 260),
    ("developers", "/developers/", False, 0),
)
WORDS = ("Good evening from bus 401!", "The picture is clear here.", "Thank you for asking about the trees.")


class Studio:
    """A browser, the demonstration's note and the pages that were signed in."""

    def __init__(self, browser: Browser, base: str, home: Path, only: set[str]) -> None:
        self.browser = browser
        self.base = base
        self.note: dict[str, Any] = json.loads((home / "demo.json").read_text(encoding="utf-8"))
        self.only = only
        self.slug = time.strftime("evening-%H%M%S")

    def wants(self, *names: str) -> bool:
        """Whether any of these pictures is asked for."""
        return not self.only or bool(self.only & set(names))

    def page(self, size: dict[str, int], email: str = "", *, scale: float = 1.0, touch: bool = False) -> Page:
        """A fresh browser in English, signed in if an address is given."""
        context = self.browser.new_context(
            locale="en-GB",
            viewport={"width": size["width"], "height": size["height"]},
            device_scale_factor=scale,
            has_touch=touch,
            is_mobile=touch and size is PHONE,
            color_scheme="light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENT_MS)
        page = context.new_page()
        if email:
            page.goto(f"{self.base}/accounts/login/")
            page.get_by_label("Email").first.fill(email)
            page.get_by_label("Password").first.fill(self.note["password"])
            page.locator("main form button[type=submit]").first.click()
            page.wait_for_url(lambda url: "/login/" not in url)
        return page

    def account(self, role: str, office: str = "") -> str:
        """The e-mail address of a demonstration account."""
        for one in self.note["accounts"]:
            if one["role"] == role and (not office or one.get("office") == office):
                return str(one["email"])
        raise SystemExit(f"the demonstration has no {role}")

    def take(self, name: str, what: Page | Locator, *, full: bool = False) -> None:
        """Write one picture, as good as fits."""
        if self.only and name not in self.only:
            return
        data = what.screenshot(full_page=full) if isinstance(what, Page) else _part(what)
        with Image.open(io.BytesIO(data)) as opened:
            picture = opened.convert("RGB")
        shape = picture.size
        for quality in (86, 78, 70, 60, 50):
            out = io.BytesIO()
            picture.save(out, "WEBP", quality=quality, method=6)
            if out.tell() <= MOST_BYTES:
                break
        else:
            raise SystemExit(f"{name}: {out.tell()} bytes are too many")
        (FOLDER / f"{name}.webp").write_bytes(out.getvalue())
        print(f"{name:<12} {shape[0]} x {shape[1]}, {out.tell() // 1000} kB, quality {quality}", flush=True)


def _part(what: Locator) -> bytes:
    """A part of a page; desks draw their parts anew at any time, then once more."""
    for _ in range(3):
        try:
            return what.screenshot()
        except Error as fault:
            if "not attached" not in str(fault):
                raise
    return what.screenshot()


def play(page: Page, seconds: float = 4.0) -> None:
    """Let the player run for a while, so that there is a picture and its controls have gone."""
    video = page.locator("maru-player video").first
    expect(video).to_be_attached()
    video.evaluate("video => { video.muted = true; return video.play().catch(() => null); }")
    page.wait_for_function("() => (document.querySelector('maru-player video')?.currentTime ?? 0) > 0")
    page.wait_for_timeout(seconds * 1000)


def public(studio: Studio) -> None:
    """What everyone sees: guide, page, sign-in."""
    if studio.wants("signin"):
        page = studio.page(DESKTOP)
        page.goto(f"{studio.base}/accounts/login/")
        studio.take("signin", page)
    if studio.wants("guide"):
        page = studio.page(DESKTOP)
        page.goto(f"{studio.base}/live/")
        page.wait_for_timeout(1500)
        studio.take("guide", page)
    if studio.wants("page"):
        page = studio.page(DESKTOP)
        page.goto(studio.note["page"])
        _question_on_air(page)
        play(page)
        studio.take("page", page)
    if studio.wants("phone"):
        page = studio.page(PHONE, scale=1.5, touch=True)
        page.goto(studio.note["page"])
        _question_on_air(page)
        play(page)
        studio.take("phone", page)


def numbers(studio: Studio) -> None:
    """Sources and open data, as everyone sees them, and the file that waits at the desk."""
    for name, address, drawn, down in NUMBERS:
        if studio.wants(name):
            page = studio.page(DESKTOP)
            page.goto(f"{studio.base}{address}")
            if drawn:
                expect(page.locator("canvas").first).to_be_visible()
                page.wait_for_load_state("networkidle")
            page.evaluate("down => window.scrollTo(0, down)", down)
            page.wait_for_timeout(1500)
            studio.take(name, page)
            page.context.close()
    if studio.wants("held"):
        page = studio.page(DESKTOP, studio.account("administrator"))
        page.goto(f"{studio.base}/data/desk/held/event-applications/")
        studio.take("held", page.locator("main"))


def _question_on_air(page: Page) -> None:
    """The demonstration's host puts one on air again and again."""
    expect(page.locator("[data-on-air]")).to_be_visible(timeout=PATIENT_MS)


def staff(studio: Studio) -> None:
    """What staff see while the demonstration is on air."""
    slug = studio.note["slug"]
    if studio.wants("desk", "encoder"):
        page = studio.page(DESKTOP, studio.account("producer"))
        page.goto(f"{studio.base}/studio/{slug}/")
        if studio.wants("desk"):
            play(page)
            studio.take("desk", page)
        if studio.wants("encoder"):
            page.get_by_text("Whole addresses, for phones and ffmpeg").first.click()
            studio.take("encoder", page.locator("[data-region=inputs] > .card").first)
    if studio.wants("host"):
        page = studio.page(TABLET, studio.account("producer"), touch=True)
        page.goto(f"{studio.base}/studio/{slug}/host/")
        page.wait_for_timeout(1500)
        if not page.locator("[data-current]").count():
            page.keyboard.press("o")
            expect(page.locator("[data-current]")).to_be_visible()
        studio.take("host", page)
    if studio.wants("moderation"):
        page = studio.page(DESKTOP, studio.account("moderator"))
        page.goto(f"{studio.base}/studio/{slug}/moderation/")
        page.wait_for_timeout(1500)
        page.keyboard.press("j")
        page.keyboard.press("h")
        page.wait_for_timeout(300)
        page.evaluate("window.scrollTo(0, 190)")
        studio.take("moderation", page)


def evening(studio: Studio) -> None:
    """A short broadcast of our own: slate, log, replay, routing, inbox."""
    desk = studio.page(DESKTOP, studio.account("producer"))
    _announce(studio, desk)
    address = desk.locator("#rtmp-primary").input_value()
    programme = Programme(Settings((address,), **SOURCE))  # type: ignore[arg-type]  # of the right kinds
    programme.start()
    try:
        expect(desk.get_by_text("Connected", exact=True).first).to_be_visible()
        desk.get_by_role("button", name="Go on air").click()
        until(desk, lambda: studio_says(studio, desk)["state"] == "live", "on air")
        desk.wait_for_timeout(12_000)
        _mark(desk, "Night buses")
        _write(studio, desk)
        _ask_on_air(studio, desk)
        desk.wait_for_timeout(8_000)
        viewer = studio.page(DESKTOP)
        viewer.goto(f"{studio.base}/live/{studio.slug}/")
        play(viewer)
        programme.set_fault("kill")
        viewer.wait_for_timeout(14_000)
        studio.take("slate", viewer.locator(".live__picture"))
        programme.set_fault("normal")
        _mark(desk, "What comes next")
        desk.wait_for_timeout(12_000)
        log = desk.locator("section", has=desk.locator("#log"))
        log.scroll_into_view_if_needed()
        studio.take("log", log.last)
        viewer.context.close()
        desk.get_by_text("End the broadcast", exact=True).first.click()
        desk.get_by_role("button", name="End it now").click()
    finally:
        programme.stop()
    until(desk, lambda: studio_says(studio, desk)["state"] == "replay", "replay")
    _after(studio, desk)


def _announce(studio: Studio, desk: Page) -> None:
    desk.goto(f"{studio.base}/studio/new/")
    desk.get_by_label("Address").first.fill(studio.slug)
    desk.get_by_label("Title (English)").fill("A short evening about buses")
    desk.get_by_label("Title (한국어)").fill("버스를 말하는 짧은 저녁")
    desk.get_by_label("Summary (English)").fill("Routes, lanes, the last bus: ask now, hear now.")
    desk.get_by_role("button", name="Announce").click()
    desk.wait_for_url(f"**/studio/{studio.slug}/")


def _mark(desk: Page, title: str) -> None:
    desk.get_by_label("Title of the chapter").fill(title)
    desk.get_by_role("button", name="Add, begins now").click()
    expect(desk.locator("[data-region=agenda]").get_by_text(title)).to_be_visible()


def _write(studio: Studio, desk: Page) -> None:
    opinions = f"{studio.base}/api/v1/broadcasts/{studio.slug}/opinions"
    for text, name in (*QUESTIONS, *((words, "") for words in WORDS)):
        citizen = studio.browser.new_context()
        question = text.endswith("?")
        answer = citizen.request.post(opinions, data={"text": text, "nickname": name, "question": question})
        if not answer.ok:
            raise SystemExit(answer.text())
        citizen.close()
        desk.wait_for_timeout(1200)


def _ask_on_air(studio: Studio, desk: Page) -> None:
    host = desk.context.new_page()
    host.goto(f"{studio.base}/studio/{studio.slug}/host/")
    card = host.locator("[data-list=top] [data-question]", has_text="hospital")
    card.get_by_role("button", name="Put on air").click()
    expect(host.locator("[data-current]")).to_contain_text("hospital")
    host.wait_for_timeout(3000)
    host.keyboard.press("a")
    expect(host.locator("[data-current]")).to_have_count(0)
    host.close()


def _after(studio: Studio, desk: Page) -> None:
    desk.goto(f"{studio.base}/studio/{studio.slug}/routing/")
    desk.locator("select[name^=office-]").first.select_option("transport-bus")
    studio.take("routing", desk)
    desk.locator("select#rest").select_option("transport-bus")
    desk.get_by_role("button", name="Pass on").click()
    expect(desk.get_by_role("heading", name="With the offices")).to_be_visible()
    officer = studio.page(DESKTOP, studio.account("officer", "transport-bus"))
    officer.goto(f"{studio.base}/offices/inbox/")
    studio.take("inbox", officer)
    officer.get_by_role("link", name="Who pays for the new bus lanes?").first.click()
    officer.get_by_label("Answer").first.fill(
        "The lanes are paid from the road budget of this year: 1.2 km, ready in October."
    )
    officer.get_by_role("button", name="Answer").first.click()
    replay = studio.page(DESKTOP)
    replay.goto(f"{studio.base}/live/{studio.slug}/")
    play(replay, 2)
    replay.evaluate("document.querySelector('maru-player video').currentTime = 26")
    replay.wait_for_timeout(6000)
    studio.take("replay", replay)
    answered = replay.locator("section", has=replay.locator("#answers"))
    studio.take("answer", answered.last)


def studio_says(studio: Studio, page: Page) -> dict[str, Any]:
    """How our broadcast stands, by the Open API."""
    found: dict[str, Any] = page.request.get(f"{studio.base}/api/v1/broadcasts/{studio.slug}").json()
    return found


def until(page: Page, true: Callable[[], bool], what: str, seconds: float = 120.0) -> None:
    """Wait for a fact, in patience."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise SystemExit(f"waited {seconds:.0f} s in vain: {what}")
        page.wait_for_timeout(500)


def main() -> int:
    """Take them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("base", help="address of the running demonstration")
    parser.add_argument("--home", type=Path, required=True, help="its home, where demo.json is")
    parser.add_argument("--only", default="", help="names of pictures, separated by commas")
    options = parser.parse_args()
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        print("no Chromium on this machine: install it", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio"]
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        studio = Studio(
            browser, options.base.rstrip("/"), options.home, set(filter(None, options.only.split(",")))
        )
        public(studio)
        numbers(studio)
        staff(studio)
        if studio.wants("slate", "log", "routing", "inbox", "replay", "answer"):
            evening(studio)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
