"""The normal form in which texts and blocked words are compared, so that small disguises do not help.

Case, width, accents, zero-width characters, spaces and punctuation between letters, look-alike digits and letters, repeated
letters, and the ways Korean can be taken apart (conjoining and compatibility jamo) all come out the same.
"""

from __future__ import annotations

import re
import unicodedata

# Letters that look like Latin ones (Cyrillic, Greek) and digits and signs used in their place.
_LOOKALIKES = str.maketrans(
    {
        **dict(zip("авсеԁһіјкмнорѕтухѵ", "abcedhijkmhopstyxv", strict=True)),
        **dict(zip("αβεικνορτυχ", "abeikvoptux", strict=True)),
        **dict(zip("0134578@$!|", "oieastbasii", strict=True)),
        "ß": "ss",
        "æ": "ae",
        "ø": "o",
        "ł": "l",
        "đ": "d",
    }
)
_LEADS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_TAILS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
_CLUSTERS = {
    "ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅅ", "ㄾ": "ㄹㅌ",
    "ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ", "ㄲ": "ㄱㄱ", "ㄸ": "ㄷㄷ", "ㅃ": "ㅂㅂ", "ㅆ": "ㅅㅅ", "ㅉ": "ㅈㅈ",
    "ㅘ": "ㅗㅏ", "ㅙ": "ㅗㅐ", "ㅚ": "ㅗㅣ", "ㅝ": "ㅜㅓ", "ㅞ": "ㅜㅔ", "ㅟ": "ㅜㅣ", "ㅢ": "ㅡㅣ",
}  # fmt: skip
_LEAD_BASE, _VOWEL_BASE, _TAIL_BASE = 0x1100, 0x1161, 0x11A7
_REPEATED = re.compile(r"(.)\1+", re.DOTALL)


def normal_form(text: str) -> str:
    """The text as compared: lower case letters and single jamo, nothing else, no letter twice in a row."""
    return _REPEATED.sub(r"\1", "".join(_letters(text)))


def words_of(text: str) -> list[str]:
    """The normal forms of the words as written, for languages where a bad word hides in good ones."""
    return [form for form in (normal_form(part) for part in re.split(r"[\s,.;:!?\"“”()\[\]]+", text)) if form]


def _letters(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    found: list[str] = []
    for letter in plain.translate(_LOOKALIKES):
        for jamo in _jamo(letter):
            if (
                unicodedata.category(jamo)[0] == "L" and jamo != "\u3164"
            ):  # the Hangul filler is an empty letter
                found.append(jamo)
    return found


def _jamo(letter: str) -> str:
    """A conjoining jamo (as NFKD leaves Hangul) as simple compatibility jamo; anything else as it is."""
    code = ord(letter)
    if _LEAD_BASE <= code < _LEAD_BASE + len(_LEADS):
        letter = _LEADS[code - _LEAD_BASE]
    elif _VOWEL_BASE <= code < _VOWEL_BASE + len(_VOWELS):
        letter = _VOWELS[code - _VOWEL_BASE]
    elif _TAIL_BASE < code < _TAIL_BASE + len(_TAILS):
        letter = _TAILS[code - _TAIL_BASE]
    return _CLUSTERS.get(letter, letter)
