"""Dates and times as Korean and other public files write them, to UTC; whole columns at once.

Midnight may be 24:00 of the day before; a year and month alone are their first day. Day-first and month-first dates
are only read by a ``format``: without one nobody can tell them apart.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from maru.commons.sources.reading.numbers import read_numbers
from maru.commons.sources.reading.texts import NOTHING, Mask, as_text, mask_of, trimmed, without

Whole = npt.NDArray[np.int64]
UTC = pa.timestamp("us", "UTC")
_CLOCK = (
    r"(?:[T\s]+(?:(?P<half>오전|오후|[AaPp]\.?[Mm]\.?)\s*)?(?P<H>[0-9]{1,2})\s*(?::|시)\s*"
    r"(?:(?P<M>[0-9]{1,2})\s*분?(?:\s*:?\s*(?P<S>[0-9]{1,2})초?(?:[.,](?P<f>[0-9]{1,9}))?)?)?"
    r"(?:\s*(?P<half2>[AaPp]\.?[Mm]\.?))?"
    r"\s*(?P<z>Z|z|UTC|GMT|KST|[+-][0-9]{2}:?(?:[0-9]{2})?)?)?\s*$"
)
# 20180101, 201801, 2018, 2018010113, 20180101130000, 20180101 13:00
_COMPACT = (
    r"^(?P<y>[0-9]{4})(?:(?P<m>[0-9]{2})(?:(?P<d>[0-9]{2})(?:T?(?P<cH>[0-9]{2})"
    r"(?:(?P<cM>[0-9]{2})(?:(?P<cS>[0-9]{2}))?)?)?)?)?" + _CLOCK
)
# 2018-01-01, 2018. 1. 1., 2018/01, 2018년 1월 1일
_PARTED = (
    r"^(?P<y>[0-9]{4})\s*[-./년]\s*(?P<m>[0-9]{1,2})(?:\s*[-./월]\s*(?:(?P<d>[0-9]{1,2})\s*[.일]?)?)?"
    r"(?:\s*\([가-힣A-Za-z]{1,3}\))?" + _CLOCK
)
_DIRECTIVES = {
    "Y": r"(?P<y>[0-9]{4})", "y": r"(?P<yy>[0-9]{2})", "m": r"(?P<m>[0-9]{1,2})", "d": r"(?P<d>[0-9]{1,2})",
    "H": r"(?P<H>[0-9]{1,2})", "I": r"(?P<H>[0-9]{1,2})", "M": r"(?P<M>[0-9]{1,2})", "S": r"(?P<S>[0-9]{1,2})",
    "f": r"(?P<f>[0-9]{1,9})", "p": r"(?P<half>오전|오후|[AaPp]\.?[Mm]\.?)", "%": "%",
    "z": r"(?P<z>Z|[+-][0-9]{2}:?[0-9]{2})",
}  # fmt: skip
_MAIL = re.compile(r"[A-Za-z]{3}, \d|\d+ [A-Za-z]{3} \d{4}")
_EPOCH = dt.date(1970, 1, 1).toordinal()
# Up to so many different words Python is faster than Arrow.
FEW = 48
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND


def read_times(
    raw: pa.Array, nulls: Sequence[str], *, zone: str, form: str, date: bool
) -> tuple[pa.Array, Mask]:
    """timestamp[us, UTC] (date32 if ``date``: the day as written, in ``zone``), and where there is no such time."""
    none = (*NOTHING, *nulls)
    zoned: Mask | None = None
    if form in ("unix", "unix_ms"):
        local, zoned, bad = _unix(raw, nulls, 1_000 if form == "unix_ms" else _SECOND)
    elif pa.types.is_timestamp(raw.type) or pa.types.is_date(raw.type):
        local, bad = raw, np.zeros(len(raw), dtype=bool)
        if pa.types.is_timestamp(raw.type) and raw.type.tz:
            local, zoned = raw.cast(pa.timestamp(raw.type.unit, "UTC")), np.ones(len(raw), dtype=bool)
        local = local.cast(pa.timestamp("us"), safe=False)
    else:
        local, zoned, bad = _text(as_text(raw), none, form)
    return _finish(local, zoned, zone, date=date), bad


def _finish(local: pa.Array, zoned: Mask | None, zone: str, *, date: bool) -> pa.Array:
    """``local`` is the clock as written, or UTC where ``zoned``."""
    if date:
        if zoned is not None and zoned.any():
            there = pc.local_timestamp(local.cast(UTC).cast(pa.timestamp("us", zone)))
            local = pc.if_else(pa.array(zoned), there, local)
        return pc.floor_temporal(local, unit="day").cast(pa.date32())
    if zoned is not None and zoned.all():
        return local.cast(UTC)
    here = pc.assume_timezone(local, zone, ambiguous="earliest", nonexistent="latest").cast(UTC)
    return here if zoned is None else pc.if_else(pa.array(zoned), local.cast(UTC), here)


def _unix(raw: pa.Array, nulls: Sequence[str], scale: int) -> tuple[pa.Array, Mask, Mask]:
    seconds, bad = read_numbers(raw, nulls, whole=False, factor=1.0, form="")
    most = 253_402_300_800 * _SECOND // scale  # the year 10000
    sound = mask_of(pc.less(pc.abs(seconds), pa.scalar(float(most))))
    bad |= mask_of(pc.is_valid(seconds)) & ~sound
    exact = pc.round(
        pc.multiply(pc.if_else(pa.array(sound), seconds, pa.scalar(None, pa.float64())), float(scale))
    )
    return exact.cast(pa.int64()).cast(pa.timestamp("us")), np.ones(len(raw), dtype=bool), bad


def _text(raw: pa.Array, none: Sequence[str], form: str) -> tuple[pa.Array, Mask | None, Mask]:
    if not form:
        try:
            return without(raw, none).cast(pa.timestamp("us")), None, np.zeros(len(raw), dtype=bool)
        except pa.ArrowInvalid:
            pass  # not ISO 8601 throughout
    # Times repeat: every station of an hour has the same one.
    distinct = trimmed(raw, none).dictionary_encode()
    micros, known, zoned = _distinct(distinct.dictionary, form)
    there = mask_of(pc.is_valid(distinct.indices))
    places = pc.fill_null(distinct.indices, 0).to_numpy()
    if not len(micros):
        return pa.nulls(len(raw), pa.timestamp("us")), None, ~there
    known, zoned = known[places] & there, zoned[places] & there
    stamps = pa.array(micros[places], pa.int64(), mask=~known).cast(pa.timestamp("us"))
    return stamps, zoned if zoned.any() else None, there & ~known


def _distinct(words: pa.Array, form: str) -> tuple[Whole, Mask, Mask]:
    """For each word (microseconds, whether it is a time, whether it named its zone)."""
    size = len(words)
    micros, known, zoned = np.zeros(size, np.int64), np.zeros(size, bool), np.zeros(size, bool)
    pattern = pattern_of(form) if form else None
    patterns = [one for one in (pattern, _COMPACT, _PARTED) if one]
    rare = form if form and pattern is None else ""
    if size <= FEW:
        for place, word in enumerate(words.to_pylist()):
            found = _alone(word, patterns) or _rare(word, rare)
            if found is not None:
                micros[place], zoned[place], known[place] = *found, True
        return micros, known, zoned
    for one in patterns:
        left = np.flatnonzero(~known)
        if len(left):
            part, sound, with_zone = _by_pattern(words.take(pa.array(left)), one)
            micros[left[sound]], known[left[sound]], zoned[left[sound]] = part[sound], True, with_zone[sound]
    for place in np.flatnonzero(~known).tolist():
        if (found := _rare(words[place].as_py(), rare)) is not None:
            micros[place], zoned[place], known[place] = *found, True
    return micros, known, zoned


def _alone(word: str, patterns: Sequence[str]) -> tuple[int, bool] | None:
    """One word by the same patterns as whole columns: for a few, Python is faster than starting Arrow."""
    for pattern in patterns:
        match = _compiled(pattern).match(word)
        if match and (found := _reckoned(match.groupdict())):
            return found
    return None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def _reckoned(part: dict[str, str | None]) -> tuple[int, bool] | None:
    compact = not part.get("H") and bool(part.get("cH"))
    clock = ("cH", "cM", "cS") if compact else ("H", "M", "S")
    hour, minute, second = (int(part.get(name) or 0) for name in clock)
    year = int(part.get("y") or 1970)
    if short := part.get("yy"):
        year = int(short) + (2000 if int(short) < 69 else 1900)
    for name in ("half", "half2"):
        if half := part.get(name):
            late = half == "오후" or half[0] in "pP"
            if not late and hour > 12:
                return None
            hour = (12 if late else 0) if hour == 12 else hour + 12 if late and hour < 12 else hour
    if minute > 59 or second > 60 or hour > 24 or (hour == 24 and (minute or second)):
        return None
    try:
        days = dt.date(year, int(part.get("m") or 1), int(part.get("d") or 1)).toordinal() - _EPOCH
    except ValueError:
        return None
    zone = part.get("z") or ""
    fraction = int(((part.get("f") or "") + "000000")[:6])
    return days * _DAY + ((hour * 60 + minute) * 60 + second) * _SECOND + fraction - _offset(zone), bool(zone)


@lru_cache(maxsize=256)
def pattern_of(form: str) -> str | None:
    """A regular expression for a strptime format; None where it holds names of months or other rare directives."""
    parts, used = [], set()
    for index, piece in enumerate(re.split(r"%(.)", form)):
        if index % 2 == 0:
            parts.append(r"\s+".join(re.escape(word) for word in re.split(r"\s+", piece)))
        elif piece not in _DIRECTIVES or _DIRECTIVES[piece][:6] in used:
            return None
        else:
            used.add(_DIRECTIVES[piece][:6])
            parts.append(_fixed(_DIRECTIVES[piece], form))
    return "^" + "".join(parts) + "$"


def _fixed(pattern: str, form: str) -> str:
    """Directives that touch each other have all their digits: %Y%m%d."""
    return pattern.replace("{1,2}", "{2}") if re.search(r"%[a-zA-Z]%[a-zA-Z]", form) else pattern


def _by_pattern(text: pa.Array, pattern: str) -> tuple[Whole, Mask, Mask]:
    """(microseconds of the written clock, or of UTC where a zone was written; where sound; where with a zone)."""
    groups = pc.extract_regex(text, pattern=pattern)
    matched = mask_of(pc.is_valid(groups))
    names = [groups.type.field(index).name for index in range(groups.type.num_fields)]

    def part(name: str, other: int) -> Whole:
        if name not in names:
            return np.full(len(text), other, np.int64)
        digits = groups.field(names.index(name))
        digits = pc.if_else(pc.equal(digits, ""), pa.scalar(None, pa.string()), digits)
        found: Whole = pc.fill_null(digits.cast(pa.int64()), other).to_numpy(zero_copy_only=False)
        return np.where(matched, found, other)

    year = part("y", 1970)
    if "yy" in names:
        short = part("yy", 70)
        year = np.where(short < 69, 2000 + short, 1900 + short)
    month, day = part("m", 1), part("d", 1)
    hour, minute, second = part("H", -1), part("M", 0), part("S", 0)
    if "cH" in names:
        compact = hour < 0
        hour = np.where(compact, part("cH", -1), hour)
        minute, second = np.where(compact, part("cM", 0), minute), np.where(compact, part("cS", 0), second)
    hour = np.where(hour < 0, 0, hour)
    hour, half_sound = _halved(groups, names, hour)
    months = (year - 1970) * 12 + month - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]")
    sound = matched & half_sound & (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    days = days + (day - 1)
    sound &= days.astype("datetime64[M]").astype(np.int64) == months
    # 24:00 is midnight at the end of the day; 24:01 is nothing. A leap second is the second after.
    sound &= (hour < 24) | ((hour == 24) & (minute == 0) & (second == 0))
    sound &= (minute < 60) & (second <= 60)
    micros = (
        days.astype(np.int64) * _DAY
        + ((hour * 60 + minute) * 60 + second) * _SECOND
        + _fraction(groups, names)
    )
    offset, with_zone = _offsets(groups, names, len(text))
    return micros - offset, sound, with_zone & matched


def _group(groups: pa.Array, names: list[str], name: str) -> pa.DictionaryArray | None:
    """One group as a dictionary with at least one text that is not empty; None where nobody wrote it."""
    if name not in names:
        return None
    found = pc.fill_null(groups.field(names.index(name)), "").dictionary_encode()
    return found if any(found.dictionary.to_pylist()) else None


def _halved(groups: pa.Array, names: list[str], hour: Whole) -> tuple[Whole, Mask]:
    sound = np.ones(len(hour), dtype=bool)
    for name in ("half", "half2"):
        found = _group(groups, names, name)
        if found is None:
            continue
        words = found.dictionary.to_pylist()
        places = found.indices.to_numpy()
        late = np.array([bool(one) and (one == "오후" or one[0] in "pP") for one in words])[places]
        said = np.array([bool(one) for one in words])[places]
        # Some systems write 오후 13:00: an hour above 12 already says which half it is.
        sound &= ~(said & ~late & (hour > 12))
        hour = np.where(
            said & (hour == 12), np.where(late, 12, 0), np.where(late & (hour < 12), hour + 12, hour)
        )
    return hour, sound


def _fraction(groups: pa.Array, names: list[str]) -> Whole:
    found = _group(groups, names, "f")
    if found is None:
        return np.zeros(len(groups), np.int64)
    micros = np.array([int((one + "000000")[:6]) for one in found.dictionary.to_pylist()], np.int64)
    return np.asarray(micros[found.indices.to_numpy()], np.int64)


def _offsets(groups: pa.Array, names: list[str], size: int) -> tuple[Whole, Mask]:
    found = _group(groups, names, "z")
    if found is None:
        return np.zeros(size, np.int64), np.zeros(size, dtype=bool)
    words = found.dictionary.to_pylist()
    places = found.indices.to_numpy()
    micros = np.array([_offset(one) for one in words], np.int64)[places]
    return micros, np.array([bool(one) for one in words])[places]


def _offset(word: str) -> int:
    """Microseconds east of Greenwich of ``+09:00``, ``+0900``, ``Z``, ``KST``."""
    if word[:1] not in ("+", "-"):
        return 9 * 3600 * _SECOND if word == "KST" else 0
    digits = word[1:].replace(":", "").ljust(4, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return (-seconds if word[0] == "-" else seconds) * _SECOND


def _rare(word: str, form: str) -> tuple[int, bool] | None:
    """Formats with names of months, and dates as e-mails and feeds write them."""
    try:
        if form:
            found = dt.datetime.strptime(word, form)  # noqa: DTZ007  (the zone is the declaration's)
        elif _MAIL.match(word):
            found = email.utils.parsedate_to_datetime(word)
        else:
            return None
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    plain = found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found
    return (plain - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(
        microseconds=1
    ), found.tzinfo is not None


_CELL_PATTERNS = (re.compile(_COMPACT), re.compile(_PARTED))


def is_time(text: str) -> bool:
    """Whether one text has a form of date or time that is read without a ``format`` (its day may still not exist)."""
    return any(pattern.match(text) for pattern in _CELL_PATTERNS)
