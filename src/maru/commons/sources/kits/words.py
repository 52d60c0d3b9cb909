"""What servers mean by what they say, in Korean and English, where a code is missing, unknown or doubtful."""

from __future__ import annotations

import re

from maru.commons.sources.contracts import SourceFault

NONE = "none"

# What messages say, in the order of certainty: a used-up quota is often told as a failed key.
_MEANINGS = {
    "timeout": (r"TIME[_ ]?OUT|TIMED[_ ]OUT|시간\s?초과|응답이? 없",),
    "quota": (r"초과|트래픽|LIMITED[_ ]NUMBER|LIMIT[_ ]?EXCEED|EXCEEDS", r"RATE[_ ]?LIMIT|TOO[_ ]MANY|QUOTA"),
    "refused_key": (
        r"인증\s?키|인증\s?실패|인증모듈|서비스\s?키|권한이|활용\s?신청|등록되지 않은",
        r"(?:SERVICE|API)[_ ]?KEY|NOT[_ ]REGISTERED|UNREGISTERED|UNAUTHORI[SZ]ED|FORBIDDEN|ACCESS[_ ]DENIED",
        r"DEADLINE[_ ]HAS[_ ]EXPIRED|UNSIGNED|invalid (?:token|key)|Authentication",
    ),
    NONE: (
        r"(?:데이터|결과|자료|정보|내역|조회된\s?\S*)[이가은는]? ?(?:존재하지 않|없)",
        r"NO[_ ]?DATA|NO RESULT|운행\s?종료",
    ),
    "not_found": (
        r"(?:노선|정류[소장]|서비스|역)[을를이가]? ?(?:찾을 수 없|존재하지)|찾을 수 없",
        r"NO[_ ]OPENAPI[_ ]SERVICE|NOT[_ ]?FOUND",
    ),
    "bad_request": (
        r"잘못된|필수|요청\s?(?:값|변수|인자)|인자가 없|유효하지 않",
        r"PARAMETER|INVALID|ILLEGAL|MANDATORY|BAD[_ ]?REQUEST",
    ),
}
_WORDS = tuple((code, re.compile("|".join(words), re.IGNORECASE)) for code, words in _MEANINGS.items())


def by_words(message: str) -> str:
    """What a message means: a SourceFault code, ``NONE`` for "no data", "" if nothing is known of it."""
    for code, pattern in _WORDS:
        if pattern.search(message):
            return code
    return ""


def plain_words(text: str, raw: bytes) -> SourceFault | None:
    """The fault that a body of plain words stands for ("Unauthorized", "API rate limit exceeded"); None if it says nothing known."""
    line = " ".join(text.split())[:200]
    meaning = by_words(line)
    if not meaning and "error" in line.lower():
        meaning = "server"
    if meaning in ("", NONE):
        return None
    return SourceFault(meaning, line, raw=raw[: 64 * 1024])
