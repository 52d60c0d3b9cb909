"""Blocked words are found through disguises; innocent texts are let through."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maru.commons.moderation.matching import Matcher
from maru.commons.moderation.normal import letters_of, normal_form

KOREAN = Matcher([("ko", word, normal_form(word)) for word in ("시발", "병신", "ㅂㅅ", "개새끼", "꺼져")])
ENGLISH = Matcher([("en", word, normal_form(word)) for word in ("spam", "damn fool", "cock", "c*nt")])


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("시발", "시발"),
        ("아 씨발 진짜", "시발"),
        ("시.발", "시발"),
        ("시_발", "시발"),
        ("시 발", "시발"),
        ("시  .  발", "시발"),
        ("시\u200b발", "시발"),
        ("시\u3164발", "시발"),
        ("시1발", "시발"),
        ("시a발", "시발"),
        ("시💢발", "시발"),
        ("ㅅㅣㅂㅏㄹ", "시발"),
        ("ㅅ ㅣ ㅂ ㅏ ㄹ", "시발"),
        ("ㅅ1ㅂㅏㄹ", "시발"),
        ("ㅅ1발", "시발"),
        ("시ㅂㅏㄹ", "시발"),
        ("시바ㄹ", "시발"),
        ("시이이이발", "시발"),
        ("시시발발", "시발"),
        ("씨이발놈아", "시발"),
        ("십알", "시발"),
        ("\u1109\u1175\u1107\u1161\u11af", "시발"),  # conjoining jamo
        ("\uffb5\uffdc\uffb2\uffc2\uffa9", "시발"),  # half-width jamo
        ("병~신", "병신"),
        ("ㅂㅅ", "ㅂㅅ"),
        ("ㅄ", "ㅂㅅ"),
        ("야 ㅂㅅ아", "ㅂㅅ"),
        ("개새 끼", "개새끼"),
        ("개 새 끼", "개새끼"),
        ("꺼어어져", "꺼져"),
    ],
)
def test_korean_disguises_are_seen_through(text, word):
    assert word in KOREAN.find(text)


@pytest.mark.parametrize(
    "text",
    [
        "시 발전 계획을 알려 주세요",
        "아저씨 발이 아파요",
        "없다",
        "답사를 다녀왔습니다",
        "값싼 버스 노선",
        "신병 훈련소",
        "개 새로 입양한 끼니",
        "공원에 개똥이 많아요",
        "불이 꺼진 가로등",
        "",
        "   ",
        "😀😀",
    ],
)
def test_innocent_korean_is_let_through(text):
    assert KOREAN.find(text) == ()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("SPAM!", "spam"),
        ("Sp@m", "spam"),
        ("5pam", "spam"),
        ("s p a m", "spam"),
        ("s.p.a.m", "spam"),
        ("ѕраm", "spam"),
        ("ｓｐａｍ", "spam"),
        ("spåm", "spam"),
        ("spaaaam", "spam"),
        ("s\u200dpam", "spam"),
        ("you DAMN fool", "damn fool"),
    ],
)
def test_disguises_in_other_letters_are_seen_through(text, word):
    assert word in ENGLISH.find(text)


@pytest.mark.parametrize("text", ["peacock", "Hitchcock", "spammer-free?", "the damned foolish", "spa music"])
def test_innocent_words_that_hold_a_bad_one_are_let_through(text):
    assert ENGLISH.find(text) == ()


@given(st.text())
def test_the_normal_form_is_stable_and_holds_only_letters(text):
    form = normal_form(text)
    assert normal_form(form) == form or any("ㄱ" <= sign <= "ㅣ" for sign in form)
    assert all(a != b for a, b in itertools.pairwise(form))


@given(st.text(), st.sampled_from([KOREAN, ENGLISH]))
def test_no_text_breaks_the_matcher(text, matcher):
    matcher.find(text)
    for letters in (letters_of(text), letters_of(text, only_korean=True)):
        assert all(letter.sign for letter in letters)


@given(
    st.lists(st.sampled_from(["", ".", "_", "-", "~", "\u200b", "1", "*", "ㅤ", "x"]), min_size=3, max_size=3),
    st.integers(1, 4),
    st.booleans(),
)
def test_any_mix_of_fillers_and_repeats_within_a_word_is_seen_through(fillers, repeats, apart):
    word = "ㅂㅕㅇㅅㅣㄴ" if apart else "병신"
    text = fillers[0].join(letter * repeats for letter in word) + fillers[1]
    assert "병신" in KOREAN.find(fillers[2] + text)


def test_a_long_text_of_runs_costs_little():
    start = time.process_time()
    ENGLISH.find("a " * 2000)
    KOREAN.find("시 " * 2000)
    assert time.process_time() - start < 5  # guards against a regular expression that never ends, not a speed


def test_words_of_one_language_do_not_hide_another():
    both = Matcher([("ko", "시발", normal_form("시발")), ("en", "spam", normal_form("spam"))])
    assert set(both.find("spam 시발")) == {"spam", "시발"}
