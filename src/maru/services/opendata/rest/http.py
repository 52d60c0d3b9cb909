"""Requests and answers of the public interfaces, without a framework: every microsecond here is in each call.

An ``Answer`` names the dataset and version it was made from, so that the front (``asgi.py``) may keep it and send it again.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import parse_qsl, quote, unquote

import orjson

JSON = "application/json"
GEOJSON = "application/geo+json"
CSV = "text/csv; charset=utf-8"
XML = "application/xml; charset=utf-8"
HTML = "text/html; charset=utf-8"
# A query string longer than this is refused before it is parsed.
MOST_QUERY = 8_000
_PACK_FROM = 600
_PACK_MOST = 4_000_000
# Made from the catalogue, not from one dataset.
CATALOGUE = "*"


class Problem(Exception):
    """What a program asked for cannot be done: each interface shows it in the shape of its own.

    ``code`` is for programs, ``message`` (plain English) for those who write them, ``field`` names the parameter.
    """

    def __init__(
        self, status: int, code: str, message: str, *, field: str = "", retry_after: int = 0
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.retry_after = retry_after


def bad(name: str, message: str) -> NoReturn:
    """Refuse one parameter: 400."""
    raise Problem(400, "invalid", message, field=name)


@dataclass(slots=True)
class Request:
    """One request. ``path`` is decoded, ``raw_path`` as it came; header names are in lower case."""

    method: str
    path: str
    raw_path: str
    query_string: str
    headers: Mapping[str, str]
    body: bytes = b""
    address: str = ""
    base: str = ""  # scheme and host as the asker used them, without a slash at the end
    language: str = "en"
    _pairs: list[tuple[str, str]] | None = None

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The parameters of the query string, in order."""
        if self._pairs is None:
            if len(self.query_string) > MOST_QUERY:
                raise Problem(400, "too_long", f"The query is longer than {MOST_QUERY:,} characters.")
            try:
                self._pairs = parse_qsl(self.query_string, keep_blank_values=True, max_num_fields=200)
            except ValueError:
                raise Problem(400, "too_many_parameters", "The query has more than 200 parameters.") from None
        return self._pairs

    def get(self, name: str, default: str = "") -> str:
        """The last value of a parameter, or ``default``."""
        found = default
        for key, value in self.pairs:
            if key == name:
                found = value
        return found

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """A parameter as a whole number between ``low`` and ``high``; Problem 400 otherwise."""
        text = self.get(name)
        if not text:
            return default
        return whole(name, text, low, high)

    @property
    def here(self) -> str:
        """The address asked for, without its query."""
        return f"{self.base}{self.raw_path}"


def whole(name: str, text: object, low: int, high: int) -> int:
    """``text`` as a whole number between ``low`` and ``high``; Problem 400 otherwise."""
    if isinstance(text, bool) or not isinstance(text, int | str):
        bad(name, "This must be a whole number.")
    try:
        value = int(text) if isinstance(text, int) or len(text) <= 20 else None
    except ValueError:
        value = None
    if value is None:
        bad(name, "This must be a whole number.")
    if not low <= value <= high:
        bad(name, f"This must be between {low:,} and {high:,}.")
    return value


@dataclass(slots=True)
class Answer:
    """What goes back. ``subject`` and ``version`` say what it was made from ("" = do not keep); ``rows`` is counted.

    ``stream`` instead of ``body`` for what is too long to hold.
    """

    status: int
    body: bytes
    kind: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    subject: str = ""
    version: int = 0
    rows: int = 0
    dataset: str = ""
    stream: Callable[[], AsyncIterator[bytes]] | None = None
    etag: str = ""
    _packed: bytes | None = None

    def seal(self) -> None:
        """Give the answer its ETag. Called once, before it is kept or sent."""
        if not self.etag and self.status == 200 and self.stream is None:
            self.etag = f'"{hashlib.blake2b(self.body, digest_size=12).hexdigest()}"'

    @property
    def is_packed(self) -> bool:
        """Whether the body was compressed already."""
        return self._packed is not None

    def pack(self) -> None:
        """Compress the body, where it pays."""
        _ = self.packed

    @property
    def packed(self) -> bytes:
        """The body in gzip, made once; empty where it does not pay."""
        if self._packed is None:
            small = len(self.body) < _PACK_FROM or len(self.body) > _PACK_MOST
            already = not self.kind.startswith(("text/", "application/")) or "officedocument" in self.kind
            self._packed = b"" if small or already else gzip.compress(self.body, 4, mtime=0)
        return self._packed

    @property
    def weight(self) -> int:
        """Bytes this answer holds in memory, about."""
        return len(self.body) + len(self._packed or b"") + 400


def as_json(value: Any, status: int = 200, kind: str = JSON, **more: Any) -> Answer:
    """An answer of JSON. Dates and times as RFC 3339 in UTC."""
    body = orjson.dumps(value, default=_plain, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)
    return Answer(status, body, kind, **more)


def _plain(value: Any) -> Any:
    if hasattr(value, "items"):
        return dict(value)
    if hasattr(value, "__float__"):
        return float(value)
    return str(value)


def body_as_json(request: Request) -> Any:
    """The body, parsed; Problem 400 if it is no JSON."""
    try:
        return orjson.loads(request.body or b"{}")
    except orjson.JSONDecodeError:
        bad("body", "The body is not valid JSON.")


def escaped(text: str) -> str:
    """For a path: nothing in it can end the part it stands in."""
    return quote(text, safe="")


def decoded(text: str) -> str:
    """A part of a path as text; bytes that are no UTF-8 become the replacement character."""
    return unquote(text, errors="replace")
