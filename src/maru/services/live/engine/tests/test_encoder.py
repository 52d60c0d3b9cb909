"""Real sources through the real ffmpeg: what lies on the disk is looked at with ffmpeg again."""

from __future__ import annotations

import asyncio
import errno
import os
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from maru.services.live.engine import sets
from maru.services.live.engine.contracts import SourceInfo, Thresholds
from maru.services.live.engine.encoder import Encoder
from maru.services.live.engine.tests import clips
from maru.services.live.engine.tests.clips import (
    BEEP,
    BEGAN,
    FFMPEG,
    TINY,
    X264,
    Made,
    encode,
    make,
    picture,
    sound,
)
from maru.services.live.engine.watchdog import Watchdog

pytestmark = pytest.mark.media
INFO = SourceInfo(True, True, 320, 180, 25.0, "h264", "aac", 2, 44100)
AAC = ["-c:a", "aac", "-b:a", "64k"]


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ladder")


@pytest.fixture(scope="session")
def plain(studio: Path) -> bytes:
    """Five seconds of 25 fps with sound, as FLV."""
    return make(studio / "plain.flv", *picture(), *sound(), "-t", "5", *X264, *AAC)


@pytest.fixture(scope="session")
def made(studio: Path, plain: bytes) -> Made:
    return asyncio.run(encode(plain, INFO, studio / "plain"))


def test_segments_begin_on_even_seconds_in_every_rendition(made: Made) -> None:
    assert made.reason == "the source ended"
    assert [found.number for found in made.sets] == [1, 2, 3]
    assert made.sets[0].start == pytest.approx(BEGAN, abs=0.05)
    assert [found.start for found in made.sets[1:]] == [1_700_000_002.0, 1_700_000_004.0]
    assert made.sets[1].duration == 2.0
    for one, two in zip(made.sets, made.sets[1:], strict=False):
        assert one.start + one.duration == pytest.approx(two.start, abs=1e-4)
    for name in ("180p", "90p"):
        _, fragments = made.fragments(name)
        begins = [fragment.run("video").begins for fragment in fragments]
        assert begins[1:] == [Fraction(4), Fraction(6)]
    init, fragments = made.fragments("audio")
    begins = [fragment.run("audio").begins for fragment in fragments]
    assert all(abs(begin - grid) < 0.022 for begin, grid in zip(begins[1:], (4, 6), strict=True))
    assert init.track("video") is None


def test_every_segment_plays_alone_and_all_play_together(made: Made) -> None:
    for name in ("180p", "90p", "audio"):
        for found in made.sets:
            clips.look(made.bytes_of(name, found.number))
        said = clips.look(made.bytes_of(name))
        assert "48000 Hz, stereo" in said
    assert "320x180 [SAR 1:1 DAR 16:9]" in clips.look(made.bytes_of("180p"))
    assert "160x90 [SAR 1:1 DAR 16:9]" in clips.look(made.bytes_of("90p"))
    shown = clips.frames(made.bytes_of("180p"), 320, 180)
    assert abs(len(shown) - 125) <= 2
    assert shown.std() > 40  # bars, not grey


def test_files_are_whole_or_absent_and_found_again(made: Made) -> None:
    assert sets.scan(made.folder) == made.sets
    assert not list(made.folder.rglob("*.part"))
    assert all(
        path.startswith(f"src/{made.folder.name}/") for found in made.sets for path in found.files.values()
    )
    assert sets.read_session(made.folder).renditions == ("180p", "90p", "audio")


def test_scan_leaves_out_what_a_crash_left(made: Made, tmp_path: Path) -> None:
    session = tmp_path / "src" / "one"
    os.system(f"mkdir -p {session.parent} && cp -r {made.folder} {session}")
    (session / "90p" / "000002.m4s").unlink()
    torn = session / "180p" / "000003.m4s"
    torn.write_bytes(torn.read_bytes()[:-10])
    assert [found.number for found in sets.scan(session)] == [1]
    (session / "session.json").write_text("{")
    assert sets.scan(session) == []
    assert sets.scan(tmp_path) == []


