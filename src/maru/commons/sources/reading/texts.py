"""Raw columns as text, trimmed, with "no value" taken out; and yes or no."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]
# What other programs write for "no value" in columns that are not text.
NOTHING = ("", "null", "NULL", "None", "nan", "NaN", "NAN", "N/A", "n/a", "#N/A", "NA", "<NA>")
YES = (
    "y",
    "yes",
    "t",
    "true",
    "1",
    "1.0",
    "on",
    "o",
    "예",
    "네",
    "유",
    "있음",
    "가능",
    "사용",
    "여",
    "○",
    "◯",
    "●",
)
NO = (
    "n",
    "no",
    "f",
    "false",
    "0",
    "0.0",
    "off",
    "x",
    "아니오",
    "아니요",
    "무",
    "없음",
    "불가",
    "불가능",
    "미사용",
    "부",
    "×",
    "✕",
)


def plain(value: Any) -> str | None:
    """One value of any kind as text; None stays None. Whole floats lose their ``.0``, nested values become JSON."""
    if value is None or isinstance(value, str):
        return value if value is None else value.encode("utf-8", "replace").decode()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if value != value:
            return None
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Mapping | Sequence):
        return json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "replace").decode()
    return str(value)


def array_of(values: list[Any]) -> pa.Array:
    """A raw column out of Python values: Arrow's own type where all are of one flat kind, else text."""
    try:
        found = pa.array(values, from_pandas=True)
    except (pa.ArrowException, OverflowError, UnicodeError, TypeError, ValueError):
        return pa.array([plain(value) for value in values], pa.string())
    flat = (
        pa.types.is_string(found.type) or pa.types.is_integer(found.type) or pa.types.is_floating(found.type)
    )
    flat = flat or pa.types.is_boolean(found.type)
    # Arrow takes a mixture of days and moments as one kind, and counts wrong.
    flat = flat or (
        pa.types.is_temporal(found.type) and len({type(one) for one in values if one is not None}) == 1
    )
    if flat and not pa.types.is_duration(found.type) and not pa.types.is_time(found.type):
        return found
    return pa.array([plain(value) for value in values], pa.string())


def flat(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """One array, without dictionary and with 32-bit offsets where it is text."""
    one = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(one, pa.ChunkedArray):  # more than one chunk stays when offsets would overflow
        one = pa.concat_arrays(one.chunks)
    kind = one.type
    if pa.types.is_dictionary(kind):
        one = one.dictionary_decode()
        kind = one.type
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return one.cast(pa.string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_nested(kind):
        return pa.array([plain(value) for value in one.to_pylist()], pa.string())
    if pa.types.is_null(kind):
        return one.cast(pa.string())
    return pa.array([plain(value) for value in one.to_pylist()], pa.string()) if _odd(kind) else one


def _odd(kind: pa.DataType) -> bool:
    return bool(pa.types.is_decimal(kind) or pa.types.is_duration(kind) or pa.types.is_time(kind))


def as_text(raw: pa.Array) -> pa.Array:
    """Any raw column as text, numbers without ``.0``."""
    if pa.types.is_string(raw.type):
        return raw
    if pa.types.is_floating(raw.type):
        return pa.array([plain(value) for value in raw.to_pylist()], pa.string())
    return raw.cast(pa.string())


def trimmed(raw: pa.Array, nulls: Sequence[str]) -> pa.Array:
    """Text without blanks around it, where ``nulls`` are no value."""
    text = pc.utf8_trim_whitespace(as_text(raw))
    return without(text, nulls)


def without(text: pa.Array, nulls: Sequence[str]) -> pa.Array:
    """``text`` with null where it is one of ``nulls``."""
    hit = pc.is_in(text, value_set=pa.array(sorted(set(nulls)), pa.string()))
    return pc.if_else(hit, pa.scalar(None, pa.string()), text)


def mask_of(array: pa.Array) -> Mask:
    """A boolean Arrow array as NumPy; null is False."""
    return np.asarray(pc.fill_null(array, False).to_numpy(zero_copy_only=False), dtype=bool)


def read_text(raw: pa.Array, nulls: Sequence[str], form: str) -> pa.Array:
    """A text column. ``form`` "id": what a spreadsheet made of an id (``10033.0``) becomes the id again."""
    text = trimmed(raw, ("", *nulls))
    if form == "id":
        text = pc.replace_substring_regex(text, pattern=r"^([0-9]+)\.0+$", replacement=r"\1")
    return text


def read_booleans(raw: pa.Array, nulls: Sequence[str]) -> tuple[pa.Array, Mask]:
    """Yes and no in their usual forms, and where it is neither."""
    if pa.types.is_boolean(raw.type):
        return raw, np.zeros(len(raw), dtype=bool)
    text = pc.utf8_lower(trimmed(raw, (*NOTHING, *nulls)))
    yes = pc.is_in(text, value_set=pa.array(YES, pa.string()))
    no = pc.is_in(text, value_set=pa.array(NO, pa.string()))
    known = pc.or_(yes, no)
    values = pc.if_else(known, yes, pa.scalar(None, pa.bool_()))
    return values, mask_of(pc.and_not(pc.is_valid(text), known))
