"""The generated programme: its clock can be read at every size, its faults are what their names say."""

from __future__ import annotations

import io
import subprocess
import time
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maru.simulator import timecode
from maru.simulator.encoder import Programme, Settings, ffmpeg_arguments, main
from maru.simulator.pictures import CHAPTERS, Pictures
from maru.simulator.sounds import RATE, Sounds, loops

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


@given(st.integers(0, 2**41))
@settings(max_examples=50, deadline=None)
def test_the_clock_is_read_as_it_was_drawn(milliseconds: int) -> None:
    luma = np.full((180, 320), 90, dtype=np.uint8)
    timecode.draw(luma, milliseconds)
    assert timecode.read(luma, near=milliseconds / 1000) == milliseconds / 1000


def test_no_clock_is_no_time() -> None:
    assert timecode.read(np.full((180, 320), 90, dtype=np.uint8)) is None
    luma = np.full((180, 320), 90, dtype=np.uint8)
    timecode.draw(luma, 123_456_789)
    luma[:6, 20:26] = 255 - luma[:6, 20:26]
    assert timecode.read(luma) is None


def read_file(path: Path, height: int) -> list[np.ndarray]:
    width = height * 16 // 9 // 2 * 2
    raw = subprocess.run(
        [FFMPEG, "-v", "error", "-i", str(path), "-vf", f"scale={width}:{height}", "-f", "rawvideo",
         "-pix_fmt", "gray", "-"], capture_output=True, check=True,
    ).stdout  # fmt: skip
    return list(np.frombuffer(raw, dtype=np.uint8).reshape(-1, height, width))


def wait_frames(programme: Programme, more: int) -> None:
    goal = programme.frames + more
    limit = time.monotonic() + 15
    while programme.frames < goal:
        assert time.monotonic() < limit, programme.error
        time.sleep(0.02)


def test_the_clock_survives_encoding_and_scaling_down(tmp_path: Path) -> None:
    path = tmp_path / "out.flv"
    programme = Programme(Settings((str(path),), coded=True, width=640, height=360, reconnect=False))
    before = time.time()
    programme.start()
    wait_frames(programme, 30)
    programme.stop()
    for height in (360, 234):
        times = [timecode.read(frame) for frame in read_file(path, height)]
        assert len(times) >= 25
        assert None not in times
        assert times == sorted(times)  # type: ignore[type-var]
        assert before <= times[0] <= times[-1] <= time.time()  # type: ignore[operator]


def test_black_is_black_and_freeze_stands_still(tmp_path: Path) -> None:
    path = tmp_path / "out.flv"
    programme = Programme(Settings((str(path),), width=320, height=180, coded=True, reconnect=False))
    programme.start()
    wait_frames(programme, 10)
    programme.set_fault("black")
    wait_frames(programme, 10)
    programme.set_fault("freeze")
    wait_frames(programme, 10)
    programme.set_fault("normal")
    wait_frames(programme, 10)
    programme.stop()
    frames = read_file(path, 180)
    black = [frame.max() < 40 for frame in frames]
    assert sum(black) >= 18  # freeze holds the last picture, which was black
    assert not black[0]
    assert not black[-1]


def test_silence_is_silent_and_other_sound_never_pauses_too_long() -> None:
    sounds = Sounds("demo", 2)
    assert set(sounds.silence(960)) == {0}
    assert len(sounds.take(RATE * 31 + RATE // 2, RATE)) == RATE * 4
    for style in ("demo", "speech", "music", "colour"):
        loop = loops(style)
        assert np.isfinite(loop).all()
        assert np.abs(loop).max() <= 1
        quiet = np.abs(np.concatenate((loop, loop))) < 10 ** (-50 / 20)
        edges = np.flatnonzero(~quiet)
        assert np.diff(edges).max() / RATE < 1.5, style


def test_chapters_look_different() -> None:
    pictures = Pictures("demo", 320, 180, 10.0, coded=False)
    looks = {pictures.draw(10.0 * n + 1, 0.0, 0.5).data.tobytes() for n in range(len(CHAPTERS))}
    assert len(looks) == len(CHAPTERS)


def test_an_encoder_that_was_killed_comes_back_when_mended(tmp_path: Path) -> None:
    programme = Programme(Settings((str(tmp_path / "out.flv"),), width=320, height=180))
    programme.start()
    wait_frames(programme, 5)
    programme.set_fault("kill")
    limit = time.monotonic() + 10
    while programme.pid:
        assert time.monotonic() < limit
        time.sleep(0.02)
    programme.set_fault("normal")
    while programme.connections < 2:
        assert time.monotonic() < limit
        time.sleep(0.02)
    programme.stop()
    assert not programme.pid
    with pytest.raises(ValueError, match="no fault"):
        programme.set_fault("tired")


def test_the_command_line_ends_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    path = tmp_path / "out.flv"
    assert main(["--to", str(path), "--seconds", "1", "--size", "320x180", "--audio", "mono"]) == 0
    assert path.stat().st_size > 10_000


def test_many_targets_are_encoded_once() -> None:
    arguments = ffmpeg_arguments(Settings(("rtmp://a/live/x", "srt://b:1?passphrase=y")), 5)
    assert arguments.count("-c:v") == 1
    assert arguments[-1] == (
        "[f=flv:onfail=ignore:use_fifo=1]rtmp://a/live/x|[f=mpegts:onfail=ignore:use_fifo=1]srt://b:1?passphrase=y"
    )


def test_the_simulator_imports_nothing_of_the_house() -> None:
    for path in Path(__file__).parents[1].glob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith(("import maru", "from maru")):
                assert line.startswith("from maru.simulator"), f"{path.name}: {line}"
