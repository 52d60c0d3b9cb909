"""From text to tokens: Korean (and any script written without spaces between particles) as pairs of letters, other words whole.

``따릉이 대여소 PM10`` becomes ``따릉 릉이 ¶ 대여 여소 ¶ pm10 ¶``; a word of the question is a phrase of its pairs, so
any part of a Korean word of two letters or more is found, and the beginning of any other word.
"""

from __future__ import annotations

import re
import unicodedata

# Between words stands a token that no question holds, lest the end of one and the beginning of the next be read together.
BOUNDARY = "qqzq"
MOST_WORDS = 8
_RUNS = re.compile(r"[가-힣ㄱ-ㅎㅏ-ㅣ一-鿿぀-ヿ]+|[^\W_가-힣ㄱ-ㅎㅏ-ㅣ一-鿿぀-ヿ]+")
_PAIRED = re.compile(r"[가-힣ㄱ-ㅎㅏ-ㅣ一-鿿぀-ヿ]")


def runs(text: str) -> list[str]:
    """The words of the text in small letters, cut where the script changes."""
    return _RUNS.findall(unicodedata.normalize("NFKC", text).casefold())


def pairs(run: str) -> list[str]:
    """The tokens of one run."""
    if not _PAIRED.match(run):
        return [run]
    return [run[at : at + 2] for at in range(len(run) - 1)] or [run]


def indexed(text: str) -> str:
    """What the index keeps of a text."""
    return " ".join(token for run in runs(text) for token in (*pairs(run), BOUNDARY))


def asked(query: str) -> list[tuple[list[str], bool]]:
    """The words of a question, at most MOST_WORDS: the tokens of each, and whether the last one is only a beginning."""
    found = []
    for run in runs(query)[:MOST_WORDS]:
        paired = bool(_PAIRED.match(run))
        found.append((pairs(run), not paired or len(run) == 1))
    return found
