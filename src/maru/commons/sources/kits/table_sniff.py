"""Looks at a file that nobody declared and proposes how to: encoding, columns with types, key, time and series.

CSV and its kin, workbooks, pages with a table, any of them in zip or gzip, JSON and GeoJSON. Nothing here is certain; it is
what ``maru source new`` writes for a person to look over.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maru.commons.sources.contracts import FieldRule, Role, SeriesRule, SourceFault, Type
from maru.commons.sources.kits import document_sniff, table_grid, table_lines
from maru.commons.sources.kits.containers import Piece, unwrap
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.table_head import Wanted, clean
from maru.commons.sources.kits.table_names import column_names
from maru.commons.sources.kits.table_text import Parsed, lay_out, read_text_table
from maru.commons.sources.kits.table_types import kind_of
from maru.commons.sources.reading.numbers import spoken_number
from maru.commons.sources.reading.texts import NO, YES

MOST_VALUES = 5_000
MOST_ROWS = 50_000
MOST_SERIES = 12
MOST_LETTERS = 40
ENOUGH = 0.98
_TIME_NAMES = re.compile(r"일시|일자|날짜|시각|년월|연월|사용월|date|time|_at$|month|^at$|day", re.IGNORECASE)
_RECORD_TIMES = re.compile(
    r"측정|기준|사용|발생|접수|관측|수집|observed|measured|created|reported|^at$|^date$|일시$", re.IGNORECASE
)
_MONTHS = re.compile(r"년월|연월|사용월|month|yyyymm|^월$", re.IGNORECASE)
_IDS = re.compile(r"id$|^id|번호|코드|code|key|_no$|아이디", re.IGNORECASE)
_STEPS = re.compile(
    r"시간$|시간대$|^hour|hour$|분기|년도|연도|year|quarter|요일|rank|^sn$|node", re.IGNORECASE
)
_ROW_NUMBERS = re.compile(r"^#1$|연번|순번|^no\.?$|^번호$", re.IGNORECASE)
_PLACES = re.compile(r"경도|위도|좌표|lon|lat|lng|^x$|^y$|dm[xy]$", re.IGNORECASE)
_PERSONAL = re.compile(r"성명|주민|휴대|핸드폰|이메일|대표자|e-?mail|mobile", re.IGNORECASE)
_UNIT = re.compile(r"[(\[]\s*([^()\[\]]{1,12})\s*[)\]]\s*$")
_MONTH = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Sniffed:
    """A proposal. ``fields`` have their outside names; ``notes`` say what a person should look at."""

    form: str
    encoding: str
    separator: str
    header_rows: int
    rows: int
    dead: int
    fields: tuple[FieldRule, ...]
    key: tuple[str, ...]
    time: str = ""
    crs: str = "EPSG:4326"
    series: tuple[SeriesRule, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The kit that reads it."""
        return {"text": "table", "json": "json", "geojson": "ogc_features"}.get(self.form, "excel")


@dataclass(frozen=True)
class _Seen:
    """All cells as texts, and how they were found."""

    table: pa.Table
    form: str
    encoding: str = ""
    separator: str = ""
    header_rows: int = 0
    dead: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def sniff(body: bytes, content_type: str = "") -> Sniffed:
    """Look at ``body``. Raises SourceFault for what is no table."""
    del content_type  # the bytes say more
    document_sniff.refuse_strangers(body)
    seen = _document(body) or _file(body)
    table, notes = seen.table.slice(0, MOST_ROWS), list(seen.notes)
    named = [name for name in table.column_names if not _is_nameless(table, name)]
    names = column_names(named)
    fields = [_rule(table.column(outside), outside, name) for outside, name in zip(named, names, strict=True)]
    fields, crs = _with_places(fields, table)
    key, share = _key(fields, table)
    if not key:
        notes.append("no columns tell all rows apart: choose a key")
    elif share < 1.0:
        notes.append(f"{1 - share:.1%} of the rows repeat the key of another: look at it")
    time = _time(fields, key, table)
    marked = tuple(
        replace(one, required=one.name == time or (one.name in key and _is_full(table, one)))
        for one in fields
    )
    return Sniffed(
        form=seen.form, encoding=seen.encoding, separator=seen.separator, header_rows=seen.header_rows, rows=seen.table.num_rows,
        dead=seen.dead, fields=marked, key=key, time=time, crs=crs, series=_series(marked, key, time),
        options=dict(seen.options), notes=tuple(notes),
    )  # fmt: skip


