"""The query string of a sheet, a file or a map becomes a Query, and a sheet's state becomes a query string again.

``?q=words&sort=-column&page=3&size=50&show=a&show=b&as_of=2026-01-31&column=value&column.from=1&column.to=9&column.has=part
&column.empty=1&bbox=west,south,east,north&after=cursor``. A column whose name is one of RESERVED is asked for as ``name.is``.
Fields that a form sends empty mean nothing. What cannot be read becomes a fault beside its field; then no rows are shown,
because rows that look filtered but are not would lie.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from maru.commons.sources.units import unit_words
from maru.services.opendata.engine.contracts import (
    And,
    ColumnInfo,
    Compare,
    Condition,
    IsNull,
    Like,
    OneOf,
    Order,
    Query,
    Value,
    Within,
    Words,
)

RESERVED = frozenset(
    {
        "q",
        "sort",
        "page",
        "size",
        "show",
        "as_of",
        "after",
        "bbox",
        "lang",
        "theme",
        "facet",
        "x",
        "y",
        "by",
        "how",
        "unit",
        "limit",
        "bom",
    }
)
SIZES = (25, 50, 100, 500)
MOST_VALUES = 50
_LARGEST = 2**63 - 1
_TRUE = frozenset({"true", "1", "yes", "y", "t"})
_FALSE = frozenset({"false", "0", "no", "n", "f"})
_SUFFIXES = ("is", "from", "to", "has", "empty")


@dataclass(frozen=True)
class Chip:
    """A filter that holds now: what it says, and the query string without it."""

    text: str
    without: str


@dataclass
class Asked:
    """What a reader wants to see. ``given`` holds the filters as they came, by field name."""

    columns: tuple[ColumnInfo, ...]
    given: dict[str, list[str]] = field(default_factory=dict)
    conditions: list[Condition] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    words: str = ""
    order: tuple[Order, ...] = ()
    page: int = 1
    size: int = SIZES[1]
    after: str = ""
    show: tuple[str, ...] = ()
    as_of: dt.datetime | None = None
    as_of_text: str = ""
    panel: str = ""

    @property
    def where(self) -> Condition | None:
        """All conditions as one."""
        if not self.conditions:
            return None
        return self.conditions[0] if len(self.conditions) == 1 else And(tuple(self.conditions))

    @property
    def shown(self) -> tuple[ColumnInfo, ...]:
        """The columns chosen, in the dataset's order; all if none was chosen."""
        chosen = tuple(column for column in self.columns if column.name in self.show)
        return chosen or self.columns

    @property
    def filtered(self) -> bool:
        """Whether not all rows are asked for."""
        return bool(self.conditions)

    def query(self, *, limit: int | None = None, total: bool = True) -> Query:
        """The engine's query of one page."""
        size = self.size if limit is None else limit
        return Query(
            columns=tuple(column.name for column in self.shown) if self.show else (),
            where=self.where,
            order=self.order,
            offset=0 if self.after else (self.page - 1) * self.size,
            limit=size,
            cursor=self.after,
            total=total,
            as_of=self.as_of,
        )

    def everything(self) -> Query:
        """The engine's query of all rows, for a file."""
        return replace(self.query(total=False), limit=0, offset=0, cursor="")

    def address(self, **changes: str | None) -> str:
        """The query string of this state with single fields changed (None or "": left out); "?" when nothing is left."""
        made = QueryDict(mutable=True)
        own = self._fields()
        if "page" not in changes and "after" not in changes:
            own["page"], own["after"] = [], []
        for name, value in changes.items():
            own[name] = [value] if value else []
        for name, values in own.items():
            if values:
                made.setlist(name, values)
        return f"?{made.urlencode(safe=',:')}"

    def hidden(self, *but: str) -> list[tuple[str, str]]:
        """The fields that a form keeps beside those it sends itself; a new question begins at page one."""
        fields = self._fields()
        return [
            (name, value)
            for name, values in fields.items()
            if name not in {*but, "page", "after"}
            for value in values
        ]

    def _fields(self) -> dict[str, list[str]]:
        return {
            "q": [self.words] if self.words else [],
            **self.given,
            "sort": [",".join(("-" if one.descending else "") + one.column for one in self.order)]
            if self.order
            else [],
            "show": list(self.show),
            "size": [str(self.size)] if self.size != SIZES[1] else [],
            "as_of": [self.as_of_text] if self.as_of_text else [],
            "facet": [self.panel] if self.panel else [],
            "page": [str(self.page)] if self.page > 1 else [],
            "after": [self.after] if self.after else [],
        }

    def without(self, name: str, value: str = "") -> str:
        """The query string without one filter, or one value of it."""
        kept = [one for one in self.given.get(name, []) if value and one != value]
        other = replace(self, given={**self.given, name: kept})
        return other.address()

    def with_value(self, column: str, value: str) -> str:
        """The query string with one more value of a column asked for."""
        name = field_name(column)
        return replace(self, given={**self.given, name: [*self.given.get(name, []), value]}).address()

    def chips(self, language: str) -> list[Chip]:
        """The filters that hold now, for the eye and to take away."""
        titles = {column.name: title_of(column, language) for column in self.columns}
        made = (
            [Chip(_("Words: %(words)s") % {"words": self.words}, self.address(q=None))] if self.words else []
        )
        for name, values in self.given.items():
            column, _dot, suffix = name.rpartition(".") if _suffix(name) else (name, "", "is")
            says = {"from": "≥", "to": "≤", "has": "∋"}.get(suffix, "=")
            for value in values:
                shown = _("(empty)") if suffix == "empty" else value
                head = titles.get(column, _("Area") if name == "bbox" else column)
                made.append(Chip(f"{head} {says} {shown}", self.without(name, value)))
        return made


