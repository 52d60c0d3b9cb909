"""Values of rows as people read them: numbers grouped where they measure something, times in the city's zone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from maru.services.opendata.engine.contracts import ColumnInfo

_LONG = 300


@dataclass(frozen=True)
class Cell:
    """One value. ``href`` where it is an address; ``title`` names its column, for screens that stack a row."""

    text: str
    number: bool = False
    empty: bool = False
    href: str = ""
    title: str = ""
    unit: str = ""


def text_of(value: Any, column: ColumnInfo) -> str:
    """A value as people read it; "" for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, dt.datetime):
        local = timezone.localtime(value) if timezone.is_aware(value) else value
        return f"{local:%Y-%m-%d %H:%M}" + (f":{local:%S}" if local.second else "")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, int | float):
        return number_text(value, grouped=bool(column.unit) or column.type == "number")
    return str(value)


def number_text(value: float, *, grouped: bool = True, places: int = 6) -> str:
    """A number in the reader's language. Codes and years stay ungrouped: without a unit nobody counts in them."""
    if isinstance(value, float):
        if value != value or abs(value) == float("inf"):
            return ""
        rounded = round(value, places)
        value = int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded
    if isinstance(value, int):
        return str(number_format(value, force_grouping=grouped, use_l10n=grouped))
    plain = f"{value:.{places}f}".rstrip("0")
    decimals = len(plain.partition(".")[2])
    return str(number_format(plain, decimal_pos=decimals, force_grouping=grouped))


def cell(value: Any, column: ColumnInfo, title: str = "") -> Cell:
    """One value of a row."""
    text = text_of(value, column)
    if not text:
        return Cell("–", number=column.type in {"integer", "number"}, empty=True, title=title)
    web = column.type == "text" and text.startswith(("https://", "http://")) and " " not in text
    return Cell(
        text=text if len(text) <= _LONG else f"{text[:_LONG]}…",
        number=column.type in {"integer", "number"},
        href=text if web and len(text) <= _LONG * 3 else "",
        title=title,
        unit=column.unit,
    )


def rows_of(
    rows: Iterable[Sequence[Any]], columns: Sequence[ColumnInfo], titles: Sequence[str]
) -> list[list[Cell]]:
    """Whole rows."""
    return [
        [cell(value, column, title) for value, column, title in zip(row, columns, titles, strict=True)]
        for row in rows
    ]
