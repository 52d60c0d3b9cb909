"""The design system in a real browser: no accessibility fault, no sideways scrolling, little weight, all by keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.axe import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = ("/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/no-such-page/")
LIMIT_BYTES = 150_000


@pytest.mark.parametrize("theme", ["light", "dark", "wall"])
def test_every_component_is_free_of_accessibility_faults(page: Page, live_server: Any, theme: str) -> None:
    for language in ("ko", "en"):
        page.goto(f"{live_server.url}/design/?theme={theme}&lang={language}")
        expect(page.locator("html")).to_have_attribute("lang", language)
        assert violations(page) == [], language


def test_pages_of_the_house_are_free_of_accessibility_faults(page: Page, live_server: Any) -> None:
    for path in PAGES:
        page.goto(live_server.url + path)
        assert violations(page) == [], path


def test_nothing_scrolls_sideways_on_the_smallest_phone(page: Page, live_server: Any) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    for path in ("/design/?theme=light&lang=ko", "/design/?theme=dark&lang=en", *PAGES):
        page.goto(live_server.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path


def test_text_twice_as_large_still_fits(page: Page, live_server: Any) -> None:
    page.goto(f"{live_server.url}/design/?theme=light&lang=en")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_a_page_weighs_little(page: Page, live_server: Any) -> None:
    for path in ("/", "/design/", "/accounts/login/"):
        page.goto(live_server.url + path, wait_until="load")
        sizes = page.evaluate("performance.getEntries().map((one) => [one.name, one.encodedBodySize ?? 0])")
        # The player comes with the picture; /design/ is the only page here that has one.
        weight = sum(size for name, size in sizes if "/_hls-" not in name and "/player-" not in name)
        assert weight < LIMIT_BYTES, sizes


def test_the_theme_is_kept_and_switched_without_a_reload(page: Page, live_server: Any) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(live_server.url)
    page.get_by_role("banner").get_by_role("link", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto(f"{live_server.url}/accounts/login/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_without_scripts_theme_and_language_are_links(browser: Browser, live_server: Any) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_role("banner").get_by_role("link", name="한국어").click()
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    assert page.url.endswith("/accounts/login/")
    page.get_by_role("banner").get_by_role("link", name="어둡게").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    context.close()


def test_the_first_tab_skips_to_the_content(page: Page, live_server: Any) -> None:
    page.goto(live_server.url)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_a_dialog_opens_and_gives_the_focus_back(page: Page, live_server: Any) -> None:
    page.goto(f"{live_server.url}/design/?theme=light&lang=en")
    opener = page.locator("[data-opens=showcase-share]")
    opener.click()
    expect(page.get_by_role("dialog", name="Share this broadcast")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(opener).to_be_focused()
