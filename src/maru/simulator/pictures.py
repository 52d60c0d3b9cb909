"""The picture of the generated programme: scenes drawn once, then only what moves is put in for each frame."""

from __future__ import annotations

import functools
import math
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from maru.simulator import timecode

Plane = np.ndarray[Any, np.dtype[np.uint8]]
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Chapter:
    """A part of the programme with a look of its own."""

    title: str
    local: str
    dark: Colour
    light: Colour
    accent: Colour


CHAPTERS = (
    Chapter("Welcome", "여는 말", (18, 30, 54), (46, 78, 126), (245, 190, 90)),
    Chapter("Buses at night", "밤에도 다니는 버스", (14, 50, 46), (38, 112, 100), (250, 214, 120)),
    Chapter("Neighbours who care", "이웃이 돌보는 동네", (62, 26, 44), (140, 64, 88), (255, 200, 180)),
    Chapter("Making shade", "그늘 만들기", (32, 54, 22), (84, 128, 58), (248, 232, 150)),
    Chapter("Closing words", "닫는 말", (44, 30, 70), (98, 74, 150), (180, 225, 255)),
)
BARS: tuple[Colour, ...] = (
    (191, 191, 191), (191, 191, 0), (0, 191, 191), (0, 191, 0), (191, 0, 191), (191, 0, 0), (0, 0, 191)
)  # fmt: skip