def _document(body: bytes) -> _Seen | None:
    """JSON and GeoJSON; None for what is neither."""
    found = document_sniff.look_at(body)
    if found is None:
        return None
    return _Seen(table=found.table, form=found.form, options=found.options, notes=found.notes)


def _file(body: bytes) -> _Seen:
    pieces = unwrap(body)
    piece = pieces[0]
    notes = [f"the container holds {len(pieces)} files; looked at {piece.name}"] if len(pieces) > 1 else []
    parsed, encoding, separator = _parsed(piece)
    table = parsed.table
    if table.num_columns < 1 or (table.num_columns == 1 and piece.form == "text" and table.num_rows < 2):
        raise SourceFault("malformed", "this looks like no table", raw=body[: 64 * 1024])
    options: dict[str, Any] = {}
    if parsed.head.rows > 1:
        options["header"] = parsed.head.rows
    if not parsed.head.rows:
        options["columns"] = list(table.column_names)
        notes.append("the file has no header: give its columns names")
    return _Seen(
        table, piece.form, encoding, separator, parsed.head.rows, len(parsed.dead), options, tuple(notes)
    )


def _parsed(piece: Piece) -> tuple[Parsed, str, str]:
    nothing = Options({})
    if piece.form == "text":
        data, encoding = table_lines.decode(piece.body)
        return read_text_table(data, Wanted()), encoding, lay_out(data, Wanted()).separator
    read = table_grid.workbook_grids if piece.form == "workbook" else table_grid.html_grids
    grids = read(piece.body, nothing)
    if not grids:
        raise SourceFault("empty", "the workbook has no rows")
    return table_grid.read_grid(grids[0], Wanted()), "", ""


def _is_nameless(table: pa.Table, name: str) -> bool:
    """A column without a name that holds a row number or nothing; of a file without header all are nameless."""
    if not name.startswith("#") or all(one.startswith("#") for one in table.column_names):
        return False
    return name == "#1" or not any(cell.strip() for cell in pc.unique(table.column(name)).to_pylist())


def _rule(column: pa.ChunkedArray, outside: str, name: str) -> FieldRule:
    words = [word.strip() for word in pc.unique(column).slice(0, MOST_VALUES).to_pylist()]
    kind, form, nulls = _type(words, outside)
    unit = _UNIT.search(clean(outside))
    return FieldRule(
        name=name,
        names=(outside,),
        type=kind,
        titles={"ko": clean(outside).lstrip("#") or name, "en": name.replace("_", " ").capitalize()},
        unit=unit.group(1) if unit and kind in ("number", "integer") else "",
        nulls=("-", *nulls),
        format=form,
        personal=bool(_PERSONAL.search(outside)),
    )


def _type(words: Sequence[str], outside: str) -> tuple[Type, str, tuple[str, ...]]:
    """(type, format, words that stand for no value)."""
    kinds = {word: kind_of(word) for word in words}
    filled = [word for word, kind in kinds.items() if kind]
    if not filled:
        return "text", "", ()
    found = set(kinds.values()) - {""}
    dates = [word for word in filled if kinds[word] in ("date", "datetime")]
    # "전체" among days is a total that will be a dead letter; names among days are names.
    if dates and len(dates) + 3 >= len(filled) and len(dates) * 10 >= len(filled) * 9:
        form = _day_first(dates)
        return ("text" if form is None else "datetime" if "datetime" in found else "date"), form or "", ()
    if _MONTHS.search(outside) and all(_MONTH.fullmatch(word) for word in filled):
        return "date", "", ()
    if len(filled) <= 2 and all(word.lower() in YES + NO and not word.isdigit() for word in filled):
        return "boolean", "", ()
    return _number_type(kinds, filled)


