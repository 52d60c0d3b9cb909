"""Time made continuous, the queue kept small, metadata cleaned: the parts without a socket."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maru.services.live.engine import amf, flv
from maru.services.live.engine.flv import FlvWriter, Piece, SteadyClock
from maru.services.live.engine.probe import channels_of, parse
from maru.services.live.engine.publication import BufferedPublication
from maru.services.live.engine.tests import publishers as p


def publication(limit: int = 1000) -> BufferedPublication:
    made = BufferedPublication(p.spec(), "rtmp", "flv", "test", on_close=lambda _: None, limit=limit)
    made.waits_for_video = True
    return made


def test_ordinary_time_only_loses_its_start() -> None:
    clock = SteadyClock()
    assert [clock.out("video", 7000 + 33 * n, n * 0.033) for n in range(4)] == [0, 33, 66, 99]
    assert clock.out("audio", 7090, 0.1) == 90
    assert clock.jumps == 0


def test_a_jump_is_replaced_by_the_time_that_passed_and_both_tracks_follow() -> None:
    clock = SteadyClock()
    clock.out("video", 0, 0.0)
    clock.out("audio", 10, 0.0)
    assert clock.out("video", 3_600_000, 0.04) == 50
    assert clock.out("audio", 3_600_010, 0.04) == 60
    assert clock.out("video", 3_600_040, 0.08) == 90


def test_a_true_gap_stays() -> None:
    clock = SteadyClock()
    clock.out("video", 0, 0.0)
    assert clock.out("video", 3000, 3.1) == 3000
    assert clock.jumps == 0


def test_a_pause_of_the_network_without_loss_stays_without_gap() -> None:
    clock = SteadyClock()
    clock.out("video", 0, 0.0)
    assert clock.out("video", 33, 3.0) == 33


def test_backwards_goes_on() -> None:
    clock = SteadyClock()
    clock.out("video", 50_000, 0.0)
    clock.out("video", 50_033, 0.033)
    assert clock.out("video", 0, 0.066) == 66
    assert clock.out("video", 33, 0.1) == 99


def test_tracks_with_clocks_of_their_own_do_not_pull_at_each_other() -> None:
    clock = SteadyClock()
    for n in range(200):
        video = clock.out("video", n * 20, n * 0.02)
        audio = clock.out("audio", 1_000_000 + n * 20, n * 0.02)
        assert abs(audio - video) <= 1
    assert clock.jumps == 0
    assert video == 199 * 20


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2**32 - 1), st.floats(0, 5)), max_size=60))
def test_whatever_the_clock_does_each_track_only_moves_forward_at_most_with_real_time(steps: list) -> None:
    clock = SteadyClock()
    now = 0.0
    last = {"video": 0, "audio": 0}
    for picture, stamp, passed in steps:
        now += passed
        track: flv.Track = "video" if picture else "audio"
        out = clock.out(track, stamp, now)
        assert out >= last[track]
        # each message may step by a second at most beyond the time that passed
        assert out <= now * 1000 + flv.JUMP_MS * len(steps)
        last[track] = out


def test_composition_times_are_untouched() -> None:
    payload = b"\x17\x01\x00\x00\x50rest"
    pieces = FlvWriter().write("video", 10, payload, 0.0) or []
    writer = FlvWriter()
    writer.write("audio", 10, p.sound(), 0.0)
    pieces = writer.write("video", 10, payload, 0.0)
    assert payload in pieces[-1].data


def test_metadata_keeps_plain_facts_only() -> None:
    hostile: dict[str, amf.AmfValue] = {
        "width": 1280.0,
        "duration": 1e9,
        "keyframes": {"filepositions": [1.0], "times": [2.0]},
        "encoder": "x" * 500,
    }
    payload = flv.metadata(["@setDataFrame", "onMetaData", hostile])
    assert payload is not None
    assert amf.decode(payload) == ["onMetaData", {"width": 1280.0, "encoder": "x" * 64}]
    assert flv.metadata(["onTextData", hostile]) is None
    assert flv.metadata([]) is None


def test_an_encoder_that_leaves_at_once_still_leaves_a_file() -> None:
    writer = FlvWriter()
    assert writer.write("audio", 5, p.sound(), 1.0) == []
    assert b"".join(piece.data for piece in writer.finish())[:5] == b"FLV\x01\x04"
    assert writer.finish() == []
    assert FlvWriter().finish() == []


async def test_a_slow_reader_loses_whole_groups_of_pictures_and_memory_stays_bounded() -> None:
    queue = publication(limit=1000)
    for n in range(200):
        opens = n % 10 == 0
        queue.put(Piece(b"%03d" % n + b"." * 47, opens, False), picture=True, now=0.0)
    assert queue.waiting <= 1000
    assert queue.dropped == 180
    assert (await queue.read())[:3] == b"000"
    for n in range(200, 220):
        queue.put(Piece(b"%03d" % n + b"." * 47, n % 10 == 5, False), picture=True, now=0.1)
    assert (await queue.read())[:3] == b"205"  # the first keyframe after the jam, none of the torn group


async def test_a_reader_that_takes_nothing_is_given_up() -> None:
    closed: list[str] = []
    queue = BufferedPublication(p.spec(), "rtmp", "flv", "test", on_close=closed.append, limit=100)
    for n in range(100):
        queue.put(Piece(b"x" * 50, True, False), now=float(n))
    assert closed == ["the reader stalled"]
    assert queue.ended


async def test_even_endless_configurations_are_bounded() -> None:
    queue = publication(limit=100)
    for _ in range(1000):
        queue.put(Piece(b"x" * 50, False, True), now=0.0)
    assert queue.waiting <= 200


async def test_reading_waits_ends_and_can_be_cancelled() -> None:
    queue = publication()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(queue.read(), 0.01)
    queue.put(Piece(b"one", True, False), picture=True)
    queue.end("gone")
    assert (await queue.read(), await queue.read()) == (b"one", b"")
    queue.put(Piece(b"late", True, False), picture=True)
    assert await queue.read() == b""


@pytest.mark.parametrize(
    ("layout", "count"),
    [
        ("mono", 1),
        ("stereo", 2),
        ("5.1", 6),
        ("5.1(side)", 6),
        ("7.1(wide)", 8),
        ("3 channels", 3),
        ("odd", 0),
    ],
)
def test_channel_layouts(layout: str, count: int) -> None:
    assert channels_of(layout) == count


def test_what_ffmpeg_says_is_read() -> None:
    info = parse(
        "  Stream #0:0[0x100](kor): Video: h264 (Main) ([27][0][0][0] / 0x001B), yuv420p(tv, bt709), "
        "1920x1080 [SAR 1:1 DAR 16:9], 29.97 fps, 90k tbn\n"
        "  Stream #0:1: Audio: aac (LC) (mp4a / 0x6134706D), 44100 Hz, 5.1(side), fltp, 128 kb/s\n"
    )
    assert (info.width, info.height, info.fps, info.video_codec) == (1920, 1080, 29.97, "h264")
    assert (info.sample_rate, info.channels, info.audio_codec) == (44100, 6, "aac")
    nothing = parse("Stream #0:0: Video: h264, none, 90k tbr, 90k tbn")
    assert not nothing.has_video
    assert not nothing.has_audio
