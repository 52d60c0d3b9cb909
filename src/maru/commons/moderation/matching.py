"""Finding blocked words in a text by their normal forms."""

from __future__ import annotations

import re
from collections.abc import Iterable

from maru.commons.moderation.normal import Letter, letters_of, normal_form, readings_of, words_of

_HANGUL = re.compile("[ㄱ-ㅣ]")
_ALL_HANGUL = re.compile("[ㄱ-ㅣ]+")


class Matcher:
    """A list of (language, word, normal form) made ready to look through texts.

    Korean agglutinates, so a Korean word is found anywhere within what stands between two spaces, whole syllables
    only (없다 does not hold ㅂㅅ); over spaces it is found where it fills the pieces (시 발, but not 시 발전). A word in
    other letters is found as a whole word or spelled out (s p a m, s.p.a.m), never inside an innocent longer one.
    """

    def __init__(self, words: Iterable[tuple[str, str, str]]) -> None:
        self._korean: list[tuple[str, str]] = []
        self._mixed: list[tuple[str, str]] = []
        self._whole: dict[str, str] = {}
        for _language, word, normal in words:
            if _ALL_HANGUL.fullmatch(normal):
                self._korean.append((normal, word))
            elif _HANGUL.search(normal):
                self._mixed.append((normal, word))
            else:
                self._whole[normal] = word
        self._phrases = any(len(word.split()) > 1 for word in self._whole.values())

    def find(self, text: str) -> tuple[str, ...]:
        """The blocked words in ``text``, each once, as they stand in the list."""
        found: dict[str, None] = {}
        if self._korean:
            for reading in readings_of(text):
                found.update(dict.fromkeys(self._find_korean(reading)))
        if self._mixed:
            whole_text = normal_form(text)
            found.update((word, None) for normal, word in self._mixed if normal in whole_text)
        if self._whole:
            forms = [*words_of(text), *_spelled_out(text)]
            if self._phrases:
                forms += _runs(words_of(text))
            found.update((self._whole[form], None) for form in forms if form in self._whole)
        return tuple(found)

    def _find_korean(self, text: str) -> Iterable[str]:
        tokens = [letters for letters in (letters_of(t, only_korean=True) for t in text.split()) if letters]
        whole = _joined(tokens)
        pieces = [*tokens, whole] if len(tokens) > 1 else tokens
        for letters in pieces:
            signs = "".join(letter.sign for letter in letters)
            for normal, word in self._korean:
                if normal in signs and _fits(signs, letters, normal):
                    yield word


def _joined(tokens: list[list[Letter]]) -> list[Letter]:
    """All pieces as one, in which only the edges of the pieces count as edges."""
    return [
        Letter(letter.sign, place == 0, place == len(letters) - 1)
        for letters in tokens
        for place, letter in enumerate(letters)
    ]


def _fits(signs: str, letters: list[Letter], normal: str) -> bool:
    """Whether some occurrence of ``normal`` begins and ends at edges."""
    start = signs.find(normal)
    while start >= 0:
        if letters[start].begins and letters[start + len(normal) - 1].ends:
            return True
        start = signs.find(normal, start + 1)
    return False


def _spelled_out(text: str) -> list[str]:
    """Runs of single letters with something between them, joined: ``s p a m`` -> ``spam``."""
    return [normal_form(run) for run in re.findall(r"(?<!\w)(?:\w[\W_]+)+\w(?!\w)", text)]


def _runs(words: list[str]) -> list[str]:
    """Two or three words in a row, joined, for phrases."""
    return ["".join(words[i : i + n]) for n in (2, 3) for i in range(len(words) - n + 1)]
