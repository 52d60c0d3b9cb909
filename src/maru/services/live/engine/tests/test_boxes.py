"""The reader gives the same fragments however the bytes arrive, and refuses what is no fragmented MP4."""

from __future__ import annotations

import struct
from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maru.services.live.engine.boxes import (
    MOST_BYTES,
    BoxError,
    Fragment,
    Init,
    Reader,
    Track,
    read_all,
    write_fragment,
)
from maru.services.live.engine.cutter import SoundCutter
from maru.services.live.engine.tests import clips


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def init_of(scale: int = 48000) -> bytes:
    tkhd = box(b"tkhd", struct.pack(">5I", 0, 0, 0, 1, 0), bytes(64))
    mdhd = box(b"mdhd", struct.pack(">6I", 0, 0, 0, scale, 0, 0))
    hdlr = box(b"hdlr", bytes(8), b"soun", bytes(13))
    trex = box(b"trex", struct.pack(">6I", 0, 1, 1, 1024, 0, 0))
    moov = box(b"moov", box(b"trak", tkhd, box(b"mdia", mdhd, hdlr)), box(b"mvex", trex))
    return box(b"ftyp", b"iso6", bytes(4)) + moov


TRACK = Track(1, "audio", 48000, 1024)
frames = st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=30)


@settings(deadline=None, max_examples=60)
@given(st.lists(frames, min_size=1, max_size=6), st.data())
def test_any_chunking_gives_the_same_fragments(groups: list[list[bytes]], data: st.DataObject) -> None:
    whole, at = init_of(), 96_000
    for number, group in enumerate(groups):
        whole += box(b"styp", b"msdh") + write_fragment(TRACK, number, at, [(1024, frame) for frame in group])
        at += 1024 * len(group)
    init, expected = read_all(whole)
    assert [run.samples for fragment in expected for run in fragment.runs] == [
        tuple((1024, len(frame)) for frame in group) for group in groups
    ]
    reader, found = Reader(), []
    left = whole
    while left:
        size = data.draw(st.integers(1, len(left)))
        found += reader.feed(left[:size])
        left = left[size:]
    assert found[0] == init
    assert found[1:] == expected
    assert reader.waiting == 0


@settings(deadline=None, max_examples=60)
@given(frames, st.lists(st.integers(1, 3000), min_size=30, max_size=30), st.integers(0, 2**40))
def test_a_written_fragment_reads_back(parts: list[bytes], ticks: list[int], start: int) -> None:
    given_samples = list(zip(ticks, parts, strict=False))
    fragment = read_all(init_of() + write_fragment(TRACK, 3, start, given_samples))[1][0]
    run = fragment.runs[0]
    assert run.start == start
    assert list(run.samples) == [(tick, len(part)) for tick, part in given_samples]
    assert fragment.data[run.offset :] == b"".join(parts)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=20))
def test_sound_is_cut_on_the_grid_and_nothing_is_lost(groups: list[int]) -> None:
    init = read_all(init_of())[0]
    cutter, at, pieces, sent = SoundCutter(init), 2 * 48000 - 1024, [], []
    for count in groups:
        samples = [(1024, (at + 1024 * n).to_bytes(8, "big")) for n in range(count)]
        sent += [data for _, data in samples]
        fragment = read_all(write_fragment(TRACK, 0, at, samples), init)[1][0]
        pieces += cutter.take(fragment)
        at += 1024 * count
    pieces += cutter.finish()
    assert [piece.number for piece in pieces] == list(range(1, len(pieces) + 1))
    got = b""
    for piece in pieces:
        parts = read_all(piece.data, init)[1]
        assert sum(run.lasts for part in parts for run in part.runs) == piece.lasts
        got += b"".join(part.data[part.runs[0].offset :] for part in parts)
        if piece.number > 1:
            assert abs(piece.begins - 2 * piece.number) <= Fraction(512, 48000)
    assert got == b"".join(sent)


def test_sound_with_a_hole_keeps_its_times() -> None:
    init = read_all(init_of())[0]
    cutter = SoundCutter(init)
    for start in (96_000, 96_000 + 48_000):
        part = write_fragment(TRACK, 0, start, [(1024, b"x")] * 5)
        assert not list(cutter.take(read_all(part, init)[1][0]))
    (piece,) = cutter.finish()
    starts = [part.runs[0].start for part in read_all(piece.data, init)[1]]
    assert starts == [96_000, 144_000]


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=200))
def test_garbage_is_refused_or_waited_for(data: bytes) -> None:
    for reader in (Reader(), Reader(Init(b"", (TRACK,)))):
        try:
            list(reader.feed(data))
        except BoxError:
            continue
        assert reader.waiting <= MOST_BYTES


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(0, 255))
def test_a_damaged_byte_never_does_worse_than_a_clear_error(place: int, value: int) -> None:
    whole = bytearray(init_of() + write_fragment(TRACK, 0, 9, [(1024, b"abc"), (1000, b"de")]))
    whole[place % len(whole)] = value
    with suppress(BoxError):
        read_all(bytes(whole))


def test_memory_is_bounded() -> None:
    with pytest.raises(BoxError):
        list(Reader().feed(struct.pack(">I4s", MOST_BYTES + 1, b"mdat")))
    with pytest.raises(BoxError, match="before the init"):
        list(Reader().feed(box(b"moof", bytes(8))))


@pytest.mark.media
def test_ffmpegs_own_fragments_hold_composition_offsets(tmp_path) -> None:
    data = clips.make(
        tmp_path / "b.mp4", *clips.picture(), "-t", "2", "-c:v", "libx264", "-preset", "veryfast", "-bf", "2",
        "-g", "25", "-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-f", "mp4",
    )  # fmt: skip
    init, fragments = read_all(data)
    assert init.track("video").timescale
    assert all(isinstance(fragment, Fragment) for fragment in fragments)
    leads = [fragment.lead() for fragment in fragments]
    assert [float(lead.lasts) for lead in leads] == [1.0, 1.0]
    assert leads[1].begins - leads[0].begins == 1
    assert leads[0].shift > 0