@functools.cache
def _font_file() -> tuple[str, int] | None:
    """File and face number of a font with Korean letters, if the machine has one."""
    finder = shutil.which("fc-match")
    if finder is None:
        return None
    found = subprocess.run(
        [finder, "-f", "%{file}|%{index}|%{lang}", "sans:lang=ko:weight=bold"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split("|")
    return (found[0], int(found[1]) & 0xFFFF) if "ko" in found[2:] else None


def font(size: int) -> tuple[ImageFont.ImageFont | ImageFont.FreeTypeFont, bool]:
    """A font, and whether it can write Korean."""
    found = _font_file()
    if found:
        return ImageFont.truetype(found[0], size, index=found[1]), True
    return ImageFont.load_default(size), False


def to_yuv(image: Image.Image) -> tuple[Plane, Plane, Plane]:
    """The planes of yuv420p, limited range, BT.601 scaled; sides must be even."""
    y, u, v = (np.asarray(part, dtype=np.float32) for part in image.convert("YCbCr").split())
    luma = (16 + y * 219 / 255).round().astype(np.uint8)

    def halve(plane: np.ndarray[Any, Any]) -> Plane:
        small = plane.reshape(plane.shape[0] // 2, 2, plane.shape[1] // 2, 2).mean(axis=(1, 3))
        return (128 + (small - 128) * 224 / 255).round().clip(16, 240).astype(np.uint8)

    return luma, halve(u), halve(v)


class Frame:
    """One yuv420p picture in one buffer, with views of its planes."""

    def __init__(self, width: int, height: int) -> None:
        self.data = np.empty(width * height * 3 // 2, dtype=np.uint8)
        size = width * height
        self.y = self.data[:size].reshape(height, width)
        self.u = self.data[size : size * 5 // 4].reshape(height // 2, width // 2)
        self.v = self.data[size * 5 // 4 :].reshape(height // 2, width // 2)

    def put(self, planes: tuple[Plane, Plane, Plane], x: int, y: int) -> None:
        """Lay a smaller picture at even coordinates; what sticks out at the right or below is cut."""
        for target, plane, scale in zip((self.y, self.u, self.v), planes, (1, 2, 2), strict=True):
            top, left = y // scale, x // scale
            height = min(plane.shape[0], target.shape[0] - top)
            width = min(plane.shape[1], target.shape[1] - left)
            target[top : top + height, left : left + width] = plane[:height, :width]

    def blacken(self) -> None:
        """Make it wholly black."""
        self.y.fill(16)
        self.u.fill(128)
        self.v.fill(128)


class Pictures:
    """Draws the frames of one programme. ``style`` is demo, speech, music, slides or colour."""

    def __init__(self, style: str, width: int, height: int, chapter_seconds: float, coded: bool) -> None:
        self.style = style
        self.width, self.height = width, height
        self.chapter_seconds = chapter_seconds
        self.coded = coded
        self._frame = Frame(width, height)
        self._base: Frame | None = None
        self._shown = -1
        self._digits = self._draw_digits()
        self._hills: tuple[Plane, Plane, Plane] | None = None
        self._mouths: list[tuple[Plane, Plane, Plane]] = []

    def chapter(self, seconds: float) -> int:
        """Which chapter is on after so many seconds of programme; it runs round."""
        return int(seconds // self.chapter_seconds) % len(CHAPTERS)

    def draw(self, seconds: float, unix: float, loudness: float) -> Frame:
        """The picture at ``seconds`` into the programme, at wall time ``unix``.

        ``loudness`` 0..1 opens the mouth of the speaker. The frame is drawn over by the next call.
        """
        number = self.chapter(seconds)
        if number != self._shown:
            self._prepare(number)
            self._shown = number
        assert self._base is not None
        frame = self._frame
        np.copyto(frame.data, self._base.data)
        if self.style != "colour":
            self._move(frame, seconds, loudness)
        milliseconds = int(unix * 1000)
        self._clock(frame, milliseconds)
        if self.coded:
            timecode.draw(frame.y, milliseconds)
            side = self.height // timecode.BLOCKS_PER_HEIGHT
            for plane in (frame.u, frame.v):
                plane[: side * timecode.ROWS // 2, : side * timecode.COLUMNS // 2] = 128
        return frame

    def _prepare(self, number: int) -> None:
        width, height = self.width, self.height
        image = Image.new("RGB", (width, height))
        pen = ImageDraw.Draw(image)
        chapter = CHAPTERS[number]
        if self.style == "colour":
            for at, colour in enumerate(BARS):
                pen.rectangle((at * width // 7, 0, (at + 1) * width // 7, height), fill=colour)
        else:
            for y in range(height):
                share = y / height
                mixed = tuple(
                    round(a + (b - a) * share) for a, b in zip(chapter.dark, chapter.light, strict=True)
                )
                pen.line((0, y, width, y), fill=mixed)
            self._write_titles(pen, number, chapter)
            self._draw_speaker(pen, chapter)
            self._hills = self._draw_hills(chapter)
            self._mouths = [self._draw_mouth(chapter, step) for step in range(5)]
        base = Frame(width, height)
        base.put(to_yuv(image), 0, 0)
        self._base = base

    def _write_titles(self, pen: ImageDraw.ImageDraw, number: int, chapter: Chapter) -> None:
        unit = self.height // 36
        big, korean = font(unit * 3)
        small, _ = font(unit * 2)
        left = self.width // 20
        pen.rectangle((left, unit * 8, left + unit // 3, unit * 17), fill=chapter.accent)
        pen.text(
            (left + unit, unit * 8),
            chapter.local if korean else chapter.title,
            font=big,
            fill=(255, 255, 255),
        )
        if korean:
            pen.text((left + unit, unit * 13), chapter.title, font=small, fill=chapter.accent)
        pages = f"{number + 1} / {len(CHAPTERS)}"
        pen.text((left + unit, unit * 16), pages, font=small, fill=(210, 214, 224))

    def _speaker_box(self) -> tuple[int, int, int]:
        """Centre x, centre y and radius of the speaker's head."""
        return self.width * 3 // 4, self.height * 2 // 5, self.height // 8

    def _draw_speaker(self, pen: ImageDraw.ImageDraw, chapter: Chapter) -> None:
        x, y, radius = self._speaker_box()
        pen.rounded_rectangle(
            (x - radius * 2, y + radius, x + radius * 2, self.height), radius=radius, fill=chapter.accent
        )
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(238, 206, 178))
        pen.chord((x - radius, y - radius, x + radius, y + radius), 195, 345, fill=(40, 34, 36))
        for side in (-1, 1):
            eye = x + side * radius // 3
            pen.ellipse(
                (eye - radius // 10, y + radius // 12, eye + radius // 10, y + radius // 4), fill=(30, 26, 26)
            )

    def _mouth_size(self) -> tuple[int, int]:
        radius = self._speaker_box()[2]
        return radius // 2 * 2, radius // 4 * 2

    def _draw_mouth(self, chapter: Chapter, step: int) -> tuple[Plane, Plane, Plane]:
        width, height = self._mouth_size()
        image = Image.new("RGB", (width, height), (238, 206, 178))
        opened = max(2, height * step // 5)
        middle = height // 2
        ImageDraw.Draw(image).ellipse(
            (width // 5, middle - opened // 2, width * 4 // 5, middle + opened // 2), fill=(150, 50, 60)
        )
        return to_yuv(image)

    def _draw_hills(self, chapter: Chapter) -> tuple[Plane, Plane, Plane]:
        """A strip twice as wide as the picture that repeats after one width."""
        width, height = self.width, self.height // 8 * 2
        image = Image.new("RGB", (width, height), chapter.light)
        pen = ImageDraw.Draw(image)
        for layer in range(3):
            shade = tuple(round(part * (0.85 - 0.25 * layer)) for part in chapter.light)
            points = [
                (
                    x,
                    height * (0.2 + 0.25 * layer)
                    + height * 0.13 * math.sin(2 * math.pi * x * (layer + 2) / width),
                )
                for x in range(0, width + 1, 8)
            ]
            pen.polygon([(0, height), *points, (width, height)], fill=shade)
        y, u, v = to_yuv(image)
        return np.hstack((y, y)), np.hstack((u, u)), np.hstack((v, v))

    def _move(self, frame: Frame, seconds: float, loudness: float) -> None:
        assert self._hills is not None
        shift = int(seconds * self.width / 24) % self.width // 2 * 2
        y, u, v = self._hills
        strip = (
            y[:, shift : shift + self.width],
            u[:, shift // 2 : (shift + self.width) // 2],
            v[:, shift // 2 : (shift + self.width) // 2],
        )
        frame.put(strip, 0, self.height - y.shape[0])
        mouth = self._mouths[min(4, int(loudness * 5))]
        x, top, radius = self._speaker_box()
        frame.put(mouth, (x - mouth[0].shape[1] // 2) // 2 * 2, (top + radius * 2 // 5) // 2 * 2)

    def _draw_digits(self) -> dict[str, Plane]:
        size = self.height // 12 // 2 * 2
        width = size * 2 // 3 // 2 * 2
        face, _ = font(size * 3 // 4)
        drawn: dict[str, Plane] = {}
        for sign in "0123456789:.":
            image = Image.new("L", (width, size), 24)
            box = ImageDraw.Draw(image).textbbox((0, 0), sign, font=face)
            left = (width - (box[2] - box[0])) // 2 - box[0]
            ImageDraw.Draw(image).text((left, size // 16), sign, font=face, fill=235)
            drawn[sign] = np.asarray(image)
        return drawn

    def _clock(self, frame: Frame, milliseconds: int) -> None:
        """The time of day (UTC) with milliseconds, at the upper right."""
        day, rest = divmod(milliseconds % 86_400_000, 1000)
        text = f"{day // 3600:02}:{day // 60 % 60:02}:{day % 60:02}.{rest:03}"
        height, width = self._digits["0"].shape
        x = self.width - width * len(text) - self.height // 36 * 2
        y = self.height // 36 * 2
        frame.u[y // 2 : (y + height) // 2, x // 2 : (x + width * len(text)) // 2] = 128
        frame.v[y // 2 : (y + height) // 2, x // 2 : (x + width * len(text)) // 2] = 128
        for at, sign in enumerate(text):
            frame.y[y : y + height, x + at * width : x + (at + 1) * width] = self._digits[sign]
