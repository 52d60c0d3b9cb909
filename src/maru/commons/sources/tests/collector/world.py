"""An outside system that tests hold in their hands: a small HTTP server on the loopback, and a collector of its own."""

from __future__ import annotations

import datetime as dt
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from django.conf import settings

from maru.commons.sources.collector import Collector, build
from maru.commons.sources.contracts import Declaration
from maru.commons.sources.declaration import load

TOML = """
names = {{ ko = "공기", en = "Air" }}
summaries = {{ ko = "측정소의 공기", en = "Air at the stations" }}
office = "roads"
owner = "Roads Division"
category = "environment"
kind = "{kind}"
mode = "{mode}"
address = "{address}"
personal = "none"
fresh_s = {fresh_s}
complete = {complete}
{more}

[schedule]
every_s = {every_s}
term = "Once a minute"
timeout_s = 2.0

[licence]
id = "KOGL-1"
title = "KOGL type 1"

[record]
key = ["station", "at"]
time = "at"

[[fields]]
name = "station"
titles = {{ ko = "측정소", en = "Station" }}

[[fields]]
name = "at"
type = "datetime"
titles = {{ ko = "시각", en = "Time" }}

[[fields]]
name = "value"
names = ["value", "val"]
type = "number"
unit = "ug/m3"
low = 0
titles = {{ ko = "값", en = "Value" }}

[[series]]
name = "value"
value = "value"
by = ["station"]
titles = {{ ko = "값", en = "Value" }}

[options]
{options}
"""


@dataclass
class Present:
    """The moment at which a test began: what came just then is fresh, however long the tests before it took."""

    now: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC).replace(microsecond=0))


PRESENT = Present()


@dataclass
class World:
    """What the outside system says. ``answer`` gets the path and gives status, headers, body."""

    port: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)
    answer: Callable[[str], tuple[int, dict[str, str], bytes]] | None = None
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    down: bool = False

    def say(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """The answer to one request."""
        if self.answer is not None:
            return self.answer(path)
        return 200, {"Content-Type": "application/json"}, json.dumps(self.rows).encode()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def open_world() -> Iterator[World]:
    """A world that answers until the test ends."""
    world = World()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            world.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            if world.down:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, headers, body = world.say(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    world.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()


def drawer(home: Path, name: str, address: str, **changes: Any) -> Declaration:
    """Put a drawer on the home's shelf."""
    values = {
        "kind": "json",
        "mode": "poll",
        "fresh_s": 60,
        "every_s": 60,
        "complete": "false",
        "more": "",
        "options": "",
        **changes,
    }
    folder = home / "connectors" / name
    folder.mkdir(parents=True, exist_ok=True)
    text = TOML.format(address=address, **values)
    extra = changes.get("extra", "")
    (folder / "connector.toml").write_text(text + extra)
    return load(folder, code=False)[0]


class Trial:
    """A collector of one home, run by hand: no shelf of the installation, rounds when the test says so."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = replace(settings.MARU, home=home, lake=home / "lake", outside="")
        self.open()

    def open(self) -> None:
        """A fresh process, as it were: nothing but the disk and the database is remembered."""
        self.stop = threading.Event()
        self.collector: Collector = build(self.environment, self.stop)
        self.collector.engine._shelf._places = ((self.home / "connectors", False),)
        self.desk, self.engine = self.collector.desk, self.collector.engine

    def round(self, *, now: bool = True, seconds: float = 15.0) -> None:
        """One round, until every run that it started is written down."""
        self.engine._due.clear()
        self.engine._look_at_shelf()
        self._idle(seconds)  # a start may have something to make good
        if now:
            for standing in self.engine.standings.values():
                standing.next_at = 0.0
        self.engine.turn()
        self._idle(seconds)
        self.engine.judge(time.time())
        self.write()

    def _idle(self, seconds: float) -> None:
        limit = time.monotonic() + seconds
        while not self.engine.idle():
            assert time.monotonic() < limit, "a run did not end"
            self.write()
            time.sleep(0.005)

    def write(self) -> None:
        """Write down what was handed in."""
        self.collector.scribe.write_all()

    def close(self) -> None:
        """Let the threads go."""
        self.stop.set()
        for lane in self.engine._lanes:
            lane.shutdown(wait=True, cancel_futures=True)
