"""Looks for personal data in the columns of a table: what must not be published without a person having decided.

Looks at every distinct value. Numbers that carry a check digit are checked with it; resident numbers given out since October
2020 carry none (their last six digits are random), so that a well-formed one with a real date counts as well, but less.
Plain Python and Arrow, no Django.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from maru.services.opendata.engine.names import is_name, says_names

MOST_EXAMPLES = 3
# A column whose name says so holds names if at least this share of its values looks like one.
NAME_SHARE = 0.5
# Ten of a hundred numbers of 16 digits pass Luhn by chance: without separators a column of them is suspect as a whole only.
CARD_SHARE = 0.6
_NEW_NUMBERS = dt.date(2020, 10, 5)


@dataclass(frozen=True)
class Found:
    """What a column seems to hold. ``certain``: the check digits hold, or the form has no other meaning.

    ``count`` of rows, ``share`` of the rows that hold any value; ``examples`` are masked.
    """

    column: str
    kind: str
    count: int
    share: float
    examples: tuple[str, ...]
    certain: bool


@dataclass(frozen=True)
class _Kind:
    """How one kind is looked for: ``form`` finds candidates, ``verdict`` says None (no), False (likely) or True (certain)."""

    code: str
    form: re.Pattern[str]
    verdict: Callable[[re.Match[str]], bool | None]
    hint: str  # RE2: values without it need not be looked at in Python


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def resident_check(number: str) -> bool:
    """Whether the check digit of 13 digits is that of a resident registration number."""
    total = sum(
        int(one) * weight
        for one, weight in zip(number[:12], (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=True)
    )
    return (11 - total % 11) % 10 == int(number[12])


def foreigner_check(number: str) -> bool:
    """Whether the check digit of 13 digits is that of a foreigner registration number."""
    total = sum(
        int(one) * weight
        for one, weight in zip(number[:12], (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=True)
    )
    return (13 - total % 11) % 10 == int(number[12])


def luhn(number: str) -> bool:
    """Whether the check digit is that of a payment card."""
    total = 0
    for place, letter in enumerate(reversed(number)):
        value = int(letter) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def birth_date(number: str) -> dt.date | None:
    """The date of birth that a registration number says; None if there was no such day."""
    century = {"9": 1800, "0": 1800, "1": 1900, "2": 1900, "5": 1900, "6": 1900}.get(number[6], 2000)
    try:
        return dt.date(century + int(number[:2]), int(number[2:4]), int(number[4:6]))
    except ValueError:
        return None


def _registration(found: re.Match[str], sexes: str, check: Callable[[str], bool]) -> bool | None:
    number = _digits(found[0])
    born = birth_date(number)
    if born is None or born > dt.datetime.now(dt.UTC).date() or number[6] not in sexes:
        return None
    if check(number):
        return True
    parted = not found[0].isdigit()
    return False if parted or born >= _NEW_NUMBERS else None


def _resident(found: re.Match[str]) -> bool | None:
    return _registration(found, "1234", resident_check)


def _foreigner(found: re.Match[str]) -> bool | None:
    return _registration(found, "5678", foreigner_check)


def _card(found: re.Match[str]) -> bool | None:
    number = _digits(found[0])
    if not 14 <= len(number) <= 16 or len(set(number)) < 2 or number[0] not in "34569" or not luhn(number):
        return None
    return not found[0].isdigit()


def _yes(_found: re.Match[str]) -> bool | None:
    return True


def _likely(_found: re.Match[str]) -> bool | None:
    return False


_SEP = r"[\s.\-–—_]?"
_KINDS = (
    _Kind(
        "resident_number",
        re.compile(rf"(?<!\d)\d{{6}}{_SEP}[1-4]\d{{6}}(?!\d)"),
        _resident,
        r"\d{6}.?[1-4]\d{6}",
    ),
    _Kind(
        "foreigner_number",
        re.compile(rf"(?<!\d)\d{{6}}{_SEP}[5-8]\d{{6}}(?!\d)"),
        _foreigner,
        r"\d{6}.?[5-8]\d{6}",
    ),
    _Kind(
        "mobile_phone",
        re.compile(r"(?<!\d)(?:\+?82[\s.\-)]*\(?0?\)?|0)1[016789][\s.\-)]*\d{3,4}[\s.\-]?\d{4}(?!\d)"),
        _yes,
        r"1[016789][\s.\-)]*\d{3,4}.?\d{4}",
    ),
    _Kind(
        "email",
        re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63}@(?:[A-Za-z0-9\-]{1,63}\.)+[A-Za-z]{2,24}"),
        _yes,
        "@",
    ),
    _Kind(
        "card_number",
        re.compile(r"(?<!\d)(?:\d{4}[\s.\-]?){3}\d{2,4}(?!\d)|(?<!\d)3\d{3}[\s.\-]?\d{6}[\s.\-]?\d{5}(?!\d)"),
        _card,
        r"\d{4}.?\d{4}",
    ),
    _Kind("passport", re.compile(r"(?<![A-Za-z0-9])[MSROD]\d{3}[A-Z0-9]\d{4}(?![A-Za-z0-9])"), _likely, r"[MSROD]\d{3}"),
    _Kind("driving_licence", re.compile(r"(?<!\d)(?:1[1-9]|2[0-8])-\d{2}-\d{6}-\d{2}(?!\d)"), _yes, r"\d{2}-\d{6}-\d{2}"),
)  # fmt: skip
KINDS = (*(one.code for one in _KINDS), "name")


def look(table: pa.Table, titles: Sequence[str] = ()) -> tuple[Found, ...]:
    """What every column seems to hold, certain things first. ``titles`` are the columns' titles, where they have other ones."""
    found: list[Found] = []
    for place, name in enumerate(table.column_names):
        words = f"{name} {titles[place]}" if place < len(titles) else name
        found += look_in_column(name, words, table.column(place))
    return tuple(sorted(found, key=lambda one: (not one.certain, -one.count)))


