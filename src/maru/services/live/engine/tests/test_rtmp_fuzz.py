"""Broken bytes at the RTMP port: the server never falls, others go on, memory stays bounded."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maru.services.live.engine import amf, rtmp, rtmp_session
from maru.services.live.engine import rtmp_chunks as chunks
from maru.services.live.engine.flv import FlvWriter
from maru.services.live.engine.tests import publishers as p

STARTED = "NetStream.Publish.Start"
json_like = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(st.lists(json_like, max_size=4))
@quick
def test_amf_comes_back_as_it_went(values: list[amf.AmfValue]) -> None:
    def plain(value: amf.AmfValue) -> amf.AmfValue:
        if isinstance(value, dict):
            return {name: plain(item) for name, item in value.items() if name}
        return [plain(item) for item in value] if isinstance(value, list) else value

    wanted = [plain(value) for value in values]
    assert amf.decode(amf.encode(*wanted)) == wanted


@given(st.binary(max_size=400))
@quick
def test_amf_of_strangers_is_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(amf.AmfError):
        amf.decode(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\x03\0\1a" * 5000,  # objects in objects
        b"\x0a\0\0\0\1" * 5000,  # arrays in arrays
        b"\x0a\xff\xff\xff\xff",  # four billion items announced
        b"\x0c\xff\xff\xff\xff",  # a string of 4 GB announced
        b"\x05" * 5000,
        b"\x02\xff",
        b"\x11",
    ],
)
def test_amf_limits(data: bytes) -> None:
    with pytest.raises(amf.AmfError):
        amf.decode(data)


def feed(data: bytes, cuts: list[int]) -> list[chunks.Message]:
    reader = chunks.ChunkReader()
    found: list[chunks.Message] = []
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for begin, end in itertools.pairwise(edges):
        found += reader.feed(data[begin:end])
    return found


@given(
    st.lists(
        st.tuples(st.sampled_from([8, 9]), st.integers(0, 2**32 - 1), st.binary(max_size=400)),
        min_size=1,
        max_size=8,
    ),
    st.lists(st.integers(0, 10_000), max_size=12),
)
@quick
def test_messages_arrive_however_the_bytes_are_cut(
    messages: list[tuple[int, int, bytes]], cuts: list[int]
) -> None:
    data = b"".join(p.media(*message) for message in messages)
    found = feed(data, cuts)
    assert [(item.kind, item.timestamp, item.payload) for item in found] == messages


def test_all_header_types_interleaved_with_extended_times() -> None:
    big = 0x01000000
    data = (
        bytes([6]) + b"\xff\xff\xff" + b"\0\0\xc8\x09" + b"\1\0\0\0" + big.to_bytes(4, "big") + b"a" * 128  # type 0
        + bytes([4]) + b"\0\0\x05" + b"\0\0\x02\x08" + b"\1\0\0\0" + b"ss"  # audio between, type 0
        + bytes([0xC6]) + big.to_bytes(4, "big") + b"a" * 72  # type 3, extended time repeated
        + bytes([0x44]) + b"\0\0\x14" + b"\0\0\x03\x08" + b"sss"  # type 1
        + bytes([0x84]) + b"\0\0\x0a" + b"sss"  # type 2
        + bytes([0xC4]) + b"sss"  # type 3 begins a message: same delta again
    )  # fmt: skip
    for cuts in ([], list(range(len(data)))):
        found = feed(data, cuts)
        assert [(item.kind, item.timestamp, len(item.payload)) for item in found] == [
            (8, 5, 2), (9, big, 200), (8, 25, 3), (8, 35, 3), (8, 45, 3),
        ]  # fmt: skip


def test_continuations_without_the_extended_time_are_understood() -> None:
    head = bytes([6]) + b"\xff\xff\xff" + b"\0\0\xc8\x09" + b"\1\0\0\0" + (0x01000000).to_bytes(4, "big")
    found = feed(head + b"a" * 128 + bytes([0xC6]) + b"b" * 72, [])
    assert found[0].payload == b"a" * 128 + b"b" * 72


def test_long_chunk_stream_numbers_set_chunk_size_and_abort() -> None:
    data = (
        chunks.write_message(chunks.SET_CHUNK_SIZE, (60_000).to_bytes(4, "big"), chunk_stream=2)
        + bytes([0, 36]) + b"\0\0\1\0\x27\x10\x09\1\0\0\0" + b"v" * 10_000  # number 100 in two bytes
        + bytes([1, 0, 1]) + b"\0\0\2\0\0\x02\x08\1\0\0\0" + b"ab"  # number 320 in three bytes
    )  # fmt: skip
    assert [(item.kind, len(item.payload)) for item in feed(data, [3, 5000])] == [(9, 10_000), (8, 2)]
    begun = bytes([6]) + b"\0\0\0" + b"\0\0\xc8\x09" + b"\1\0\0\0" + b"a" * 128
    abort = chunks.write_message(chunks.ABORT, (6).to_bytes(4, "big"), chunk_stream=2)
    whole = bytes([0xC6]) + b"b" * 128 + bytes([0xC6]) + b"b" * 72
    assert [item.payload for item in feed(begun + abort + whole, [])] == [b"b" * 200]


def test_aggregates_are_taken_apart() -> None:
    inner = b"".join(
        bytes([kind])
        + len(body).to_bytes(3, "big")
        + stamp.to_bytes(3, "big")
        + b"\0\0\0\0"
        + body
        + b"\0\0\0\0"
        for kind, stamp, body in ((9, 100, b"v1"), (8, 120, b"a1"), (99, 130, b"?"))
    )
    message = chunks.write_message(chunks.AGGREGATE, inner, chunk_stream=6, stream=1)
    assert [(item.kind, item.timestamp, item.payload) for item in feed(message, [])] == [
        (9, 0, b"v1"),
        (8, 20, b"a1"),
    ]
    with pytest.raises(chunks.ChunkError):
        feed(chunks.write_message(chunks.AGGREGATE, inner[:-5], chunk_stream=6), [])


@given(st.binary(max_size=2000), st.lists(st.integers(0, 2000), max_size=6))
@quick
def test_any_bytes_are_read_or_refused_and_kept_small(data: bytes, cuts: list[int]) -> None:
    reader = chunks.ChunkReader()
    writer = FlvWriter()
    try:
        for message in reader.feed(data):
            if message.kind in (8, 9):
                writer.write(
                    "audio" if message.kind == 8 else "video", message.timestamp, message.payload, 0.0
                )
    except chunks.ChunkError:
        return
    assert len(reader._buffer) <= len(data)


def test_a_peer_cannot_make_us_keep_more_than_the_limit() -> None:
    reader = chunks.ChunkReader()
    reader.feed(chunks.write_message(chunks.SET_CHUNK_SIZE, (65_536).to_bytes(4, "big"), chunk_stream=2))
    tracemalloc.start()
    try:
        with pytest.raises(chunks.ChunkError):
            for number in range(3, 64):
                reader.feed(bytes([number]) + b"\0\0\0\x3f\xff\xff\x09\1\0\0\0" + b"x" * 65_536)
                for _ in range(15):
                    reader.feed(bytes([0xC0 | number]) + b"x" * 65_536)
        assert tracemalloc.get_traced_memory()[1] < 3 * chunks.MAX_UNFINISHED
    finally:
        tracemalloc.stop()
    for head in (b"\x06\0\0\0\xff\xff\xff\x09\1\0\0\0", b"\xc6", b"\x86\0\0\0"):
        with pytest.raises(chunks.ChunkError):
            chunks.ChunkReader().feed(head)
    with pytest.raises(chunks.ChunkError):
        chunks.ChunkReader().feed(chunks.write_message(chunks.SET_CHUNK_SIZE, bytes(4), chunk_stream=2))


def session_bytes() -> bytes:
    commands = [
        ("connect", 1.0, {"app": "live", "tcUrl": "rtmp://x/live"}),
        ("releaseStream", 2.0, None, p.KEY),
        ("createStream", 4.0, None),
        ("publish", 5.0, None, "other-key", "live"),
        ("FCUnpublish", 6.0, None, "other-key"),
    ]
    written = [chunks.write_message(chunks.COMMAND, p.amf.encode(*one), chunk_stream=3) for one in commands]
    pictures = b"".join(
        p.media(9, at * 40, p.keyframe(500)) + p.media(8, at * 40, p.sound()) for at in range(10)
    )
    return b"\x03" + bytes(1536) + bytes(1536) + b"".join(written[:4]) + pictures + written[4]


async def test_mutated_sessions_never_fall_the_server_nor_disturb_another_publisher() -> None:
    chance = random.Random(20111116)
    template = session_bytes()
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    async with p.open_house(p.spec(), p.spec("other-key")) as house:
        good = await p.RawPublisher.connect(house)
        await good.publish()
        await good.answered(STARTED)
        for turn in range(120):
            data = bytearray(template)
            for _ in range(chance.randint(1, 12)):
                at = chance.randrange(1 if turn % 3 else 3073, len(data))
                kind = chance.randrange(4)
                if kind == 0:
                    data[at] = chance.randrange(256)
                elif kind == 1:
                    del data[at : at + chance.randrange(1, 30)]
                elif kind == 2:
                    data[at:at] = chance.randbytes(chance.randrange(1, 30))
                else:
                    del data[at:]
                if len(data) < 3100:
                    break
            reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
            with contextlib.suppress(ConnectionError):
                writer.write(bytes(data))
                writer.write_eof()
                async with asyncio.timeout(10):
                    while await reader.read(65_536):
                        pass
            writer.close()
            good.media(9, turn * 40, p.keyframe())
            await good.writer.drain()
        good.close()
        await p.until(lambda: house.publications[0].ended)
        await p.until(lambda: not house.server._sessions)
    assert not faults
    assert len(house.publications) > 10  # some of them were still good enough to be let in
    assert len([1 for kind, _, _ in p.tags(bytes(house.bytes[0])) if kind == 9]) == 120


async def test_pure_noise_is_refused() -> None:
    chance = random.Random(40)
    async with p.open_house() as house:
        for size in (0, 1, 100, 1537, 5000, 200_000):
            reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
            with contextlib.suppress(ConnectionError):
                writer.write(b"\x03" * bool(size) + chance.randbytes(size))
                writer.write_eof()
                async with asyncio.timeout(10):
                    while await reader.read(65_536):
                        pass
            writer.close()
        assert not house.publications


async def test_too_many_connections_and_slow_introductions_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtmp, "MAX_CONNECTIONS", 3)
    monkeypatch.setattr(rtmp_session, "INTRODUCTION_SECONDS", 0.2)
    async with p.open_house() as house:
        clients = [await p.RawPublisher.connect(house) for _ in range(5)]
        for client in clients:
            await client.gone()
        late = await p.RawPublisher.connect(house)
        await late.shake_hands()
        await late.gone()
        assert not house.server._sessions


async def test_a_reader_that_sleeps_costs_bounded_memory() -> None:
    async with p.open_house(read=False) as house:
        client = await p.RawPublisher.connect(house)
        await client.publish()
        await client.answered(STARTED)
        payload = p.media(9, 0, p.keyframe(100_000), chunk=128)
        for _ in range(150):
            client.send(payload)
            await client.writer.drain()
        await p.until(lambda: house.publications and house.publications[0].dropped)
        assert house.publications[0].waiting <= 8 * 2**20
        client.close()


async def test_an_encoder_that_does_not_read_our_answers_is_cut() -> None:
    async with p.open_house() as house:
        client = await p.RawPublisher.connect(house)
        await client.shake_hands()
        command = chunks.write_message(
            chunks.COMMAND, p.amf.encode("createStream", 1.0, None), chunk_stream=3
        )
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(15):
                while house.server._sessions:
                    client.send(command * 2000)
                    await client.writer.drain()
        assert not house.server._sessions
        client.close()
