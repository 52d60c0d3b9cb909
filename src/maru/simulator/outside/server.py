"""The HTTP side: one plain ASGI application for all systems, their faults and quotas, and the control page."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, unquote

from maru.simulator.outside import control
from maru.simulator.outside.answers import files, markup, portals, rest, seoul, standards, transit
from maru.simulator.outside.answers.shape import Answer, Question
from maru.simulator.outside.ledger import Ledger, World

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
ANSWERS: dict[str, Callable[[Ledger, Question], Answer]] = {
    "seoul": seoul.general, "seoul_subway": seoul.subway, "seoul_citydata": seoul.citydata, "topis": portals.topis, "dataportal": portals.dataportal,
    "json": rest.rest, "xml": markup.xml, "feed": markup.feed, "gtfs": transit.gtfs, "gtfs_realtime": transit.gtfs_realtime, "gbfs": rest.gbfs,
    "sensorthings": standards.sensorthings, "ngsi_ld": standards.ngsi_ld, "ogc_features": standards.ogc_features, "wfs": markup.wfs,
    "ckan": rest.ckan, "dcat": rest.dcat, "open311": rest.open311, "table": files.table, "excel": files.excel,
}  # fmt: skip
_LEEWAY = 1.5  # a quota a minute is enforced with this much room: clocks and bursts differ
_MOST_BODY = 4 * 1024 * 1024
GARBAGE = (
    b"<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>",
    b'{"RESULT":{"CODE":"INFO-000","MESS',
    b"\xff\xfe\x00\x01\x02 not what you asked for",
)


class Application:
    """ASGI: ``/{system}/{path}`` answers as the system would, everything else is control."""

    def __init__(self, world: World, panel: control.Panel) -> None:
        self.world = world
        self.panel = panel
        self._calls: dict[str, deque[float]] = {}
        self._days: dict[str, tuple[int, int]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        raw = scope.get("raw_path") or scope["path"].encode()
        path = unquote(raw.decode("ascii", "replace").split("?")[0])
        name, _slash, rest_of_path = path.lstrip("/").partition("/")
        body = await _body(receive) if scope["method"] in ("POST", "PUT") else b""
        query = dict(parse_qsl(scope["query_string"].decode("utf-8", "replace"), keep_blank_values=True))
        headers = {one.decode("latin-1"): other.decode("latin-1") for one, other in scope["headers"]}
        asked = Question("/" + rest_of_path, query, time.time(), scope["method"], headers, body)
        ledger = self.world.ledgers.get(name)
        if ledger is None:
            await _send(send, self.panel.answer(path, asked), scope["method"])
            return
        await self._system(ledger, asked, send)

    async def _system(self, ledger: Ledger, asked: Question, send: Send) -> None:
        ledger.requests += 1
        faults = ledger.faults
        if faults.plug:
            ledger.errors += 1
            await _cut(send)
            return
        if faults.slow_s:
            await asyncio.sleep(faults.slow_s)
        if faults.bodies and ledger.requests % 3 == 0:
            ledger.errors += 1
            which = ledger.requests // 3 % len(GARBAGE)
            if await _send(send, Answer(GARBAGE[which], "text/html"), asked.method):
                ledger.trash.append((time.time(), which))
            return
        answer = self._limited(ledger, asked) or ANSWERS[ledger.system.kit](ledger, asked)
        if answer.tag:
            answer.headers["ETag"] = answer.tag
            answer.headers["Last-Modified"] = formatdate(_modified(ledger, asked.now), usegmt=True)
            if answer.tag in asked.headers.get("if-none-match", ""):
                await _send(send, Answer(b"", answer.type, 304, answer.headers), asked.method)
                return
        if ledger.skewed and ledger.skewed[-1].end is None:
            answer.headers["Date"] = formatdate(asked.now + ledger.skewed[-1].by, usegmt=True)
        if await _send(send, answer, asked.method):
            ledger.hand_out(*answer.span)

    def _limited(self, ledger: Ledger, asked: Question) -> Answer | None:
        """The answer of a quota that is used up."""
        system = ledger.system
        if system.per_minute:
            calls = self._calls.setdefault(system.name, deque())
            while calls and calls[0] < asked.now - 60:
                calls.popleft()
            if len(calls) >= system.per_minute * _LEEWAY:
                ledger.errors += 1
                return rest.problem(
                    429,
                    "too many calls in a minute",
                    **{"Retry-After": str(max(1, int(calls[0] + 61 - asked.now)))},
                )
            calls.append(asked.now)
        if system.daily_quota:
            today = int((asked.now + 9 * 3600) // 86400)
            day, used = self._days.get(system.name, (today, 0))
            used = used + 1 if day == today else 1
            self._days[system.name] = (today, used)
            if used > system.daily_quota:
                ledger.errors += 1
                return _used_up(system.kit, asked)
        return None


def _used_up(kit: str, asked: Question) -> Answer:
    """How each provider says that the day's calls are used up."""
    if kit == "topis":
        return portals.message("7", "일일 호출건수를 초과하였습니다.", asked.query.get("resultType", "xml"))
    if kit == "dataportal":
        return portals.gateway("22", "LIMITED_NUMBER_OF_SERVICE_REQUESTS_EXCEEDS_ERROR")
    if kit == "seoul_subway":
        return seoul.flat("ERROR-337")
    return seoul.error("ERROR-337", "json")


def _modified(ledger: Ledger, now: float) -> float:
    count = ledger.count(now)
    return float(ledger.times(ledger.sources(count - 1, count))[0]) if count else now


async def _body(receive: Receive) -> bytes:
    found = b""
    while True:
        message = await receive()
        found += message.get("body", b"")
        if not message.get("more_body") or len(found) > _MOST_BODY or message["type"] == "http.disconnect":
            return found


async def _send(send: Send, answer: Answer, method: str) -> bool:
    """Whether all of it could be sent."""
    headers = {"Content-Type": answer.type, **answer.headers}
    if isinstance(answer.body, bytes):
        headers["Content-Length"] = str(len(answer.body))
    listed = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    try:
        await send({"type": "http.response.start", "status": answer.status, "headers": listed})
        if isinstance(answer.body, bytes):
            await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body})
            return True
        await _stream(send, answer.body)
    except OSError:
        return False
    return True


async def _stream(send: Send, portions: Iterator[bytes]) -> None:
    for portion in portions:
        await send({"type": "http.response.body", "body": portion, "more_body": True})
        await asyncio.sleep(0)  # others may be served between two portions
    await send({"type": "http.response.body", "body": b""})


async def _cut(send: Send) -> None:
    """Promise a body and hang up: what a pulled plug looks like from the other end."""
    await send(
        {
            "type": "http.response.start",
            "status": 503,
            "headers": [(b"content-length", b"1000000"), (b"connection", b"close")],
        }
    )


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
