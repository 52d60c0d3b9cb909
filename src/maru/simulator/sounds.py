"""The sound of the generated programme: a loop of music and a loop of speech-like sound, made once by NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

Samples = np.ndarray[Any, np.dtype[np.float32]]

RATE = 48_000
LOOP_SECONDS = 32
_CHORDS = ((57, 60, 64, 69), (53, 57, 60, 65), (48, 55, 60, 64), (55, 59, 62, 67))
_VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))


def _hertz(note: int) -> float:
    return float(440.0 * 2 ** ((note - 69) / 12))


def music() -> Samples:
    """Soft plucked chords, LOOP_SECONDS long, peak 0.5, that join end to beginning."""
    out = np.zeros(LOOP_SECONDS * RATE, dtype=np.float32)
    beat = RATE // 2
    length = RATE * 2
    t = np.arange(length) / RATE
    fade = np.exp(-2.2 * t) * np.minimum(1, t * 80)
    for at in range(LOOP_SECONDS * 2):
        chord = _CHORDS[at // 8 % len(_CHORDS)]
        note = _hertz(chord[at % len(chord)] + (12 if at % 8 == 5 else 0))
        tone = sum(np.sin(2 * np.pi * note * k * t) / k**2 for k in (1, 2, 3)) * fade
        index = (at * beat + np.arange(length)) % out.size
        out[index] += tone.astype(np.float32)
        if at % 4 == 0:
            bass = np.sin(2 * np.pi * _hertz(chord[0] - 12) * t) * np.exp(-1.2 * t) * np.minimum(1, t * 40)
            out[index] += 0.8 * bass.astype(np.float32)
    return (0.5 * out / np.abs(out).max()).astype(np.float32)


def speech() -> Samples:
    """Syllables of vowel-like sound in sentences with pauses up to 0.9 s, LOOP_SECONDS long, peak 0.6."""
    chance = np.random.default_rng(1116)
    out = np.zeros(LOOP_SECONDS * RATE, dtype=np.float32)
    at = RATE // 10
    while at < out.size - RATE:
        for _ in range(int(chance.integers(6, 14))):
            length = int(RATE * chance.uniform(0.11, 0.24))
            if at + length >= out.size:
                break
            t = np.arange(length) / RATE
            pitch = chance.uniform(105, 150) * (1 - 0.1 * t / t[-1])
            phase = 2 * np.pi * np.cumsum(pitch) / RATE
            formants = _VOWELS[int(chance.integers(len(_VOWELS)))]
            tone = np.zeros(length)
            for k in range(1, 26):
                near = sum(np.exp(-(((k * 125 - f) / 160) ** 2)) / (n + 1) for n, f in enumerate(formants))
                tone += (near + 0.02) * np.sin(k * phase)
            out[at : at + length] += (tone * np.abs(np.sin(np.pi * t / t[-1])) ** 0.6).astype(np.float32)
            at += length + int(RATE * chance.uniform(0.0, 0.06))
        at += int(RATE * chance.uniform(0.35, 0.9))
    out *= 0.6 / np.abs(out).max()
    return out + (chance.standard_normal(out.size) * 0.0005).astype(np.float32)


def tone() -> Samples:
    """1 kHz at -20 dBFS, LOOP_SECONDS long."""
    return (0.1 * np.sin(2 * np.pi * 1000 * np.arange(LOOP_SECONDS * RATE) / RATE)).astype(np.float32)


def loops(style: str) -> Samples:
    """The whole loop for a style of programme, mono float32 in -1..1."""
    if style == "colour":
        return tone()
    if style == "music":
        return music()
    if style in ("speech", "slides"):
        return speech()
    mixed = speech()
    bed = music()
    opening = RATE * 6  # music alone, then under the speech
    mixed[:opening] = 0
    bed[opening:] *= 0.15
    return (mixed + bed).astype(np.float32)


class Sounds:
    """Hands out interleaved 16-bit samples of the loop, and how loud it is."""

    def __init__(self, style: str, channels: int) -> None:
        self.channels = channels
        mono = loops(style)
        self._loop = (mono * 32_767).clip(-32_768, 32_767).astype("<i2")
        window = RATE // 20
        power = np.sqrt((mono.reshape(-1, window) ** 2).mean(axis=1))
        self._loudness = power / max(float(power.max()), 1e-6)

    def take(self, first: int, count: int) -> bytes:
        """``count`` samples per channel from sample ``first`` on, all channels alike."""
        index = first % self._loop.size
        part = self._loop[index : index + count]
        while part.size < count:
            part = np.concatenate((part, self._loop[: count - part.size]))
        return np.repeat(part, self.channels).tobytes() if self.channels > 1 else part.tobytes()

    def silence(self, count: int) -> bytes:
        """``count`` samples per channel of digital silence."""
        return bytes(2 * count * self.channels)

    def loudness(self, seconds: float) -> float:
        """0..1 at that moment of the programme."""
        return float(self._loudness[int(seconds * 20) % self._loudness.size])
