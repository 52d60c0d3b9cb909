"""A stream is packed as one file, which every reader unpacks whole."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory

from maru.project.middleware import Compression

PIECES = [f"row {number}\n".encode() * 500 for number in range(20)]


async def _pieces() -> AsyncIterator[bytes]:
    for piece in [b"", *PIECES]:
        yield piece


def _answer(kind: str = "text/csv", **headers: str) -> StreamingHttpResponse:
    request = RequestFactory().get("/", headers={"accept-encoding": "gzip, br"})
    made = StreamingHttpResponse(_pieces(), content_type=kind, headers={"ETag": '"x"', **headers})
    return cast(StreamingHttpResponse, Compression(lambda _request: made)(request))


@async_to_sync
async def _taken(answer: StreamingHttpResponse) -> bytes:
    return b"".join([piece async for piece in cast(AsyncIterator[bytes], answer.streaming_content)])


def test_a_stream_is_one_file() -> None:
    answer = _answer()
    assert answer["Content-Encoding"] == "gzip"
    assert answer["ETag"] == 'W/"x"'
    assert "Accept-Encoding" in answer["Vary"]
    unpacker = zlib.decompressobj(31)
    assert unpacker.decompress(_taken(answer)) == b"".join(PIECES)
    assert unpacker.eof
    assert unpacker.unused_data == b""


def test_every_piece_goes_out_at_once() -> None:
    """A reader gets what is there, not what is there when all is there."""

    @async_to_sync
    async def first() -> bytes:
        stream = cast(AsyncIterator[bytes], _answer().streaming_content)
        return await anext(stream)

    assert zlib.decompressobj(31).decompress(first()) == PIECES[0]


@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        ("application/zip", {}),
        ("application/vnd.apache.parquet", {}),
        ("text/csv", {"Content-Encoding": "br"}),
    ],
)
def test_what_is_packed_already_is_left_alone(kind: str, headers: dict[str, str]) -> None:
    answer = _answer(kind, **headers)
    assert answer.get("Content-Encoding") == headers.get("Content-Encoding")
    assert _taken(answer) == b"".join(PIECES)


def test_pages_are_packed_as_before() -> None:
    request = RequestFactory().get("/", headers={"accept-encoding": "gzip"})

    def page(_request: Any) -> HttpResponse:
        return HttpResponse("word " * 1_000)

    answer = cast(HttpResponse, Compression(page)(request))
    assert zlib.decompressobj(31).decompress(answer.content) == b"word " * 1_000
