"""The player in a real browser: live, rewind, a lost server, the way from soon over live to replay, keys, menus."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines
from playwright.sync_api import Page, expect

from maru.platform.ui.vite import BUILD
from maru.services.live.webvtt import Cue, compose
from tests.journeys.hls_server import Origin, encode

pytestmark = [pytest.mark.browser, pytest.mark.media]

READY = 15
LANGUAGES = (("ko", "한국어"), ("en", "English"))
PAGE = """{% load ui %}<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Player</title>
<link rel="icon" href="data:,">{% vite "src/main.ts" %}{% vite "src/player/player.ts" %}</head><body>
<h1>Player</h1><main>{% player src="/hls/index.m3u8" title="Budget night" sound="/hls/audio.m3u8" autoplay=True chapters=chapters tracks=tracks %}</main>
<p><input aria-label="Opinion"></p></body></html>"""
PLAYER = "document.querySelector('maru-player')"
MOMENT = f"({PLAYER}.currentMoment ?? new Date(0)).getTime() / 1000"


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hls")
    encode(settings.MARU.ffmpeg, folder, seconds=100)
    # A caption for each segment: its number.
    for language in ("ko", "en"):
        cues = [Cue(2.0 * n, 2.0 * n + 2, f"{language} {n}") for n in range(50)]
        (folder / f"{language}.vtt").write_bytes(compose(tuple(cues)))
    return folder


@pytest.fixture
def origin(media: Path) -> Iterator[Origin]:
    running = Origin(media, BUILD, READY)
    chapters = [
        {"title": "Welcome", "at": datetime.fromtimestamp(running.began, UTC)},
        {"title": "Buses", "at": datetime.fromtimestamp(running.began + 10, UTC)},
    ]
    running.pages["/"] = engines["django"].from_string(PAGE).render({"chapters": chapters, "tracks": []})
    tracks = [{"src": f"/hls/{code}.vtt", "label": name, "lang": code} for code, name in LANGUAGES]
    running.pages["/captions"] = (
        engines["django"].from_string(PAGE).render({"chapters": chapters, "tracks": tracks})
    )
    yield running
    running.close()


def until(page: Page, condition: str, seconds: float = 30) -> None:
    page.wait_for_function(condition, timeout=seconds * 1000)


def plays_live(page: Page, seconds: float = 40) -> None:
    until(page, f"{PLAYER}.atLiveEdge && !{PLAYER}.video.paused && {PLAYER}.video.readyState > 2", seconds)


@pytest.fixture
def watching(page: Page, origin: Origin) -> Callable[[], Page]:
    def watch() -> Page:
        page.goto(origin.address)
        plays_live(page)
        return page

    return watch


def test_it_begins_at_the_live_edge_silently_and_offers_the_sound(watching: Callable[[], Page]) -> None:
    page = watching()
    sound = page.get_by_role("button", name="Turn the sound on")
    sound.click()
    expect(sound).to_be_hidden()
    assert page.evaluate(f"{PLAYER}.video.muted") is False


def test_it_tells_the_moment_on_the_screen(watching: Callable[[], Page]) -> None:
    page = watching()
    page.evaluate(
        "window.heard = []; document.addEventListener('maru:moment', (e) => heard.push(e.detail.pdt.getTime()))"
    )
    until(page, "heard.length > 4 && heard.at(-1) > heard[0]")
    assert abs(page.evaluate(MOMENT) - time.time()) < 20


def test_it_rewinds_to_the_beginning_and_comes_back_to_live(
    watching: Callable[[], Page], origin: Origin
) -> None:
    page = watching()
    page.get_by_role("button", name="From the beginning").click()
    until(page, f"{MOMENT} < {origin.began + 8}")
    page.evaluate(f"{PLAYER}.seekTo(new Date({(origin.began + 10) * 1000}))")
    until(page, f"Math.abs({MOMENT} - {origin.began + 10}) < 3 && !{PLAYER}.video.seeking")
    page.get_by_role("button", name="Back to live").click()
    plays_live(page)


def test_chapters_are_marked_on_the_time_line(watching: Callable[[], Page]) -> None:
    page = watching()
    cues = f"[...{PLAYER}.video.textTracks].find((one) => one.kind === 'chapters')?.cues.length"
    until(page, f"{cues} === 2")


def test_a_link_with_a_moment_begins_there(page: Page, origin: Origin) -> None:
    moment = datetime.fromtimestamp(origin.began + 10, UTC).isoformat().replace("+00:00", "Z")
    page.goto(f"{origin.address}/#t={moment}")
    until(page, f"Math.abs({MOMENT} - {origin.began + 10}) < 4")


def test_it_survives_a_server_that_goes_away(watching: Callable[[], Page], origin: Origin) -> None:
    page = watching()
    origin.mode = "dead"
    until(page, f"{PLAYER}.querySelector('.player__status').textContent !== ''")
    origin.mode = "live"
    plays_live(page, 60)
    until(page, f"{PLAYER}.querySelector('.player__status').textContent === ''")


def test_soon_live_and_replay_need_no_reload(page: Page, origin: Origin) -> None:
    origin.mode = "missing"
    page.goto(origin.address)
    expect(page.get_by_role("status").first).to_contain_text("It begins by itself")
    origin.mode = "live"
    plays_live(page)
    origin.end()
    expect(page.get_by_role("button", name="Live")).to_be_hidden(timeout=30_000)
    page.evaluate(f"{PLAYER}.seekTo(new Date({origin.began * 1000 + 2000}))")
    until(page, f"Math.abs({MOMENT} - {origin.began + 2}) < 3")


def test_settings_offer_quality_and_sound_alone(watching: Callable[[], Page], origin: Origin) -> None:
    page = watching()
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("90p", exact=True).check()
    until(page, f"{PLAYER}.video.videoHeight === 90", 40)
    page.get_by_label("Sound only").check()
    until(page, f"{PLAYER}.video.videoHeight === 0 && {PLAYER}.video.readyState > 2", 40)
    assert any(path.startswith("/hls/audio/") for path in origin.asked)
    page.keyboard.press("Escape")
    expect(page.get_by_label("Sound only")).to_be_hidden()


def test_keys_steer_it_but_not_while_somebody_types(watching: Callable[[], Page]) -> None:
    page = watching()
    page.keyboard.press("k")
    until(page, f"{PLAYER}.video.paused")
    page.keyboard.press("0")
    until(page, f"{PLAYER}.video.currentTime < 2")
    page.get_by_label("Opinion").fill("")
    page.get_by_label("Opinion").press_sequentially("k m 5")
    assert page.evaluate(f"{PLAYER}.video.paused && {PLAYER}.video.currentTime < 2")


def captions(page: Page) -> str:
    """What stands below the picture."""
    return str(
        page.evaluate(
            f"[...{PLAYER}.video.textTracks].filter((one) => one.kind === 'captions' && one.mode === 'showing')"
            ".flatMap((one) => [...(one.activeCues ?? [])]).map((one) => one.text).join(' / ')"
        )
    )


def in_step(language: str, began: float) -> str:
    """The caption shown is that of the segment on the screen; at a segment's border either is."""
    return (
        f"(() => {{ const at = {MOMENT} - {began}; const shown = [...{PLAYER}.video.textTracks]"
        ".filter((one) => one.kind === 'captions' && one.mode === 'showing').flatMap((one) => [...(one.activeCues ?? [])]);"
        f"return shown.length === 1 && shown[0].text.startsWith('{language} ') && shown[0].startTime - 0.5 <= at && at <= shown[0].endTime + 0.5; }})()"
    )