def field_name(column: str) -> str:
    """The name under which equality with a column is asked for."""
    return f"{column}.is" if column in RESERVED else column


def title_of(column: ColumnInfo, language: str) -> str:
    """A column's title in a language, else English, else its name."""
    return column.titles.get(language) or column.titles.get("en") or column.name


def unit_of(column: ColumnInfo) -> str:
    """A column's unit as the page's language writes it; interfaces and files keep the code."""
    return unit_words(column.unit)


def read(data: QueryDict, columns: Sequence[ColumnInfo]) -> Asked:
    """Read a query string; what is wrong stands in ``faults``."""
    asked = Asked(columns=tuple(columns))
    known = {column.name: column for column in columns}
    asked.words = " ".join(_clean(data.get("q", "")).split())[:200]
    if asked.words:
        asked.conditions.append(Words(asked.words))
    for name in dict.fromkeys(data):
        column = known.get(name.rpartition(".")[0] if _suffix(name) else name)
        if column is None or (name in RESERVED):
            continue
        values = list(dict.fromkeys(_clean(one).strip()[:400] for one in data.getlist(name)))
        values = [one for one in values if one][:MOST_VALUES]
        if values:
            asked.given[name] = values
            _condition(asked, column, name, values)
    _read_box(asked, _clean(data.get("bbox", "")))
    _read_order(asked, _clean(data.get("sort", "")), known)
    asked.show = tuple(dict.fromkeys(one for one in data.getlist("show") if one in known))
    asked.page = _whole(data.get("page", ""), 1, 1, 10**9)
    size = _whole(data.get("size", ""), SIZES[1], 1, SIZES[-1])
    asked.size = next((one for one in SIZES if one >= size), SIZES[-1])
    asked.panel = data.get("facet", "") if data.get("facet", "") in known else ""
    asked.after = _clean(data.get("after", ""))[:2000]
    _read_as_of(asked, _clean(data.get("as_of", "")).strip())
    return asked


def without_column(asked: Asked, column: str) -> Asked:
    """What is asked without the filters of one column: its values are counted among those rows."""
    names = {field_name(column), *(f"{column}.{suffix}" for suffix in _SUFFIXES)}
    data = QueryDict(mutable=True)
    for name, values in asked.given.items():
        if name not in names:
            data.setlist(name, values)
    if asked.words:
        data["q"] = asked.words
    return read(data, asked.columns)


def raw_of(value: Value) -> str:
    """A value as a query string holds it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        local = timezone.localtime(value) if timezone.is_aware(value) else value
        return local.replace(tzinfo=None).isoformat(timespec="auto")
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def value_of(text: str, column: ColumnInfo, *, end: bool = False) -> Value:
    """``text`` as a value of the column's type; ``end``: the last moment of a day, month or minute. ValueError if it is none."""
    plain = text.strip()
    if column.type == "text":
        return text
    if column.type == "boolean":
        if plain.lower() in _TRUE | _FALSE:
            return plain.lower() in _TRUE
        raise ValueError(_("Yes or no, please."))
    if column.type in {"integer", "number"}:
        return _number(plain, column.type == "integer")
    return _date(plain) if column.type == "date" else moment_of(plain, end=end)


