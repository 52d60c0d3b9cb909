"""How a kit asks the outside: one door with limits, time-outs, conditional headers, keys put in and masked out.

A kit writes ``{key}`` where the key belongs and never sees it. What it is given back, what is raised and what is logged
holds no key.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from urllib.parse import quote, urljoin, urlsplit

import httpx

from maru.commons.sources import fetch_files, redirects
from maru.commons.sources.contracts import Answer, Declaration, SourceFault
from maru.commons.sources.declaration import BUILT_IN
from maru.commons.sources.keys import Keys
from maru.commons.sources.limits import Limits
from maru.commons.sources.outside import Outside

MOST_BYTES = 128 * 1024 * 1024
# These write whole addresses, keys included, at the level of information.
for _name in ("httpx", "httpcore", "paramiko", "urllib3"):
    logging.getLogger(_name).setLevel(logging.WARNING)

_REDIRECTS = 5
_REMEMBERED = 64  # addresses whose validators are kept for one source
_PLACE = "{key}"
_ENCODED = quote(_PLACE, safe="")
_ENCODINGS = frozenset({"", "identity", "gzip", "deflate"})
_ESCAPES = re.compile(r"%[0-9A-Fa-f]{2}")
_AGENT = "maru/1"
ANYBODYS = "simulated"  # a simulated world takes any key; "sample" would give samples


@dataclass
class Tally:
    """What one run cost."""

    requests: int = 0
    size: int = 0
    retry_after_s: float | None = None
    received_at: dt.datetime | None = None


@dataclass
class Reach:
    """What all fetches of a process share."""

    keys: Keys
    limits: Limits
    outside: Outside
    client: httpx.Client = field(
        default_factory=lambda: httpx.Client(
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=32, keepalive_expiry=30.0),
            headers={"User-Agent": _AGENT, "Accept-Encoding": "gzip, deflate"},
            follow_redirects=False,
        )
    )
    home_folder: str = ""


def counted_as(declaration: Declaration, outside: Outside) -> str:
    """Under whose name a source's requests are counted: its provider's. In the simulated world each system counts for itself."""
    if outside.simulated or not declaration.provider:
        return f"source:{declaration.name}"
    return declaration.provider


class SourceFetch:
    """The ``Fetch`` of one run of one source.

    ``validators`` maps an address (masked) to (ETag, Last-Modified) of what is safely kept; ``fresh`` collects those of
    this run, to be kept only when its rows are. ``waiting`` is entered around each wait for the network: the runner
    gives its place among the computing ones to another source meanwhile.
    """

    def __init__(
        self,
        declaration: Declaration,
        reach: Reach,
        *,
        validators: Mapping[str, Sequence[str]] | None = None,
        waiting: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self.declaration = declaration
        self.reach = reach
        self.validators = dict(validators or {})
        self.fresh: dict[str, tuple[str, str]] = {}
        self.tally = Tally()
        self._waiting = waiting
        # What a city adds by itself lies in the real world, also beside a simulated one.
        own = declaration.folder is None or BUILT_IN not in declaration.folder.parents
        self._outside = Outside() if own else reach.outside
        self._counted = counted_as(declaration, reach.outside)

    def resolve(self, address: str) -> str:
        """Where an address really is, for kits that speak a protocol of their own (databases, brokers), key put in."""
        found = self._outside.resolve(self.declaration.name, address)
        return found.replace(_PLACE, quote(self._key(), safe="")) if _PLACE in found else found

    def mask(self, text: str) -> str:
        """The text without any key."""
        return self.reach.keys.mask(text)

    def get(
        self,
        address: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """See ``contracts.Fetch``."""
        place = self._outside.resolve(self.declaration.name, address)
        if not place.startswith(("http://", "https://")):
            return self._file(place)
        asked = self._address(place, params or {})
        shown = self.mask(asked)
        sent = {name: self._fill(value) for name, value in (headers or {}).items()}
        for name, value in zip(
            ("If-None-Match", "If-Modified-Since"), self.validators.get(shown, ()), strict=False
        ):
            if value:
                sent.setdefault(name, value)
        answer = self._send("GET", asked, sent, None)
        self._note_validators(shown, answer)
        return answer

    def post(
        self, address: str, body: bytes, *, content_type: str, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """See ``contracts.Fetch``."""
        asked = self._address(self._outside.resolve(self.declaration.name, address), {})
        sent = {name: self._fill(value) for name, value in (headers or {}).items()}
        if _PLACE.encode() in body:
            body = body.replace(_PLACE.encode(), self._key().encode())
        return self._send("POST", asked, {**sent, "Content-Type": content_type}, body)

    def listing(self, address: str) -> Sequence[tuple[str, int, float]]:
        """See ``contracts.Fetch``."""
        place = self._outside.resolve(self.declaration.name, address)
        self._take()
        with self._waiting():
            return fetch_files.listing(self._filled(place), self._files_from())

    def _file(self, place: str) -> Answer:
        self._take()
        with self._waiting():
            body = fetch_files.read(self._filled(place), self._files_from())
        return self._answer(200, body, {}, self.mask(place))

    def _files_from(self) -> fetch_files.Place:
        return fetch_files.Place(
            home=self.reach.home_folder,
            host_key=self._outside.sftp_host_key(),
            timeout_s=self.declaration.schedule.timeout_s,
            simulated=self._outside.simulated,
            most=MOST_BYTES,
        )

    def _filled(self, place: str) -> str:
        return place.replace(_PLACE, quote(self._key(), safe="")) if _PLACE in place else place

    def _key(self) -> str:
        if not self.declaration.secret:
            raise SourceFault("configuration", "the address needs a key, but the declaration names no secret")
        if self._outside.simulated and not self.reach.keys.has(self.declaration.secret):
            return ANYBODYS
        return self.reach.keys.get(self.declaration.secret)

    def _fill(self, value: str) -> str:
        return value.replace(_PLACE, self._key()) if _PLACE in value else value

    def _address(self, place: str, params: Mapping[str, str]) -> str:
        query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in params.items())
        joined = place + (("&" if "?" in place else "?") + query if query else "")
        if _PLACE in joined or _ENCODED in joined:
            key = self._key()
            # Some portals hand keys out percent-encoded already; encoding them again makes them another key.
            safe = key if _ESCAPES.search(key) else quote(key, safe="")
            joined = joined.replace(_PLACE, safe).replace(_ENCODED, safe)
        return joined

    def _take(self) -> None:
        self.reach.limits.take(self._counted)
        self.tally.requests += 1

    def _send(self, method: str, address: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        for _hop in range(_REDIRECTS + 1):
            with self._waiting():
                self._take()
                status, content, came = self._exchange(method, address, headers, body)
            if status not in {301, 302, 303, 307, 308} or "location" not in came:
                self._note_retry(came)
                return self._answer(status, content, came, self.mask(address))
            address = self._redirected(address, came["location"])
        raise SourceFault("bad_request", f"too many redirects from {self.mask(address)}")

    def _redirected(self, address: str, location: str) -> str:
        target = urljoin(address, location)
        one, other = urlsplit(address), urlsplit(target)
        if other.scheme not in {"http", "https"}:
            raise SourceFault("bad_request", f"{self.mask(address)} leads to another kind of address")
        if not self._outside.simulated and redirects.leads_inside(address, target):
            raise SourceFault("bad_request", f"{self.mask(address)} leads into a network of the house")
        # A key goes to the host that gave it to us, and to no other.
        if self.declaration.secret and (
            one.hostname != other.hostname or (one.scheme, other.scheme) == ("https", "http")
        ):
            raise SourceFault(
                "configuration", f"{self.mask(address)} leads to another host; the key was not sent there"
            )
        return target

    def _exchange(
        self, method: str, address: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, bytes, dict[str, str]]:
        limit = self.declaration.schedule.timeout_s
        deadline = time.monotonic() + 3 * limit  # a body that drips is cut off too
        shown = self.mask(address)
        try:
            with self.reach.client.stream(
                method, address, headers=dict(headers), content=body, timeout=limit
            ) as answer:
                parts: list[bytes] = []
                size = 0
                # Packed twice, or by another packer, a thousandth of what is allowed unpacks to everything there is.
                if answer.headers.get("content-encoding", "").strip().lower() not in _ENCODINGS:
                    raise SourceFault(
                        "malformed", f"{shown} packs its answer in a way that was not asked for"
                    )
                for part in answer.iter_bytes():
                    size += len(part)
                    if size > MOST_BYTES:
                        raise SourceFault("too_large", f"more than {MOST_BYTES} bytes from {shown}")
                    if time.monotonic() > deadline:
                        raise SourceFault("timeout", f"{shown} did not end within {3 * limit:.0f} s")
                    parts.append(part)
                return answer.status_code, b"".join(parts), {k.lower(): v for k, v in answer.headers.items()}
        except httpx.TimeoutException as fault:
            raise SourceFault("timeout", f"{shown} did not answer within {limit:.0f} s") from fault
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            # Its text may repeat the address; the kind says enough. No cause: its repr would hold the key.
            raise SourceFault("unreachable", f"{shown}: {type(fault).__name__}") from None

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str], shown: str) -> Answer:
        self.tally.size += len(body)
        self.tally.received_at = dt.datetime.now(dt.UTC)
        keys, secret = self.reach.keys, self.declaration.secret
        if secret:
            # Some systems repeat the question in their answer, key included, in links or in fields.
            body = keys.hide(secret, body)
            headers = {name: keys.hide(secret, value.encode()).decode() for name, value in headers.items()}
        return Answer(status, body, headers, shown, self.tally.received_at)

    def _note_validators(self, shown: str, answer: Answer) -> None:
        if answer.status == 200:
            tag, changed = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
            if (tag or changed) and len(self.fresh) < _REMEMBERED:
                self.fresh[shown] = (tag[:200], changed[:60])

    def _note_retry(self, headers: Mapping[str, str]) -> None:
        text = headers.get("retry-after", "")
        if text.isdigit():
            self.tally.retry_after_s = min(86_400.0, float(text))