def _number_type(kinds: Mapping[str, str], filled: list[str]) -> tuple[Type, str, tuple[str, ...]]:
    odd = [word for word in filled if kinds[word] not in ("integer", "number")]
    spoken = [
        word for word in odd if spoken_number(word) is not None and not (word[0] == "0" and word.isdigit())
    ]
    flags = [word for word in odd if word not in spoken]
    # "통신장애" among numbers is no value; names among numbers are names. Ids with leading zeros are texts.
    if len(flags) > 3 or len(flags) * 5 > len(filled) or any(re.search(r"\d", word) for word in flags):
        return "text", "", ()
    numbers = [word for word in filled if word not in flags]
    whole = all(re.fullmatch(r"[+-]?[\d,]+(?:\.0+)?", word) for word in numbers if word not in spoken)
    whole = whole and all(isinstance(spoken_number(word), int) for word in spoken)
    return ("integer" if whole else "number"), "", tuple(flags)


def _day_first(words: Sequence[str]) -> str | None:
    """The format of dates with the year last; "" for others; None where day and month cannot be told apart."""
    parted = [re.match(r"(\d{1,2})([/.-])(\d{1,2})[/.-]\d{4}(.*)", word) for word in words]
    if not any(parted):
        return ""
    matches = [match for match in parted if match]
    if len(matches) < len(words):
        return None
    first, second = max(int(one.group(1)) for one in matches), max(int(one.group(3)) for one in matches)
    if (first > 12 and second > 12) or (first <= 12 and second <= 12):
        return None
    mark, rest = matches[0].group(2), matches[0].group(4).strip()
    day = f"%d{mark}%m{mark}%Y" if first > 12 else f"%m{mark}%d{mark}%Y"
    if not rest:
        return day
    clock = "%H:%M:%S" if rest.count(":") == 2 else "%H:%M"
    return f"{day} {clock.replace('%H', '%I')} %p" if re.search(r"[AaPp]\.?[Mm]", rest) else f"{day} {clock}"


def _with_places(fields: list[FieldRule], table: pa.Table) -> tuple[list[FieldRule], str]:
    """Roles for coordinates, by what the columns hold more than by their names, which are often exchanged."""
    likely: dict[Role, str] = {}
    for rule in fields:
        if rule.type != "number" or not _PLACES.search(rule.names[0]):
            continue
        numbers = [
            spoken_number(word) for word in pc.unique(table.column(rule.names[0])).slice(0, 2_000).to_pylist()
        ]
        real = [number for number in numbers if number]
        if not real:
            continue
        low, high = float(np.quantile(real, 0.05)), float(np.quantile(real, 0.95))
        named = "longitude" if re.search(r"경도|lon|lng", rule.names[0], re.IGNORECASE) else "latitude"
        if low >= 124 and high <= 132.5:
            likely.setdefault("longitude", rule.name)
        elif low >= 32 and high <= 43.5:
            likely.setdefault("latitude", rule.name)
        elif (
            low >= -180 and high <= 180 and re.search(r"경도|위도|lon|lat|lng", rule.names[0], re.IGNORECASE)
        ):
            likely.setdefault("longitude" if named == "longitude" else "latitude", rule.name)
    if set(likely) != {"longitude", "latitude"}:
        return fields, "EPSG:4326"
    roles: dict[str, Role] = {name: role for role, name in likely.items()}
    return [replace(rule, role=roles.get(rule.name, "")) for rule in fields], "EPSG:4326"


