"""The whole house on the backends of many machines: PostgreSQL, and Redis for bus and cache."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from bench.house import House, until
from tests import postgres
from tests.conformance.servers import redis_server

pytestmark = [pytest.mark.postgres, pytest.mark.media]
PATIENCE = 60.0
WORDS = "서버가 여러 대여도 제 말이 닿습니까?"


@pytest.fixture
def database() -> Iterator[str]:
    """A private PostgreSQL. Not below pytest's own folder, into which its user could not look."""
    if shutil.which("initdb") is None and not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        pytest.skip("PostgreSQL is not installed (Debian package postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="maru-pg-"))
    try:
        url = postgres.start(folder)
        try:
            yield url
        finally:
            postgres.stop(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def house(database: str, tmp_path: Path) -> Iterator[House]:
    with redis_server(tmp_path) as server:
        one = House(
            tmp_path / "home", MARU_DATABASE=database, MARU_BUS=server.url, MARU_CACHE=f"{server.url[:-1]}1"
        )
        try:
            one.start()
            yield one
        except BaseException:
            print(one.log.read_text(errors="replace")[-6000:])
            raise
        finally:
            one.stop()


class Reader:
    """A reader of the event stream, as a browser is one: every event of every batch, in order."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def message(self) -> tuple[str, Any]:
        """The next message: its event and its data."""
        event, limit = "message", time.monotonic() + PATIENCE
        for line in self._lines:
            assert time.monotonic() < limit, "nothing but heartbeats"
            name, _colon, value = line.partition(": ")
            if name == "event":
                event = value
            elif name == "data":
                return event, json.loads(value)
        raise AssertionError("the stream ended")

    def opinion(self) -> dict[str, Any]:
        """The next opinion."""
        while True:
            event, data = self.message()
            for one in data if event == "batch" else ():
                if one["kind"] == "opinion":
                    return dict(one)


@contextlib.contextmanager
def reading(house: House, channel: str) -> Iterator[Reader]:
    with httpx.stream("GET", f"{house.stream_url}/events/{channel}", timeout=PATIENCE) as answer:
        assert answer.status_code == 200
        reader = Reader(answer.iter_lines())
        assert reader.message()[0] == "hello"
        yield reader


def test_an_opinion_travels_through_postgresql_and_redis(house: House) -> None:
    made = json.loads(
        house.maru("broadcast", "create", "--slug", "hall", "--title", "Hall", "--preset", "light", "--json")
    )
    assert json.loads(house.maru("broadcast", "start", "hall", "--json"))["state"] == "live"
    assert httpx.get(house.url + made["page"]).status_code == 200

    house.environ["MARU_PASSWORD"] = "a quiet wooden hall"
    house.maru("person", "create", "--email", "kim@example.org")
    token = house.maru("person", "token", "kim@example.org", "--name", "test").strip()
    address = f"{house.url}/api/v1/broadcasts/hall/opinions"
    with reading(house, "live/hall") as reader:
        for words, headers in ((WORDS, {}), ("By a program.", {"Authorization": f"Bearer {token}"})):
            written = httpx.post(
                address, json={"text": words, "nickname": "김"}, headers=headers, timeout=PATIENCE
            )
            assert written.status_code == 201, written.text
            heard = reader.opinion()
            assert (heard["id"], heard["text"]) == (written.json()["opinion"]["id"], words)
    assert [one["text"] for one in httpx.get(address).json()["opinions"]] == [WORDS, "By a program."]

    # Nothing of it went by the embedded backends.
    assert not (house.home / "db.sqlite3").exists()
    assert not list((house.home / "run").glob("bus/*/*.sock"))
    with redis.Redis.from_url(house.environ["MARU_BUS"]) as bus:
        assert bus.pubsub_channels()
    with redis.Redis.from_url(house.environ["MARU_CACHE"]) as cache:
        assert any(b"write_opinion" in key for key in cache.keys("*"))

    def health() -> Any:
        return httpx.get(f"{house.url}/health/", timeout=PATIENCE).json()

    found = until("every part is well", lambda: health() if health()["state"] == "ok" else None, PATIENCE)
    assert found["database"] == {"state": "ok", "kind": "postgresql"}

    # Its supervisor gives the parts 8 s, and answers 0 only if none of them had to be killed.
    assert house.process is not None
    assert house.stop() < 10
    assert house.process.returncode == 0
