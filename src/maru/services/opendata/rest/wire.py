"""Between ASGI and ours: a Request from the scope, an Answer to the socket."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from starlette.types import Receive, Scope, Send

from maru.services.opendata.etags import matches
from maru.services.opendata.rest.http import Answer, Problem, Request

MOST_BODY = 64 * 1024
_OPEN = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"ETag, Link, Retry-After, Content-Disposition, X-Total"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
]
_PREFLIGHT = [
    (b"access-control-allow-methods", b"GET, HEAD, POST, OPTIONS"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, If-None-Match, X-Api-Key, X-App-Token"),
    (b"access-control-max-age", b"86400"),
]
# Pages of the interfaces (OGC in HTML) hold no script and nothing from elsewhere.
_PAGE = (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")


class Turned(Exception):
    """The body is too large."""

    problem = Problem(413, "too_large", f"A body holds at most {MOST_BODY // 1024} kB.")


def request_of(scope: Scope) -> Request:
    """The request; the sender's address as the outermost of the city's own proxies saw it."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    client = scope.get("client")
    address = client[0] if client else ""
    proxies = settings.MARU.proxies
    if proxies:
        chain = [part.strip() for part in headers.get("x-forwarded-for", "").split(",") if part.strip()]
        address = chain[-proxies] if len(chain) >= proxies else address
    scheme = "https" if settings.MARU.https else "http"
    public = settings.MARU.public_url
    return Request(
        method=scope["method"],
        path=scope["path"],
        raw_path=(scope.get("raw_path") or scope["path"].encode()).split(b"?")[0].decode("latin-1"),
        query_string=scope["query_string"].decode("latin-1"),
        headers=headers,
        address=address,
        base=public.rstrip("/") if public else f"{scheme}://{headers.get('host', 'localhost')}",
        language="ko" if headers.get("accept-language", "").lower().startswith("ko") else "en",
    )


async def read_body(receive: Receive) -> bytes:
    """The whole body; raises Turned above ``MOST_BODY``."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        part = message.get("body", b"")
        size += len(part)
        if size > MOST_BODY:
            raise Turned
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


async def send_answer(send: Send, request: Request, answer: Answer) -> None:
    """Send it: 304 if the asker has it, in gzip if it takes that, without a body for HEAD."""
    if answer.etag and matches(request.headers.get("if-none-match", ""), answer.etag):
        await _begin(send, 304, [(b"etag", answer.etag.encode()), *_OPEN])
        await send({"type": "http.response.body", "body": b""})
        return
    headers = _headers(request, answer)
    body = b"" if answer.stream is not None else answer.body
    if answer.stream is None and takes_gzip(request) and answer.packed:
        body = answer.packed
        headers.append((b"content-encoding", b"gzip"))
    if answer.stream is None and answer.status != 204:
        headers.append((b"content-length", str(len(body)).encode()))
    await _begin(send, answer.status, headers)
    if answer.stream is not None and request.method != "HEAD":
        async for part in answer.stream():
            await send({"type": "http.response.body", "body": part, "more_body": True})
        body = b""
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})


def takes_gzip(request: Request) -> bool:
    """Whether the asker can unpack."""
    return "gzip" in request.headers.get("accept-encoding", "")


def _headers(request: Request, answer: Answer) -> list[tuple[bytes, bytes]]:
    if answer.status == 204:
        return [*_OPEN, *_PREFLIGHT]
    headers = [
        (b"content-type", answer.kind.encode()),
        (b"vary", b"Accept-Encoding, Accept-Language, Accept"),
        *_OPEN,
    ]
    if answer.kind.startswith("text/html"):
        headers.append(_PAGE)
    if answer.etag:
        headers += [(b"etag", answer.etag.encode()), (b"cache-control", b"public, no-cache")]
    else:
        headers.append((b"cache-control", b"no-store"))
    headers += [
        (name.encode(), value.encode("latin-1", "replace"))
        for name, value in answer.headers.items()
        if name != "x-result"
    ]
    return headers


async def _begin(send: Send, status: int, headers: list[Any]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
