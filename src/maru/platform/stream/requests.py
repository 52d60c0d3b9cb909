"""The small part of HTTP/1.1 that the stream speaks: one GET per connection. Strict: what is odd is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

HEAD_LIMIT = 8192
HEADERS_LIMIT = 64
REASONS = {
    200: "OK",
    204: "No Content",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}

_LINE = re.compile(rb"([A-Z]{1,16}) ([\x21-\x7e]{1,4096}) HTTP/(\d)\.(\d)")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_ORIGIN = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
_COMMON = "Cache-Control: no-store\r\nAccess-Control-Allow-Origin: *\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n"
_PREFLIGHT = (
    "Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"
    "Access-Control-Allow-Headers: Last-Event-ID, Cache-Control\r\nAccess-Control-Max-Age: 86400\r\n"
)
STREAM_HEAD = (
    f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nX-Accel-Buffering: no\r\n{_COMMON}\r\n"
).encode()


class BadRequest(Exception):
    """A request that is refused. ``status`` is the HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(REASONS[status])
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """What the stream needs of a request. Header names are lower-case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]


def parse(head: bytes) -> Request:
    """Parse a request head, from the first byte up to but without the empty line. Raises BadRequest."""
    lines = head.split(b"\r\n")
    match = _LINE.fullmatch(lines[0])
    if match is None:
        raise BadRequest(400)
    method, target, major, _minor = match.groups()
    if major != b"1":
        raise BadRequest(505)
    if len(lines) - 1 > HEADERS_LIMIT:
        raise BadRequest(431)
    headers: dict[str, str] = {}
    for line in lines[1:]:
        header = _HEADER.fullmatch(line)
        if header is None:
            raise BadRequest(400)
        headers.setdefault(header[1].decode("ascii").lower(), header[2].decode("latin-1").strip())
    # We never read a body: a request that brings one is not meant for us, and might hide a second request.
    if "transfer-encoding" in headers or headers.get("content-length", "0") != "0":
        raise BadRequest(400)
    path, _, query = _ORIGIN.sub("", target.decode("ascii"), count=1).partition("?")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=16, errors="strict")
    except ValueError:
        raise BadRequest(400) from None
    return Request(method.decode("ascii"), path or "/", dict(pairs), headers)


def answer(status: int, body: str = "", kind: str = "application/json", without_body: bool = False) -> bytes:
    """A whole answer. ``without_body``: as to HEAD, the length is told and the body left out."""
    data = body.encode()
    extra = _PREFLIGHT if status == 204 else f"Content-Type: {kind}\r\nContent-Length: {len(data)}\r\n"
    if status == 405:
        extra += "Allow: GET, HEAD, OPTIONS\r\n"
    if status == 503:
        extra += "Retry-After: 2\r\n"
    head = f"HTTP/1.1 {status} {REASONS[status]}\r\n{extra}{_COMMON}\r\n".encode()
    return head if without_body else head + data
