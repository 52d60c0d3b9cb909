"""Every backend of the bus port keeps the same promises."""

from __future__ import annotations

import asyncio
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from maru.platform.ports.bus import Bus, Subscription, connect
from maru.platform.ports.bus_unix import socket_root
from maru.platform.ports.environment import SettingsError
from tests.conformance.servers import RedisServer, redis_server

Connect = Callable[[], Bus]
PATIENCE = 15.0


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=["unix", "redis"])
def url(request: pytest.FixtureRequest) -> str:
    return "unix" if request.param == "unix" else request.getfixturevalue("redis").url


@pytest.fixture()
def connected(url: str, tmp_path: Path) -> Iterator[Connect]:
    buses: list[Bus] = []

    def make() -> Bus:
        buses.append(connect(url, tmp_path))
        return buses[-1]

    yield make
    for bus in buses:
        bus.close()


def drain(subscription: Subscription, count: int) -> list[tuple[str, dict]]:
    hints = []
    while len(hints) < count and (hint := subscription.get(PATIENCE)) is not None:
        hints.append(hint)
    return hints


def test_a_hint_reaches_every_reader_of_its_topic_and_nobody_else(connected: Connect) -> None:
    bus = connected()
    with bus.subscribe("one") as first, bus.subscribe("one", "two") as second:
        connected().publish("one", {"n": 1, "text": "말 🎋"})
        connected().publish("two", {"n": 2})
        assert drain(first, 1) == [("one", {"n": 1, "text": "말 🎋"})]
        assert sorted(drain(second, 2)) == [("one", {"n": 1, "text": "말 🎋"}), ("two", {"n": 2})]
        assert first.get(0.05) is None


def test_hints_of_one_publisher_come_in_order(connected: Connect) -> None:
    bus = connected()
    with bus.subscribe("order") as reader:
        for n in range(5):
            bus.publish("order", {"n": n})
        assert [message["n"] for _topic, message in drain(reader, 5)] == [0, 1, 2, 3, 4]


def test_nobody_listening_is_no_fault(connected: Connect) -> None:
    bus = connected()
    bus.publish("void", {"n": 1})
    with bus.subscribe("void") as reader:
        pass
    bus.publish("void", {"n": 2})
    with bus.subscribe("void") as reader:
        assert reader.get(0.05) is None


def test_large_messages_arrive_whole(connected: Connect) -> None:
    bus = connected()
    text = "글" * 700_000
    with bus.subscribe("large") as first, bus.subscribe("large") as second:
        bus.publish("large", {"text": text})
        bus.publish("large", {"text": "small"})
        for reader in (first, second):
            assert [len(message["text"]) for _topic, message in drain(reader, 2)] == [700_000, 5]


def test_a_reader_that_does_not_read_neither_blocks_nor_fails_the_publisher(connected: Connect) -> None:
    bus = connected()
    with bus.subscribe("flood") as reader:
        began = time.monotonic()
        for n in range(20_000):
            bus.publish("flood", {"n": n, "pad": "x" * 100})
        assert time.monotonic() - began < 60
        numbers = [message["n"] for _topic, message in drain(reader, 1)]
        while (hint := reader.get(0.2)) is not None:
            numbers.append(hint[1]["n"])
        assert numbers == sorted(set(numbers))


def test_the_descriptor_wakes_a_selector(connected: Connect) -> None:
    bus = connected()
    with bus.subscribe("wake") as reader:
        assert select.select([reader], [], [], 0)[0] == []
        bus.publish("wake", {"n": 1})
        assert select.select([reader], [], [], PATIENCE)[0] == [reader]
        assert reader.get(PATIENCE) == ("wake", {"n": 1})


def test_waiting_in_an_event_loop(connected: Connect) -> None:
    bus = connected()

    async def wait() -> list[object]:
        with bus.subscribe("loop") as reader:
            silence = await reader.aget(0.01)
            task = asyncio.create_task(reader.aget())
            await asyncio.sleep(0)
            bus.publish("loop", {"n": 1})
            return [silence, await asyncio.wait_for(task, PATIENCE)]

    assert asyncio.run(wait()) == [None, ("loop", {"n": 1})]


