"""The real stream process: killed, ended, several of them on one port."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from maru.platform.ports import heartbeat
from maru.platform.ports.bus import connect
from maru.platform.stream.tests.house import PATIENCE, FakeRelay, Listener, until

RUN = "import sys; from maru.platform.ports.environment import load; from maru.platform.stream.server import main; sys.exit(main(load()))"


class Process:
    def __init__(self, home: Path, processes: int) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._environ = {key: value for key, value in os.environ.items() if not key.startswith("MARU_")} | {
            "MARU_HOME": str(home),
            "MARU_SECRET": "s" * 40,
            "MARU_STREAM_PORT": str(self.port),
            "MARU_STREAM_PROCESSES": str(processes),
            "MARU_FFMPEG": sys.executable,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", RUN], env=self._environ)

    def stop(self, number: int) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    async def listen(self, after: int | None) -> Listener:
        """Connect as a browser does: again and again until it works."""
        query = "" if after is None else f"?after={after}"
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while True:
            try:
                stream, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**24)
                writer.write(f"GET /events/live/hall{query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                listener = Listener(stream, writer)
                await listener.head()
                return listener
            except (OSError, asyncio.IncompleteReadError):
                assert asyncio.get_running_loop().time() < deadline
                await asyncio.sleep(0.05)


@pytest.fixture(params=[1, 3])
def process(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path, request.param)
    process.start()
    yield process
    if process.process is not None and process.process.poll() is None:
        process.stop(signal.SIGTERM)


class Browser:
    """A reader that comes back with the last number it saw, whenever it is cut."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.got: list[int] = []
        self.listener: Listener | None = None
        self.cuts = 0

    async def read(self, last: int) -> None:
        while not self.got or self.got[-1] < last:
            if self.listener is None:
                self.listener = await self.process.listen(self.got[-1] if self.got else 0)
            try:
                message = await self.listener.next()
            except (asyncio.IncompleteReadError, ConnectionError):
                self.listener = None
                self.cuts += 1
                continue
            if message.event == "batch":
                self.got += [event["seq"] for event in message.data]


def test_a_killed_process_costs_no_event(process: Process, tmp_path: Path) -> None:
    async def story() -> None:
        relay = FakeRelay(connect("unix", tmp_path))
        reader = Browser(process)
        for number in (1, 3, 5):
            relay.emit("live/hall")
            await reader.read(number)
            assert process.stop(signal.SIGKILL) == -signal.SIGKILL
            relay.emit("live/hall")  # while nobody may be there
            process.start()
            await reader.read(number + 1)
        assert reader.got == [1, 2, 3, 4, 5, 6]
        relay.close()

    asyncio.run(story())


def test_it_ends_politely(process: Process, tmp_path: Path) -> None:
    async def story() -> None:
        relay = FakeRelay(connect("unix", tmp_path))
        reader = await process.listen(None)
        await reader.next()
        await until(lambda: heartbeat.read(tmp_path, "stream").state == "degraded")
        relay.tell_heads()
        await until(lambda: heartbeat.read(tmp_path, "stream").state == "ok")
        assert await asyncio.to_thread(process.stop, signal.SIGTERM) == 0
        with pytest.raises(asyncio.IncompleteReadError):
            while True:
                await reader.next()
        relay.close()

    asyncio.run(story())


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    process = Process(tmp_path, 1)
    with socket.create_server(("127.0.0.1", process.port)):
        done = subprocess.run(
            [sys.executable, "-c", RUN], env=process._environ, capture_output=True, timeout=60, check=False
        )
    assert done.returncode == 1
    assert b"MARU_STREAM_PORT" in done.stderr