def moment_of(text: str, *, end: bool = False) -> dt.datetime:
    """A time in the city's zone, or a day (``end``: its last moment). ValueError if it is none."""
    try:
        day = parse_date(text)
        moment = None if day else parse_datetime(text)
    except ValueError:
        day, moment = None, None
    if day is not None:
        moment = dt.datetime.combine(day, dt.time.max if end else dt.time.min)
    if moment is None:
        raise ValueError(_("A date such as 2026-03-01 or a time such as 2026-03-01T09:00, please."))
    if end and moment.second == 0 and len(text) <= len("2026-03-01T09:00"):
        moment += dt.timedelta(seconds=59, microseconds=999_999)
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def _suffix(name: str) -> bool:
    return name.rpartition(".")[2] in _SUFFIXES and "." in name


def _condition(asked: Asked, column: ColumnInfo, name: str, values: list[str]) -> None:
    suffix = name.rpartition(".")[2] if _suffix(name) else "is"
    try:
        if suffix == "empty":
            asked.conditions.append(IsNull(column.name))
        elif suffix == "has":
            pattern = values[0].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            asked.conditions.append(Like(column.name, f"%{pattern}%", fold=True))
        elif suffix == "is":
            _equal(asked, column, values)
        else:
            value = value_of(values[0], column, end=suffix == "to")
            asked.conditions.append(Compare(column.name, ">=" if suffix == "from" else "<=", value))
    except (ValueError, OverflowError) as fault:
        asked.faults[name] = str(fault)


def _equal(asked: Asked, column: ColumnInfo, values: list[str]) -> None:
    if column.type == "datetime":
        # A minute or a day typed by hand means all of it.
        first, last = value_of(values[0], column), value_of(values[0], column, end=True)
        asked.conditions += [Compare(column.name, ">=", first), Compare(column.name, "<=", last)]
        return
    read_ = tuple(value_of(one, column) for one in values)
    one = Compare(column.name, "=", read_[0]) if len(read_) == 1 else OneOf(column.name, read_)
    asked.conditions.append(one)


def _read_box(asked: Asked, text: str) -> None:
    if not text:
        return
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        asked.faults["bbox"] = _("Four numbers, please: west, south, east, north.")
        return
    if not all(map(math.isfinite, (west, south, east, north))) or south > north or west > east:
        asked.faults["bbox"] = _("Four numbers, please: west, south, east, north.")
        return
    if not {"longitude", "latitude"} <= {column.role for column in asked.columns}:
        asked.faults["bbox"] = _("This dataset has no places.")
        return
    asked.given["bbox"] = [text]
    asked.conditions.append(Within((west, south, east, north)))


def _read_order(asked: Asked, text: str, known: dict[str, ColumnInfo]) -> None:
    parts = [part for part in text.split(",") if part][:3]
    names = [part.removeprefix("-") for part in parts]
    for name in names:
        if name not in known:
            asked.faults["sort"] = _("There is no column %(name)s.") % {"name": name[:60]}
            return
    asked.order = tuple(Order(name, part.startswith("-")) for part, name in zip(parts, names, strict=True))


def _read_as_of(asked: Asked, text: str) -> None:
    if not text:
        return
    try:
        asked.as_of = moment_of(text, end=True)
        asked.as_of_text = text
    except (ValueError, OverflowError) as fault:
        asked.faults["as_of"] = str(fault)


def _number(text: str, whole: bool) -> int | float:
    plain = text.replace(",", "").replace(" ", "")
    try:
        value = int(plain) if whole and plain.lstrip("+-").isdigit() else float(plain)
    except ValueError:
        raise ValueError(_("A number, please.")) from None
    if not math.isfinite(value) or abs(value) > _LARGEST:
        raise ValueError(_("A number, please."))
    return value


def _date(text: str) -> dt.date:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise ValueError(_("A date such as 2026-03-01, please."))
    return day


def _whole(text: str, default: int, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 12:
        return default
    return min(max(int(text), low), high)


def _clean(text: str) -> str:
    return text.replace("\x00", "")
