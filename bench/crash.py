"""Kill -9 of each part, then of all, at random moments of a live broadcast: nothing accepted may be lost.

A whole house runs with a real encoder (reconnecting), writers who repeat an opinion until it is accepted (with the
same token), readers of the event stream and a player in Chromium. After each kill the parts must come back; at the
end every accepted opinion must stand exactly once in the export and must have reached every reader exactly once, each
playlist must be valid and hold every complete segment that was encoded while its input was on air, and the page must
have recovered by itself.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import TimeoutError

from bench._player import Watch, open_player
from bench.house import House, house, until
from bench.report import finish, table

SLUG = "crash"
PARTS = ("web", "stream", "media", "worker")


class Writer(threading.Thread):
    """Writes an opinion every half second; repeats each until the house has accepted it."""

    def __init__(self, url: str, number: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.url = f"{url}/api/v1/broadcasts/{SLUG}/opinions"
        self.number = number
        self.stop = stop
        self.accepted: list[str] = []
        self.refused: list[str] = []
        self.retries = 0

    def run(self) -> None:
        transport = httpx.HTTPTransport(local_address=f"127.0.1.{self.number + 1}")
        with httpx.Client(transport=transport, timeout=10) as client:
            count = 0
            while not self.stop.is_set():
                text = f"opinion {self.number}-{count}"
                self._until_accepted(client, text)
                count += 1
                self.stop.wait(0.5)

    def _until_accepted(self, client: httpx.Client, text: str) -> None:
        body = {"text": text, "nickname": f"w{self.number}", "idempotency": uuid.uuid4().hex}
        while True:
            try:
                answer = client.post(self.url, json=body)
            except httpx.HTTPError:
                self.retries += 1
                time.sleep(0.2)
                continue
            if answer.status_code in {200, 201}:
                self.accepted.append(text)
                return
            if answer.status_code == 429 or answer.status_code >= 500:
                self.retries += 1
                time.sleep(min(2.0, float(answer.headers.get("Retry-After", "0.3"))))
                continue
            self.refused.append(f"{answer.status_code} {answer.text[:200]}")
            return


class Reader(threading.Thread):
    """Reads the event stream as a browser does: resumes by number, asks the house when the stream cannot reach back."""

    def __init__(self, one: House, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.house = one
        self.stop = stop
        self.seen: list[str] = []
        self.last = 0
        self.resets = 0

    def run(self) -> None:
        while not self.stop.is_set():
            with suppress(httpx.HTTPError):
                self._listen()
            self.stop.wait(0.5)

    def _listen(self) -> None:
        headers = {"Last-Event-ID": str(self.last)} if self.last else {}
        address = f"{self.house.stream_url}/events/live/{SLUG}" + ("" if self.last else "?after=0")
        with httpx.stream("GET", address, headers=headers, timeout=httpx.Timeout(20, connect=3)) as answer:
            kind, number, data = "", 0, ""
            for line in answer.iter_lines():
                if self.stop.is_set():
                    return
                if line.startswith("event:"):
                    kind = line[6:].strip()
                elif line.startswith("id:"):
                    number = int(line[3:].strip() or 0)
                elif line.startswith("data:"):
                    data = line[5:].strip()
                elif not line and data:
                    self._take(kind, number, data)
                    kind, number, data = "", 0, ""

    def _take(self, kind: str, number: int, data: str) -> None:
        if kind == "batch":
            for event in json.loads(data):
                if event["kind"] == "opinion" and event["seq"] > self.last:
                    self.seen.append(event["text"])
            self.last = max(self.last, number)
        elif kind == "reset":
            self.resets += 1
            self.last = max(self.last, int(json.loads(data)["head"]))


def _encoder(rtmp: str) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "maru.simulator.encoder",
        "--to",
        rtmp,
        "--seconds",
        "7200",
        "--size",
        "640x360",
    ]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _sequence(url: str) -> int:
    text = httpx.get(url, timeout=10).text
    found = re.search(r"#EXT-X-MEDIA-SEQUENCE:(\d+)", text)
    return int(found[1]) + text.count("#EXTINF:") if found else -1


def _rounds(one: House, count: int, lists: list[str]) -> tuple[list[tuple[str, int, float, float]], int]:
    """Kill and wait, ``count`` times for each part and for all; the recovery times and the falls of the sequence."""
    chance = random.Random(2011)
    rows: list[tuple[str, int, float, float]] = []
    falls = 0
    head = dict.fromkeys(lists, 0)
    for target in (*PARTS, "all"):
        times: list[float] = []
        for _number in range(count):
            time.sleep(chance.uniform(0.5, 5.0))
            began = time.monotonic()
            if target == "all":
                one.kill_all()
            else:
                one.kill(target)
                one.wait_well()
            times.append(time.monotonic() - began)
            for address in lists:
                now = _sequence(address)
                falls += now < head[address]
                head[address] = max(head[address], now)
        rows.append((target, count, sorted(times)[len(times) // 2], max(times)))
    return rows, falls


def _unlisted(one: House) -> list[str]:
    """Complete segments of the sessions on air that lie between listed ones and are not in the playlist."""
    folder = one.home / "media" / "live" / SLUG
    listed = {line for line in (folder / "360p.m3u8").read_text().splitlines() if line.endswith(".m4s")}
    sessions: dict[str, list[int]] = {}
    for line in listed:
        found = re.search(r"src/([^/]+)/", line)
        if found:
            sessions.setdefault(found[1], []).append(int(Path(line).stem))
    missing: list[str] = []
    for session, numbers in sessions.items():
        for path in sorted((folder / "src" / session / "360p").glob("*.m4s")):
            complete = all(
                (folder / "src" / session / rung / path.name).exists() for rung in ("234p", "audio")
            )
            if complete and int(path.stem) > min(numbers) and int(path.stem) not in numbers:
                missing.append(f"{session}/{path.name}")
    return missing


_TIME = (
    "() => { const video = document.querySelector('maru-player video, video'); return video.currentTime; }"
)


def _recovers(player: Watch, text: str) -> bool:
    """Whether the newest opinion stands on the page and the picture moves, without any help from us."""
    try:
        player.page.get_by_text(text, exact=True).first.wait_for(timeout=45_000)
    except TimeoutError as fault:
        print(f"! the page lacks the last opinion: {fault}")
        return False
    before = float(player.page.evaluate(_TIME))
    limit = time.monotonic() + 45
    while time.monotonic() < limit:
        player.page.wait_for_timeout(500)
        if float(player.page.evaluate(_TIME)) > before + 1:
            return True
    print(f"! the picture stands still at {before:.1f} s")
    return False


def _judge(writers: list[Writer], reader: Reader, exported: list[str]) -> dict[str, int]:
    accepted = [text for writer in writers for text in writer.accepted]
    return {
        "accepted": len(accepted),
        "refused": sum(len(writer.refused) for writer in writers),
        "retries": sum(writer.retries for writer in writers),
        "lost": len(set(accepted) - set(exported)),
        "doubled": len(exported) - len(set(exported)),
        "reader_lost": len(set(accepted) - set(reader.seen)) if reader.resets == 0 else 0,
        "reader_doubled": len(reader.seen) - len(set(reader.seen)),
        "reader_resets": reader.resets,
    }


BAD = (
    "lost",
    "doubled",
    "refused",
    "reader_lost",
    "reader_doubled",
    "segments_missing",
    "sequence_falls",
    "lint_errors",
)


@dataclass
class Crowd:
    """Those who take part while the house is hurt: writers, one reader of the stream, one page in a browser."""

    writers: list[Writer]
    reader: Reader
    player: Watch

    def settle(self, stop: threading.Event) -> bool:
        """Let the writers end and the reader catch up; whether the page has recovered by itself."""
        last = max(self.writers[0].accepted, key=lambda text: int(text.rsplit("-", 1)[1]))
        recovered = _recovers(self.player, last)
        stop.set()
        for thread in self.writers:
            thread.join(30)
        accepted = {text for writer in self.writers for text in writer.accepted}
        limit = time.monotonic() + 30
        while not accepted <= set(self.reader.seen) and time.monotonic() < limit:
            time.sleep(0.2)
        return recovered


def _lint(one: House) -> list[dict[str, str]]:
    address = f"{one.url}/media/live/{SLUG}/index.m3u8"
    found = json.loads(one.maru("broadcast", "lint", address, "--json", check=False))
    return [finding for finding in found.get("findings", []) if finding.get("severity") == "error"]


def _hurt(one: House, count: int, rtmp: str) -> dict[str, Any]:
    """The whole figure on a house that is open: the numbers, and what to show of the faults."""
    stop, reading_stopped = threading.Event(), threading.Event()
    lists = [f"{one.url}/media/live/{SLUG}/{rung}.m3u8" for rung in ("360p", "audio")]
    encoder = _encoder(rtmp)
    try:
        until("the picture is on air", lambda: "src/" in httpx.get(lists[0]).text, 60)
        with open_player(f"{one.url}/live/{SLUG}/") as player:
            crowd = Crowd(
                [Writer(one.url, number, stop) for number in range(4)], Reader(one, reading_stopped), player
            )
            for thread in (crowd.reader, *crowd.writers):
                thread.start()
            rows, falls = _rounds(one, count, lists)
            time.sleep(6)
            recovered = crowd.settle(stop)
    finally:
        stop.set()
        reading_stopped.set()
        encoder.kill()
        encoder.wait()
    exported = [row["text"] for row in httpx.get(f"{one.url}/live/{SLUG}/opinions.json").json()["opinions"]]
    errors, missing = _lint(one), _unlisted(one)
    table(["killed", "times", "back after s, median", "worst"], rows)
    refused = [text for writer in crowd.writers for text in writer.refused]
    for finding in (*errors[:10], *missing[:10], *refused[:5]):
        print("!", finding)
    return {
        **_judge(crowd.writers, crowd.reader, exported),
        "segments_missing": len(missing),
        "sequence_falls": falls,
        "lint_errors": len(errors),
        "page_recovered": recovered,
        "kills": count * (len(PARTS) + 1),
        "back_median_s": {row[0]: round(row[2], 1) for row in rows},
    }


def main(argv: list[str]) -> int:
    """Run the rounds and judge."""
    parser = argparse.ArgumentParser(prog="python -m bench crash")
    parser.add_argument("--quick", action="store_true", help="2 kills of each instead of 20")
    parser.add_argument("--times", type=int, default=0, help="kills of each")
    options = parser.parse_args(argv)
    count = options.times or (2 if options.quick else 20)
    with house() as one:
        words = ("broadcast", "create", "--slug", SLUG, "--title", "Crash", "--preset", "light", "--json")
        made = json.loads(one.maru(*words))
        one.maru("broadcast", "start", SLUG, "--json")
        figures = _hurt(one, count, made["inputs"][0]["rtmp"])
    return finish("crash", all(figures[name] == 0 for name in BAD) and figures["page_recovered"], figures)
