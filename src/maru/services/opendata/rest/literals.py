"""Text of a query becomes a value of the column's type; every interface reads values here."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from maru.services.opendata.engine.contracts import ColumnInfo, QueryFault, Value

_TRUE = frozenset({"true", "t", "1", "yes", "y"})
_FALSE = frozenset({"false", "f", "0", "no", "n"})
_COMPACT = re.compile(r"\d{4}(\d{2}(\d{2}(\d{2}(\d{2}(\d{2})?)?)?)?)?\Z")
_LARGEST = 2**63 - 1
_DATED = ("date", "datetime")


def columns_by_name(columns: Sequence[ColumnInfo]) -> dict[str, ColumnInfo]:
    """Columns by name, by outside name, and by both in lower case: old programs write them as they like."""
    found: dict[str, ColumnInfo] = {}
    for column in columns:
        for name in (column.name, column.alias, column.name.upper(), column.alias.lower()):
            if name:
                found.setdefault(name, column)
    return found


def column_of(columns: Mapping[str, ColumnInfo], name: str, where: str) -> ColumnInfo:
    """The column called ``name``; QueryFault if there is none."""
    try:
        return columns[name]
    except KeyError:
        raise QueryFault(where, f"There is no column {name[:80]!r}.") from None


def typed(column: ColumnInfo, value: Any, where: str) -> Value:
    """``value`` (text, or what JSON gave) as the column's type. Times without a zone are UTC. Raises QueryFault."""
    if value is None:
        return None
    try:
        found: Value = _READERS[column.type](value)
        return found
    except (ValueError, TypeError, OverflowError):
        shown = str(value)[:60]
        raise QueryFault(
            where, f"{shown!r} is not a value of column {column.name} ({column.type})."
        ) from None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise TypeError


def _integer(value: Any) -> int | float:
    number = _number(value)
    # 3.5 is no value an integer column has, but "> 3.5" is a sound question.
    return int(number) if float(number).is_integer() else number


def _number(value: Any) -> int | float:
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, str):
        text = value.strip()
        if not text.isascii() or "_" in text:
            raise ValueError
        value = int(text) if re.fullmatch(r"[+-]?\d{1,18}", text) else float(text)
    if not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > _LARGEST:
        raise ValueError
    return value


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError


def _date(value: Any) -> dt.date:
    return span_of(str(value))[0].date()


def _datetime(value: Any) -> dt.datetime:
    return span_of(str(value))[0]


def span_of(text: str, zone: dt.tzinfo = dt.UTC) -> tuple[dt.datetime, dt.datetime]:
    """First instant and first instant after what ``text`` names: a year, month, day, hour, minute or an instant.

    Takes ISO 8601 and plain digits (``2024``, ``202405``, ``20240501``, ``2024050113``, ``202405011330``, with seconds).
    An instant's span is empty. Raises ValueError.
    """
    text = text.strip()
    if not text.isascii() or len(text) > 40:
        raise ValueError
    if _COMPACT.match(text):
        return _span(text, zone)
    if re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", text):
        return _span(text.replace("-", ""), zone)
    moment = dt.datetime.fromisoformat(text.replace("Z", "+00:00") if text.endswith("Z") else text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    moment = moment.astimezone(dt.UTC)
    return moment, moment


def _span(digits: str, zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
    parts = [int(digits[:4]), *(int(digits[i : i + 2]) for i in range(4, len(digits), 2))]
    low = dt.datetime(*([*parts, 1, 1][: max(3, len(parts))]), tzinfo=zone)  # type: ignore[misc,arg-type]
    if len(parts) == 1:
        high = low.replace(year=low.year + 1)
    elif len(parts) == 2:
        high = (low + dt.timedelta(days=32)).replace(day=1)
    else:
        step = ("days", "hours", "minutes", "seconds")[len(parts) - 3]
        high = low + dt.timedelta(**{step: 1})
    return low.astimezone(dt.UTC), high.astimezone(dt.UTC)


_READERS: dict[str, Any] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
}


def is_dated(column: ColumnInfo) -> bool:
    """Whether its values are days or instants."""
    return column.type in _DATED


def pattern_of(text: str) -> str:
    """``text`` for a Like: its own % and _ are not wild."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
