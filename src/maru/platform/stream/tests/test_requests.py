"""The request parser against what browsers, proxies and enemies send."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maru.platform.stream.requests import BadRequest, answer, parse
from maru.platform.stream.tests.house import House, in_house, until


def test_a_browsers_request() -> None:
    request = parse(
        b"GET /events/live/hall?after=7&token=1.a-b_c HTTP/1.1\r\nHost: city.example:8001\r\n"
        b"Accept: text/event-stream\r\nUser-Agent: Mozilla/5.0 (\xea\xb0\x80)\r\nLast-Event-ID:  12 "
    )
    assert (request.method, request.path) == ("GET", "/events/live/hall")
    assert request.query == {"after": "7", "token": "1.a-b_c"}
    assert request.headers["last-event-id"] == "12"


def test_a_proxys_absolute_target() -> None:
    assert parse(b"GET http://city.example/health HTTP/1.0").path == "/health"
    assert parse(b"GET http://city.example HTTP/1.1").path == "/"


BAD = {
    b"": 400,
    b"GET /": 400,
    b"get / HTTP/1.1": 400,
    b"GET  / HTTP/1.1": 400,
    b"GET / HTTP/1.1 ": 400,
    b"GET / HTTP/2.0": 505,
    b"GET /\xff HTTP/1.1": 400,
    b"GET / HTTP/1.1\r\nno colon": 400,
    b"GET / HTTP/1.1\r\nA: b\r\n folded": 400,
    b"GET / HTTP/1.1\r\nA : b": 400,
    b"GET / HTTP/1.1\r\nA: b\x00c": 400,
    b"GET / HTTP/1.1\r\nA: b\nC: d": 400,
    b"GET / HTTP/1.1\r\nContent-Length: 5": 400,
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked": 400,
    b"GET /?" + b"a&" * 40 + b" HTTP/1.1": 400,
    b"GET /?a=%ff HTTP/1.1": 400,
    b"GET / HTTP/1.1" + b"\r\nA: b" * 65: 431,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03": 400,
}


@pytest.mark.parametrize("head", BAD)
def test_what_is_odd_is_refused(head: bytes) -> None:
    with pytest.raises(BadRequest) as refusal:
        parse(head)
    assert refusal.value.status == BAD[head]


@given(st.binary(max_size=300))
def test_no_bytes_break_the_parser(head: bytes) -> None:
    try:
        parse(head)
    except BadRequest as refusal:
        assert refusal.status in {400, 431, 505}


@given(st.text(alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=200))
def test_no_target_breaks_the_parser(target: str) -> None:
    try:
        parse(f"GET /{target} HTTP/1.1".encode())
    except BadRequest as refusal:
        assert refusal.status == 400


def test_an_answer_to_head_tells_the_length_and_no_body() -> None:
    assert answer(200, "글", without_body=True).endswith(
        b"Content-Length: 3\r\n" + answer(200, "글")[-200:].split(b"3\r\n", 1)[1][:-3]
    )


def test_hostile_connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maru.platform.stream.hall.REQUEST_SECONDS", 0.5)

    async def story(house: House) -> None:
        async def status(data: bytes) -> bytes:
            return (await house.raw(data))[:12]

        assert await status(b"GET /events/live/hall HTTP/1.1\r\nX: " + b"a" * 20_000) in {
            b"HTTP/1.1 431",
            b"",
        }
        assert await status(b"\x00" * 9000) in {b"HTTP/1.1 431", b""}
        assert await status(b"nonsense\r\n\r\n") == b"HTTP/1.1 400"
        assert await status(b"POST /events/live/hall HTTP/1.1\r\n\r\n") == b"HTTP/1.1 405"
        assert await status(b"GET / HTTP/1.1\r\n\r\n") == b"HTTP/1.1 404"
        for name in (
            "",
            "..",
            "../x",
            "live//hall",
            "Live/hall",
            "a/b/c/d/e",
            "%6cive",
            "x" * 200,
            "-",
            "live/",
        ):
            assert await status(f"GET /events/{name} HTTP/1.1\r\n\r\n".encode()) == b"HTTP/1.1 404", name
        # Half a request is waited for, but not long; and a second request on the connection is never read.
        assert await status(b"GET /events/live/hall HTTP/1.1\r\n") == b"HTTP/1.1 408"
        assert await status(b"GET /health HTTP/1.1\r\n\r\nGET /health HTTP/1.1\r\n\r\n") == b"HTTP/1.1 400"
        options = await house.raw(b"OPTIONS /events/live/hall HTTP/1.1\r\nOrigin: http://a\r\n\r\n")
        assert options.startswith(b"HTTP/1.1 204 ")
        assert b"Access-Control-Allow-Headers: Last-Event-ID" in options
        head = await house.raw(b"HEAD /events/live/hall HTTP/1.1\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert head.endswith(b"\r\n\r\n")
        talker = await house.listen("/events/live/hall")
        await talker.next()
        talker.writer.write(b"more and more")
        await until(lambda: house.hall.connections == 0)
        for place in ("-1", "x", "9" * 40, "1e3", "\u0661"):
            reader = await house.listen(f"/events/live/hall?after={place.encode('ascii', 'ignore').decode()}")
            assert (await reader.next()).data["head"] == 0
            reader.close()
        await until(lambda: house.hall.connections == 0)

    in_house(tmp_path, story)