def test_captions_are_in_step_live_rewound_and_with_the_sound_alone(page: Page, origin: Origin) -> None:
    page.goto(f"{origin.address}/captions")
    plays_live(page)
    assert captions(page) == "", "nobody asked for them yet"
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_label("Off")).to_be_checked()
    page.get_by_label("한국어").check()
    until(page, in_step("ko", origin.began))
    page.get_by_label("English").check()
    until(page, in_step("en", origin.began))
    expect(page.get_by_label("English")).to_be_focused()
    page.keyboard.press("Escape")
    page.evaluate(f"{PLAYER}.seekTo(new Date({(origin.began + 5) * 1000}))")
    until(page, f"{PLAYER}.video.currentTime < 9 && {in_step('en', origin.began)}")
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Sound only").check()
    until(page, f"{PLAYER}.video.videoHeight === 0 && {in_step('en', origin.began)}", 40)


def test_the_key_for_captions_and_the_menu_agree(page: Page, origin: Origin) -> None:
    page.goto(f"{origin.address}/captions")
    plays_live(page)
    page.keyboard.press("c")
    until(page, in_step("en", origin.began))  # the browser's language
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_label("English")).to_be_checked()
    page.get_by_label("Off").check()
    until(
        page,
        f"[...{PLAYER}.video.textTracks].every((one) => one.mode !== 'showing' || one.kind !== 'captions')",
    )


def test_without_captions_none_are_offered(watching: Callable[[], Page]) -> None:
    page = watching()
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_label("Sound only")).to_be_visible()
    expect(page.get_by_label("Off")).to_have_count(0)
