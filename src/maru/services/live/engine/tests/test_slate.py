"""Slates: every rendition, music, motion, no boxes for letters; made once, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from maru.services.live.engine import music, pictures, slate
from maru.services.live.engine.boxes import read_all
from maru.services.live.engine.contracts import SlateWords
from maru.services.live.engine.tests import clips

WORDS = SlateWords(
    "가람시 · Garam", "곧 시작합니다\nWe start soon", "잠시 후 다시 이어집니다\nBack in a moment"
)


@pytest.fixture(scope="session")
def slates(tmp_path_factory: pytest.TempPathFactory):
    live = tmp_path_factory.mktemp("live")
    return live, slate.ensure_slates(clips.FFMPEG, live / "slates", clips.TINY, WORDS)


@pytest.mark.media
def test_fifteen_sets_of_two_seconds_in_every_rendition(slates) -> None:
    live, found = slates
    assert set(found) == {"soon", "back"}
    for sets in found.values():
        assert [(one.number, one.start, one.duration) for one in sets] == [
            (n + 1, 2.0 * n, 2.0) for n in range(15)
        ]
        for name in ("180p", "90p", "audio"):
            folder = (live / sets[0].files[name]).parent
            parts = [(live / one.files[name]).read_bytes() for one in sets]
            _, fragments = read_all((folder / "init.mp4").read_bytes() + b"".join(parts))
            begins = [float(fragment.lead().begins) for fragment in fragments]
            assert begins == pytest.approx([2.0 * n + 2 for n in range(15)], abs=0.022)
            assert sum(float(fragment.lead().lasts) for fragment in fragments) == pytest.approx(30, abs=0.05)


@pytest.mark.media
def test_it_moves_gently_and_sounds(slates) -> None:
    live, found = slates
    for sets in found.values():
        folder = (live / sets[0].files["180p"]).parent
        data = (folder / "init.mp4").read_bytes() + b"".join(
            (live / one.files["180p"]).read_bytes() for one in sets[:5]
        )
        clips.look(data)
        shown = clips.frames(data, 320, 180).astype(int)
        steps = np.abs(np.diff(shown, axis=0)).mean(axis=(1, 2, 3))
        assert steps.max() < 3  # nothing jumps
        assert np.abs(shown[0] - shown[59]).mean() > 1  # and yet it lives
        wave = clips.samples(data)
        for second in range(9):
            level = 20 * np.log10(np.sqrt((wave[second * 48000 :][:48000] ** 2).mean()))
            assert -40 < level < -14


def test_once_made_it_is_only_read(slates, monkeypatch) -> None:
    live, found = slates
    monkeypatch.setattr(slate, "_build", lambda *_: pytest.fail("built again"))
    assert slate.ensure_slates(clips.FFMPEG, live / "slates", clips.TINY, WORDS) == found


def test_a_crash_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    with pytest.raises(slate.SlateFailed):
        slate.ensure_slates("/bin/false", tmp_path / "slates", clips.TINY, WORDS)
    assert list((tmp_path / "slates").iterdir()) == []


def test_music_is_seamless_and_stereo() -> None:
    wave = music.compose().astype(float)
    assert wave.shape == (30 * 48000, 2)
    seam = np.abs(wave[0] - wave[-1]).max()
    assert seam <= np.abs(np.diff(wave, axis=0)).max()
    assert np.abs(wave).max() < 0.3 * 32767
    assert np.abs(wave[:, 0] - wave[:, 1]).mean() > 10


def test_lines_that_the_font_lacks_are_left_out(monkeypatch, tmp_path: Path) -> None:
    latin = next(iter(Path("/usr/share/fonts").rglob("DejaVuSans.ttf")), None)
    monkeypatch.setattr(pictures, "find_font", lambda path="", sample="": str(latin or ""))
    plain = pictures.draw_scene((640, 360), "Garam", ("Back soon",))
    mixed = pictures.draw_scene((640, 360), "Garam", ("다시", "Back soon"))
    assert plain.dim.tobytes() == mixed.dim.tobytes()


def test_an_unreadable_font_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "bad.otf").write_bytes(b"not a font")
    slate.still_picture(tmp_path / "still.png", "City", str(tmp_path / "bad.otf"))
    assert (tmp_path / "still.png").stat().st_size > 1000
    assert pictures.font_of("", 20).getlength("abc") > 0
