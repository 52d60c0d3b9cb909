"""Counting listeners over processes, restarts and a lossy bus."""

from __future__ import annotations

from pathlib import Path

import pytest

from maru.platform.stream.audience import FRESH_SECONDS, Audience, Count, is_phone, read

HALL = "live/hall"


@pytest.mark.parametrize(
    ("agent", "phone"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148", True),
        (
            "Mozilla/5.0 (Linux; Android 16; SM-S938N) AppleWebKit/537.36 Chrome/141.0 Mobile Safari/537.36",
            True,
        ),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36", False),
        ("curl/8.5.0", False),
        ("", False),
    ],
)
def test_phones(agent: str, phone: bool) -> None:
    assert is_phone(agent) is phone


def test_processes_are_added_up_and_forgotten() -> None:
    audience = Audience("a", "1")
    other = Audience("b", "1")
    audience.hear(audience.part({HALL: Count(3, 1, 5)}), 0.0)
    audience.hear(other.part({HALL: Count(4, 2, 6)}), 0.0)
    assert audience.totals(1.0)[HALL] == Count(7, 3, 11)
    assert audience.others(HALL, 1.0) == Count(4, 2)
    audience.hear(audience.part({HALL: Count(3, 1, 5)}), FRESH_SECONDS + 1)
    assert audience.totals(FRESH_SECONDS + 1)[HALL] == Count(3, 1, 11)


def test_joins_only_grow_over_restarts(tmp_path: Path) -> None:
    path = tmp_path / "run" / "audience.json"
    first = Audience("a", "1")
    other = Audience("b", "1")
    first.hear(first.part({HALL: Count(3, 1, 5)}), 0.0)
    first.hear(other.part({HALL: Count(1, 0, 2)}), 0.0)
    first.save(path, 0.0)
    assert read(tmp_path)[HALL] == Count(4, 1, 7)
    second = Audience("a", "2")
    second.load(path, 0.0)
    assert second.totals(10.0)[HALL] == Count(0, 0, 7)
    second.hear(second.part({HALL: Count(2, 0, 2)}), 1.0)
    second.hear(other.part({HALL: Count(1, 0, 3)}), 1.0)
    assert second.totals(1.0)[HALL] == Count(3, 0, 10)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"live/hall": 3}', "null"])
def test_a_broken_file_is_an_empty_audience(tmp_path: Path, text: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "audience.json").write_text(text)
    (tmp_path / "run" / "audience-parts.json").write_text(text)
    assert read(tmp_path) == {}
    audience = Audience("a", "1")
    audience.load(tmp_path / "run" / "audience.json", 0.0)
    assert audience.totals(0.0) == {}


@pytest.mark.parametrize(
    "part", [{}, {"process": "x", "boot": "1", "counts": {"a": [1]}}, {"process": 1, "counts": 3}]
)
def test_a_broken_part_is_ignored(part: dict) -> None:
    audience = Audience("a", "1")
    audience.hear(part, 0.0)
    assert audience.totals(0.0).get("a", Count()).joins == 0