def look_in_column(name: str, words: str, column: pa.ChunkedArray) -> list[Found]:
    """What one column holds; ``words`` are its name and title."""
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        column = _long_numbers(column)
    elif pa.types.is_dictionary(column.type):
        column = pc.cast(column, pa.string())
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return []
    counts = pc.value_counts(column.combine_chunks() if column.num_chunks != 1 else column.chunk(0))
    values, numbers = counts.field("values"), counts.field("counts").to_pylist()
    filled = sum(
        number for value, number in zip(values.is_valid().to_pylist(), numbers, strict=True) if value
    )
    if not filled:
        return []
    found = [one for kind in _KINDS if (one := _of_kind(kind, name, values, numbers, filled)) is not None]
    named = _names(name, words, values, numbers, filled)
    return [*found, named] if named is not None else found


def _long_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whole numbers as text, with the zero that a spreadsheet took from a number of a phone or a person of the 2000s."""
    if pa.types.is_floating(column.type):
        whole = pc.equal(pc.floor(column), column)
        small = pc.less(pc.abs(column), 1e17)
        column = pc.if_else(pc.and_(whole, small), column, None)
    texts = pc.cast(pc.cast(column, pa.int64(), safe=False), pa.string())
    length = pc.utf8_length(texts)
    short = pc.or_(pc.equal(length, 12), pc.equal(length, 10))
    texts = pc.if_else(short, pc.binary_join_element_wise("0", texts, ""), texts)
    return pc.if_else(pc.greater_equal(pc.utf8_length(texts), 11), texts, None)


def _of_kind(kind: _Kind, name: str, values: pa.Array, numbers: Sequence[int], filled: int) -> Found | None:
    hinted = pc.match_substring_regex(values, kind.hint).to_pylist()
    likely, certain = 0, 0
    examples: list[str] = []
    for at, hit in enumerate(hinted):
        if not hit:
            continue
        verdict, seen = _verdict(kind, values[at].as_py())
        if verdict is None:
            continue
        certain += numbers[at] if verdict else 0
        likely += 0 if verdict else numbers[at]
        if len(examples) < MOST_EXAMPLES:
            examples.append(masked(seen))
    count = certain + likely
    if not count or (kind.code == "card_number" and not certain and count / filled < CARD_SHARE):
        return None
    return Found(name, kind.code, count, count / filled, tuple(examples), certain > 0)


def _verdict(kind: _Kind, text: str) -> tuple[bool | None, str]:
    best: bool | None = None
    seen = ""
    for match in kind.form.finditer(text[:20_000]):
        verdict = kind.verdict(match)
        if verdict is not None and (best is None or verdict > best):
            best, seen = verdict, match[0]
        if best:
            break
    return best, seen


def _names(name: str, words: str, values: pa.Array, numbers: Sequence[int], filled: int) -> Found | None:
    if not says_names(words):
        return None
    count = 0
    examples: list[str] = []
    for value, number in zip(values.to_pylist(), numbers, strict=True):
        if value is not None and is_name(value.strip()):
            count += number
            if len(examples) < MOST_EXAMPLES:
                examples.append(masked(value.strip()))
    if not count or count / filled < NAME_SHARE:
        return None
    return Found(name, "name", count, count / filled, tuple(examples), False)


def masked(text: str) -> str:
    """The text with its first letter and its separators alone, so that one can tell what it is but not whose."""
    return text[:1] + "".join(letter if letter in " -.@_()+" else "•" for letter in text[1:])


def mask_columns(table: pa.Table, names: Iterable[str]) -> pa.Table:
    """The table without these columns."""
    gone = set(names)
    return table.drop_columns([name for name in table.column_names if name in gone])
