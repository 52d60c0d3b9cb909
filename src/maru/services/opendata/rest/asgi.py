"""The front of the public interfaces: lets programs in, answers from memory where it can, counts, compresses.

Raw ASGI before Django. A call that was answered before costs two looks into dictionaries (key, answer) and a check,
at most once a second for each dataset, that the data is still what it was; everything else runs in a few threads.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.db import close_old_connections
from django.http.request import split_domain_port, validate_host
from django.utils import translation
from starlette.types import Receive, Scope, Send

from maru.services.opendata.contracts_keys import KeyGrant
from maru.services.opendata.engine.contracts import QueryFault
from maru.services.opendata.rest import doorkeeper, routes
from maru.services.opendata.rest.blocks import blocks
from maru.services.opendata.rest.columns import tables
from maru.services.opendata.rest.counter import Counter
from maru.services.opendata.rest.http import Answer, Problem, Request
from maru.services.opendata.rest.keeping import Kept
from maru.services.opendata.rest.path_services import presents
from maru.services.opendata.rest.shelf import shelf
from maru.services.opendata.rest.wire import Turned, read_body, request_of, send_answer, takes_gzip

THREADS = 4
# Calls that wait for a thread; more are told to come back.
MOST_WAITING = 200
_MOST_BODY_KEPT = 4_000
# Longer bodies are compressed in a thread, so that others need not wait.
_PACKED_ALOUD = 50_000
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Visit:
    """One call on its way: who asks what of which interface."""

    route: routes.Route
    request: Request
    key: str = ""
    grant: KeyGrant | None = None
    asked: Hashable = None


class Front:
    """The application. One for each process."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="opendata")
        self._waiting = 0
        self.kept = Kept()
        self.keys = doorkeeper.KeyBook(self.in_thread)
        self.limits = doorkeeper.Limits()
        self.counter = Counter(self.in_thread)
        self.turns = doorkeeper.Turns(THREADS // 2, MOST_WAITING // 2)
        self._making: dict[Hashable, asyncio.Future[Answer]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = request_of(scope)
        route = routes.find(request.path)
        if request.method == "OPTIONS":
            await send_answer(send, request, Answer(204, b""))
            return
        if request.method == "POST" and route.posts:
            try:
                request.body = await read_body(receive)
            except Turned as turned:
                await send_answer(send, request, route.problem(request, turned.problem))
                return
        visit = _Visit(route, request)
        try:
            visit.key = route.key(request)
            answer = await self._answer(visit)
        except (Problem, QueryFault) as problem:
            answer = _refused(route, request, problem)
        # The edge: whatever goes wrong below, the program gets the shape that it knows, and we the trace.
        except Exception as fault:  # noqa: BLE001
            shown = request.path.replace(visit.key, "•••") if visit.key else request.path
            reference = secrets.token_hex(4)
            _log.error(
                "interface_fault", interface=route.name, path=shown, reference=reference, exc_info=fault
            )
            words = f"Something went wrong on our side. Tell us this reference: {reference}"
            answer = route.problem(request, Problem(500, "fault", words))
        self.counter.note(
            route.name,
            answer.dataset,
            rows=answer.rows,
            refused=answer.status >= 400 or bool(answer.headers.get("x-result")),
            key=visit.grant.id if visit.grant else None,
        )
        if len(answer.body) > _PACKED_ALOUD and takes_gzip(request) and not answer.is_packed:
            await self.in_thread(answer.pack)
        await send_answer(send, request, answer)

    async def _answer(self, visit: _Visit) -> Answer:
        request, route = visit.request, visit.route
        self._check(visit)
        await self._let_in(visit)
        if route.quick is not None and request.method == "GET":
            answer = route.quick(request, visit.key)
            if answer is not None:
                answer.seal()
                return answer
        asked = visit.asked = route.asked(request, visit.key)
        if request.body:
            asked = (asked, request.body) if len(request.body) <= _MOST_BODY_KEPT else None
        if asked is not None:
            kept = self.kept.get(asked)
            if kept is not None and await self._holds(kept):
                return kept
            making = self._making.get(asked)
            if making is not None:
                return await asyncio.shield(making)
        async with self.turns.of(_party(visit)):
            return await self._made(visit, asked)

    def _check(self, visit: _Visit) -> None:
        request = visit.request
        # With an address of its own the house makes no use of what the asker calls it.
        host, _port = split_domain_port(request.headers.get("host", "localhost"))
        known = settings.MARU.public_url or (host and validate_host(host, settings.ALLOWED_HOSTS))
        if not known:
            raise Problem(400, "bad_host", "This host is not served here.")
        if request.method not in ("GET", "HEAD") and not (request.method == "POST" and visit.route.posts):
            raise Problem(405, "method_not_allowed", "This address takes GET.")

    async def _let_in(self, visit: _Visit) -> None:
        """The key's grant, within its limits; without one the address's. Problem 401 or 429 otherwise."""
        key, route = visit.key, visit.route
        if not key or doorkeeper.is_sample(key):
            most = doorkeeper.SAMPLE_PER_MINUTE if key else doorkeeper.ANONYMOUS_PER_MINUTE
            wait = self.limits.wait(f"{key}:{doorkeeper.party(visit.request.address)}", most)
            if wait:
                raise Problem(429, "too_many", "Too many calls; a key allows more.", retry_after=wait)
            if not key and route.needs_key:
                raise Problem(401, "bad_key", "A key is needed.")
            return
        sure, grant = self.keys.peek(key)
        if not sure:
            grant = await self.keys.find(key)
        if grant is None:
            party = doorkeeper.party(visit.request.address)
            wait = self.limits.wait(f"?:{party}", doorkeeper.ANONYMOUS_PER_MINUTE)
            if wait:
                raise Problem(
                    429, "too_many", "Too many calls with keys that open nothing.", retry_after=wait
                )
            raise Problem(401, "bad_key", "This key opens nothing: it is unknown, revoked or expired.")
        visit.grant = grant
        wait = self.limits.wait(f"key:{grant.id}", grant.per_minute)
        if wait:
            raise Problem(429, "too_many", "This key calls too fast.", retry_after=wait)
        if self.limits.over_quota(grant):
            left = doorkeeper.seconds_to_midnight()
            raise Problem(429, "quota", "The calls of this key for today are used up.", retry_after=left)

    async def _holds(self, kept: Answer) -> bool:
        """Whether the data is still that of the answer."""
        token = shelf.known(kept.subject)
        if token is None:
            token = await self.in_thread(shelf.token, kept.subject)
        return token == kept.version

    async def _made(self, visit: _Visit, asked: Hashable) -> Answer:
        if self._waiting >= MOST_WAITING:
            raise Problem(503, "busy", "Too much is asked at once; come back in a moment.", retry_after=2)
        future: asyncio.Future[Answer] | None = None
        if asked is not None:
            future = self._making[asked] = asyncio.get_running_loop().create_future()
        try:
            answer: Answer = await self.in_thread(_make, visit.route, visit.request, visit.key)
            if asked is not None and answer.subject and answer.stream is None:
                self.kept.put(asked, answer)
            if future is not None:
                future.set_result(answer)
            return answer
        except BaseException as fault:
            if future is not None:
                future.set_exception(
                    fault if isinstance(fault, Exception) else Problem(503, "busy", "Stopped.")
                )
                future.exception()  # nobody else may be waiting for it
            raise
        finally:
            self._making.pop(asked, None)

    async def in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, _work, function, args)
        finally:
            self._waiting -= 1

    def forget(self) -> None:
        """Know nothing of before: for tests, and after a change of settings."""
        self.kept.clear()
        blocks.clear()
        tables.clear()
        presents.clear()
        self.keys.forget()
        self.limits.forget()
        shelf.forget()


def _party(visit: _Visit) -> str:
    """Whose call it is; "" for a key without limits, which may take all threads."""
    if visit.grant is None:
        return doorkeeper.party(visit.request.address) or "nobody"
    return f"key:{visit.grant.id}" if visit.grant.per_minute > 0 else ""


def _make(route: routes.Route, request: Request, key: str) -> Answer:
    with translation.override(request.language):
        answer = route.answer(request, key)
    answer.seal()
    if takes_gzip(request) and answer.stream is None:
        answer.pack()
    return answer


def _work(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    close_old_connections()
    try:
        return function(*args)
    finally:
        close_old_connections()


def _refused(route: routes.Route, request: Request, fault: Problem | QueryFault) -> Answer:
    if isinstance(fault, QueryFault):
        fault = Problem(400, "invalid", fault.reason, field=fault.field)
    return route.problem(request, fault)


application = Front()
