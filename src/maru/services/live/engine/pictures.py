"""Still pictures of the house, drawn by Pillow: what stands on the screen while no camera does.

A dark hall, a round paper window in which a lamp burns, the city's name and a line in each of its languages.
Lines with characters that the font lacks are left out rather than drawn as boxes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Pixels = NDArray[np.float32]

TOP, BOTTOM = (27, 33, 38), (17, 20, 24)  # ink, as the wall of a hall at night
TEXT, QUIET, WOOD = (244, 238, 226), (176, 170, 158), (92, 70, 50)
PAPER_DIM, PAPER_LIT = (112, 86, 56), (236, 190, 122)
_PREFERRED = (
    "pretendard-medium",
    "pretendard",
    "notosanskr",
    "notosanscjk-medium",
    "notosanscjk",
    "nanum",
    "noto",
)
_NO_SUCH_CHARACTER = "\U0010fffd"


@dataclass(frozen=True)
class Scene:
    """The same picture with the lamp low and high, RGB of equal size.

    ``line``: left, right and top, in pixels, of the thin line under the text.
    """

    dim: Image.Image
    lit: Image.Image
    line: tuple[int, int, int]


@lru_cache(maxsize=8)
def find_font(path: str = "", sample: str = "한") -> str:
    """A font file that can draw ``sample``: the given one, else one of the system; "" if there is none."""
    if path and can_draw(path, sample):
        return path
    home = Path.home()
    data = Path(os.environ.get("XDG_DATA_HOME", home / ".local/share"))
    places = [data / "fonts", home / ".fonts", Path("/usr/local/share/fonts"), Path("/usr/share/fonts")]
    found = [file for place in places if place.is_dir() for file in place.rglob("*.[ot]t[fc]")]

    def rank(file: Path) -> tuple[int, str]:
        name = file.name.lower().replace("_", "")
        return next((n for n, word in enumerate(_PREFERRED) if name.startswith(word)), len(_PREFERRED)), str(
            file
        )

    return next((str(file) for file in sorted(found, key=rank) if can_draw(str(file), sample)), "")


def can_draw(path: str, text: str) -> bool:
    """Whether a font file has a shape of its own for every character of ``text``."""
    try:
        font = ImageFont.truetype(path, 24)
    except (OSError, ValueError):
        return False
    return _has_all(font, text)


def _has_all(font: Font, text: str) -> bool:
    try:
        lacking = bytes(font.getmask(_NO_SUCH_CHARACTER))
        return all(char.isspace() or bytes(font.getmask(char)) != lacking for char in text)
    except (UnicodeEncodeError, OSError):
        return False


def font_of(path: str, size: int) -> Font:
    """A font at a size in pixels; Pillow's own when ``path`` is "" or unreadable."""
    try:
        return ImageFont.truetype(path, size) if path else ImageFont.load_default(size)
    except (OSError, ValueError):
        return ImageFont.load_default(size)


def draw_scene(size: tuple[int, int], city: str, lines: tuple[str, ...], font_path: str = "") -> Scene:
    """Draw the hall. ``font_path`` is tried first (see ``find_font``)."""
    wide, high = size
    wall = _wall(wide, high)
    unit = high / 720
    centre, radius = (int(wide * 0.765), int(high * 0.48)), int(196 * unit)
    line = _text(wall, unit, city, lines, font_path, int(wide * 0.765) - radius - int(70 * unit))
    dim, lit = (_window(wall, centre, radius, glow) for glow in (0.35, 1.0))
    return Scene(dim, lit, line)


def _wall(wide: int, high: int) -> Image.Image:
    share = np.linspace(0.0, 1.0, high, dtype=np.float32)[:, None, None]
    colour = (1 - share) * np.array(TOP, np.float32) + share * np.array(BOTTOM, np.float32)
    grain = np.random.default_rng(7).uniform(-0.7, 0.7, (high, wide, 1)).astype(np.float32)  # against banding
    return Image.fromarray(np.clip(np.round(colour + grain), 0, 255).astype(np.uint8), "RGB")


