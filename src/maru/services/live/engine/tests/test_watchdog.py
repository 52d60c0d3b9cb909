"""Faults begin when they have lasted long enough, end when they end, and never overlap themselves."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from maru.services.live.engine.contracts import Signal, Thresholds
from maru.services.live.engine.watchdog import Lines, Stillness, Watchdog

ORIGIN = 1_000_000.0
KEYS = {
    "black": ("lavfi.black_start", "lavfi.black_end"),
    "silence": ("lavfi.silence_start", "lavfi.silence_end"),
}


def frame(number: int, *lines: str) -> bytes:
    """What ffmpeg prints of the frame at number / 5 seconds."""
    head = f"frame:{number}    pts:{number}      pts_time:{number / 5:g}\n"
    return (head + "".join(f"{line}\n" for line in lines) + "tick=1\n").encode()


def watch(
    kind: str, changes: dict[int, bool], frames: int, thresholds: Thresholds | None = None
) -> list[Signal]:
    """Signals of a run in which the condition begins or ends at the given frames."""
    lines = Lines(Watchdog(thresholds or Thresholds(), ORIGIN), (kind,))
    found: list[Signal] = []
    for number in range(frames):
        said = [f"{KEYS[kind][0 if changes[number] else 1]}={number / 5:g}"] if number in changes else []
        found += lines.feed(frame(number, *said))
    return found


def test_black_is_a_fault_after_a_second() -> None:
    assert watch("black", {10: True}, 15) == []
    assert watch("black", {10: True}, 16) == [Signal("black", True, ORIGIN + 2)]
    assert watch("black", {10: True, 40: False}, 50) == [
        Signal("black", True, ORIGIN + 2),
        Signal("black", False, ORIGIN + 8),
    ]


def test_what_is_short_is_no_fault() -> None:
    assert watch("black", {10: True, 14: False, 25: True, 29: False}, 60) == []
    assert watch("silence", {0: True, 9: False}, 60) == []


def test_a_check_that_is_off_says_nothing() -> None:
    assert watch("silence", {0: True}, 100, Thresholds(silence_s=0)) == []


def test_a_flickering_signal_is_bad_again_in_half_the_time() -> None:
    found = watch("black", {0: True, 10: False, 12: True, 15: False, 40: True, 44: False}, 60)
    assert [(signal.begins, round(signal.at - ORIGIN, 3)) for signal in found] == [
        (True, 0),
        (False, 2),
        (True, 2.4),
        (False, 3),
    ]


def test_a_fault_that_is_seen_only_at_its_end_is_still_told() -> None:
    watchdog = Watchdog(Thresholds(), ORIGIN)
    assert list(watchdog.note("silence", True, 4.0, 4.3)) == []
    assert [signal.begins for signal in watchdog.note("silence", False, 9.0, 9.0)] == [True, False]


def test_thresholds_may_change_while_it_runs() -> None:
    watchdog = Watchdog(Thresholds(), ORIGIN)
    list(watchdog.note("freeze", True, 1.0, 1.4))
    assert list(watchdog.tick(("freeze",), 2.9)) == []
    watchdog.thresholds = Thresholds(freeze_s=1.0)
    assert list(watchdog.tick(("freeze",), 2.9)) == [Signal("freeze", True, ORIGIN + 1)]
    assert watchdog.faults == {"freeze": ORIGIN + 1}
    watchdog.thresholds = Thresholds(freeze_s=0)
    assert list(watchdog.tick(("freeze",), 3.1)) == [Signal("freeze", False, ORIGIN + 3.1)]


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(sorted(KEYS)),
    st.dictionaries(st.integers(0, 99), st.booleans(), max_size=20),
    st.floats(0.2, 4),
)
def test_begin_and_end_take_turns(kind: str, changes: dict[int, bool], limit: float) -> None:
    thresholds = Thresholds(silence_s=limit, black_s=limit, freeze_s=limit)
    found = watch(kind, changes, 120, thresholds)
    assert [signal.begins for signal in found] == [n % 2 == 0 for n in range(len(found))]
    assert [signal.at for signal in found] == sorted(signal.at for signal in found)
    for begin, end in zip(found[::2], found[1::2], strict=False):
        assert end.at - begin.at >= limit / 2 - 1e-6


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(1, 200), max_size=40), st.dictionaries(st.integers(0, 49), st.booleans(), max_size=8)
)
def test_any_chunking_says_the_same(sizes: list[int], changes: dict[int, bool]) -> None:
    text = b"".join(
        frame(n, *([f"{KEYS['black'][0 if changes[n] else 1]}={n / 5:g}"] if n in changes else []))
        for n in range(50)
    )
    whole = list(Lines(Watchdog(Thresholds(), ORIGIN), ("black",)).feed(text))
    lines, found = Lines(Watchdog(Thresholds(), ORIGIN), ("black",)), []
    for size in [*sizes, len(text)]:
        found += lines.feed(text[:size])
        text = text[size:]
    assert found == whole


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=400))
def test_noise_in_the_pipe_is_passed_over(data: bytes) -> None:
    list(
        Lines(Watchdog(Thresholds(), ORIGIN), ("black", "silence")).feed(data + b"\nlavfi.black_start=nan\n")
    )


def stills(frames: list[np.ndarray], thresholds: Thresholds | None = None, chunk: int = 1000) -> list[Signal]:
    watchdog = Watchdog(thresholds or Thresholds(), ORIGIN)
    eye, data = Stillness(watchdog, 2.0, 0.2, 160 * 90), b"".join(frame.tobytes() for frame in frames)
    return [signal for at in range(0, len(data), chunk) for signal in eye.feed(data[at : at + chunk])]


def scene(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(20, 230, 160 * 90, dtype=np.uint8)


def test_a_frozen_noisy_picture_is_seen_from_its_last_change() -> None:
    chance = np.random.default_rng(2)
    moving = [scene(n) for n in range(10)]
    frozen = [(scene(9).astype(int) + chance.integers(-4, 5, 160 * 90)).astype(np.uint8) for _ in range(20)]
    found = stills([*moving, *frozen, *moving])
    assert [(signal.kind, signal.begins, round(signal.at - ORIGIN, 3)) for signal in found] == [
        ("freeze", True, 3.8),
        ("freeze", False, 8.0),
    ]


def test_a_clock_on_a_slide_is_alive() -> None:
    frames = []
    for number in range(60):
        frame = scene().reshape(90, 160).copy()
        frame[5:9, 140:144] = 255 if number // 5 % 2 else 60  # one digit, once a second
        frames.append(frame)
    assert stills(frames) == []
    assert stills([scene()] * 60) == [Signal("freeze", True, ORIGIN + 2)]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 2), max_size=40), st.integers(1, 40_000))
def test_stillness_does_not_depend_on_chunks(which: list[int], chunk: int) -> None:
    frames = [scene(n) for n in which]
    assert stills(frames, chunk=chunk) == stills(frames, chunk=160 * 90 * 50)
