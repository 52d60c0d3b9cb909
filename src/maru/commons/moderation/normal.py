"""The normal form in which texts and blocked words are compared, so that small disguises do not help.

Case, width, accents, invisible characters, punctuation between letters, look-alike letters and digits, repeated
letters, and the ways Korean can be taken apart all come out the same:
씨발, 시.발, 시1발, ㅅㅣㅂㅏㄹ, ㅅ1발, 시이이발 and 십알 are one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

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
_PAIRS = "ㄳㄱㅅ ㄵㄴㅈ ㄶㄴㅎ ㄺㄹㄱ ㄻㄹㅁ ㄼㄹㅂ ㄽㄹㅅ ㄾㄹㅌ ㄿㄹㅍ ㅀㄹㅎ ㅄㅂㅅ"
_DOUBLES = "ㄲㄱ ㄸㄷ ㅃㅂ ㅆㅅ ㅉㅈ ㅘㅗㅏ ㅙㅗㅐ ㅚㅗㅣ ㅝㅜㅓ ㅞㅜㅔ ㅟㅜㅣ ㅢㅡㅣ"
_SIMPLE = {part[0]: part[1:] for part in f"{_PAIRS} {_DOUBLES}".split()}
# Written alone, a pair of consonants is two letters; Unicode would make it one old letter that no font shows.
_APART = str.maketrans({part[0]: part[1:] for part in _PAIRS.split()})
_FILLERS = dict.fromkeys(map(ord, "\u115f\u1160\u3164\uffa0"))
_BARE_THEN_STROKE = re.compile(r"(?<=[ㄱ-ㅎ])[1lI|!i]")  # ㅅ1 is meant as ㅅㅣ
_EDGES = re.compile(r"[\s,.;:?\"“”()\[\]]+")
_SYLLABLE_BASE, _SYLLABLES, _PER_LEAD, _PER_VOWEL = 0xAC00, 11_172, 588, 28
_LEAD_BASE, _VOWEL_BASE, _TAIL_BASE = 0x1100, 0x1161, 0x11A7


@dataclass
class Letter:
    """A letter of a normal form, and whether a syllable (or a letter standing alone) begins or ends with it."""

    sign: str
    begins: bool
    ends: bool

    @property
    def korean(self) -> bool:
        """Whether it is a jamo."""
        return "ㄱ" <= self.sign <= "ㅣ"


def normal_form(text: str) -> str:
    """The text as compared: lower case letters and simple jamo, nothing else, no letter twice in a row."""
    return "".join(letter.sign for letter in letters_of(text))


def letters_of(text: str, *, only_korean: bool = False) -> list[Letter]:
    """The letters of the normal form with the edges of their syllables; ``only_korean`` drops all others first."""
    letters: list[Letter] = []
    for unit in _plain(text):
        signs = _jamo(unit)
        if not signs or (only_korean and not "ㄱ" <= signs[0] <= "ㅣ"):
            continue
        for place, sign in enumerate(signs):
            begins, ends = place == 0, place == len(signs) - 1
            if letters and letters[-1].sign == sign:
                letters[-1].begins |= begins
                letters[-1].ends |= ends
            else:
                letters.append(Letter(sign, begins, ends))
    return letters


def readings_of(text: str) -> list[str]:
    """The text, and if a stroke stands behind a bare consonant (ㅅ1), the text with ㅣ in its place."""
    other = _BARE_THEN_STROKE.sub("ㅣ", text)
    return [text] if other == text else [text, other]


def words_of(text: str) -> list[str]:
    """The normal forms of the words as written, for languages where a bad word hides in good ones."""
    return [form for form in (normal_form(part.strip("!|*$")) for part in _EDGES.split(text)) if form]


def _plain(text: str) -> str:
    apart = text.translate(_APART).translate(_FILLERS)
    folded = unicodedata.normalize("NFKC", apart).casefold().translate(_FILLERS)
    return "".join(map(_without_accents, folded)).translate(_LOOKALIKES)


def _without_accents(sign: str) -> str:
    if _is_syllable(sign):
        return sign
    return "".join(part for part in unicodedata.normalize("NFD", sign) if not unicodedata.combining(part))


def _is_syllable(sign: str) -> bool:
    return 0 <= ord(sign) - _SYLLABLE_BASE < _SYLLABLES


def _jamo(sign: str) -> str:
    """A syllable or conjoining jamo as simple jamo, a letter as it is, anything else as nothing."""
    code = ord(sign)
    if _is_syllable(sign):
        rest = code - _SYLLABLE_BASE
        lead = _LEADS[rest // _PER_LEAD]
        vowel = _VOWELS[rest % _PER_LEAD // _PER_VOWEL]
        # A silent ㅇ is dropped, so that 십알 does not hide 시발.
        parts = ("" if lead == "ㅇ" else lead) + vowel + _TAILS[rest % _PER_VOWEL]
    elif _LEAD_BASE <= code < _LEAD_BASE + len(_LEADS):
        parts = _LEADS[code - _LEAD_BASE]
    elif _VOWEL_BASE <= code < _VOWEL_BASE + len(_VOWELS):
        parts = _VOWELS[code - _VOWEL_BASE]
    elif _TAIL_BASE < code < _TAIL_BASE + len(_TAILS):
        parts = _TAILS[code - _TAIL_BASE]
    else:
        return sign if unicodedata.category(sign).startswith("L") else ""
    return "".join(_SIMPLE.get(part, part) for part in parts)
