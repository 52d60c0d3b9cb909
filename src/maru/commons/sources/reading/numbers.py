"""Numbers as people and programs write them: plain ones at the speed of Arrow, odd ones once for each distinct text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maru.commons.sources.reading.texts import NOTHING, Mask, mask_of, trimmed, without

PLAIN = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?$"
WHOLE = r"^[+-]?[0-9]{1,18}$"
# "가격 : 2,500원 (1 개)": a label, the number, a unit without digits, a remark in brackets.
_SPOKEN = re.compile(
    r"^(?:[^\d:.,+\-()]{1,40}:\s*)?"
    r"(?P<sign>[+\-△]?)\s*[₩$€£¥￦]?\s*"
    r"(?P<digits>\d{1,3}(?:,\d{3})+|\d+)(?P<rest>\.\d*)?(?P<power>[eE][+-]?\d{1,3})?"
    r"(?P<twin>~\d{1,2})?"
    r"(?:\s*(?P<unit>[^\d\s,.:;+\-~()/*=<>][^\d,:;+~()=<>]{0,20}[23]?))?"
    r"(?:\s*\([^()]{0,40}\))?\s*$"
)
_BIG = 2.0**63


def read_numbers(
    raw: pa.Array, nulls: Sequence[str], *, whole: bool, factor: float, form: str
) -> tuple[pa.Array, Mask]:
    """float64 (int64 if ``whole``) values times ``factor``, and where there is something that is no such number.

    ``form``: a regular expression whose first group (or whole match) holds the number. ``nulls`` that are numbers
    are no value however they are written ("0" also takes "0.000000").
    """
    values, bad = _text(raw, nulls, whole=whole, form=form) if _is_text(raw) else _native(raw)
    values, bad = _finite(values, bad)
    values = _without_numbers(values, nulls)
    if factor != 1.0:
        values = pc.multiply(values.cast(pa.float64(), safe=False), factor)
    return _as_whole(values, bad) if whole else (_as_float(values), bad)


def _is_text(raw: pa.Array) -> bool:
    return not (
        pa.types.is_integer(raw.type) or pa.types.is_floating(raw.type) or pa.types.is_boolean(raw.type)
    )


def _native(raw: pa.Array) -> tuple[pa.Array, Mask]:
    values = raw.cast(pa.int8()) if pa.types.is_boolean(raw.type) else raw
    return values, np.zeros(len(raw), dtype=bool)


def _text(raw: pa.Array, nulls: Sequence[str], *, whole: bool, form: str) -> tuple[pa.Array, Mask]:
    kind = pa.int64() if whole else pa.float64()
    none = (*NOTHING, *nulls)
    if not form and pa.types.is_string(raw.type):
        try:
            return without(raw, none).cast(kind), np.zeros(len(raw), dtype=bool)
        except pa.ArrowInvalid:
            pass  # something is odd: look closer
    text = trimmed(raw, none)
    if form:
        text = _picked(text, form)
    easy = mask_of(pc.match_substring_regex(text, WHOLE if whole else PLAIN))
    values = pc.if_else(pa.array(easy), text, pa.scalar(None, pa.string())).cast(kind)
    odd = np.flatnonzero(mask_of(pc.is_valid(text)) & ~easy)
    bad = np.zeros(len(raw), dtype=bool)
    if not len(odd):
        return values, bad
    distinct = text.take(pa.array(odd)).dictionary_encode()
    read = [spoken_number(one) for one in distinct.dictionary.to_pylist()]
    places = distinct.indices.to_numpy()
    exact = whole and all(isinstance(one, int) and abs(one) < _BIG for one in read if _real(one))
    numbers = [(one if exact else float(one)) if one is not None and _real(one) else None for one in read]
    found = pa.array(numbers, pa.int64() if exact else pa.float64())
    bad[odd] = np.array([not _real(one) for one in read])[places]
    wide = values if exact else values.cast(pa.float64())
    return _filled(wide, odd, found.take(pa.array(places))), bad


def _real(value: float | int | None) -> bool:
    return value is not None and abs(value) < 1e300


def _filled(values: pa.Array, places: np.ndarray, found: pa.Array) -> pa.Array:
    hit = np.zeros(len(values), dtype=bool)
    hit[places] = True
    return pc.replace_with_mask(values, pa.array(hit), found)


def _picked(text: pa.Array, form: str) -> pa.Array:
    pattern = re.compile(form)
    distinct = text.dictionary_encode()
    words = []
    for one in distinct.dictionary.to_pylist():
        match = pattern.search(one)
        # What does not match stays as it is, and becomes a dead row unless it is a number all the same.
        words.append((match.group(1) if pattern.groups else match.group(0)) if match else one)
    return pa.array(words, pa.string()).take(distinct.indices)


def spoken_number(text: str) -> float | int | None:
    """The number in a text with thousands commas, a unit, a label or a stray ``~2``; None where it is not sure."""
    text = unicodedata.normalize("NFKC", text).strip().replace("\u2212", "-")
    match = _SPOKEN.match(text)
    if not match:
        return {"true": 1, "false": 0}.get(text)  # as JSON's own booleans, which may stand beside texts
    rest = match["rest"] or ""
    # A coordinate with a stray "~2" is meant; "10~20" is a range.
    if match["twin"] and len(rest) < 6:
        return None
    digits = match["digits"].replace(",", "")
    sign = "-" if match["sign"] in ("-", "△") else ""
    if not rest.strip(".0") and not match["power"]:
        return int(sign + digits) if len(digits) < 400 else None
    return float(f"{sign}{digits}{rest}{match['power'] or ''}")


def _finite(values: pa.Array, bad: Mask) -> tuple[pa.Array, Mask]:
    if not pa.types.is_floating(values.type):
        return values, bad
    values = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    return values, bad | mask_of(pc.is_inf(values))


def _without_numbers(values: pa.Array, nulls: Sequence[str]) -> pa.Array:
    numbers = []
    for one in nulls:
        try:
            numbers.append(float(one))
        except ValueError:
            continue
    if not numbers:
        return values
    kind = values.type
    usable = [one for one in numbers if pa.types.is_floating(kind) or one.is_integer()]
    if not usable:
        return values
    sought = pa.array(usable, pa.float64())
    hit = pc.is_in(values.cast(pa.float64(), safe=False), value_set=sought)
    return pc.if_else(hit, pa.scalar(None, kind), values)


def _as_float(values: pa.Array) -> pa.Array:
    return values.cast(pa.float64(), safe=False)


def _as_whole(values: pa.Array, bad: Mask) -> tuple[pa.Array, Mask]:
    if pa.types.is_uint64(values.type):
        over = mask_of(pc.greater(values, pa.scalar(2**63 - 1, pa.uint64())))
        values = pc.if_else(pa.array(~over), values, pa.scalar(None, values.type))
        return values.cast(pa.int64()), bad | over
    if pa.types.is_integer(values.type):
        return values.cast(pa.int64()), bad
    rounded = pc.round(values.cast(pa.float64()))
    near = mask_of(
        pc.and_(
            pc.less_equal(pc.abs(pc.subtract(values, rounded)), pa.scalar(1e-9)),
            pc.less(pc.abs(rounded), pa.scalar(_BIG)),
        )
    )
    wrong = mask_of(pc.is_valid(values)) & ~near
    return pc.if_else(pa.array(near), rounded, pa.scalar(None, pa.float64())).cast(pa.int64()), bad | wrong
