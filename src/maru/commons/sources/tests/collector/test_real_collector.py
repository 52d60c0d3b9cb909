"""The collector against a broker and an SFTP server of the outside world: connections that break, and a process that is killed."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import duckdb
import httpx
import pytest
from django.conf import settings

from maru.commons.sources.declaration import BUILT_IN
from maru.commons.sources.models import Source
from maru.commons.sources.tests.collector.world import Trial
from maru.platform.ports.lake import connect

pytestmark = pytest.mark.timeout(150)
SENSORS, TAXIS = "digital_environment", "taxi_trips"
# The whole process as it is, but with no drawers of the installation, so that it asks nobody else.
COLLECTOR = """
import os, sys, django
from pathlib import Path
os.environ["DJANGO_SETTINGS_MODULE"] = "maru.project.settings"
django.setup()
from maru.commons.sources.runner import shelf
from maru.project.cli import main
shelf.BUILT_IN = Path("none")
sys.exit(main(["collector"]))
"""


def until(what: str, true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for a condition."""
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit, f"never: {what}"
        time.sleep(0.1)


class Outer:
    """The simulated outside world as a process of its own."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        words = ["--port", str(self.port), "--home", str(home), "--records", "20000"]
        self.process = subprocess.Popen([sys.executable, "-m", "maru.simulator.outside", *words])
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=20)
        until("the outside world answers", self._answers)
        self.places: dict[str, str] = self.client.get("/outside.json").json()

    def _answers(self) -> bool:
        try:
            return self.client.get("/outside.json").status_code == 200
        except httpx.TransportError:
            return False

    def do(self, name: str, act: str) -> None:
        """Make something go wrong, or right."""
        assert self.client.post(f"/control/{name}", json={"do": act}).status_code == 200

    def given(self, name: str) -> set[tuple[str, ...]]:
        """Keys of all records that were acknowledged, or sent to the end."""
        found: set[tuple[str, ...]] = set()
        start: Any = 0
        while start is not None:
            page = self.client.get(f"/control/delivered/{name}?from={start}&limit=20000").json()
            found |= {tuple(map(str, key)) for key in page["keys"]}
            start = page["next"]
        return found

    def close(self) -> None:
        """End it."""
        self.client.close()
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture(scope="module")
def outer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outer]:
    one = Outer(tmp_path_factory.mktemp("outside"))
    yield one
    one.close()


def settle_in(home: Path, outer: Outer, *names: str) -> None:
    """Put drawers of the installation into the home as a city would, with the addresses of its own systems."""
    sftp = urlsplit(outer.places["sftp"])
    (home / "known_hosts").write_text(f"[127.0.0.1]:{sftp.port} {outer.places['sftp_host_key']}\n")
    (home / "keys.toml").write_text(
        f'[keys]\nmqtt = "a-key-of-the-broker"\ntaxi_sftp = {json.dumps(sftp.password)}\n'
    )
    (home / "keys.toml").chmod(0o600)
    addresses = {
        SENSORS: f"{outer.places['mqtt']}/{SENSORS}/city/environment/+",
        TAXIS: f"sftp://{quote(sftp.username or '')}:{{key}}@127.0.0.1:{sftp.port}/{TAXIS}/out/taxi",
    }
    for name in names:
        text = (BUILT_IN / name / "connector.toml").read_text()
        lines = [
            f"address = {json.dumps(addresses[name])}"
            if line.startswith(('address = "mqtt', 'address = "sftp'))
            else line
            for line in text.splitlines()
        ]
        text = (
            "\n".join(lines)
            .replace("every_s = 60\n", "every_s = 1\n")
            .replace("[options]", "[options]\nsettle_s = 0")
        )
        (home / "connectors" / name).mkdir(parents=True)
        (home / "connectors" / name / "connector.toml").write_text(text)


def kept(home: Path, name: str, key: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Keys of all records in the lake."""
    lake = connect(replace(settings.MARU, home=home, lake=home / "lake"))
    if name not in lake.tables():
        return []
    columns = ", ".join(f'"{column}"' for column in key)
    found = duckdb.sql(f"SELECT {columns} FROM {lake.current_sql(lake.snapshot(name))}").fetchall()
    return [tuple(_plain(value) for value in row) for row in found]


