"""A real browser for the journeys. An error on a page's console fails the journey that saw it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

# Playwright's synchronous interface keeps an event loop in this thread, which Django would take for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# What a test itself provokes: a stream taken away, a page that is not there.
EXPECTED = ("Failed to load resource", "net::ERR_")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium of the system. One for each module: a longer life would hold its event loop over other tests."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.fail("no Chromium on this machine: install it (`apt-get install chromium`)")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--autoplay-policy=user-gesture-required", "--mute-audio"]
        chromium = playwright.chromium.launch(executable_path=program, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser without cookies, in English."""
    fresh = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    fresh.set_default_timeout(15_000)
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page whose console must stay free of errors."""
    faults: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(part in message.text for part in EXPECTED):
            faults.append(message.text)

    one = context.new_page()
    one.on("console", hear)
    one.on("pageerror", lambda error: faults.append(str(error)))
    yield one
    assert not faults, "the browser's console: " + "; ".join(faults)
