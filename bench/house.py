"""A whole house for a figure: ``maru serve`` on free ports in a home of its own, driven by its command line."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from maru.platform.ports.heartbeat import PARTS


def free_port(pair: bool = False) -> int:
    """A port of the loopback that nobody uses now; with ``pair`` the next one is free as well."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            if not pair:
                return port
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


def until(what: str, condition: Callable[[], Any], seconds: float) -> Any:
    """Wait for a condition; its first true value. TimeoutError after ``seconds``."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        with suppress(httpx.HTTPError, OSError, ValueError, KeyError):
            value = condition()
            if value:
                return value
        time.sleep(0.1)
    raise TimeoutError(f"waited {seconds:.0f} s in vain: {what}")


class House:
    """A running house. ``url`` of its pages, ``home`` its folder."""

    def __init__(self, home: Path, **variables: str) -> None:
        self.home = home
        self.port = free_port(pair=True)
        srt = free_port()
        self.environ = {
            **os.environ,
            "MARU_HOME": str(home),
            "MARU_PORT": str(self.port),
            "MARU_STREAM_PORT": str(self.port + 1),
            "MARU_RTMP_PORT": str(free_port()),
            "MARU_SRT_PORTS": f"{srt}-{min(srt + 20, 65535)}",
            "MARU_STAFF_MFA": "optional",
            **variables,
        }
        self.environ.pop("MARU_DEMO", None)
        self.url = f"http://127.0.0.1:{self.port}"
        self.stream_url = f"http://127.0.0.1:{self.port + 1}"
        self.process: subprocess.Popen[bytes] | None = None
        self.log = home / "serve.log"

    def maru(self, *words: str, check: bool = True) -> str:
        """Run one ``maru`` command in this home; its output."""
        done = subprocess.run(
            [sys.executable, "-m", "maru.project.cli", *words, "--home", str(self.home)],
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"maru {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self) -> None:
        """Open the house and wait until every part is well."""
        self.home.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "maru.project.cli", "serve", "--home", str(self.home)],
                env=self.environ,
                stdout=log,
                stderr=log,
            )
        self.wait_well()

    def wait_well(self, seconds: float = 90) -> None:
        """Wait until ``/health/`` says that all is well."""
        until(
            "the house is well",
            lambda: httpx.get(f"{self.url}/health/", timeout=5).status_code == 200,
            seconds,
        )

    def pid(self, part: str) -> int:
        """Process id of one of the parts."""
        return int(json.loads((self.home / "run" / f"{part}.json").read_text())["pid"])

    def kill(self, part: str) -> None:
        """kill -9 of one part, and wait until the supervisor has a new one alive."""
        old = self.pid(part)
        with suppress(ProcessLookupError):
            os.kill(old, signal.SIGKILL)
        until(f"{part} is back", lambda: self.pid(part) != old, 60)

    def kill_all(self) -> None:
        """kill -9 of every part and of the supervisor at once, then start again."""
        assert self.process is not None
        self.process.kill()
        for part in PARTS:
            with suppress(ProcessLookupError, OSError, ValueError, KeyError):
                os.kill(self.pid(part), signal.SIGKILL)
        self.process.wait()
        self.start()

    def stop(self) -> float:
        """SIGTERM; seconds until it has ended."""
        if self.process is None or self.process.poll() is not None:
            return 0.0
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(30)
        return time.monotonic() - began


@contextmanager
def house(**variables: str) -> Iterator[House]:
    """A house in a scratch folder, stopped and removed at the end; its log is shown when the figure fails."""
    with tempfile.TemporaryDirectory(prefix="maru-bench-") as folder:
        one = House(Path(folder) / "home", **variables)
        try:
            one.start()
            yield one
        except BaseException:
            if one.log.exists():
                sys.stderr.write(one.log.read_text(errors="replace")[-6000:])
            raise
        finally:
            one.stop()