def _text(
    wall: Image.Image, unit: float, city: str, lines: tuple[str, ...], font_path: str, room: int
) -> tuple[int, int, int]:
    path = find_font(font_path)
    draw = ImageDraw.Draw(wall)
    left = int(96 * unit)
    room -= left
    shown = [line for line in lines if line.strip() and _has_all(font_of(path, 24), line)][:2]
    sizes = [46, 28]
    rows: list[tuple[str, Font, tuple[int, int, int], int]] = []
    if city.strip() and _has_all(font_of(path, 24), city):
        rows.append(
            (
                city,
                _fitting(path, city, int((24 if shown else 54) * unit), room),
                QUIET if shown else TEXT,
                26,
            )
        )
    for place, text in enumerate(shown):
        rows.append(
            (text, _fitting(path, text, int(sizes[place] * unit), room), QUIET if place else TEXT, 16)
        )
    heights = [_height(font) + int(gap * unit) for _, font, _, gap in rows]
    top = int(wall.height * 0.48 - sum(heights) / 2)
    for (text, font, colour, _), height in zip(rows, heights, strict=True):
        draw.text((left, top), text, font=font, fill=colour)
        top += height
    line = (left, left + int(220 * unit), top + int(22 * unit))
    draw.rectangle((line[0], line[2], line[1], line[2] + max(1, round(2 * unit)) - 1), fill=(58, 60, 62))
    return line


def _height(font: Font) -> int:
    return int(font.getbbox("한g")[3])


def _fitting(path: str, text: str, size: int, room: int) -> Font:
    font = font_of(path, size)
    length = font.getlength(text)
    return font if length <= room else font_of(path, max(10, int(size * room / length)))


def _window(wall: Image.Image, centre: tuple[int, int], radius: int, glow: float) -> Image.Image:
    x, y = centre
    across = np.arange(wall.width, dtype=np.float32)[None, :] - x
    down = np.arange(wall.height, dtype=np.float32)[:, None] - y
    share = 0.34 * glow * np.exp(-((np.hypot(across, down) / (1.45 * radius)) ** 2))[:, :, None]
    pixels = np.asarray(wall, np.float32)
    pixels = pixels + share * (np.array(PAPER_LIT, np.float32) - pixels)
    grain = np.random.default_rng(3).uniform(-0.5, 0.5, (wall.height, wall.width, 1)).astype(np.float32)
    picture = Image.fromarray(np.clip(np.round(pixels + grain), 0, 255).astype(np.uint8), "RGB")
    disc, mask = _paper(radius, glow)
    picture.paste(disc, (x - radius - 8, y - radius - 8), mask)
    return picture


def _paper(radius: int, glow: float) -> tuple[Image.Image, Image.Image]:
    """The lattice window itself, drawn four times as large and reduced, so that its edges are smooth."""
    scale, rim = 4, 8
    side = 2 * (radius + rim)
    grid = np.linspace(-1.0, 1.0, side, dtype=np.float32)
    distance = np.hypot(grid[None, :], grid[:, None] - 0.25)
    light = np.clip(1.15 - 0.75 * distance, 0.0, 1.0)[:, :, None] * glow
    colour = np.array(PAPER_DIM, np.float32) + light * (
        np.array(PAPER_LIT, np.float32) - np.array(PAPER_DIM, np.float32)
    )
    disc = Image.fromarray(colour.astype(np.uint8), "RGB").resize((side * scale, side * scale))
    draw = ImageDraw.Draw(disc)
    big, middle = side * scale, side * scale // 2
    bar = max(4, radius * scale // 46)
    for share in (-0.56, -0.28, 0.0, 0.28, 0.56):
        at = middle + int(share * radius * scale)
        draw.rectangle((at - bar // 2, 0, at + bar // 2, big), fill=WOOD)
    for share in (-0.62, -0.5, -0.06, 0.06, 0.5, 0.62):
        at = middle + int(share * radius * scale)
        draw.rectangle((0, at - bar // 2, big, at + bar // 2), fill=WOOD)
    draw.ellipse((rim, rim, big - rim, big - rim), outline=WOOD, width=bar * 3 + rim)
    mask = Image.new("L", (big, big), 0)
    ImageDraw.Draw(mask).ellipse((rim, rim, big - rim, big - rim), fill=255)
    smooth = Image.Resampling.LANCZOS
    return disc.resize((side, side), smooth), mask.resize((side, side), smooth)


def still_picture(path: Path, city: str, font_path: str = "") -> None:
    """Write the PNG that is shown for a source without picture. Raises OSError."""
    scene = draw_scene((1280, 720), city, (), font_path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    Image.blend(scene.dim, scene.lit, 0.6).save(part, "PNG")
    part.replace(path)
