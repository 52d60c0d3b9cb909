"""What a citizen types, made safe to show."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maru.platform.access.refusals import Invalid
from maru.services.live.text import clean, required


def cleaned(text: str, limit: int = 500) -> str:
    return clean(text, limit=limit, field="text", lines=True)


@pytest.mark.parametrize(
    "text",
    [
        "안녕하세요",
        "مرحبا بالعالم",
        "<b>bold</b>",
        "👨‍👩‍👧‍👦 🇰🇷 1️⃣",
        "नमस्ते",
        "a\n\nb",
        "e\u0301".encode().decode(),
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert cleaned(text) == unicodedata.normalize("NFC", text)


def test_limit_counts_code_points_after_composing() -> None:
    assert len(cleaned("e\u0301" * 500)) == 500
    with pytest.raises(Invalid) as refusal:
        cleaned("가" * 501)
    assert refusal.value.as_dict()["code"] == "too_long"
    assert refusal.value.field == "text"


def test_a_megabyte_is_refused() -> None:
    with pytest.raises(Invalid):
        cleaned("가" * 1_000_000)


@pytest.mark.parametrize("letter", ["\x00", "\x07", "\x1b", "\x85", "\ud800"])
def test_control_characters_are_refused(letter: str) -> None:
    with pytest.raises(Invalid) as refusal:
        cleaned(f"a{letter}b")
    assert refusal.value.as_dict()["code"] == "bad_characters"


def test_direction_overrides_are_taken_out() -> None:
    assert cleaned("ab\u202ecd\u2066ef\ufeff") == "abcdef"


def test_piles_of_marks_are_thinned() -> None:
    assert len(cleaned("a" + "\u0324" * 300)) <= 8


@pytest.mark.parametrize("text", ["", "  \n\t", "\u200b\u200d\ufeff", "\u3164", "\u2800 \u115f"])
def test_nothing_is_nothing(text: str) -> None:
    assert cleaned(text) == ""
    with pytest.raises(Invalid) as refusal:
        required(text, limit=500, field="text")
    assert refusal.value.as_dict()["code"] == "empty"


def test_names_are_one_line() -> None:
    assert clean(" a\n b ", limit=30, field="nickname", lines=False) == "a b"


@given(st.text(max_size=700))
def test_cleaning_is_stable(text: str) -> None:
    try:
        once = cleaned(text)
    except Invalid:
        return
    assert cleaned(once) == once
    assert len(once) <= 500
    assert not set(once) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x00")
