"""The house's own player page in Chromium, watched from outside."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
_LOOK = """() => {
  const video = document.querySelector('maru-player video, video');
  if (!video) return null;
  return {time: video.currentTime, ready: video.readyState, ended: video.ended,
          error: video.error ? video.error.message : '', paused: video.paused, width: video.videoWidth};
}"""
_PLAY = """async () => {
  const video = document.querySelector('maru-player video, video');
  if (!video) return false;
  video.muted = true;
  try { await video.play(); } catch (error) { return false; }
  return !video.paused;
}"""


@dataclass
class Watch:
    """What the page's video did. ``stalls`` are spans of standstill in seconds."""

    page: Page
    stalls: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    played: float = 0.0
    ended: bool = False
    _last: tuple[float, float] | None = None
    _still: float = 0.0

    def look(self) -> dict[str, Any] | None:
        """Take one sample; call about twice a second."""
        state: dict[str, Any] | None = self.page.evaluate(_LOOK)
        now = time.monotonic()
        if state is None:
            return None
        self.ended = self.ended or bool(state["ended"])
        if state["error"]:
            self.errors.append(str(state["error"]))
        if state["paused"] and not state["ended"]:
            self.page.evaluate(_PLAY)
        if self._last is not None:
            moved = state["time"] - self._last[0]
            if moved > 0.02:
                self.played += min(moved, 2 * (now - self._last[1]))
                if self._still > 0.5:
                    self.stalls.append(round(self._still, 1))
                self._still = 0.0
            else:
                self._still += now - self._last[1]
        self._last = (state["time"], now)
        return state

    @property
    def standing(self) -> float:
        """Seconds it has been standing still by now."""
        return self._still

    def watch(self, seconds: float) -> None:
        """Look for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.look()
            self.page.wait_for_timeout(500)


@contextmanager
def open_player(url: str, wait_s: float = 40.0) -> Iterator[Watch]:
    """A browser on a broadcast's page with the picture running. TimeoutError if it does not begin."""
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio"],
        )
        page = browser.new_page(viewport={"width": 900, "height": 700})
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.goto(url, wait_until="domcontentloaded")
        until = time.monotonic() + wait_s
        while not _runs(page):
            if time.monotonic() > until:
                raise TimeoutError(f"the picture did not begin on {url}: {json.dumps(said[-5:])}")
            page.wait_for_timeout(300)
        try:
            yield Watch(page)
        finally:
            browser.close()


def _runs(page: Page) -> bool:
    """Start the picture as a viewer would, by the player's button if there is one."""
    button = page.locator("maru-player button, maru-player media-play-button").first
    state = page.evaluate(_LOOK)
    if state is None:
        if button.count():
            button.click(timeout=1000, force=True)
        return False
    if state["paused"]:
        page.evaluate(_PLAY)
    return bool(state["ready"] >= 2 and state["time"] > 0 and not state["paused"])
