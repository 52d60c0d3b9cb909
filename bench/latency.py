"""From the encoder's clock to the player: a clock burnt into the picture is read back in Chromium.

The encoder draws the time of each frame into it for machines; the page's video is drawn onto a canvas and the
time read off. The difference to the wall clock is what a viewer lags behind: encoder, ladder, playlist, player.
"""

from __future__ import annotations

import argparse
import math
import time

from bench._player import open_player
from bench.failover import Broadcast, percentile
from bench.house import house, until
from bench.report import finish, table
from maru.simulator.encoder import Programme, Settings
from maru.simulator.timecode import READER_JS

TARGET_P95_S = 8.0


def main(argv: list[str]) -> int:
    """Run it. ``--quick``: half a minute instead of five."""
    parser = argparse.ArgumentParser(prog="python -m bench latency")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--size", default="640x360", help="of the encoder's picture")
    options = parser.parse_args(argv)
    seconds = options.seconds or (30 if options.quick else 300)
    width, _, height = options.size.partition("x")
    lags: list[float] = []
    with house() as home:
        broadcast = Broadcast(home, "clock", False, (int(width), int(height)))
        settings = Settings(
            (broadcast.inputs["primary"],),
            width=int(width),
            height=int(height),
            fps=25,
            video_kbps=1500,
            coded=True,
        )
        programme = Programme(settings)
        programme.start()
        home.maru("broadcast", "start", "clock", "--json")
        until("on air", lambda: broadcast.source() == "primary", 60)
        time.sleep(8)
        with open_player(broadcast.page) as player:
            player.page.evaluate(f"() => {{ {READER_JS}; window.readTimecode = readTimecode; }}")
            look = "() => window.readTimecode(document.querySelector('maru-player video, video'))"
            player.watch(5)
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                player.look()
                shown = player.page.evaluate(look)
                if shown is not None:
                    lags.append(time.time() - float(shown))
                player.page.wait_for_timeout(250)
        programme.stop()
    if not lags:
        return finish("latency", False, {"readings": 0})
    rows: list[list[str | float]] = [
        [name, percentile(lags, share)] for name, share in (("median", 0.5), ("p95", 0.95), ("worst", 1.0))
    ]
    table(["latency", "s"], rows)
    p95 = percentile(lags, 0.95)
    half = len(lags) // 2
    drift = sum(lags[half:]) / max(1, len(lags) - half) - sum(lags[:half]) / max(1, half)
    figures = {
        "readings": len(lags),
        "median_s": round(percentile(lags, 0.5), 2),
        "p95_s": round(p95, 2),
        "worst_s": round(max(lags), 2),
        "drift_s": round(drift, 2) if math.isfinite(drift) else None,
        "stalls_s": player.stalls,
    }
    return finish("latency", p95 <= TARGET_P95_S, figures)
