"""What the outside sends by itself: readings to the broker, events to the house's deliver addresses with a signature."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx

from maru.simulator.outside.ledger import Ledger, World
from maru.simulator.outside.rows import json_template, names, rows
from maru.simulator.outside.servers.broker import Broker, Message

_EVERY_S = 0.2
_BATCH = 200
EVERYBODYS = "sample"  # what a simulated world signs with unless told otherwise


async def publish(world: World, broker: Broker) -> None:
    """Publish new readings for ever. What nobody has ever subscribed to is not published: brokers keep no history."""
    ledgers = [one for one in world.ledgers.values() if one.system.kit == "mqtt"]
    given = {one.system.name: one.count(time.time()) for one in ledgers}
    while True:
        await asyncio.sleep(_EVERY_S)
        for ledger in ledgers:
            given[ledger.system.name] = _publish_new(ledger, broker, given[ledger.system.name])


def _publish_new(ledger: Ledger, broker: Broker, first: int) -> int:
    system = ledger.system
    if ledger.faults.plug:
        broker.drop(f"{system.name}/")
        return first
    end = min(ledger.count(time.time()), first + 5 * _BATCH)
    topic, _colon, wire = system.options["topic"].rstrip("}").partition("{")
    base = f"{system.name}/{topic}"
    if not broker.listeners(f"{base}x"):
        return ledger.count(time.time())
    spot = next(
        index for index, (name, _one) in enumerate(names(ledger)) if name.removesuffix("_NEW") == wire
    )
    things = rows(ledger, first, end, "plain", "\t".join("%s" for _one in system.fields))
    bodies = rows(ledger, first, end, "json", json_template(names(ledger)))
    for index, (thing, body) in enumerate(zip(things, bodies, strict=True), first):
        ledger.requests += 1

        def mark(place: int = index) -> None:
            ledger.hand_out(place, place + 1)

        broker.publish(
            Message(f"{base}{thing.split(chr(9))[spot]}", body.encode(), mark), retain=index % 50 == 0
        )
    return end


class Pusher:
    """Sends webhooks until the house has taken them; keeps what it could not send."""

    def __init__(
        self, world: World, house: str, secrets: Mapping[str, str], *, usual: str = EVERYBODYS
    ) -> None:
        self.world, self.house, self.secrets, self.usual = world, house.rstrip("/"), secrets, usual

    async def run(self) -> None:
        """For ever, each system on its own."""
        async with httpx.AsyncClient(timeout=10) as client:
            await asyncio.gather(
                *(
                    self._push(one, client)
                    for one in self.world.ledgers.values()
                    if one.system.kit == "webhook"
                )
            )

    async def _push(self, ledger: Ledger, client: httpx.AsyncClient) -> None:
        name = ledger.system.name
        given = ledger.count(time.time())
        pause = _EVERY_S
        while True:
            await asyncio.sleep(pause)
            pause = _EVERY_S
            end = min(ledger.count(time.time()), given + _BATCH)
            if end <= given or ledger.faults.plug:
                continue
            if ledger.faults.slow_s:
                await asyncio.sleep(ledger.faults.slow_s)
            answer = await self._send(ledger, client, given, end)
            self.world.pushed.setdefault(name, {})[f"status_{answer}"] = (
                self.world.pushed.get(name, {}).get(f"status_{answer}", 0) + 1
            )
            if 200 <= answer < 300:
                ledger.hand_out(given, end)
                given = end
            else:
                ledger.errors += 1
                pause = 2.0

    async def _send(self, ledger: Ledger, client: httpx.AsyncClient, first: int, end: int) -> int:
        """The status of the answer; 0 if there was none."""
        made = rows(ledger, first, end, "json", json_template(names(ledger)))
        batches = "batches" in ledger.system.traps
        body = f"[{','.join(made)}]".encode() if batches or len(made) > 1 else made[0].encode()
        stamp = str(int(time.time()))
        secret = self.secrets.get(ledger.system.name, self.usual)
        signature = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        ledger.requests += 1
        try:
            answer = await client.post(
                f"{self.house}/sources/{ledger.system.name}/deliver/", content=body,
                headers={"Content-Type": "application/json", "X-Maru-Timestamp": stamp, "X-Maru-Signature": f"sha256={signature}"},
            )  # fmt: skip
        except httpx.HTTPError:
            return 0
        return answer.status_code


def house_of(text: str) -> str:
    """The house's address. ValueError if it is none."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"{text!r} is no address")
    return text.rstrip("/")
