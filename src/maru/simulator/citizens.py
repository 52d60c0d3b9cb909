"""Simulated citizens: they write, ask and support questions through the public Open API, as browsers would.

``python -m maru.simulator.citizens --base http://127.0.0.1:8000 --slug SLUG [--rate 0.3] [--citizens 40]``; with
``--host-email`` and ``--host-password`` a host also puts questions on air and marks them answered.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import random
import signal
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from maru.simulator import sentences

log = logging.getLogger(__name__)

MAX_RATE = 20.0  # opinions a second: this is a demonstration, not the load test
AT_ONCE = 8
TROUBLE_SECONDS = 3.0
PATIENCE_SECONDS = 10.0
REST_SECONDS = 15.0  # between two opinions of one citizen


@dataclass
class Citizen:
    """One person with a device of their own."""

    language: str
    nickname: str
    cookies: dict[str, str] = field(default_factory=dict)
    rests_until: float = 0.0
    supported: set[str] = field(default_factory=set)


@dataclass
class Counts:
    """What they did so far."""

    written: int = 0
    asked: int = 0
    supported: int = 0
    refused: int = 0
    failed: int = 0


def _client(base: str) -> httpx.AsyncClient:
    # Each citizen carries cookies of their own: the client itself must keep none.
    jar = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
    return httpx.AsyncClient(
        base_url=base,
        cookies=jar,
        timeout=PATIENCE_SECONDS,
        trust_env=False,
        limits=httpx.Limits(max_connections=AT_ONCE),
    )


async def request(
    client: httpx.AsyncClient, cookies: dict[str, str], method: str, path: str, **more: Any
) -> httpx.Response:
    """One request with these cookies; those that the answer sets are kept in them."""
    headers = dict(more.pop("headers", {}))
    if cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    if "csrftoken" in cookies:
        headers |= {"X-CSRFToken": cookies["csrftoken"], "Referer": str(client.base_url)}
    response = await client.request(method, path, headers=headers, **more)
    for line in response.headers.get_list("set-cookie"):
        name, _, value = line.partition(";")[0].partition("=")
        cookies[name.strip()] = value.strip()
    return response


class Citizens:
    """A crowd that speaks at a bounded rate (opinions a second) until it is stopped."""

    def __init__(
        self,
        base: str,
        slug: str,
        *,
        rate: float = 0.3,
        count: int = 40,
        question_share: float = 0.3,
        korean_share: float = 0.7,
        seed: int | None = None,
    ) -> None:
        self.base = base.rstrip("/")
        self.path = f"/api/v1/broadcasts/{slug}"
        self.rate = min(max(rate, 0.001), MAX_RATE)
        self.question_share = question_share
        self.counts = Counts()
        self._chance = random.Random(seed)
        languages = ["ko" if self._chance.random() < korean_share else "en" for _ in range(max(1, count))]
        self._all = [Citizen(lang, sentences.name(self._chance, lang)) for lang in languages]

    async def run(self, stop: asyncio.Event) -> None:
        """Speak and support until ``stop``; a house that does not answer is asked again later."""
        async with _client(self.base) as client:
            await asyncio.gather(
                self._forever(stop, lambda: self._speak(client), 1 / self.rate),
                self._forever(stop, lambda: self._support(client), 0.5 / self.rate),
            )

    async def _forever(self, stop: asyncio.Event, act: Any, mean: float) -> None:
        while not stop.is_set():
            pause = min(self._chance.expovariate(1 / mean), 5 * mean)
            try:
                if not await act():
                    pause = max(pause, TROUBLE_SECONDS)
            except (httpx.HTTPError, ValueError) as error:
                self.counts.failed += 1
                log.debug("the house does not answer: %s", error)
                pause = max(pause, TROUBLE_SECONDS)
            await _pause(stop, pause)

    async def _speak(self, client: httpx.AsyncClient) -> bool:
        now = asyncio.get_running_loop().time()
        rested = [citizen for citizen in self._all if citizen.rests_until <= now]
        if not rested:
            return True
        citizen = self._chance.choice(rested)
        citizen.rests_until = now + REST_SECONDS
        said = sentences.say(self._chance, citizen.language, self.question_share)
        response = await request(
            client,
            citizen.cookies,
            "POST",
            f"{self.path}/opinions",
            json={"text": said.text, "nickname": citizen.nickname, "question": said.question},
        )
        if response.status_code != 201:
            return self._refused(response)
        self.counts.written += 1
        self.counts.asked += said.question
        return True

    async def _support(self, client: httpx.AsyncClient) -> bool:
        citizen = self._chance.choice(self._all)
        response = await request(client, citizen.cookies, "GET", f"{self.path}/questions?order=top&limit=20")
        if response.status_code != 200:
            return self._refused(response)
        open_ones = [
            one
            for one in response.json()["questions"]
            if one["state"] in ("asked", "on_air") and one["id"] not in citizen.supported
        ]
        if not open_ones:
            return True
        # what has support draws more of it
        weights = [1 + one["votes"] for one in open_ones]
        chosen = self._chance.choices(open_ones, weights)[0]["id"]
        response = await request(client, citizen.cookies, "PUT", f"{self.path}/questions/{chosen}/vote")
        if response.status_code != 200:
            return self._refused(response)
        citizen.supported.add(chosen)
        self.counts.supported += 1
        return True

    def _refused(self, response: httpx.Response) -> bool:
        self.counts.refused += 1
        log.debug("refused: %s %s", response.status_code, response.text[:200])
        return False


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


class Host:
    """Signs in as staff, puts the most supported question on air, marks it answered after a while."""

    def __init__(
        self,
        base: str,
        slug: str,
        email: str,
        password: str,
        *,
        speaks: float = 30.0,
        rests: float = 12.0,
        passes: float = 0.1,
    ) -> None:
        self.base = base.rstrip("/")
        self.path = f"/api/v1/broadcasts/{slug}"
        self.slug = slug
        self.speaks = speaks
        self.rests = rests
        self.passes = passes  # share of questions handed on to an office instead
        self.answered = 0
        self.refusal = ""
        self._email = email
        self._password = password
        self._cookies: dict[str, str] = {}
        self._chance = random.Random()

    async def run(self, stop: asyncio.Event) -> None:
        """Host until ``stop``; signs in again when the session is lost."""
        async with _client(self.base) as client:
            while not stop.is_set():
                try:
                    signed_in = "sessionid" in self._cookies or await self._sign_in(client)
                    done = signed_in and await self._round(client, stop)
                except (httpx.HTTPError, ValueError) as error:
                    self.refusal, done = str(error), False
                await _pause(stop, self.rests if done else TROUBLE_SECONDS)

    async def mark(self, chapter: int) -> bool:
        """Mark a chapter of the agenda as beginning now, unless it was marked before; False: try again."""
        async with _client(self.base) as client:
            try:
                response = await request(client, self._cookies, "GET", self.path)
                parts = {one["id"]: one["at"] for one in response.json().get("chapters", [])}
                if parts.get(chapter, "gone") is not None:
                    return response.status_code == 200
                if "sessionid" not in self._cookies and not await self._sign_in(client):
                    return False
                response = await request(
                    client,
                    self._cookies,
                    "POST",
                    f"/studio/{self.slug}/chapters/{chapter}/",
                    data={"act": "mark"},
                    headers={"Accept": "application/json"},
                )
            except (httpx.HTTPError, ValueError) as error:
                self.refusal = str(error)
                return False
        return response.status_code == 200

    async def _sign_in(self, client: httpx.AsyncClient) -> bool:
        self._cookies.clear()
        await request(client, self._cookies, "GET", "/accounts/login/")
        form = {
            "login": self._email,
            "password": self._password,
            "csrfmiddlewaretoken": self._cookies.get("csrftoken", ""),
        }
        response = await request(client, self._cookies, "POST", "/accounts/login/", data=form)
        if "sessionid" not in self._cookies:
            self.refusal = f"could not sign in: {response.status_code}"
            return False
        return True

    async def _round(self, client: httpx.AsyncClient, stop: asyncio.Event) -> bool:
        """One question from asked to answered; what an earlier run left on air is finished first."""
        response = await request(client, self._cookies, "GET", f"{self.path}/questions?state=on_air&limit=1")
        waiting = response.json().get("questions", [])
        if not waiting:
            response = await request(
                client, self._cookies, "GET", f"{self.path}/questions?state=asked&order=top&limit=5"
            )
            waiting = response.json().get("questions", [])
            if not waiting:
                return False
            if not await self._set(client, waiting[0]["id"], "on_air"):
                return False
        await _pause(stop, self.speaks * self._chance.uniform(0.7, 1.3))
        if stop.is_set():
            return True
        if not await self._set(
            client, waiting[0]["id"], "passed" if self._chance.random() < self.passes else "answered"
        ):
            return False
        self.answered += 1
        return True

    async def _set(self, client: httpx.AsyncClient, question: str, state: str) -> bool:
        response = await request(
            client, self._cookies, "PUT", f"{self.path}/questions/{question}/state", json={"state": state}
        )
        if response.status_code in (401, 403):
            self._cookies.pop("sessionid", None)
        if response.status_code != 200:
            self.refusal = f"{response.status_code} {response.text[:200]}"
        return response.status_code == 200


async def crowd(citizens: Citizens, host: Host | None, stop: asyncio.Event) -> None:
    """Run the citizens and, if given, the host until ``stop``."""
    await asyncio.gather(citizens.run(stop), *([host.run(stop)] if host else []))


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m maru.simulator.citizens", description=__doc__)
    made.add_argument("--base", default="http://127.0.0.1:8000")
    made.add_argument("--slug", required=True)
    made.add_argument("--rate", type=float, default=0.3, help=f"opinions a second, at most {MAX_RATE:g}")
    made.add_argument("--citizens", type=int, default=40)
    made.add_argument("--questions", type=float, default=0.3, help="share of opinions that are questions")
    made.add_argument("--seconds", type=float, default=0.0, help="end after so long; 0: never")
    made.add_argument("--host-email", default="")
    made.add_argument("--host-password", default="")
    return made


async def _main(options: argparse.Namespace) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    if options.seconds:
        loop.call_later(options.seconds, stop.set)
    citizens = Citizens(
        options.base,
        options.slug,
        rate=options.rate,
        count=options.citizens,
        question_share=options.questions,
    )
    host = (
        Host(options.base, options.slug, options.host_email, options.host_password)
        if options.host_email
        else None
    )
    await crowd(citizens, host, stop)
    print(citizens.counts, f"host answered {host.answered} {host.refusal}" if host else "")
    return 0


def main(argv: list[str] | None = None) -> int:
    """Speak until told to stop."""
    return asyncio.run(_main(parser().parse_args(argv)))


if __name__ == "__main__":
    raise SystemExit(main())
