"""After the end: how soon the replay can be watched, and how far each opinion stands from its picture.

An encoder burns the time into the picture. Opinions are written while that picture is on air, each with the moment its
writer saw. After the end the replay is played in Chromium at the same address; when an opinion appears on the page, the
time is read off the picture. The difference to the opinion's moment is what a viewer would see as "out of step".
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx

from bench._player import Watch, open_player
from bench.failover import Broadcast, percentile
from bench.house import House, house, until
from bench.report import finish, table
from maru.simulator.encoder import Programme, Settings
from maru.simulator.timecode import READER_JS

TARGET_STEP_S = 1.0
TARGET_READY_S = 60.0
_LOOK = """(ids) => {
  const video = document.querySelector('maru-player video, video');
  const there = ids.filter((id) => { const row = document.getElementById('o-' + id); return row && !row.hidden; });
  return [window.readTimecode(video), there];
}"""


def _write(home: House, slug: str, seconds: float) -> dict[str, float]:
    """One opinion every two seconds; id -> the moment (Unix seconds) it belongs to."""
    moments: dict[str, float] = {}
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        moment = time.time()
        body = {"text": f"opinion {number}", "moment": datetime.fromtimestamp(moment, UTC).isoformat()}
        transport = httpx.HTTPTransport(local_address=f"127.0.2.{number % 200 + 1}")
        with httpx.Client(transport=transport) as client:
            answer = client.post(f"{home.url}/api/v1/broadcasts/{slug}/opinions", json=body)
        answer.raise_for_status()
        made: dict[str, Any] = answer.json()
        moments[str(made.get("opinion", made)["id"])] = moment
        number += 1
        time.sleep(2)
    return moments


def _ready(broadcast: Broadcast, home: House, ended: float) -> dict[str, float]:
    """Seconds from the end until the list is whole, the page calls itself a replay, the downloads are there."""

    def state() -> str:
        return str(httpx.get(f"{home.url}/api/v1/broadcasts/{broadcast.slug}").json()["state"])

    def served(address: str) -> bool:
        return httpx.head(address).status_code == 200

    found: dict[str, float] = {}
    lists = broadcast.playlist.replace("index", "360p")
    until("the list is whole", lambda: "#EXT-X-ENDLIST" in httpx.get(lists).text, 120)
    found["endlist_s"] = round(time.time() - ended, 1)
    until("the page is a replay", lambda: state() == "replay", 120)
    found["replay_s"] = round(time.time() - ended, 1)
    base = broadcast.playlist.removesuffix("index.m3u8")
    for name in ("recording.mp4", "sound.m4a"):
        until(name, partial(served, base + name), 120)
    found["downloads_s"] = round(time.time() - ended, 1)
    return found


def _steps(player: Watch, moments: dict[str, float], seconds: float) -> dict[str, float]:
    """Play and note, for each opinion that appears, the picture's time minus its moment."""
    player.page.evaluate(f"() => {{ {READER_JS}; window.readTimecode = readTimecode; }}")
    steps: dict[str, float] = {}
    before: set[str] | None = None
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        shown, there = player.page.evaluate(_LOOK, list(moments))
        if before is not None and shown is not None:
            for one in set(there) - before - set(steps):
                steps[one] = float(shown) - moments[one]
        before = set(there) if shown is not None else before
        player.page.wait_for_timeout(80)
    return steps


def main(argv: list[str]) -> int:
    """Run it. ``--quick``: a short broadcast."""
    parser = argparse.ArgumentParser(prog="python -m bench replay")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(argv)
    seconds = 30 if options.quick else 120
    with house() as home:
        broadcast = Broadcast(home, "again", False, (640, 360))
        programme = Programme(
            Settings(
                (broadcast.inputs["primary"],), width=640, height=360, fps=25, video_kbps=1500, coded=True
            )
        )
        programme.start()
        home.maru("broadcast", "start", "again", "--json")
        until("on air", lambda: broadcast.source() == "primary", 60)
        time.sleep(4)
        moments = _write(home, "again", seconds)
        time.sleep(4)
        ended = time.time()
        home.maru("broadcast", "end", "again", "--json")
        ready = _ready(broadcast, home, ended)
        programme.stop()
        with open_player(broadcast.page) as player:
            player.page.evaluate(
                "() => { document.querySelector('maru-player video, video').currentTime = 0; }"
            )
            steps = _steps(player, moments, seconds + 14)
    sizes = [abs(step) for step in steps.values()]
    table(["after the end", "s"], [[name, value] for name, value in ready.items()])
    if not sizes:
        return finish("replay", False, {**ready, "opinions": len(moments), "seen": 0})
    table(
        ["opinion against picture", "s"],
        [
            [name, percentile(sizes, share)]
            for name, share in (("median", 0.5), ("p95", 0.95), ("worst", 1.0))
        ],
    )
    figures = {
        **ready,
        "opinions": len(moments),
        "seen": len(sizes),
        "step_median_s": round(percentile(sizes, 0.5), 2),
        "step_p95_s": round(percentile(sizes, 0.95), 2),
        "step_worst_s": round(max(sizes), 2),
    }
    passed = (
        max(sizes) <= TARGET_STEP_S
        and len(sizes) >= 0.9 * len(moments)
        and ready["replay_s"] <= TARGET_READY_S
        and ready["downloads_s"] <= TARGET_READY_S
    )
    return finish("replay", passed, figures)
