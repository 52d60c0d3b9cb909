"""Thirty seconds of quiet music for the slates, computed. It ends where it begins, so it can run for ever."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 48_000
SECONDS = 30
_PEAK = 0.22  # about -24 dBFS on average: present, and far above what counts as silence
# five chords of six seconds, in semitones from A3; open and unhurried, no dominant that asks for an end
_CHORDS = (
    (-12, -5, 0, 4, 11),
    (-17, -5, -1, 4, 7),
    (-7, 0, 5, 9, 12),
    (-15, -3, 0, 4, 9),
    (-10, -3, 2, 7, 9),
)
# plucked notes (second, semitone, left to right) on the five tones of the scale
_PLUCKS = (
    (0.8, 16, 0.3), (2.4, 11, 0.6), (3.7, 19, 0.45), (6.9, 16, 0.7), (8.6, 14, 0.35), (10.2, 11, 0.55),
    (13.0, 12, 0.4), (14.6, 16, 0.65), (16.1, 21, 0.5), (18.8, 19, 0.3), (20.5, 16, 0.6), (22.3, 12, 0.45),
    (24.9, 14, 0.7), (26.4, 11, 0.4), (28.2, 14, 0.5),
)  # fmt: skip

Wave = NDArray[np.float64]


def compose() -> NDArray[np.int16]:
    """Samples of shape (RATE * SECONDS, 2), full scale int16."""
    total = RATE * SECONDS
    mix = np.zeros((total, 2))
    length = SECONDS / len(_CHORDS)
    for place, chord in enumerate(_CHORDS):
        for voice, semitone in enumerate(chord):
            _add(mix, place * length - 1.2, _pad(semitone, length + 2.4, voice), 0.5 + 0.16 * (voice - 2))
    for second, semitone, side in _PLUCKS:
        _add(mix, second, _pluck(semitone), side)
    mix = _hall(mix)
    samples: NDArray[np.int16] = np.round(mix / np.abs(mix).max() * _PEAK * 32767).astype(np.int16)
    return samples


def _pitch(semitone: float) -> float:
    return float(220.0 * 2.0 ** (semitone / 12))


def _pad(semitone: int, seconds: float, voice: int) -> Wave:
    time = np.arange(int(RATE * seconds)) / RATE
    wave = np.zeros_like(time)
    for cents, level in ((-4, 0.5), (5, 0.5)):  # two strings, hardly out of tune, make it breathe
        pitch = _pitch(semitone + cents / 100)
        for harmonic, share in ((1, 1.0), (2, 0.22), (3, 0.07)):
            wave += level * share * np.sin(2 * np.pi * pitch * harmonic * time + voice)
    swell = np.sin(np.pi * np.clip(time / seconds, 0, 1)) ** 0.8
    result: Wave = 0.16 * wave * swell
    return result


def _pluck(semitone: int) -> Wave:
    time = np.arange(int(RATE * 3.0)) / RATE
    pitch = _pitch(semitone)
    wave = sum(
        np.sin(2 * np.pi * pitch * n * time) * np.exp(-time * (1.6 + 1.5 * n)) / n**1.4 for n in range(1, 7)
    )
    result: Wave = 0.13 * np.asarray(wave) * np.minimum(1.0, time / 0.006)
    return result


def _add(mix: Wave, second: float, wave: Wave, side: float) -> None:
    """Add a sound at a moment of the circle; ``side`` 0 is left, 1 is right."""
    places = (np.arange(len(wave)) + int(second * RATE)) % len(mix)
    mix[places, 0] += wave * np.cos(side * np.pi / 2)
    mix[places, 1] += wave * np.sin(side * np.pi / 2)


def _hall(mix: Wave) -> Wave:
    """The echo of a wooden room, folded around the circle so that the seam is as smooth as the rest."""
    chance = np.random.default_rng(11)
    tail = int(RATE * 1.8)
    fade = np.exp(-np.arange(tail) / (RATE * 0.42))
    echo = np.zeros_like(mix)
    echo[:tail] = chance.standard_normal((tail, 2)) * fade[:, None]
    echo /= np.sqrt((echo**2).sum(axis=0))
    wet = np.fft.irfft(np.fft.rfft(mix, axis=0) * np.fft.rfft(echo, axis=0), len(mix), axis=0)
    result: Wave = mix + 0.5 * wet
    return result