def test_many_threads_publish_at_once(connected: Connect) -> None:
    bus = connected()
    with bus.subscribe("threads") as reader:
        got: set[tuple[int, int]] = set()
        stop = threading.Event()

        def read() -> None:
            while not stop.is_set():
                hint = reader.get(0.05)
                if hint is not None:
                    got.add((hint[1]["thread"], hint[1]["n"]))

        listener = threading.Thread(target=read)
        listener.start()

        def write(thread: int) -> None:
            for n in range(50):
                # A hint may be lost; a publisher that cares repeats it.
                deadline = time.monotonic() + PATIENCE
                while (thread, n) not in got and time.monotonic() < deadline:
                    bus.publish("threads", {"thread": thread, "n": n})
                    stop.wait(0.002)

        writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        stop.set()
        listener.join()
        assert len(got) == 200


PUBLISH_AND_END = """
import pathlib, sys
from maru.platform.ports.bus import connect
connect(sys.argv[1], pathlib.Path(sys.argv[2])).publish("ends", {"n": 1})
"""


def test_a_process_that_ends_at_once_is_heard(connected: Connect, url: str, tmp_path: Path) -> None:
    with connected().subscribe("ends") as reader:
        subprocess.run([sys.executable, "-c", PUBLISH_AND_END, url, str(tmp_path)], check=True, timeout=60)
        assert reader.get(PATIENCE) == ("ends", {"n": 1})


def test_a_forked_child_publishes_too(connected: Connect) -> None:
    bus = connected()
    with bus.subscribe("fork") as reader:
        bus.publish("fork", {"from": "parent"})
        assert reader.get(PATIENCE) == ("fork", {"from": "parent"})
        child = os.fork()
        if child == 0:
            bus.publish("fork", {"from": "child"})
            bus.close()
            os._exit(0)
        assert reader.get(PATIENCE) == ("fork", {"from": "child"})
        os.waitpid(child, 0)


@pytest.mark.parametrize("topic", ["", "../x", "a/b", "A", "x" * 33, "a b"])
def test_a_topic_is_a_plain_word(connected: Connect, topic: str) -> None:
    with pytest.raises(ValueError):
        connected().publish(topic, {})
    with pytest.raises(ValueError):
        connected().subscribe(topic)


def test_closing_twice_is_allowed(connected: Connect) -> None:
    reader = connected().subscribe("twice")
    reader.close()
    reader.close()


@pytest.mark.parametrize("url", ["tcp://x", "", "unix:/tmp"])
def test_another_bus_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        connect(url, tmp_path)


# What only one backend can get wrong


def test_the_socket_of_a_dead_reader_is_removed(tmp_path: Path) -> None:
    bus = connect("unix", tmp_path)
    code = (
        "import pathlib, sys, os\n"
        "from maru.platform.ports.bus import connect\n"
        "s = connect('unix', pathlib.Path(sys.argv[1])).subscribe('dead')\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=60)
    folder = socket_root(tmp_path) / "dead"
    assert len(list(folder.glob("*.sock"))) == 1
    bus.publish("dead", {})
    assert list(folder.iterdir()) == []


def test_a_home_with_a_long_path_has_a_bus_too(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30)
    home.mkdir()
    with connect("unix", home).subscribe("long") as reader:
        connect("unix", home).publish("long", {"n": 1})
        assert reader.get(PATIENCE) == ("long", {"n": 1})


def test_bytes_of_a_stranger_are_dropped(tmp_path: Path) -> None:
    import socket

    bus = connect("unix", tmp_path)
    with bus.subscribe("strange") as reader, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        (path,) = (socket_root(tmp_path) / "strange").glob("*.sock")
        for data in (b"", b"\xff\x00\xfe", b"strange\0[1]", b"strange\0{", b"strange\0" + b"[" * 20_000):
            stranger.sendto(data, str(path))
            assert reader.get(0) is None
        bus.publish("strange", {"n": 1})
        assert reader.get(PATIENCE) == ("strange", {"n": 1})


def test_redis_may_go_and_come_back(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        bus = connect(server.url, tmp_path)
        with bus.subscribe("back") as reader:
            server.stop()
            bus.publish("back", {"n": 0})
            server.start()
            deadline = time.monotonic() + 30
            hint = None
            while hint is None and time.monotonic() < deadline:
                bus.publish("back", {"n": 1})
                hint = reader.get(0.2)
            assert hint == ("back", {"n": 1})
        bus.close()


def test_a_redis_that_is_not_there_keeps_nobody_from_starting(tmp_path: Path) -> None:
    bus = connect("redis://127.0.0.1:1/0", tmp_path)
    with bus.subscribe("down") as reader:
        bus.publish("down", {"n": 1})
        assert reader.get(0.05) is None
    bus.close()
