"""What one cell looks like: for finding headers, repairing lines and proposing types. Whole columns go another way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from maru.commons.sources.contracts import FieldRule
from maru.commons.sources.reading.numbers import PLAIN, WHOLE, spoken_number
from maru.commons.sources.reading.texts import NO, NOTHING, YES
from maru.commons.sources.reading.times import is_time, pattern_of

# The most header rows that a table is believed to have.
TALLEST = 6
Kind = Literal["integer", "number", "date", "datetime", "text", ""]
_PLAIN, _WHOLE = re.compile(PLAIN), re.compile(WHOLE)
_COMMAS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DAY = re.compile(r"\d{4}\s*[-./년]\s*\d{1,2}\s*[-./월]\s*\d{1,2}\s*[일.]?|(?:19|20)\d{2}[01]\d[0-3]\d")
_MOMENT = re.compile(
    r"\d{4}\s*[-./년]\s*\d{1,2}\s*[-./월]\s*\d{1,2}\s*[일.]?(?:T|\s)+\S*\s*\d{1,2}\s*[:시].*|(?:19|20)\d{2}[01]\d[0-3]\d[0-2]\d[0-5]\d(?:[0-5]\d)?"
)
_SLASHED = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{4}")
_SLASHED_MOMENT = re.compile(_SLASHED.pattern + r"\s+\d{1,2}:\d{2}.*")


@lru_cache(maxsize=65536)
def kind_of(cell: str) -> Kind:
    """The narrowest type of one cell, "" for no value. A number with leading zeros is an id and so a text."""
    text = cell.strip()
    if text in NOTHING or text == "-":
        return ""
    if _DAY.fullmatch(text) or _SLASHED.fullmatch(text):
        return "date"
    if _MOMENT.fullmatch(text) or _SLASHED_MOMENT.fullmatch(text):
        return "datetime"
    if len(text) > 1 and text[0] == "0" and text.isdigit():
        return "text"
    if _WHOLE.match(text):
        return "integer"
    if _PLAIN.match(text) or _COMMAS.fullmatch(text):
        return "number" if "." in text or "e" in text.lower() else "integer"
    return "text"


def looks_typed(cells: Sequence[str], share: float = 0.9) -> bool:
    """Nearly all cells that hold anything are of one type that is not text."""
    kinds = Counter("number" if (kind := kind_of(cell)) == "integer" else kind for cell in cells)
    kinds.pop("", None)
    total = sum(kinds.values())
    if not total:
        return False
    kind, count = kinds.most_common(1)[0]
    # The first rows count most: were they header they would be no values of the column.
    return kind != "text" and count >= share * total and "text" not in map(kind_of, cells[:TALLEST])


@dataclass(frozen=True)
class Check:
    """Whether a cell may stand in a column. ``typed``: the column holds numbers, dates or yes and no."""

    fits: Callable[[str], bool]
    typed: bool


FREE = Check(lambda _: True, typed=False)


def check_of(rule: FieldRule | None, pattern: re.Pattern[str] | None) -> Check | None:
    """The check of a column; None for one that nobody declared, ``FREE`` for declared text."""
    if pattern is not None:
        return Check(lambda cell: pattern.fullmatch(cell.strip()) is not None, typed=False)
    if rule is None:
        return None
    if rule.type == "text":
        return FREE
    nothing = frozenset((*NOTHING, *rule.nulls))
    inner = _fitting(rule)
    return Check(lambda cell: cell.strip() in nothing or inner(cell.strip()), typed=True)


def _fitting(rule: FieldRule) -> Callable[[str], bool]:
    if rule.type in ("number", "integer"):
        if rule.format:
            form = re.compile(rule.format)
            return lambda text: form.search(text) is not None or spoken_number(text) is not None
        return lambda text: _WHOLE.match(text) is not None or spoken_number(text) is not None
    if rule.type == "boolean":
        known = frozenset((*YES, *NO))
        return lambda text: text.lower() in known
    if rule.format in ("unix", "unix_ms"):
        return lambda text: spoken_number(text) is not None
    form_pattern = re.compile(pattern_of(rule.format) or ".") if rule.format else None
    return lambda text: is_time(text) or (form_pattern is not None and form_pattern.match(text) is not None)
