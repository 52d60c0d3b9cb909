"""From real encoders to playlists and downloads: faults, a crash, a full disk."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from maru.services.live.engine.lint import lint
from maru.services.live.engine.recording import Mark, finish
from maru.services.live.engine.tests.stage import FFMPEG, Stage, open_stage, real_slates, until

pytestmark = [pytest.mark.media, pytest.mark.timeout(240)]


@pytest.fixture(scope="session")
def slate_folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    media = tmp_path_factory.mktemp("slates")
    return media, real_slates(media)


@pytest.fixture
def slates(slate_folder: tuple[Path, dict[str, Any]], tmp_path: Path) -> dict[str, Any]:
    source, made = slate_folder
    shutil.copytree(source / "live", tmp_path / "media" / "live")
    return made


def no_steps_back(stage: Stage) -> None:
    entries = stage.station.timeline.entries
    for before, after in itertools.pairwise(entries):
        assert after.seq == before.seq + 1
        assert after.pdt >= before.end - 1e-4


def decode_errors(path: Path) -> str:
    command = [
        FFMPEG,
        "-v",
        "error",
        "-xerror",
        "-i",
        str(path),
        "-map",
        "0:a",
        "-map",
        "0:v?",
        "-f",
        "null",
        "-",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return "" if done.returncode == 0 else done.stderr


def duration(path: Path) -> float:
    said = subprocess.run([FFMPEG, "-i", str(path)], capture_output=True, text=True, timeout=60).stderr
    match = re.search(r"Duration: (\d+):(\d+):([\d.]+)", said)
    assert match, said
    return int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3])


async def test_backup_then_crash_then_the_end(tmp_path: Path, slates: dict[str, Any]) -> None:
    media = tmp_path / "media"
    async with open_stage(tmp_path, media, slates) as stage:
        primary = stage.encoder("primary")
        stage.encoder("backup", "music")
        await until(lambda: stage.kinds.count("primary") >= 2 and stage.station.health["backup"].good)

        primary.set_fault("black")
        # On a loaded machine the backup's next segment may be late and the slate stands in for it.
        await until(lambda: stage.said("switch", source_to="backup"))
        primary.set_fault("normal")

        listed = list(stage.station.timeline.entries)
        await stage.crash()
        await until(lambda: stage.kinds[-1] in ("primary", "backup") and len(stage.kinds) > len(listed) + 3)
        assert stage.station.timeline.entries[: len(listed)] == listed
        assert lint(str(media / "live/show/index.m3u8"), loads=1, segments=True) == []

        stage.update(state="ended")
        await until(lambda: stage.station.finished)
        no_steps_back(stage)
        entries = list(stage.station.timeline.entries)
    assert lint(str(media / "live/show/index.m3u8"), segments=True) == []
    assert (media / "live/show/360p.m3u8").read_text().endswith("#EXT-X-ENDLIST\n")
    assert (media / "live/show/poster.jpg").read_bytes()[:2] == b"\xff\xd8"

    marks = [Mark("Welcome; all = you", entries[0].pdt), Mark("Questions", entries[0].pdt + 4)]
    made = finish(FFMPEG, tmp_path / "live/show/timeline.jsonl", media / "live/show", marks, "The show")
    assert made is not None and made.mp4 is not None and made.m4a is not None
    for path in (made.mp4, made.m4a):
        assert decode_errors(path) == ""
        assert duration(path) == pytest.approx(made.duration, abs=0.5)
    assert b"Welcome; all = you" in made.mp4.read_bytes()
    assert made.mp4.read_bytes().find(b"moov") < made.mp4.read_bytes().find(b"mdat")


async def test_without_backup_the_slate_comes_and_goes(tmp_path: Path, slates: dict[str, Any]) -> None:
    async with open_stage(tmp_path, tmp_path / "media", slates) as stage:
        primary = stage.encoder("primary")
        await until(lambda: stage.kinds.count("primary") >= 2)
        primary.set_fault("kill")
        await until(lambda: stage.said("switch", source_to="slate"))
        primary.set_fault("normal")
        await until(lambda: stage.said("switch", source_from="slate", source_to="primary"))
        primary.set_fault("silence")
        await until(lambda: stage.said("fault", reason="silence") and stage.kinds[-1] == "slate")
        no_steps_back(stage)
        assert lint(str(tmp_path / "media/live/show/index.m3u8"), loads=1) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


async def test_a_full_disk(small_disk: Path, slate_folder: tuple[Path, dict[str, Any]]) -> None:
    source, slates = slate_folder
    shutil.copytree(source / "live", small_disk / "live")
    async with open_stage(small_disk, small_disk, slates) as stage:
        stage.encoder("primary")
        await until(lambda: stage.kinds.count("primary") >= 2)
        filler = small_disk / "filler"
        with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
            while True:
                file.write(b"\0" * 4096)
        await until(lambda: stage.said("disk"))
        listed = list(stage.station.timeline.entries)
        lists = [path.read_text() for path in (small_disk / "live/show").glob("*p.m3u8")]
        assert lists and all(text.startswith("#EXTM3U") and text.endswith(".m4s\n") for text in lists)

        filler.unlink()
        await until(lambda: stage.said("recovered", reason="writing again"))
        await until(lambda: len(stage.kinds) > len(listed) + 2 and stage.kinds[-1] == "primary")
        assert stage.station.timeline.entries[: len(listed)] == listed
        no_steps_back(stage)
        index = str(small_disk / "live/show/index.m3u8")
        assert lint(index, loads=1, segments=True) == []