def _plain(value: Any) -> str:
    return (
        value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
        if isinstance(value, dt.datetime)
        else str(value)
    )


KEYS = {SENSORS: ("reading_id",), TAXIS: ("trip_id",)}


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_goes_and_comes_again(outer: Outer, trial: Trial, home: Path) -> None:
    settle_in(home, outer, SENSORS)
    trial.round()
    thread = threading.Thread(target=trial.collector.subscriptions.run, args=(trial.stop,), daemon=True)
    thread.start()
    try:
        until("messages are acknowledged", lambda: len(outer.given(SENSORS)) > 5)
        outer.do(SENSORS, "plug")
        before = outer.given(SENSORS)
        outer.do(SENSORS, "recover")
        until("messages come again", lambda: len(outer.given(SENSORS)) > len(before))
    finally:
        trial.stop.set()
        thread.join(10)
    acknowledged = outer.given(SENSORS)
    trial.stop.clear()
    trial.round()
    found = kept(home, SENSORS, KEYS[SENSORS])
    assert len(found) == len(set(found))
    assert acknowledged <= set(found)
    assert (Source.objects.get(name=SENSORS).state, Source.objects.get(name=SENSORS).dead) == ("ok", 0)


@pytest.mark.django_db(transaction=True)
def test_files_of_an_sftp_server(outer: Outer, trial: Trial, home: Path) -> None:
    settle_in(home, outer, TAXIS)
    outer.do(TAXIS, "plug")
    trial.round()
    source = Source.objects.get(name=TAXIS)
    assert source.error in {"unreachable", "not_found", "timeout", "server"}
    outer.do(TAXIS, "recover")
    trial.round()
    found = kept(home, TAXIS, KEYS[TAXIS])
    assert found
    assert len(found) == len(set(found))
    assert outer.given(TAXIS) == set(found)
    (home / "known_hosts").write_text("")
    trial.round()
    assert Source.objects.get(name=TAXIS).error, "a host that nobody knows is not trusted"


@contextmanager
def collector(home: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """``maru collector`` of that home; killed at the end as a power cut would."""
    environ = {
        **os.environ,
        "MARU_HOME": str(home),
        "MARU_DATABASE": "sqlite",
        "MARU_OUTSIDE": "",
        "MARU_LAKE": str(home / "lake"),
    }
    with log.open("ab") as file:
        process = subprocess.Popen([sys.executable, "-c", COLLECTOR], env=environ, stdout=file, stderr=file)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)


def test_a_collector_that_is_killed_loses_nothing_that_it_acknowledged(outer: Outer, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    settle_in(home, outer, SENSORS, TAXIS)
    environ = {**os.environ, "MARU_HOME": str(home), "MARU_DATABASE": "sqlite", "MARU_OUTSIDE": ""}
    subprocess.run(
        [sys.executable, "-m", "maru.project.cli", "prepare"],
        env=environ,
        check=True,
        capture_output=True,
        timeout=100,
    )
    earlier = outer.given(SENSORS)
    with collector(home, tmp_path / "log") as process:
        until("messages are acknowledged", lambda: len(outer.given(SENSORS) - earlier) > 2)
        assert process.poll() is None, (tmp_path / "log").read_text()[-2000:]
    acknowledged = outer.given(SENSORS) - earlier
    with collector(home, tmp_path / "log"):
        until("everything is in the lake", lambda: acknowledged <= set(kept(home, SENSORS, KEYS[SENSORS])))
        until(
            "files are in the lake",
            lambda: outer.given(TAXIS) <= set(kept(home, TAXIS, KEYS[TAXIS])) != set(),
        )
    for name, key in KEYS.items():
        found = kept(home, name, key)
        assert len(found) == len(set(found))
