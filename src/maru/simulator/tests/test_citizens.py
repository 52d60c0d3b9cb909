"""The simulated citizens, against a small house that speaks the same JSON."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from maru.simulator import citizens as module
from maru.simulator import sentences
from maru.simulator.citizens import Citizens, Host, crowd
from maru.simulator.demo import main as demo_main
from maru.simulator.demo import read_note


class TinyHouse:
    """Just enough HTTP to be spoken to; counts devices by their cookies."""

    def __init__(self) -> None:
        self.opinions: list[dict[str, Any]] = []
        self.writers: list[str] = []
        self.votes: list[tuple[str, str]] = []
        self.states: list[str] = []
        self.devices = 0
        self.broken = False
        self.marked: list[str] = []
        self.base = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                method, path, _ = head.split(" ", 2)
                fields = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in head.split("\r\n")[1:])
                }
                body = await reader.readexactly(int(fields.get("content-length", 0)))
                status, answer, cookies = self.answer(method, path, fields, body)
                data = json.dumps(answer).encode()
                lines = [
                    f"HTTP/1.1 {status} X",
                    f"Content-Length: {len(data)}",
                    "Content-Type: application/json",
                ]
                lines += [f"Set-Cookie: {cookie}; Path=/; HttpOnly" for cookie in cookies]
                writer.write("\r\n".join([*lines, "", ""]).encode() + data)
                await writer.drain()

    def answer(
        self, method: str, path: str, fields: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, Any], list[str]]:
        cookies = dict(
            part.strip().partition("=")[::2] for part in fields.get("cookie", "").split(";") if part
        )
        path, _, query = path.partition("?")
        wanted = "on_air" if "state=on_air" in query else "asked"
        if self.broken:
            return 500, {}, []
        if path == "/accounts/login/":
            right = b"login=host%40city.example" in body
            return 200, {}, ["sessionid=s1"] if right and method == "POST" else ["csrftoken=t1"]
        if path == "/api/v1/broadcasts/hall":
            return 200, {"chapters": [{"id": 7, "at": None}, {"id": 8, "at": "2026-11-16T11:00:00Z"}]}, []
        if path.startswith("/studio/hall/chapters/"):
            if fields.get("x-csrftoken") != "t1" or body != b"act=mark":
                return 403, {}, []
            self.marked.append(path.split("/")[4])
            return 200, {"ok": True}, []
        fresh: list[str] = []
        if method != "GET" and "maru_device" not in cookies and "sessionid" not in cookies:
            self.devices += 1
            cookies["maru_device"] = str(self.devices)
            fresh = [f"maru_device={self.devices}"]
        if method == "POST" and path.endswith("/opinions"):
            said = json.loads(body)
            one = {
                **said,
                "id": str(len(self.opinions)),
                "votes": 0,
                "state": "asked" if said["question"] else "",
            }
            self.opinions.append(one)
            self.writers.append(cookies["maru_device"])
            return 201, {"opinion": one, "held": False, "repeated": False}, fresh
        if path.endswith("/questions"):
            return 200, {"questions": [one for one in self.opinions if one["state"] == wanted]}, fresh
        number = path.split("/")[-2]
        if path.endswith("/vote"):
            self.votes.append((cookies["maru_device"], number))
            self.opinions[int(number)]["votes"] += 1
            return 200, {"id": number, "votes": 1, "voted": True}, fresh
        assert path.endswith("/state")
        if cookies.get("sessionid") != "s1" or fields.get("x-csrftoken") != "t1":
            return 403, {}, []
        self.states.append(json.loads(body)["state"])
        self.opinions[int(number)]["state"] = self.states[-1]
        return 200, self.opinions[int(number)], []


@contextlib.asynccontextmanager
async def tiny_house() -> AsyncIterator[TinyHouse]:
    house = TinyHouse()
    server = await asyncio.start_server(house.serve, "127.0.0.1", 0)
    house.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield house


async def until(condition: Any) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.01)


async def test_they_speak_ask_support_and_the_host_answers() -> None:
    async with tiny_house() as house:
        people = Citizens(house.base, "hall", rate=20, count=30, question_share=0.5, seed=1)
        host = Host(house.base, "hall", "host@city.example", "secret", speaks=0.05, rests=0.01, passes=0)
        stop = asyncio.Event()
        task = asyncio.create_task(crowd(people, host, stop))
        await until(lambda: len(house.opinions) >= 15 and len(house.votes) >= 5 and host.answered >= 2)
        stop.set()
        await asyncio.wait_for(task, 10)
    assert people.counts.written == len(house.opinions)
    assert people.counts.refused == 0
    assert len(set(house.writers)) == len(house.writers)  # each rests after speaking
    assert len(set(house.votes)) == len(house.votes)
    assert house.states[0] == "on_air"
    assert {"answered", "on_air"} <= set(house.states)


async def test_a_house_that_fails_is_asked_again_and_stopping_is_prompt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "TROUBLE_SECONDS", 0.02)
    async with tiny_house() as house:
        house.broken = True
        people = Citizens(house.base, "hall", rate=20, seed=2)
        stop = asyncio.Event()
        task = asyncio.create_task(people.run(stop))
        await until(lambda: people.counts.refused >= 2)
        house.broken = False
        await until(lambda: house.opinions)
        stop.set()
        await asyncio.wait_for(task, 5)
    nowhere = Citizens("http://127.0.0.1:9", "hall", rate=20)
    stop = asyncio.Event()
    task = asyncio.create_task(nowhere.run(stop))
    await until(lambda: nowhere.counts.failed >= 2)
    stop.set()
    await asyncio.wait_for(task, 5)


async def test_the_host_marks_chapters_once() -> None:
    async with tiny_house() as house:
        host = Host(house.base, "hall", "host@city.example", "secret")
        assert await host.mark(7)
        assert await host.mark(8)  # marked before, or not of this agenda: nothing to do
        assert await host.mark(99)
        assert house.marked == ["7"]
        assert not await Host("http://127.0.0.1:9", "hall", "a", "b").mark(7)


def test_every_sentence_fits_and_is_in_its_language() -> None:
    chance = module.random.Random(3)
    for language in ("ko", "en"):
        said = [sentences.say(chance, language, 0.5) for _ in range(300)]
        assert all(0 < len(one.text) <= 200 and "{" not in one.text for one in said)
        assert {one.question for one in said} == {True, False}
        korean = [any("가" <= sign <= "힣" for sign in one.text) for one in said]
        assert all(korean) if language == "ko" else not any(korean)
        assert all(len(sentences.name(chance, language)) <= 30 for _ in range(50))


def test_the_rate_is_bounded() -> None:
    assert Citizens("http://x", "hall", rate=1e9).rate == module.MAX_RATE


def test_the_planted_note_is_understood(tmp_path: Any) -> None:
    note: dict[str, object] = {
        "page": "http://127.0.0.1:8123/live/open-hall/",
        "push": [{"name": "primary", "rtmp": "rtmp://127.0.0.1/live/k"}],
        "accounts": [{"role": "producer", "email": "p@city.example"}],
        "password": "secret",
    }
    world = read_note(note, {})
    assert (world.base, world.slug) == ("http://127.0.0.1:8123", "open-hall")
    assert world.targets == ("rtmp://127.0.0.1/live/k",)
    assert world.host == ("p@city.example", "secret")
    note |= {"page": "/live/open-hall/", "simulate": ["rtmp://127.0.0.1/live/other"], "accounts": []}
    world = read_note(note, {"MARU_PORT": "9001"})
    assert (world.base, world.targets, world.host) == (
        "http://127.0.0.1:9001", ("rtmp://127.0.0.1/live/other",), None
    )  # fmt: skip
    assert demo_main([str(tmp_path / "absent.json")]) == 2
    assert demo_main([]) == 2
