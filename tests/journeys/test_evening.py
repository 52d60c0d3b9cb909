"""The whole evening in one house under its supervisor: encoder, crowd, host, a pulled plug, the replay in step."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from bench.house import House, until
from maru.services.live.engine.lint import lint
from maru.simulator.encoder import Programme, Settings

pytestmark = [pytest.mark.browser, pytest.mark.media, pytest.mark.timeout(300)]
SLUG = "evening"
PATIENT_MS = 45_000
PLAYS = """(from) => {
  const video = document.querySelector('maru-player video, video');
  return Boolean(video) && video.currentTime > from && video.readyState >= 2;
}"""
TIME = "() => document.querySelector('maru-player video, video').currentTime"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    one = House(
        tmp_path_factory.mktemp("evening") / "home",
        MARU_DATABASE="sqlite",
        MARU_BUS="unix",
        MARU_CACHE="memory",
    )
    try:
        one.start()
        yield one
    finally:
        one.stop()


@pytest.fixture
def open_page(browser: Browser, house: House) -> Iterator[Callable[..., Page]]:
    with ExitStack() as stack:

        def open_at(path: str, width: int = 1280) -> Page:
            context = browser.new_context(viewport={"width": width, "height": 860}, locale="en-US")
            stack.callback(context.close)
            context.set_default_timeout(PATIENT_MS)
            page = context.new_page()
            page.goto(house.url + path)
            return page

        yield open_at


def _playlist(house: House, rung: str = "360p") -> str:
    return httpx.get(f"{house.url}/media/live/{SLUG}/{rung}.m3u8").text


def _last_segment(house: House) -> str:
    return next((line for line in reversed(_playlist(house).splitlines()) if line and line[0] != "#"), "")


def _sign_in(page: Page) -> None:
    page.get_by_label("Email").first.fill("host@example.org")
    page.get_by_label("Password").first.fill("the evening is long")
    page.locator("main form button[type=submit]").first.click()


def _encoder(address: str) -> Programme:
    programme = Programme(Settings((address,), width=640, height=360, fps=25, video_kbps=900))
    programme.start()
    return programme


def _plays_on(page: Page) -> None:
    before = float(page.evaluate(TIME))
    until("the picture moves on", lambda: float(page.evaluate(TIME)) > before + 0.5, PATIENT_MS / 1000)


def test_an_evening_from_the_first_encoder_to_the_replay(
    house: House, open_page: Callable[..., Page]
) -> None:
    made: dict[str, Any] = json.loads(
        house.maru("broadcast", "create", "--slug", SLUG, "--title", "An evening", "--json")
    )
    assert made["page"] == f"/live/{SLUG}/"
    house.maru(
        "person",
        "create",
        "--email",
        "host@example.org",
        "--role",
        "producer",
        "--password",
        "the evening is long",
    )
    encoder = _encoder(made["inputs"][0]["rtmp"])
    try:
        _on_air(house, open_page, encoder)
        phone, laptop = open_page(made["page"], 390), open_page(made["page"])
        laptop.wait_for_function(PLAYS, arg=0.0, timeout=PATIENT_MS)
        _ask_and_answer(house, open_page, phone, laptop)
        _pull_the_plug(house, laptop, encoder)
    finally:
        encoder.stop()
    _end_and_replay(house, open_page, made)


def _on_air(house: House, open_page: Callable[..., Page], encoder: Programme) -> None:
    studio = open_page(f"/studio/{SLUG}/")
    _sign_in(studio)
    expect(studio.get_by_role("heading", name="An evening").first).to_be_visible(timeout=PATIENT_MS)
    studio.get_by_role("button", name="Go on air").click()
    until("the picture is on air", lambda: "src/" in _last_segment(house), 60)


def _ask_and_answer(house: House, open_page: Callable[..., Page], phone: Page, laptop: Page) -> None:
    phone.get_by_label("Your opinion or question").fill("When does the night bus come?")
    phone.get_by_label("Ask it as a question").check()
    phone.get_by_role("button", name="Send").click()
    expect(laptop.locator(".opinion", has_text="night bus")).to_be_visible(timeout=PATIENT_MS)
    host = open_page(f"/studio/{SLUG}/host/")
    _sign_in(host)
    host.locator("[data-list=top] [data-question]", has_text="night bus").get_by_role(
        "button", name="Put on air"
    ).click()
    expect(laptop.locator("[data-on-air]")).to_contain_text("night bus", timeout=PATIENT_MS)
    expect(phone.locator("[data-on-air]")).to_contain_text("night bus", timeout=PATIENT_MS)
    expect(host.locator("[data-current]")).to_contain_text("night bus", timeout=PATIENT_MS)
    host.locator("body").press("a")
    expect(phone.locator("[data-on-air]")).to_be_hidden(timeout=PATIENT_MS)


def _pull_the_plug(house: House, laptop: Page, encoder: Programme) -> None:
    encoder.set_fault("kill")
    until("the slate is on air", lambda: "slates/" in _last_segment(house), 30)
    _plays_on(laptop)
    encoder.set_fault("normal")
    until("the encoder is back on air", lambda: "src/" in _last_segment(house), 60)
    _plays_on(laptop)


def _end_and_replay(house: House, open_page: Callable[..., Page], made: dict[str, Any]) -> None:
    ended = time.monotonic()
    house.maru("broadcast", "end", SLUG, "--json")
    until("the list is whole", lambda: "#EXT-X-ENDLIST" in _playlist(house), 60)
    base = f"{house.url}/media/live/{SLUG}/"
    for name in ("recording.mp4", "sound.m4a"):
        until(name, lambda name=name: httpx.head(base + name).status_code == 200, 120)
    until(
        "it is a replay",
        lambda: json.loads(house.maru("broadcast", "status", SLUG, "--json"))["state"] == "replay",
        120,
    )
    assert time.monotonic() - ended < 240
    assert "#EXT-X-DISCONTINUITY" in _playlist(house)
    assert [finding for finding in lint(house.url + made["playlist"]) if finding.severity == "error"] == []
    replay = open_page(made["page"])
    replay.wait_for_function(
        "() => (document.querySelector('maru-player video') || {}).readyState >= 2", timeout=PATIENT_MS
    )
    replay.locator("body").press("k")
    replay.wait_for_function(PLAYS, arg=0.0, timeout=PATIENT_MS)
    replay.evaluate(
        "() => { const v = document.querySelector('maru-player video, video'); v.currentTime = v.duration - 6 }"
    )
    expect(replay.locator(".opinion", has_text="night bus")).to_be_visible(timeout=PATIENT_MS)
    assert Path(house.home / "live" / SLUG / "timeline.jsonl").exists()
    assert house.stop() < 10
