"""How much of a request's body is taken at all, decided before anything of it is read.

Django reads a body whole, to memory or disk, before a view or a middleware may say that it is too large. The gate stands
in front of it: 64 kB, 6 MB where a form carries a file, more only at the addresses that a service declares (``LargeBody``) and
only from those who may use them. A body sent without its length is counted while it comes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.db import connections
from django.http import HttpRequest, parse_cookie
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SMALL_BODY = 64 * 1024
MOST_OF_ANYONE = 4 * 1024 * 1024  # that a service may declare without asking who sends it
MOST = "maru.most_body"  # in the scope: how much this request may bring
MACHINES = "maru.for_machines"  # in the scope: an address that machines push to
CUT = "maru.body_too_large"  # in the scope: it brought more, and nothing of it was kept


@dataclass(frozen=True)
class LargeBody:
    """Forms at ``address`` (a pattern of the whole path) may bring ``most`` bytes, from those who hold one of ``roles``.

    Without roles it is an address that machines push to: anyone may send that much, of any content type, at most
    ``MOST_OF_ANYONE``; the view asks for a signature, and refusals are JSON."""

    address: str
    most: int
    roles: tuple[str, ...]

    def __post_init__(self) -> None:
        """Raises ValueError for more than anyone may send."""
        if not self.roles and self.most > MOST_OF_ANYONE:
            raise ValueError(f"{self.address}: without roles at most {MOST_OF_ANYONE} bytes")


def usual(content_type: str) -> int:
    """Bytes that anyone may send with this type."""
    if content_type.startswith("multipart/form-data"):
        return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    return SMALL_BODY


def is_too_large(request: HttpRequest) -> bool:
    """Whether the gate cut this body, or its announced length is too much where no gate stands (tests)."""
    scope = getattr(request, "scope", {})
    if scope.get(CUT):
        return True
    most = scope.get(MOST) or usual(request.META.get("CONTENT_TYPE", ""))
    return _length(request.META.get("CONTENT_LENGTH") or "") > most


class BodyGate:
    """An ASGI application in front of Django. ``larges`` are the exceptions that services declare."""

    def __init__(
        self,
        inner: ASGIApp,
        larges: Sequence[LargeBody] = (),
        may: Callable[[str, tuple[str, ...]], bool] | None = None,
    ) -> None:
        self._inner = inner
        self._larges = larges
        self._may = may or may_send

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with at most so much of its body."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        announced = _length(headers.get(b"content-length", ""))
        most = usual(headers.get(b"content-type", ""))
        large = self._large(scope)
        scope = dict(scope)
        if large is not None and not large.roles:
            most, scope[MACHINES] = large.most, True
        elif large is not None and most > SMALL_BODY and (announced > most or not announced):
            ask = sync_to_async(self._asked, thread_sensitive=False)
            most = large.most if await ask(headers.get(b"cookie", ""), large.roles) else most
        scope[MOST] = most
        if announced > most:
            scope[CUT] = True
        await self._inner(scope, _counted(receive, scope, most), send)

    def _large(self, scope: Scope) -> LargeBody | None:
        if scope["method"] != "POST":
            return None
        return next((one for one in self._larges if re.fullmatch(one.address, scope["path"])), None)

    def _asked(self, cookies: str, roles: tuple[str, ...]) -> bool:
        try:
            return self._may(cookies, roles)
        finally:
            # No request of Django's is under way in this thread that would look after its connection.
            connections.close_all()


def _counted(receive: Receive, scope: Scope, most: int) -> Receive:
    taken = 0
    ended = False

    async def next_message() -> Message:
        nonlocal taken, ended
        while True:
            if scope.get(CUT) and not ended:
                ended = True
                return {"type": "http.request", "body": b"", "more_body": False}
            message = await receive()
            if message["type"] != "http.request":
                return message
            if ended:  # the rest is thrown away as it comes, until the sender stops
                continue
            taken += len(message.get("body", b""))
            if taken > most:
                scope[CUT] = True
                continue
            ended = not message.get("more_body")
            return message

    return next_message


def may_send(cookies: str, roles: tuple[str, ...]) -> bool:
    """Whether the person of this session holds one of the roles; the view asks again, and for more."""
    request = HttpRequest()
    request.COOKIES = parse_cookie(cookies)
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not key:
        return False
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    person: Any = get_user(request)
    return bool(person.is_authenticated and any(person.has_role(role) for role in roles))


def _length(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