def test_picture_and_sound_stay_together(studio: Path) -> None:
    """Once a second a white flash and a beep; both are looked for in each segment alone, B-frames and all."""
    flash = [
        "-f",
        "lavfi",
        "-i",
        "color=black:s=320x180:r=25,drawbox=c=white:t=fill:enable='lt(mod(t,1),0.2)'",
    ]
    beep = sound("aevalsrc='0.5*sin(2*PI*880*t)*lt(mod(t,1),0.2)':s=44100")
    data = make(studio / "sync.flv", *flash, *beep, "-t", "6", *X264, *AAC)
    result = asyncio.run(encode(data, INFO, studio / "sync", thresholds=Thresholds(0, 0, -50, 0, 0)))
    for name, size in (("180p", (320, 180)), ("90p", (160, 90))):
        _, fragments = result.fragments(name)
        for number, fragment in zip((2, 3), fragments[1:3], strict=True):
            part = result.bytes_of(name, number)
            light = clips.frames(part, *size).mean(axis=(1, 2, 3))
            on = np.flatnonzero(np.diff((light > 100).astype(int)) == 1) + 1
            flashes = [float(fragment.run("video").begins) + n / 25 for n in on]
            loud = np.abs(clips.samples(part)).max(axis=1)
            starts = np.flatnonzero(loud > 0.2)
            starts = starts[np.diff(starts, prepend=-10_000) > 9_000]
            beeps = [float(fragment.run("audio").begins) + n / 48000 for n in starts]
            pairs = [min(abs(flashed - beeped) for beeped in beeps) for flashed in flashes]
            assert pairs, (name, number)
            assert max(pairs) < 0.06, (name, number, flashes, beeps)


@pytest.mark.parametrize(("fps", "kept"), [("24", "24"), ("30000/1001", "29.97"), ("50", "25"), ("60", "30")])
def test_frame_rates(studio: Path, fps: str, kept: str) -> None:
    name = fps.replace("/", "-")
    data = make(studio / f"{name}.flv", *picture(rate=fps), *sound(), "-t", "5", *X264, *AAC)
    info = replace(INFO, fps=float(Fraction(fps)))
    result = asyncio.run(encode(data, info, studio / f"fps{name}", preset=TINY[1:]))
    said = clips.look(result.bytes_of("90p"))
    assert re.search(rf"\b{kept} fps", said), said
    assert [found.number for found in result.sets] == [1, 2, 3]
    assert all(abs(found.start % 2) < 0.04 for found in result.sets[1:])
    assert result.sets[1].duration == pytest.approx(2.0, abs=0.04)


@pytest.mark.parametrize(("layout", "channels"), [("mono", 1), ("5.1", 6)])
def test_channels_become_stereo(studio: Path, layout: str, channels: int) -> None:
    source = sound(f"aevalsrc='{'|'.join(['0.3*sin(2*PI*440*t)'] * channels)}':c={layout}:s=48000")
    data = make(studio / f"{layout}.flv", *picture(), *source, "-t", "4", *X264, *AAC)
    info = replace(INFO, channels=channels, sample_rate=48000)
    result = asyncio.run(encode(data, info, studio / layout, preset=TINY[1:]))
    wave = clips.samples(result.bytes_of("audio"))
    level = np.sqrt((wave[20_000:60_000] ** 2).mean(axis=0))
    assert level[0] == pytest.approx(level[1], rel=0.05)
    assert level[0] > 0.05
    assert result.signals == []


def test_sound_without_picture(studio: Path) -> None:
    data = make(studio / "sound.flv", *sound(), "-t", "5", *AAC)
    result = asyncio.run(encode(data, SourceInfo(False, True, audio_codec="aac"), studio / "sound"))
    assert [found.number for found in result.sets] == [1, 2, 3]
    shown = clips.frames(result.bytes_of("180p"), 320, 180)
    assert shown[5].max() > 80
    assert len(shown) < 40
    assert np.abs(clips.samples(result.bytes_of("180p"))).max() > 0.02
    assert result.signals == []


def test_picture_without_sound(studio: Path) -> None:
    data = make(studio / "mute.flv", *picture(), "-t", "5", *X264)
    result = asyncio.run(encode(data, replace(INFO, has_audio=False), studio / "mute"))
    assert [found.number for found in result.sets] == [1, 2, 3]
    assert np.abs(clips.samples(result.bytes_of("audio"))).max() < 1e-3
    assert result.signals == []  # no sound is no silence


