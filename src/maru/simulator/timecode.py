"""A clock that machines can read off the picture, at any size and after hard compression.

Two rows of square blocks stand in the upper left corner, each block 1/30 of the picture's height. A row holds
26 blocks: white, black, then 24 bits, most significant first (white is 1). The first row carries bits 39..16 of
the Unix time in milliseconds modulo 2**40, the second bits 15..0 and an 8-bit check sum (the sum of the five
bytes of time, plus 85, modulo 256). All of it is luma only. Nothing is drawn below or right of that.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

Plane = np.ndarray[Any, np.dtype[np.uint8]]

ROWS, COLUMNS = 2, 26
BLOCKS_PER_HEIGHT = 30
WHITE, BLACK = 235, 16
_CYCLE = 2**40


def _bits(milliseconds: int) -> list[int]:
    stamp = milliseconds % _CYCLE
    check = (sum(stamp.to_bytes(5, "big")) + 85) % 256
    word = stamp << 8 | check
    return [(word >> at) & 1 for at in range(47, -1, -1)]


def draw(luma: Plane, milliseconds: int) -> None:
    """Draw the time (Unix milliseconds) into a luma plane of shape (height, width)."""
    side = luma.shape[0] // BLOCKS_PER_HEIGHT
    bits = _bits(milliseconds)
    for row in range(ROWS):
        cells = np.array([1, 0, *bits[row * 24 : row * 24 + 24]], dtype=np.uint8)
        line = np.repeat(cells * (WHITE - BLACK) + BLACK, side)
        luma[row * side : (row + 1) * side, : line.size] = line


def read(luma: Plane, near: float | None = None) -> float | None:
    """The Unix time in seconds that a picture shows, or None if it shows none that passes its check.

    ``luma`` has shape (height, width) at any scale; ``near`` (default: now) chooses the 34-year cycle.
    """
    side = luma.shape[0] / BLOCKS_PER_HEIGHT
    found: list[int] = []
    for row in range(ROWS):
        y = int((row + 0.5) * side)
        cells = []
        for column in range(COLUMNS):
            x = int((column + 0.5) * side)
            reach = max(1, int(side / 4))
            cells.append(float(luma[max(0, y - reach) : y + reach, max(0, x - reach) : x + reach].mean()))
        if cells[0] - cells[1] < 60:
            return None
        middle = (cells[0] + cells[1]) / 2
        found += [int(cell > middle) for cell in cells[2:]]
    word = int("".join(map(str, found)), 2)
    stamp = word >> 8
    if (sum(stamp.to_bytes(5, "big")) + 85) % 256 != word & 255:
        return None
    now = int((time.time() if near is None else near) * 1000)
    whole = stamp + round((now - stamp) / _CYCLE) * _CYCLE
    return whole / 1000


# The same in a browser: readTimecode(video) -> Unix seconds or null.
READER_JS = """
function readTimecode(video) {
  const w = video.videoWidth, h = video.videoHeight;
  if (!w) return null;
  const side = h / 30, width = Math.ceil(side * 26), height = Math.ceil(side * 2);
  const canvas = readTimecode.canvas || (readTimecode.canvas = document.createElement('canvas'));
  canvas.width = width; canvas.height = height;
  const context = canvas.getContext('2d', {willReadFrequently: true});
  context.drawImage(video, 0, 0, width, height, 0, 0, width, height);
  const data = context.getImageData(0, 0, width, height).data;
  const reach = Math.max(1, Math.floor(side / 4));
  let word = 0n;
  for (let row = 0; row < 2; row++) {
    const cells = [];
    for (let column = 0; column < 26; column++) {
      const y = Math.floor((row + 0.5) * side), x = Math.floor((column + 0.5) * side);
      let sum = 0, count = 0;
      for (let j = y - reach; j < y + reach; j++)
        for (let i = x - reach; i < x + reach; i++) { sum += data[4 * (j * width + i) + 1]; count++; }
      cells.push(sum / count);
    }
    if (cells[0] - cells[1] < 60) return null;
    const middle = (cells[0] + cells[1]) / 2;
    for (const cell of cells.slice(2)) word = word << 1n | (cell > middle ? 1n : 0n);
  }
  const stamp = word >> 8n;
  let check = 85n;
  for (let at = 0n; at < 40n; at += 8n) check += stamp >> at & 255n;
  if ((check & 255n) !== (word & 255n)) return null;
  const cycle = 2 ** 40, now = Date.now(), value = Number(stamp);
  return (value + Math.round((now - value) / cycle) * cycle) / 1000;
}
"""
