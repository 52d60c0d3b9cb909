"""What a hostile outside system answers: it reaches no network of ours and fills no memory."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from maru.commons.sources.contracts import SourceFault
from maru.commons.sources.fetch import Reach, SourceFetch
from maru.commons.sources.keys import Keys
from maru.commons.sources.kits.tests.tables import SHOPS
from maru.commons.sources.limits import Limits
from maru.commons.sources.outside import Outside

NAMES = {
    "data.example": "203.0.114.7",
    "other.example": "203.0.114.8",
    "inside.example": "10.1.2.3",
    "hall.example": "10.1.2.4",
}


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(host: str, *_words: Any, **_more: Any) -> list[Any]:
        text = NAMES.get(host, host)
        return [(2, 1, 6, "", (text, 0))]

    monkeypatch.setattr("maru.commons.sources.redirects.socket.getaddrinfo", find)


def fetch(home: Path, answer: Callable[[httpx.Request], httpx.Response]) -> SourceFetch:
    client = httpx.Client(transport=httpx.MockTransport(answer))
    return SourceFetch(SHOPS, Reach(Keys(home), Limits(lifted=True), Outside(), client))


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:5432/", "http://inside.example/", "http://[::1]/",
        "http://[::ffff:10.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://0.0.0.0/", "http://100.64.0.1/",
    ],
)  # fmt: skip
def test_no_redirect_leads_inside(tmp_path: Path, target: str) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if request.url.host != "data.example":
            return httpx.Response(200, content=b"secret")
        return httpx.Response(302, headers={"Location": target})

    with pytest.raises(SourceFault, match="network of the house"):
        fetch(tmp_path, answer).get("http://data.example/a.csv")
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [("data.example", "other.example"), ("hall.example", "inside.example"), ("hall.example", "data.example")],
)
def test_other_redirects_are_followed(tmp_path: Path, first: str, second: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == first:
            return httpx.Response(301, headers={"Location": f"http://{second}/b.csv"})
        return httpx.Response(200, content=b"rows")

    assert fetch(tmp_path, answer).get(f"http://{first}/a.csv").body == b"rows"


@pytest.mark.parametrize("encoding", ["gzip, gzip", "gzip,deflate", "br", "zstd", "gzip , gzip"])
def test_a_body_packed_twice_is_not_unpacked(tmp_path: Path, encoding: str) -> None:
    bomb = gzip.compress(gzip.compress(bytes(10_000_000)))

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Encoding": encoding}, stream=httpx.ByteStream(bomb))

    with pytest.raises(SourceFault) as caught:
        fetch(tmp_path, answer).get("http://data.example/a.csv")
    assert caught.value.code == "malformed"


def test_a_body_packed_once_is_unpacked(tmp_path: Path) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        stream = httpx.ByteStream(gzip.compress(b"rows"))
        return httpx.Response(200, headers={"Content-Encoding": "GZIP"}, stream=stream)

    assert fetch(tmp_path, answer).get("http://data.example/a.csv").body == b"rows"
