"""Slates: what is on air before the start and while no source is good. Encoded once, kept as segments.

Fifteen sets of two seconds per kind, in every rendition of the preset, which a station puts into its playlist
again and again. They lie in ``{folder}/{hash of all that they are made of}/{kind}/{rendition}/``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import time
import wave
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maru.services.live.engine import ladder, music
from maru.services.live.engine.boxes import read_all
from maru.services.live.engine.contracts import Rendition, SegmentSet, SlateWords
from maru.services.live.engine.cutter import GRID, PictureCutter, SoundCutter
from maru.services.live.engine.pictures import Scene, draw_scene, find_font, still_picture
from maru.services.live.engine.sets import INIT, file_name, write_whole

__all__ = ["KINDS", "SlateFailed", "ensure_slates", "still_picture"]

VERSION = 1  # raise it when the look or the encoding changes
KINDS = ("soon", "back")
SETS = 15
FPS = Fraction(12)
INDEX = "slates.json"
TIMEOUT_S = 300
STALE_S = 3600.0
BREATH_S = 10.0  # the lamp and the light on the line; divides the loop evenly

QUIETLY = ("-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-y")

Plane = NDArray[np.uint8]


class SlateFailed(Exception):
    """ffmpeg could not encode a slate; the text says why."""


def ensure_slates(
    ffmpeg: str,
    folder: Path,
    preset: str | Sequence[Rendition],
    words: SlateWords,
    font: str | Path | None = None,
) -> dict[str, tuple[SegmentSet, ...]]:
    """The slates of a preset and words by kind ("soon", "back"), encoded now if they are not there yet.

    Takes seconds the first time: call it in a thread. ``files`` are relative to ``folder``'s parent; ``start``
    of a set counts from 0 at the loop's beginning. Safe against crashes and against a second caller: a folder
    has its name only when it is whole. Raises SlateFailed and OSError.
    """
    renditions = tuple(ladder.renditions_of(preset))
    font_path = find_font(str(font) if font else "")
    # the font's name, not its place: the same city on another machine gives the same slates
    made_of = [VERSION, [asdict(rung) for rung in renditions], asdict(words), Path(font_path).name]
    key = hashlib.sha256(json.dumps(made_of, ensure_ascii=False).encode()).hexdigest()[:20]
    home = folder / key
    if not (home / INDEX).is_file():
        _build(ffmpeg, folder, key, renditions, words, font_path)
    index = json.loads((home / INDEX).read_text(encoding="utf-8"))
    return {kind: tuple(SegmentSet(**entry) for entry in index[kind]) for kind in KINDS}


def _build(
    ffmpeg: str, folder: Path, key: str, renditions: tuple[Rendition, ...], words: SlateWords, font_path: str
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(".*.part"):
        if time.time() - left.stat().st_mtime > STALE_S:
            shutil.rmtree(left, ignore_errors=True)
    part = folder / f".{key}.{os.getpid()}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        sounds = _encode_music(ffmpeg, part, renditions)
        index = {}
        for kind, text in zip(KINDS, (words.soon, words.back), strict=True):
            lines = tuple(text.splitlines())
            scene = draw_scene(max(_sizes(renditions).values()), words.city, lines, font_path)
            _encode(ffmpeg, part, kind, renditions, sounds, scene)
            index[kind] = [asdict(found) for found in _cut(part, key, kind, renditions, folder.name)]
        for sound in sounds.values():
            sound.unlink()
        write_whole(part / INDEX, json.dumps(index, indent=1).encode())
        if not (folder / key / INDEX).is_file():
            shutil.rmtree(folder / key, ignore_errors=True)
            part.rename(folder / key)
    except OSError:
        if not (folder / key / INDEX).is_file():  # else another process was faster, which is as good
            raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write_wave(path: Path, samples: NDArray[np.int16]) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(music.RATE)
        file.writeframes(samples.astype("<i2").tobytes())


def _encode_music(ffmpeg: str, part: Path, renditions: tuple[Rendition, ...]) -> dict[int, Path]:
    """The music coded once per bit rate; every picture takes a copy of it."""
    score = part / "music.wav"
    _write_wave(score, music.compose())
    files = {rung.audio_kbps: part / f"music-{rung.audio_kbps}.mp4" for rung in renditions}
    command = [ffmpeg, *QUIETLY, "-i", f"file:{score}"]
    for rung in {rung.audio_kbps: rung for rung in renditions}.values():
        command += ["-map", "0:a", *ladder.sound_codec(rung), "-f", "mp4", f"file:{files[rung.audio_kbps]}"]
    _run(command, iter(()), part / "said.txt")
    score.unlink()
    return files


def _sizes(renditions: tuple[Rendition, ...]) -> dict[str, tuple[int, int]]:
    """Width and height of the renditions with picture, largest first."""
    pictures = sorted((rung for rung in renditions if rung.height), key=lambda rung: -rung.height)
    return {rung.name: (2 * round(rung.height * 16 / 9 / 2), rung.height) for rung in pictures}


def _encode(
    ffmpeg: str,
    part: Path,
    kind: str,
    renditions: tuple[Rendition, ...],
    sounds: dict[int, Path],
    scene: Scene,
) -> None:
    """One ffmpeg that writes ``{kind}-{rendition}.mp4`` into ``part``."""
    sizes = _sizes(renditions)
    wide, high = scene.dim.size
    command = [ffmpeg, *QUIETLY, "-itsoffset", str(GRID), "-f", "rawvideo", "-pix_fmt", "yuv420p"]
    command += ["-s", f"{wide}x{high}", "-framerate", str(FPS), "-color_range", "tv", "-i", "pipe:0"]
    for sound in sounds.values():
        command += ["-itsoffset", str(GRID), "-i", f"file:{sound}"]
    command += ["-filter_complex", _graph(list(sizes.values()))]
    for rung in renditions:
        if rung.height:
            codec = ladder.picture_codec(ladder.Rung(rung, *sizes[rung.name]), FPS, Fraction(GRID))
            command += ["-map", f"[v{list(sizes).index(rung.name)}]", *codec]
        command += ["-map", f"{1 + list(sounds).index(rung.audio_kbps)}:a", "-c:a", "copy"]
        command += [*ladder.muxer(sound_only=not rung.height), f"file:{part / f'{kind}-{rung.name}.mp4'}"]
    _run(command, _frames(scene), part / "said.txt")


def _graph(sizes: list[tuple[int, int]]) -> str:
    """Each size scaled from the one before it, named [v0], [v1] …"""
    graph = []
    for place, (wide, high) in enumerate(sizes):
        step = f"[n{place}]scale={wide}:{high}:flags=bilinear,setsar=1" if place else "[0:v]setsar=1"
        more = place < len(sizes) - 1
        graph.append(f"{step},split[v{place}][n{place + 1}]" if more else f"{step}[v{place}]")
    return ";".join(graph)


def _run(command: list[str], frames: Iterator[bytes], log: Path) -> None:
    until = time.monotonic() + TIMEOUT_S
    with log.open("wb") as said, subprocess.Popen(command, stdin=subprocess.PIPE, stderr=said) as process:
        assert process.stdin is not None
        try:
            for frame in frames:
                process.stdin.write(frame)
            process.stdin.close()
            process.wait(max(1.0, until - time.monotonic()))
        except (BrokenPipeError, subprocess.TimeoutExpired):
            process.kill()
    text = log.read_text(encoding="utf-8", errors="replace").strip()[-300:]
    log.unlink()
    if process.returncode:
        raise SlateFailed(f"ffmpeg could not encode a slate (status {process.returncode}): {text}")


def _frames(scene: Scene) -> Iterator[bytes]:
    """Planar 4:2:0 pictures of the loop: the lamp breathes, a light wanders along the line under the text."""
    dim, lit = _planes(np.asarray(scene.dim)), _planes(np.asarray(scene.lit))
    glow = [high.astype(np.float32) - low for low, high in zip(dim, lit, strict=True)]
    rows = np.flatnonzero(np.abs(glow[0]).max(axis=1))
    columns = np.flatnonzero(np.abs(glow[0]).max(axis=0))
    # whole pairs, so that the halved colour planes match
    box = [
        int(rows[0]) // 2 * 2,
        int(rows[-1]) // 2 * 2 + 2,
        int(columns[0]) // 2 * 2,
        int(columns[-1]) // 2 * 2 + 2,
    ]
    left, right, top = scene.line
    thick = max(2, round(scene.dim.height / 360))
    places = np.arange(left, right, dtype=np.float32)
    for number in range(int(SETS * GRID * FPS)):
        turn = 2 * np.pi * number / float(FPS) / BREATH_S
        share = np.float32(0.5 - 0.5 * np.cos(turn))
        planes = [plane.copy() for plane in dim]
        for plane, more, half in zip(planes, glow, (1, 2, 2), strict=True):
            y0, y1, x0, x1 = (edge // half for edge in box)
            plane[y0:y1, x0:x1] = np.round(plane[y0:y1, x0:x1] + share * more[y0:y1, x0:x1]).astype(np.uint8)
        middle = (left + right) / 2 - (right - left) * 0.36 * np.cos(turn)
        light = 120 * np.exp(-(((places - middle) / ((right - left) * 0.09)) ** 2))
        planes[0][top : top + thick, left:right] = (60 + light).astype(np.uint8)
        yield b"".join(plane.tobytes() for plane in planes)


def _planes(picture: NDArray[np.uint8]) -> tuple[Plane, Plane, Plane]:
    """RGB to BT.709 studio-range planes, colour halved both ways."""
    red, green, blue = (picture[:, :, n].astype(np.float32) / 255 for n in range(3))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    high, wide = luma.shape
    halves = [
        ((part - luma) / span).reshape(high // 2, 2, wide // 2, 2).mean(axis=(1, 3))
        for part, span in ((blue, 1.8556), (red, 1.5748))
    ]
    cb, cr = (np.round(128 + 224 * half).astype(np.uint8) for half in halves)
    return np.round(16 + 219 * luma).astype(np.uint8), cb, cr


def _cut(part: Path, key: str, kind: str, renditions: tuple[Rendition, ...], name: str) -> list[SegmentSet]:
    """Segments of every rendition, and the sets they make."""
    for rung in renditions:
        whole = part / f"{kind}-{rung.name}.mp4"
        _write_segments(part / kind / rung.name, whole.read_bytes(), sound_only=not rung.height)
        whole.unlink()
    sets = []
    for number in range(1, SETS + 1):
        files = {rung.name: f"{name}/{key}/{kind}/{rung.name}/{file_name(number)}" for rung in renditions}
        sets.append(SegmentSet(f"slate-{kind}-{key}", number, float(GRID * (number - 1)), float(GRID), files))
    return sets


def _write_segments(folder: Path, whole: bytes, *, sound_only: bool) -> None:
    init, fragments = read_all(whole)
    cutter = SoundCutter(init) if sound_only else PictureCutter()
    pieces = [piece for fragment in fragments for piece in cutter.take(fragment)]
    pieces += cutter.finish()
    if [piece.number for piece in pieces[:SETS]] != list(range(1, SETS + 1)):
        raise SlateFailed(f"a slate came out in {len(pieces)} pieces instead of {SETS}")
    write_whole(folder / INIT, init.data)
    for piece in pieces[:SETS]:  # the coder's last frame may reach a little into a sixteenth
        write_whole(folder / file_name(piece.number), piece.data)
