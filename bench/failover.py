"""Encoder killed, silent, black, frozen, with and without backup: seconds until a good picture is on air.

A whole house runs; a real encoder sends over RTMP to one broadcast with a backup and one without. Each fault is
injected into the primary, and the published playlist is read ten times a second: "on air" is the moment at
which it names the first segment of another source. Measured from detection (or loss, for a killed encoder) and
from injection. Then ordinary programme (speech, music, slides held still for less than the threshold) for ten
minutes must raise no alarm. The player's own page plays through it all in Chromium.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sqlite3
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from bench._player import Watch, open_player
from bench.house import House, house, until
from bench.report import finish, table
from maru.services.live.engine.lint import lint
from maru.simulator.encoder import Programme, Settings

FAULTS = ("kill", "silence", "black", "freeze")
TARGET_P95_S, TARGET_WORST_S = 3.0, 4.0
HOLD_S, SETTLE_S = 5.0, 4.0


@dataclass
class Case:
    """One injected fault. Times in seconds; ``after_*`` until the new source is on air."""

    backup: bool
    fault: str
    to: str = ""
    after_seen: float = math.nan
    after_injection: float = math.nan
    back: float = math.nan


class Broadcast:
    """One broadcast of the house under test."""

    def __init__(self, house: House, slug: str, backup: bool, size: tuple[int, int]) -> None:
        self.house, self.slug, self.backup = house, slug, backup
        words = ["broadcast", "create", "--slug", slug, "--title", slug, "--json"]
        made = json.loads(house.maru(*words, *(["--backup"] if backup else [])))
        self.playlist = house.url + made["playlist"]
        self.page = house.url + made["page"]
        self.inputs = {one["name"]: one["rtmp"] for one in made["inputs"]}
        self.size = size
        self.programmes: dict[str, Programme] = {}

    def encoder(self, name: str, style: str = "demo") -> Programme:
        """An encoder on an input."""
        width, height = self.size
        programme = Programme(
            Settings((self.inputs[name],), style=style, width=width, height=height, fps=25, video_kbps=900)
        )
        programme.start()
        self.programmes[name] = programme
        return programme

    def start(self) -> None:
        """On air with everything it has, and settled."""
        self.encoder("primary")
        if self.backup:
            self.encoder("backup", "music")
        self.house.maru("broadcast", "start", self.slug, "--json")
        until(f"{self.slug} is on air", lambda: self.source() == "primary", 60)

    def stop(self) -> None:
        """Off air."""
        self.house.maru("broadcast", "end", self.slug, "--json")
        for programme in self.programmes.values():
            programme.stop()

    def source(self) -> str:
        """What the newest segment of the published playlist shows: primary, backup, slate or soon."""
        text = httpx.get(self.playlist.replace("index", "360p"), timeout=5).text
        uris = [line for line in text.splitlines() if line and not line.startswith("#")]
        if not uris:
            return ""
        if "slates/" in uris[-1]:
            return "soon" if "/soon/" in uris[-1] else "slate"
        match = re.search(r"src/([^/]+)/", uris[-1])
        return self._input_of(match[1]) if match else ""

    def _input_of(self, session: str) -> str:
        folder = self.house.home / "media" / "live" / self.slug / "src" / session
        return str(json.loads((folder / "session.json").read_text())["input"])

    def log(self, after: float) -> list[dict[str, Any]]:
        """Entries of the broadcast's log from a moment on."""
        rows = sqlite3.connect(f"file:{self.house.home / 'db.sqlite3'}?mode=ro", uri=True).execute(
            "select e.at, e.kind, e.input, e.source_from, e.source_to, e.reason from live_logentry e"
            " join live_broadcast b on b.id = e.broadcast_id where b.slug = ? order by e.id",
            (self.slug,),
        )
        found = []
        for at, *rest in rows:
            moment = datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()
            if moment >= after - 0.2:
                found.append(
                    dict(zip(("kind", "input", "from", "to", "reason"), rest, strict=True)) | {"at": moment}
                )
        return found


def inject(broadcast: Broadcast, fault: str) -> Case:
    """Break the primary, wait for another source, mend it, wait for the return."""
    case = Case(broadcast.backup, fault)
    programme = broadcast.programmes["primary"]
    injected = programme.set_fault(fault)
    case.to = str(until("another source", lambda: _other(broadcast), 20))
    on_air = time.time()
    case.after_injection = on_air - injected
    time.sleep(HOLD_S)
    seen = [
        one["at"]
        for one in broadcast.log(injected)
        if one["kind"] in ("lost", "fault") and one["input"] == "primary"
    ]
    case.after_seen = max(0.0, on_air - min(seen)) if seen else math.nan
    mended = programme.set_fault("normal")
    until("the primary is back", lambda: broadcast.source() == "primary", 40)
    case.back = time.time() - mended
    time.sleep(SETTLE_S)
    return case


