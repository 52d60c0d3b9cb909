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
from contextlib import ExitStack, suppress
from pathlib import Path

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


def main(argv: list[str]) -> int:
    """Run the rounds and judge."""
    parser = argparse.ArgumentParser(prog="python -m bench crash")
    parser.add_argument("--quick", action="store_true", help="2 kills of each instead of 20")
    parser.add_argument("--times", type=int, default=0, help="kills of each")
    options = parser.parse_args(argv)
    count = options.times or (2 if options.quick else 20)
    stop, reading_stopped = threading.Event(), threading.Event()
    with house() as one:
        made = json.loads(
            one.maru("broadcast", "create", "--slug", SLUG, "--title", "Crash", "--preset", "light", "--json")
        )
        one.maru("broadcast", "start", SLUG, "--json")
        encoder = _encoder(made["inputs"][0]["rtmp"])
        lists = [f"{one.url}/media/live/{SLUG}/{rung}.m3u8" for rung in ("360p", "audio")]
        until("the picture is on air", lambda: "src/" in httpx.get(lists[0]).text, 60)
        writers = [Writer(one.url, number, stop) for number in range(4)]
        reader = Reader(one, reading_stopped)
        stack = ExitStack()
        try:
            player = stack.enter_context(open_player(f"{one.url}/live/{SLUG}/"))
            for thread in (reader, *writers):
                thread.start()
            rows, falls = _rounds(one, count, lists)
            time.sleep(6)
            last = max(writers[0].accepted, key=lambda text: int(text.rsplit("-", 1)[1]))
            recovered = _recovers(player, last)
            stop.set()
            for thread in writers:
                thread.join(30)
            accepted = {text for writer in writers for text in writer.accepted}
            limit = time.monotonic() + 30
            while not accepted <= set(reader.seen) and time.monotonic() < limit:
                time.sleep(0.2)
            reading_stopped.set()
            exported = [
                row["text"] for row in httpx.get(f"{one.url}/live/{SLUG}/opinions.json").json()["opinions"]
            ]
            findings = json.loads(
                one.maru(
                    "broadcast", "lint", f"{one.url}/media/live/{SLUG}/index.m3u8", "--json", check=False
                )
            )
        finally:
            stop.set()
            reading_stopped.set()
            stack.close()
            encoder.kill()
            encoder.wait()
        missing = _unlisted(one)
    table(["killed", "times", "back after s, median", "worst"], rows)
    errors = [one for one in findings.get("findings", []) if one.get("severity") == "error"]
    figures = {
        **_judge(writers, reader, exported),
        "segments_missing": len(missing),
        "sequence_falls": falls,
        "lint_errors": len(errors),
        "page_recovered": recovered,
        "kills": count * (len(PARTS) + 1),
    }
    for finding in (
        *errors[:10],
        *missing[:10],
        *[text for writer in writers for text in writer.refused][:5],
    ):
        print("!", finding)
    bad = (
        "lost",
        "doubled",
        "reader_lost",
        "reader_doubled",
        "segments_missing",
        "sequence_falls",
        "lint_errors",
        "refused",
    )
    return finish("crash", all(figures[name] == 0 for name in bad) and recovered, figures)
