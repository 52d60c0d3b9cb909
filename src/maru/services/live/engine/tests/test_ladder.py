"""The argument list: sizes, rates, and that nothing is ever enlarged."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maru.services.live.engine.contracts import SourceInfo, Thresholds
from maru.services.live.engine.ladder import (
    NothingToEncode,
    Pipes,
    arguments,
    plan,
    rate,
    start,
)


def source(width: int, height: int, fps: float = 30.0) -> SourceInfo:
    return SourceInfo(True, True, width, height, fps, "h264", "aac", 2, 48000)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1920, 1080), [("720p", 1280, 720), ("360p", 640, 360), ("234p", 416, 234), ("audio", 0, 0)]),
        ((1278, 718), [("720p", 1280, 720), ("360p", 640, 360), ("234p", 416, 234), ("audio", 0, 0)]),
        ((1024, 576), [("360p", 640, 360), ("234p", 416, 234), ("audio", 0, 0)]),
        ((720, 1280), [("720p", 1280, 720), ("360p", 640, 360), ("234p", 416, 234), ("audio", 0, 0)]),
        ((640, 480), [("360p", 640, 360), ("234p", 416, 234), ("audio", 0, 0)]),
        ((320, 180), [("234p", 320, 180), ("audio", 0, 0)]),
        ((161, 91), [("234p", 164, 92), ("audio", 0, 0)]),
    ],
)
def test_only_rungs_that_the_source_can_fill(
    size: tuple[int, int], expected: list[tuple[str, int, int]]
) -> None:
    made = plan("default", source(*size), 100.0)
    assert [(rung.name, rung.width, rung.height) for rung in made.rungs] == expected


def test_full_preset_has_1080p() -> None:
    assert [rung.name for rung in plan("full", source(1920, 1080), 0.0).rungs][:2] == ["1080p", "720p"]


@pytest.mark.parametrize(
    ("fps", "kept"),
    [
        (24.0, Fraction(24)),
        (23.98, Fraction(24000, 1001)),
        (25.0, Fraction(25)),
        (29.97, Fraction(30000, 1001)),
        (30.0, Fraction(30)),
        (50.0, Fraction(25)),
        (59.94, Fraction(30000, 1001)),
        (60.0, Fraction(30)),
        (120.0, Fraction(30)),
        (15.0, Fraction(15)),
        (0.0, Fraction(30)),
        (90000.0, Fraction(30)),
    ],
)
def test_rate(fps: float, kept: Fraction) -> None:
    assert rate(fps) == kept


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 4000), st.integers(2, 4000), st.floats(0, 240), st.floats(1e9, 2e9))
def test_any_source_gets_even_sizes_and_the_wall_clocks_grid(
    width: int, height: int, fps: float, began: float
) -> None:
    made = plan("full", source(width, height, fps), began)
    assert made.pictures
    for rung in made.pictures:
        assert rung.width % 2 == rung.height % 2 == 0
        # at most 7 % larger than what the source fills, and that part is border
        assert rung.height <= max(20, 1.08 * max(height, width * 9 / 16) + 2)
    assert 0 < made.fps <= 30
    assert made.origin % 2 == 0
    assert abs(made.origin + float(made.base) - began) < 1e-5
    assert 2 <= made.base < 4.00001
    assert 0 <= start(made) - made.base < 1 / made.fps


def test_a_source_of_nothing_is_refused() -> None:
    with pytest.raises(NothingToEncode):
        plan("default", SourceInfo(False, False), 0.0)


def test_sound_only_needs_a_picture_to_show() -> None:
    made = plan("light", SourceInfo(False, True), 0.0)
    pipes = Pipes({rung.name: 5 + n for n, rung in enumerate(made.rungs)}, None, 9)
    with pytest.raises(ValueError, match="still picture"):
        arguments("ffmpeg", made, "flv", Thresholds(), pipes)
    command = arguments("ffmpeg", made, "flv", Thresholds(), pipes, Path("/tmp/still.png"))
    assert "file:/tmp/still.png" in command
    assert command.count("-shortest") == len(made.rungs)