def test_portrait_is_padded_not_stretched(studio: Path) -> None:
    white = ["-f", "lavfi", "-i", "color=white:s=180x320:r=25"]
    data = make(studio / "tall.flv", *white, *sound(), "-t", "4", *X264, *AAC)
    result = asyncio.run(encode(data, replace(INFO, width=180, height=320), studio / "tall"))
    light = clips.frames(result.bytes_of("180p", 2), 320, 180)[3].mean(axis=2)
    columns = np.flatnonzero(light[90] > 128)
    assert columns[-1] - columns[0] + 1 == pytest.approx(101, abs=3)
    assert (columns[0] + columns[-1]) / 2 == pytest.approx(159.5, abs=2)
    assert (light[:, 160] > 128).all()


def test_odd_sizes_and_other_pixel_formats(studio: Path) -> None:
    data = make(
        studio / "odd.ts",
        *picture("321x183"),
        *sound(),
        "-t",
        "4",
        *X264,
        "-pix_fmt",
        "yuv444p",
        *AAC,
        "-f",
        "mpegts",
    )
    info = replace(INFO, width=321, height=183)
    result = asyncio.run(encode(data, info, studio / "odd", container="mpegts"))
    said = clips.look(result.bytes_of("180p"))
    assert "yuv420p" in said
    assert "320x180 [SAR 1:1" in said


def test_anamorphic_source_gets_square_pixels(studio: Path) -> None:
    data = make(
        studio / "wide.flv", *picture("240x180"), *sound(), "-t", "3", "-vf", "setsar=4/3", *X264, *AAC
    )
    result = asyncio.run(encode(data, replace(INFO, width=240), studio / "wide"))
    shown = clips.frames(result.bytes_of("180p", 2), 320, 180)[3]
    assert shown[:, :4].max() > 60
    assert shown[:, -4:].max() > 60  # the picture fills the whole width


def test_resolution_changes_in_mid_stream(studio: Path) -> None:
    one = make(studio / "a.ts", *picture("320x180"), *sound(), "-t", "4", *X264, *AAC, "-muxdelay", "0")
    two = make(
        studio / "b.ts", *picture("160x120"), *sound(), "-t", "4", *X264, *AAC, "-muxdelay", "0", "-output_ts_offset", "4"
    )  # fmt: skip
    result = asyncio.run(encode(one + two, INFO, studio / "change", container="mpegts"))
    assert result.reason == "the source ended"
    numbers = [found.number for found in result.sets]
    assert numbers == list(range(1, numbers[-1] + 1))
    assert sum(found.duration for found in result.sets) == pytest.approx(8.0, abs=0.4)
    before, after = (clips.frames(result.bytes_of("180p"), 320, 180)[n] for n in (20, 180))
    assert before[90, :10].max() > 60
    assert after[90, :30].max() < 40  # 4:3 stands between black bars
    assert after[90, 60:260].max() > 60


def test_black_freeze_and_silence_are_seen_where_they_are(studio: Path) -> None:
    """Four seconds of programme, four of fault, four of programme: one signal each at begin and end."""
    moving = "testsrc2=s=320x180:r=25,noise=alls=5:allf=t"
    black = f"{moving},drawbox=c=black:t=fill:enable='between(t,4,7.99)'"
    still = f"{moving},loop=loop=100:size=1:start=100,setpts=N/25/TB"
    quiet = sound(f"{BEEP.replace('volume=0.3', 'volume=0.3:enable=1')},volume=0:enable='between(t,4,8)'")
    cases = {"black": (black, sound()), "freeze": (still, sound()), "silence": (moving, quiet)}
    for kind, (video, audio) in cases.items():
        data = make(
            studio / f"{kind}.flv", "-f", "lavfi", "-i", video, *audio, "-t", "12", *X264, *AAC
        )  # fmt: skip
        result = asyncio.run(encode(data, INFO, studio / kind, preset=TINY[1:]))
        seen = [(signal.kind, signal.begins) for signal in result.signals if signal.kind == kind]
        assert seen == [(kind, True), (kind, False)], (kind, result.signals)
        begin, end = (signal for signal in result.signals if signal.kind == kind)
        assert begin.at - BEGAN == pytest.approx(4.0, abs=0.4)
        assert end.at - BEGAN == pytest.approx(8.0, abs=0.4)
        # a black picture stands still too, nothing else may be said
        assert {signal.kind for signal in result.signals} <= {kind, "freeze"} if kind == "black" else {kind}


