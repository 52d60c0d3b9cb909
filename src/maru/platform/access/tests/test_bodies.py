"""No more of a body is taken than its sender may send, whatever it announces."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.test import Client
from hypothesis import given
from hypothesis import settings as trial
from hypothesis import strategies as st

from maru.platform.access.bodies import CUT, SMALL_BODY, BodyGate, LargeBody, may_send
from maru.platform.registry.manifests import large_bodies

FORM = "multipart/form-data; boundary=x"
UPLOAD = "/data/desk/upload/"
PUSHED = "/sources/air/deliver/"
MB = 1024 * 1024


def _scope(path: str, kind: str, length: int | None, cookie: str = "") -> dict[str, Any]:
    headers = [(b"content-type", kind.encode()), (b"host", b"testserver"), (b"accept", b"application/json")]
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    if cookie:
        headers.append((b"cookie", cookie.encode()))
    return {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": headers, "client": ("127.0.0.1", 1), "server": ("testserver", 80), "scheme": "http", "root_path": "",
        "http_version": "1.1", "asgi": {"version": "3.0"},
    }  # fmt: skip


class _Sender:
    """Sends a body in parts, then leaves, or ``stays`` for the answer."""

    def __init__(self, parts: Iterator[bytes], *, stays: bool = False) -> None:
        self._parts = parts
        self._stays = stays
        self.ended = False

    async def __call__(self) -> dict[str, Any]:
        part = next(self._parts, None)
        if part is None and self.ended:
            if self._stays:
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}
        if part is None:
            self.ended = True
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.request", "body": part, "more_body": True}


def _through(scope: dict[str, Any], parts: list[bytes], may: bool = False) -> tuple[int, bool]:
    """(bytes that came through, whether the gate cut) of a body."""
    seen: list[Any] = []

    async def inner(scope: Any, receive: Any, _send: Any) -> None:
        taken = 0
        while True:
            message = await receive()
            taken += len(message["body"])
            if not message["more_body"]:
                break
        seen.extend((taken, bool(scope.get(CUT))))
        assert (await receive())["type"] == "http.disconnect"

    async def send(_message: Any) -> None:
        """Nobody listens."""

    gate = BodyGate(inner, large_bodies(), may=lambda _cookies, _roles: may)
    async_to_sync(gate)(scope, _Sender(iter(parts)), send)
    return seen[0], seen[1]


@pytest.mark.parametrize(
    ("path", "kind", "may", "most"),
    [
        ("/any/", "application/json", True, SMALL_BODY),
        ("/any/", FORM, True, 6 * MB),
        (UPLOAD, FORM, False, 6 * MB),
        (UPLOAD, FORM, True, 65 * MB),
        ("/data/desk/sets/some-slug/rows/", FORM, True, 65 * MB),
        ("/data/desk/sets/a/b/rows/", FORM, True, 6 * MB),
        (UPLOAD, "application/json", True, SMALL_BODY),
        (PUSHED, "application/json", False, 4 * MB),
        (PUSHED, FORM, False, 4 * MB),
        (PUSHED, "", False, 4 * MB),
        ("/sources/a/b/deliver/", "application/json", True, SMALL_BODY),
    ],
)
@pytest.mark.parametrize("told", [True, False])
def test_the_limit_of_each_address(path: str, kind: str, may: bool, most: int, told: bool) -> None:
    part = bytes(64 * 1024)
    for size, cut in ((most, False), (most + 1, True)):
        parts = [part] * (size // len(part)) + [bytes(size % len(part))]
        taken, was_cut = _through(_scope(path, kind, size if told else None), parts, may)
        assert was_cut is cut
        assert taken == (size if not cut else 0 if told else taken)
        assert taken <= most


@trial(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, SMALL_BODY), max_size=12), st.integers(0, 2 * SMALL_BODY))
def test_never_more_than_the_limit_whatever_is_announced(sizes: list[int], announced: int) -> None:
    taken, cut = _through(_scope("/any/", "text/plain", announced), [bytes(size) for size in sizes])
    assert taken <= SMALL_BODY
    assert cut == (announced > SMALL_BODY or sum(sizes) > SMALL_BODY)
    assert cut or taken == sum(sizes)


def test_nobody_declares_more_for_anyone() -> None:
    with pytest.raises(ValueError, match="without roles"):
        LargeBody("/x/", 4 * MB + 1, ())


@pytest.mark.django_db
class TestHouse:
    """Django behind the gate."""

    @staticmethod
    def _post(scope: dict[str, Any], parts: list[bytes]) -> tuple[int, bytes]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        handler = ASGIHandler()
        async_to_sync(BodyGate(handler, large_bodies()))(scope, _Sender(iter(parts), stays=True), send)  # type: ignore[arg-type]
        return sent[0]["status"], b"".join(one.get("body", b"") for one in sent)

    @pytest.mark.parametrize("told", [True, False])
    def test_who_may_not_upload_is_refused_after_the_usual_limit(self, told: bool) -> None:
        size = 7 * MB
        scope = _scope(UPLOAD, FORM, size if told else None)
        status, body = self._post(scope, [bytes(MB)] * 7)
        assert status == 413
        assert b"too_large" in body

    def test_machines_are_refused_in_json(self) -> None:
        """They accept anything, as curl does."""
        scope = _scope(PUSHED, "text/csv", 5 * MB)
        scope["headers"] = [
            (name, b"*/*" if name == b"accept" else value) for name, value in scope["headers"]
        ]
        status, body = self._post(scope, [bytes(MB)] * 5)
        assert (status, json.loads(body)["error"]["code"]) == (413, "too_large")

    @pytest.mark.parametrize(("role", "may"), [("officer", True), ("moderator", False)])
    def test_the_session_says_who_may_send_more(
        self, signed_in: Callable[..., Client], office: Any, role: str, may: bool
    ) -> None:
        browser = signed_in(role, **({"office": office} if role == "officer" else {}))
        cookie = f"a=b; {settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
        assert may_send(cookie, ("officer", "administrator")) is may

    @pytest.mark.parametrize("cookie", ["", "a=b", f"{settings.SESSION_COOKIE_NAME}=nobody", "\x00=;;=\xff"])
    def test_nobody_is_nobody(self, cookie: str) -> None:
        assert may_send(cookie, ("officer",)) is False