def _other(broadcast: Broadcast) -> str:
    source = broadcast.source()
    return source if source in ("backup", "slate") else ""


def ordinary(broadcast: Broadcast, seconds: float) -> list[dict[str, Any]]:
    """Alarms in ordinary programme of every style, an equal share of the time each."""
    styles = ("demo", "speech", "music", "slides")
    alarms: list[dict[str, Any]] = []
    for style in styles:
        broadcast.programmes["primary"].stop()
        broadcast.encoder("primary", style)
        time.sleep(3)
        until("the primary is back", lambda: broadcast.source() == "primary", 40)
        time.sleep(2)
        began = time.time()
        time.sleep(seconds / len(styles))
        alarms += [
            one | {"style": style}
            for one in broadcast.log(began)
            if one["kind"] in ("fault", "lost", "switch", "alarm") and one["at"] > began
        ]
    return alarms


class Work(threading.Thread):
    """The faults, beside the player, which must be driven by the main thread."""

    def __init__(self, broadcast: Broadcast, rounds: int, ordinary_s: float) -> None:
        super().__init__(daemon=True)
        self.broadcast, self.rounds, self.ordinary_s = broadcast, rounds, ordinary_s
        self.cases: list[Case] = []
        self.alarms: list[dict[str, Any]] = []
        self.fault: BaseException | None = None

    def run(self) -> None:
        try:
            for _ in range(self.rounds):
                for fault in FAULTS:
                    self.cases.append(inject(self.broadcast, fault))
                    case = self.cases[-1]
                    sys.stderr.write(f"{self.broadcast.slug} {fault}: {case.to} {case.after_seen:.2f} s\n")
            if self.ordinary_s:
                self.alarms = ordinary(self.broadcast, self.ordinary_s)
        except (TimeoutError, OSError, RuntimeError) as fault:
            self.fault = fault


def play_through(work: Work) -> Watch:
    """Run the faults with the page open."""
    with open_player(work.broadcast.page) as player:
        work.start()
        while work.is_alive():
            player.watch(1)
        player.watch(5)
    if work.fault is not None:
        raise work.fault
    return player


def percentile(values: list[float], share: float) -> float:
    """The value that ``share`` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def main(argv: list[str]) -> int:
    """Run it. ``--quick``: one round of faults and one minute of ordinary programme."""
    parser = argparse.ArgumentParser(prog="python -m bench failover")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--size", default="640x360", help="of the encoders' picture")
    parser.add_argument("--rounds", type=int, default=0)
    options = parser.parse_args(argv)
    rounds = options.rounds or (1 if options.quick else 3)
    width, _, height = options.size.partition("x")
    cases: list[Case] = []
    alarms: list[dict[str, Any]] = []
    findings: list[str] = []
    players: list[Watch] = []
    with house() as home:
        for slug, backup in (("with-backup", True), ("alone", False)):
            broadcast = Broadcast(home, slug, backup, (int(width), int(height)))
            broadcast.start()
            work = Work(broadcast, rounds, 0 if backup else 60 if options.quick else 600)
            players.append(play_through(work))
            cases += work.cases
            alarms += work.alarms
            findings += [
                f"{one.where}:{one.line} {one.text}" for one in lint(broadcast.playlist, segments=True)
            ]
            broadcast.stop()
    return _report(cases, alarms, findings, players)


def _report(
    cases: list[Case], alarms: list[dict[str, Any]], findings: list[str], players: list[Watch]
) -> int:
    heads = ["backup", "fault", "went to", "after detection s", "after injection s", "back after mending s"]
    table(heads, [[str(c.backup), c.fault, c.to, c.after_seen, c.after_injection, c.back] for c in cases])
    seen = [case.after_seen for case in cases]
    p95, worst = percentile(seen, 0.95), max(seen)
    lost_player = any(player.ended or player.standing > 10 for player in players)
    figures = {
        "faults": len(cases),
        "after_detection_p95_s": round(p95, 2),
        "after_detection_worst_s": round(worst, 2),
        "after_injection_p95_s": round(percentile([case.after_injection for case in cases], 0.95), 2),
        "after_injection_worst_s": round(max(case.after_injection for case in cases), 2),
        "false_alarms": alarms,
        "lint_findings": findings,
        "player_stalls_s": [stall for player in players for stall in player.stalls],
        "player_played_s": round(sum(player.played for player in players)),
        "player_ended_or_stuck": lost_player,
        "player_errors": [error for player in players for error in player.errors][:5],
    }
    passed = (
        p95 <= TARGET_P95_S
        and worst <= TARGET_WORST_S
        and not any(math.isnan(value) for value in seen)
        and not alarms
        and not findings
        and not lost_player
    )
    return finish("failover", passed, figures)