def test_a_full_disk_costs_a_set_and_not_the_broadcast(studio: Path, plain: bytes, monkeypatch) -> None:
    written = sets.write_whole

    def refuse(path: Path, data: bytes) -> None:
        if path.name == "000002.m4s" and path.parent.name == "90p":
            raise OSError(errno.ENOSPC, "No space left on device")
        written(path, data)

    monkeypatch.setattr(sets, "write_whole", refuse)
    result = asyncio.run(encode(plain, INFO, studio / "full"))
    assert [found.number for found in result.sets] == [1, 3]
    assert [error.errno for error in result.troubles] == [errno.ENOSPC]
    assert not list(result.folder.rglob("000002.m4s"))


def test_garbage_ends_with_a_reason(studio: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, 200_000, dtype=np.uint8).tobytes()
    result = asyncio.run(encode(noise, INFO, studio / "garbage"))
    assert "status" in result.reason
    assert result.sets == []


def test_nothing_to_encode(studio: Path) -> None:
    result = asyncio.run(encode(b"", SourceInfo(False, False), studio / "nothing"))
    assert result.reason == "the source has neither picture nor sound"


def _encoder(made: Made) -> Encoder:
    return Encoder(
        FFMPEG,
        made.folder.name,
        made.folder,
        TINY[1:],
        Thresholds(),
        INFO,
        BEGAN,
        made.sets.append,
        made.signals.append,
    )


async def _running(encoder: Encoder) -> int:
    for _ in range(1000):
        if encoder.pid:
            return encoder.pid
        await asyncio.sleep(0.01)
    raise AssertionError("ffmpeg was not started")


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_cancelling_kills_the_process(studio: Path, plain: bytes) -> None:
    async def scene() -> int:
        encoder = _encoder(Made(studio / "src" / "cancel", studio))
        task = asyncio.create_task(encoder.run(clips.Bytes(plain, wait=True), b""))
        pid = await _running(encoder)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return pid

    assert _gone(asyncio.run(scene()))


def test_death_of_the_process_is_told(studio: Path, plain: bytes) -> None:
    async def scene() -> str:
        encoder = _encoder(Made(studio / "src" / "death", studio))
        task = asyncio.create_task(encoder.run(clips.Bytes(plain, wait=True), b""))
        os.kill(await _running(encoder), 9)
        return await asyncio.wait_for(task, 20)

    assert "ended with status -9" in asyncio.run(scene())


def test_a_process_that_hangs_is_ended(studio: Path, plain: bytes, monkeypatch) -> None:
    monkeypatch.setattr("maru.services.live.engine.encoder.HANG_S", 0.5)

    class Endless(clips.Bytes):
        async def read(self) -> bytes:
            await asyncio.sleep(0.05)
            return await super().read() or b"\0"

    async def scene() -> str:
        encoder = _encoder(Made(studio / "src" / "hang", studio))
        task = asyncio.create_task(encoder.run(Endless(plain), b""))
        os.kill(await _running(encoder), 19)
        return await asyncio.wait_for(task, 20)

    assert "hangs" in asyncio.run(scene())


def test_a_sound_track_that_stops_is_silence(studio: Path, plain: bytes) -> None:
    encoder = _encoder(Made(studio / "src" / "stops", studio))
    made = Made(studio, studio)
    encoder._on_signal = made.signals.append
    encoder._watchdog = Watchdog(Thresholds(), BEGAN)
    publication = clips.Bytes(b"")
    stopped = {"silence": False, "freeze": False}
    publication.last_audio, publication.last_video = 100.0, 102.5
    encoder._tracks(publication, 102.5, stopped)
    assert [(signal.kind, signal.begins) for signal in made.signals] == [("silence", True)]
    publication.last_audio = publication.last_video = 104.0
    encoder._tracks(publication, 104.0, stopped)
    assert [signal.begins for signal in made.signals] == [True, False]