def _key(fields: Sequence[FieldRule], table: pa.Table) -> tuple[tuple[str, ...], float]:
    """The fewest columns that tell all rows apart, and the share of rows that they do tell apart.

    Measured numbers and long texts are none; counts and row numbers only where one of them alone does it.
    """
    able = [one for one in fields if one.type not in ("number", "boolean") and not one.role]
    able = [one for one in able if one.type != "text" or _is_short(table.column(one.names[0]))]
    weak = {one.name for one in able if _is_weak(one)}
    able = [one for one in able if one.name not in weak or _distinct(table, one) == table.num_rows]
    able.sort(
        key=lambda one: (
            one.name in weak,
            not _IDS.search(one.names[0]),
            not _TIME_NAMES.search(one.names[0]),
        )
    )
    strong = [one.name for one in able if one.name not in weak][:8]
    codes = {
        one.name: _codes(table.column(one.names[0])) for one in able if one.name in strong or one.name in weak
    }
    order = [one.name for one in fields]
    best: tuple[float, tuple[str, ...]] = (0.0, ())
    groups = [group for count in (1, 2, 3, 4) for group in itertools.combinations(strong, count)]
    groups[len(strong) :] = [*groups[len(strong) :], *((one.name,) for one in able if one.name in weak)]
    for group in groups:
        share = _told_apart([codes[name] for name in group])
        if share > best[0] + 1e-12:
            best = (share, group)
        if share == 1.0:
            break
    return (tuple(sorted(best[1], key=order.index)), best[0]) if best[0] >= ENOUGH else ((), best[0])


def _distinct(table: pa.Table, rule: FieldRule) -> int:
    return int(pc.count_distinct(table.column(rule.names[0])).as_py())


def _is_full(table: pa.Table, rule: FieldRule) -> bool:
    return not any(
        not word.strip() or word.strip() in rule.nulls
        for word in pc.unique(table.column(rule.names[0])).to_pylist()
    )


def _is_short(column: pa.ChunkedArray) -> bool:
    return float(pc.mean(pc.utf8_length(column)).as_py() or 0) <= MOST_LETTERS


def _is_weak(rule: FieldRule) -> bool:
    """A row number, which changes from file to file, or a count, which tells rows apart by chance."""
    name = rule.names[0]
    if rule.type != "integer":
        return False
    return _ROW_NUMBERS.search(name) is not None or not (
        _IDS.search(name) or _TIME_NAMES.search(name) or _STEPS.search(name)
    )


def _codes(column: pa.ChunkedArray) -> np.ndarray:
    """Each value as a small number; -1 for none."""
    one = column.combine_chunks().dictionary_encode()
    one = pa.concat_arrays(one.chunks) if isinstance(one, pa.ChunkedArray) else one
    empty = np.array(
        [not word.strip() or word.strip() == "-" for word in one.dictionary.to_pylist()] or [False]
    )
    places = one.indices.to_numpy().astype(np.int64)
    return np.where(empty[places], -1, places)


def _told_apart(codes: Sequence[np.ndarray]) -> float:
    """The share of rows that have a value in all of the columns and are the first with these values."""
    mixed, whole = codes[0], codes[0] >= 0
    for one in codes[1:]:
        whole &= one >= 0
        mixed = mixed * (int(one.max(initial=0)) + 1) + one
        mixed = np.unique(mixed, return_inverse=True)[1]
    return len(np.unique(mixed[whole])) / len(mixed) if len(mixed) else 0.0


def _time(fields: Sequence[FieldRule], key: Sequence[str], table: pa.Table) -> str:
    """The column of the record's own time: one in the key, or the only one that sounds like it and is always filled."""
    times = [one for one in fields if one.type in ("date", "datetime")]
    for one in times:
        if one.name in key:
            return one.name
    sounding = [
        one
        for one in times
        if _RECORD_TIMES.search(one.names[0])
        and all(cell.strip() for cell in pc.unique(table.column(one.names[0])).to_pylist())
    ]
    return sounding[0].name if len(sounding) == 1 else ""


def _series(fields: Sequence[FieldRule], key: Sequence[str], time: str) -> tuple[SeriesRule, ...]:
    if not time or time not in key:
        return ()
    by = tuple(name for name in key if name != time)
    values = [
        one for one in fields if one.type in ("number", "integer") and not one.role and one.name not in key
    ]
    values = [
        one for one in values if not _IDS.search(one.names[0]) and not _ROW_NUMBERS.search(one.names[0])
    ]
    return tuple(SeriesRule(one.name, one.name, by, one.titles) for one in values[:MOST_SERIES])
