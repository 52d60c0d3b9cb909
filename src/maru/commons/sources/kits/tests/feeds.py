"""What the tests of the kits share: a declaration in one line, and an outside world in a dict."""

from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from maru.commons.sources.contracts import Answer, Declaration, Delivery, Licence, Schedule, SourceFault
from maru.commons.sources.kits.registry import kit

DATA = Path(__file__).parents[6].parent / "shared" / "data"
NOW = dt.datetime(2026, 11, 27, tzinfo=dt.UTC)


def declare(
    kind: str, address: str = "http://outside.test/api", *, complete: bool = False, **options: Any
) -> Declaration:
    """A declaration with nothing but what a kit looks at."""
    return Declaration(
        name="test_source",
        drawer="test",
        names={},
        summaries={},
        office="",
        owner="",
        category="environment",
        kind=kind,
        mode="poll",
        address=address,
        schedule=Schedule(60, ""),
        licence=Licence("", ""),
        personal="none",
        fresh_s=60,
        fields=(),
        key=(),
        complete=complete,
        zone="Asia/Seoul",
        options=options,
    )


class Outside:
    """A Fetch that answers by a function of the address and remembers what was asked."""

    def __init__(self, answer: Callable[[str], Any], key: str = "SECRET") -> None:
        self.answer, self.key = answer, key
        self.asked: list[str] = []
        self.headers: list[Mapping[str, str]] = []
        self.posted: list[tuple[str, bytes, str]] = []

    def get(
        self,
        address: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        assert not params, "kits write whole addresses"
        self.asked.append(address)
        self.headers.append(headers or {})
        assert address.count("{") == address.count("{key}"), f"an open placeholder in {address}"
        return self._answer(self.answer(address.replace("{key}", self.key)), address)

    def post(
        self, address: str, body: bytes, *, content_type: str, headers: Mapping[str, str] | None = None
    ) -> Answer:
        self.posted.append((address, body, content_type))
        self.headers.append(headers or {})
        return self._answer(self.answer(address), address)

    def listing(self, address: str) -> Sequence[tuple[str, int, float]]:
        return ()

    @staticmethod
    def _answer(found: Any, address: str) -> Answer:
        if isinstance(found, Answer):
            return found
        if isinstance(found, SourceFault):
            raise found
        status, headers = 200, {}
        if isinstance(found, tuple):
            status, found, headers = (*found, {})[:3]
        body = found.encode() if isinstance(found, str) else found
        return Answer(status, body, headers, address, NOW)


def query(address: str) -> dict[str, str]:
    """The parameters of an address."""
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))


def parse(kind: str, body: bytes | str, content_type: str = "", **options: Any) -> Delivery:
    """One body through one kit."""
    return kit(kind).parse(
        declare(kind, **options), body.encode() if isinstance(body, str) else body, content_type
    )


def fault_of(kind: str, body: bytes | str, **options: Any) -> str:
    """The code of the fault that a body is."""
    with pytest.raises(SourceFault) as caught:
        parse(kind, body, **options)
    return caught.value.code


def read(declaration: Declaration, outside: Outside, cursor: Any = None) -> list[Delivery]:
    """All deliveries of a read."""
    return list(kit(declaration.kind).read(declaration, cursor, outside))


def rows_of(deliveries: Sequence[Delivery]) -> list[Any]:
    """All rows of deliveries."""
    return [row for delivery in deliveries for row in delivery.rows]


def recorded(name: str) -> bytes:
    """A recorded answer; the test is skipped where the folder is absent."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} of the shared data is absent")
    body = path.read_bytes()
    return gzip.decompress(body) if name.endswith(".gz") else body
