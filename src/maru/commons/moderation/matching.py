"""Finding blocked words in a text by their normal forms."""

from __future__ import annotations

import re
from collections.abc import Iterable

from maru.commons.moderation.normal import normal_form, words_of

_HANGUL = re.compile("[ㄱ-ㅣ]")


class Matcher:
    """A list of (language, word, normal form) made ready to look through texts.

    Korean agglutinates, so a Korean word is found anywhere; a word in letters is found as a whole word, or spelled
    out (``s p a m``, ``s.p.a.m``), but never inside a longer innocent word (Scunthorpe).
    """

    def __init__(self, words: Iterable[tuple[str, str, str]]) -> None:
        self._anywhere: list[tuple[str, str]] = []
        self._whole: dict[str, str] = {}
        for _language, word, normal in words:
            if _HANGUL.search(normal):
                self._anywhere.append((normal, word))
            else:
                self._whole[normal] = word

    def find(self, text: str) -> tuple[str, ...]:
        """The blocked words in ``text``, each once, as they stand in the list."""
        found: dict[str, None] = {}
        if self._anywhere:
            # Spaces are dropped in the normal form; a word boundary may make a match by chance, which only holds
            # the text for a moderator.
            whole_text = normal_form(text)
            for normal, word in self._anywhere:
                if normal in whole_text:
                    found[word] = None
        if self._whole:
            for form in [*words_of(text), *_spelled_out(text), *_phrases(text, self._whole)]:
                if form in self._whole:
                    found[self._whole[form]] = None
        return tuple(found)


def _spelled_out(text: str) -> list[str]:
    """Runs of single letters with something between them, joined: ``s p a m`` -> ``spam``."""
    return [normal_form(run) for run in re.findall(r"(?<!\w)(?:\w[\W_]+)+\w(?!\w)", text)]


def _phrases(text: str, whole: dict[str, str]) -> list[str]:
    """Runs of two or three words, where the list has phrases."""
    if not any(" " in word for word in whole.values()):
        return []
    words = words_of(text)
    return ["".join(words[i : i + n]) for n in (2, 3) for i in range(len(words) - n + 1)]
