"""A running outside world on free ports, and ways to ask it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[4]


@dataclass
class Running:
    """Where a world answers."""

    base: str
    client: httpx.Client

    def get(self, path: str, **more: Any) -> httpx.Response:
        """GET below the base."""
        return self.client.get(f"{self.base}{path}", **more)

    def json(self, path: str, **more: Any) -> Any:
        """What a path answers, as JSON."""
        return json.loads(self.get(path, **more).content)

    def do(self, name: str, what: str) -> None:
        """Make something go wrong, or right."""
        assert self.client.post(f"{self.base}/control/{name}", json={"do": what}).status_code == 200

    def given(self, name: str) -> tuple[int, int]:
        """Good and bad records that were ever given."""
        found = self.json(f"/control/delivered/{name}?limit=1")
        return found["good"], found["bad"]


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def running(home: Path, *more: str) -> Iterator[Running]:
    """The simulator as a process of its own."""
    port = free_port()
    words = [sys.executable, "-m", "maru.simulator.outside", "--port", str(port), "--home", str(home), *more]
    process = subprocess.Popen(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    base = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(timeout=20) as client:
            deadline = time.monotonic() + 20
            while True:
                try:
                    client.get(f"{base}/outside.json")
                    break
                except httpx.TransportError:
                    assert time.monotonic() < deadline and process.poll() is None, (
                        "the outside world did not start"
                    )
                    time.sleep(0.05)
            yield Running(base, client)
    finally:
        process.terminate()
        process.wait(10)


def until(true: Any, seconds: float = 15.0) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)
