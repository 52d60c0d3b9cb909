"""An uploaded file as a table with types: CSV, TSV, Excel, JSON, GeoJSON. Hostile until proven otherwise; no Django.

Tables are read by the kits of the sources, which know the traps of Korean public files (CP949, title lines, broken bytes).
A column gets a type only if every value in it can be read as one; otherwise it stays text, and nothing is lost.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from maru.commons.sources.contracts import (
    Declaration,
    FieldRule,
    Licence,
    RawRows,
    Schedule,
    SourceFault,
    Type,
)
from maru.commons.sources.kits.registry import kit
from maru.commons.sources.records import to_records
from maru.services.opendata.engine.contracts import ColumnInfo

MOST_BYTES = 64 * 1024 * 1024
MOST_COLUMNS = 300
MOST_ROWS = 2_000_000
MOST_UNPACKED = 512 * 1024 * 1024  # of what a spreadsheet's zip holds
MOST_CELL = 100_000
LINE = "row_number"
KINDS = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".tab": "csv", ".xlsx": "excel", ".xls": "excel", ".xlsm": "excel",
    ".ods": "excel", ".json": "json", ".geojson": "json",
}  # fmt: skip
_NULLS = ("", "-", "NULL", "null", "N/A", "n/a", "NaN", "nan", "없음")
_LONGITUDES = {"longitude", "lon", "lng", "경도", "x좌표(wgs84)", "lot", "xcode", "위치경도", "wgs84경도"}
_LATITUDES = {"latitude", "lat", "위도", "y좌표(wgs84)", "ycode", "위치위도", "wgs84위도"}
_SAMPLE = 2_000
_KEY_WIDTH = 3
# The sources' reading of numbers forgives more ("12 people"): where nobody has declared a number, only one is one.
_STRICT = {
    "integer": r"^\s*[-+]?(?:\d{1,3}(?:,\d{3})+|\d{1,18})\s*$",
    "number": r"^\s*[-+]?(?:\d{1,3}(?:,\d{3})+|\d{1,18})?(?:\.\d+)?(?:[eE][-+]?\d{1,3})?\s*$",
    "boolean": r"(?i)^\s*(?:true|false|y|n|yes|no|예|아니오|참|거짓)\s*$",
}
_LEADING_ZERO = r"^-?0\d"


class FileFault(Exception):
    """The file cannot be read. ``code`` for machines, ``detail`` says where."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True)
class Reading:
    """What a file holds. ``outside`` are its column names as they stood in it; ``faults`` rows could not be read."""

    table: pa.Table
    columns: tuple[ColumnInfo, ...]
    key: tuple[str, ...]
    time: str
    outside: tuple[str, ...]
    faults: int
    reasons: tuple[str, ...] = ()

    @property
    def made_key(self) -> bool:
        """Whether rows had to be numbered because no column tells them apart."""
        return self.key == (LINE,)


def read(body: bytes, file_name: str, zone: str = "UTC") -> Reading:
    """Read a whole file. Raises FileFault."""
    ending = re.search(r"\.[A-Za-z0-9]{1,8}$", file_name)
    kind = KINDS.get(ending[0].lower() if ending else "")
    if kind is None:
        raise FileFault("unknown_kind", file_name[-20:])
    if not body:
        raise FileFault("empty")
    if len(body) > MOST_BYTES:
        raise FileFault("too_large", f"{len(body)} bytes")
    rows = _json_rows(body) if kind == "json" else _table_rows(body, kind)
    return _typed(rows, zone)


def _table_rows(body: bytes, kind: str) -> RawRows:
    if kind == "excel":
        _check_zip(body)
    declaration = _declaration((), "table" if kind == "csv" else "excel")
    try:
        return kit("table" if kind == "csv" else "excel").parse(declaration, body, "").rows
    except SourceFault as fault:
        raise FileFault("malformed" if fault.code != "empty" else "empty", fault.detail) from fault


def _check_zip(body: bytes) -> None:
    """A small zip may hold gigabytes: look at what it says before anything unpacks it."""
    if not body.startswith(b"PK"):
        # An older Excel file, or a page of HTML that poses as one.
        if not body.startswith(b"\xd0\xcf\x11\xe0") and b"<table" not in body[:200_000].lower():
            raise FileFault("malformed", "this is no spreadsheet")
        return
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            entries = packed.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as fault:
        raise FileFault("malformed", "the packed file is broken") from fault
    if len(entries) > 5_000 or sum(one.file_size for one in entries) > MOST_UNPACKED:
        raise FileFault("too_large", "it would unpack to too much")


def _json_rows(body: bytes) -> RawRows:
    try:
        whole = orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as fault:
        raise FileFault("malformed", str(fault)[:200]) from fault
    if isinstance(whole, dict) and whole.get("type") == "FeatureCollection":
        return [_flat_feature(one) for one in _list(whole.get("features"))]
    if isinstance(whole, dict):
        # The rows are the first list of objects, as deep as two levels: {"service": {"row": [...]}} is common.
        whole = _first_list(whole)
    return [_flat(one) for one in _list(whole)]


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise FileFault("no_rows")
    if len(value) > MOST_ROWS:
        raise FileFault("too_large", f"{len(value)} rows")
    return value


def _first_list(whole: Mapping[str, Any], depth: int = 0) -> Any:
    for value in whole.values():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return value
    if depth < 2:
        for value in whole.values():
            if isinstance(value, dict) and (found := _first_list(value, depth + 1)) is not None:
                return found
    return None


def _flat(one: Any) -> Mapping[str, Any]:
    if not isinstance(one, dict):
        raise FileFault("no_rows", "each row must be an object")
    return {str(name): _cell(value) for name, value in one.items()}


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        value = orjson.dumps(value).decode()
    return value[:MOST_CELL] if isinstance(value, str) else value


def _flat_feature(one: Any) -> Mapping[str, Any]:
    if not isinstance(one, dict) or one.get("type") != "Feature":
        raise FileFault("no_rows", "each feature must be a Feature")
    row = dict(_flat(one.get("properties") or {}))
    geometry = one.get("geometry") or {}
    pair = (
        geometry.get("coordinates")
        if isinstance(geometry, dict) and geometry.get("type") == "Point"
        else None
    )
    if isinstance(pair, list) and len(pair) >= 2:
        row["longitude"], row["latitude"] = pair[0], pair[1]
    elif geometry:
        row["geometry"] = _cell(geometry)
    return row


def _typed(rows: RawRows, zone: str) -> Reading:
    raw = _raw_table(rows)
    if raw.num_rows == 0:
        raise FileFault("no_rows")
    if raw.num_rows > MOST_ROWS:
        raise FileFault("too_large", f"{raw.num_rows} rows")
    if raw.num_columns > MOST_COLUMNS:
        raise FileFault("too_large", f"{raw.num_columns} columns")
    names = inside_names(raw.column_names)
    rules = [
        FieldRule(name, (outside,), _type_of(raw.column(outside), outside, zone), nulls=_NULLS)
        for name, outside in zip(names, raw.column_names, strict=True)
    ]
    rules = _placed(rules, raw)
    records = to_records(_declaration(tuple(rules), "table", zone), raw, dt.datetime.now(dt.UTC))
    table = records.table
    key = _key_of(table, rules)
    columns = [
        ColumnInfo(
            rule.name,
            rule.type,
            {"ko": rule.names[0], "en": rule.names[0]},
            alias=rule.names[0],
            role=rule.role if rule.role in {"longitude", "latitude"} else "",
        )
        for rule in rules
    ]
    if key == (LINE,):
        table = table.add_column(0, LINE, pa.array(range(1, table.num_rows + 1), pa.int64()))
        columns.insert(0, line_column())
    time = next((rule.name for rule in rules if rule.type == "datetime"), "")
    reasons = tuple(
        dict.fromkeys(f"{dead.field}: {dead.reason}" if dead.field else dead.reason for dead in records.dead)
    )
    return Reading(table, tuple(columns), key, time, tuple(raw.column_names), len(records.dead), reasons[:10])


def line_column() -> ColumnInfo:
    """The column of line numbers."""
    return ColumnInfo(LINE, "integer", {"ko": "행 번호", "en": "Row number"})


def _raw_table(rows: RawRows) -> pa.Table:
    """Rows as columns of text; what kits give as Arrow already stays as it is."""
    if isinstance(rows, pa.Table):
        return rows
    names = list(dict.fromkeys(str(name) for row in rows for name in row))
    if len(names) > MOST_COLUMNS:
        raise FileFault("too_large", f"{len(names)} columns")
    return pa.table({name: pa.array([_shown(row.get(name)) for row in rows], pa.string()) for name in names})


def _shown(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).replace("\x00", "")[:MOST_CELL]


def inside_names(outside: Sequence[str]) -> list[str]:
    """Names for programs: as they stand if they are names already, else made of what can be kept; never twice the same."""
    names: list[str] = []
    for number, one in enumerate(outside, start=1):
        name = re.sub(r"[^0-9A-Za-z_가-힣]+", "_", one.strip()).strip("_")[:60]
        if not name or name.startswith("_"):
            name = f"column_{number}"
        if name[0].isdigit():
            name = f"c_{name}"
        wanted, again = name, 1
        while wanted.lower() in {known.lower() for known in names} or wanted == LINE:
            again += 1
            wanted = f"{name}_{again}"
        names.append(wanted)
    return names


def _type_of(column: pa.ChunkedArray, name: str, zone: str) -> Type:
    """The narrowest type that every value has. A number that begins with 0 is a code, and stays text."""
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        return _of_arrow(column.type)
    distinct = pc.unique(column.combine_chunks()).drop_null()
    texts = distinct.filter(pc.invert(pc.is_in(pc.utf8_trim_whitespace(distinct), pa.array(_NULLS))))
    if not len(texts):
        return "text"
    if pc.any(pc.match_substring_regex(texts, _LEADING_ZERO)).as_py() and not _all_times(texts, name, zone):
        decimals = pc.all(
            pc.match_substring_regex(texts, r"^\s*-?0?\d*\.\d+\s*$|^\s*-?[1-9]\d*\s*$|^\s*0\s*$")
        ).as_py()
        if not decimals:
            return "text"
    for kind in ("integer", "number", "date", "datetime", "boolean"):
        if kind == "boolean" and len(texts) > 2:
            continue
        if _fits(texts, name, kind, zone):
            return kind
    return "text"


def _of_arrow(kind: pa.DataType) -> Type:
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind):
        return "integer"
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    if pa.types.is_date(kind):
        return "date"
    return "datetime" if pa.types.is_timestamp(kind) else "text"


def _all_times(texts: pa.Array, name: str, zone: str) -> bool:
    return _fits(texts, name, "date", zone) or _fits(texts, name, "datetime", zone)


def _fits(texts: pa.Array, name: str, kind: Type, zone: str) -> bool:
    if (
        kind in {"date", "datetime"}
        and pc.all(pc.match_substring_regex(texts, r"^\s*\d{1,7}\s*$|^\s*\d+\.\d+\s*$")).as_py()
    ):
        return False  # plain numbers, years too
    strict = _STRICT.get(kind)
    if strict is not None and not pc.all(pc.match_substring_regex(texts, strict)).as_py():
        return False
    if kind == "date" and pc.any(pc.match_substring_regex(texts, r"\d:\d|T\d")).as_py():
        return False
    for part in (texts.slice(0, _SAMPLE), texts):
        rule = FieldRule("value", ("value",), kind, required=True, nulls=())
        found = to_records(
            _declaration((rule,), "table", zone), pa.table({"value": part}), dt.datetime.now(dt.UTC)
        )
        if found.dead:
            return False
    return True


def _placed(rules: list[FieldRule], raw: pa.Table) -> list[FieldRule]:
    """Columns called longitude and latitude get their roles, if they are numbers that can be degrees."""
    named = {rule.names[0].strip().lower(): rule for rule in rules if rule.type in {"number", "integer"}}
    longitude = next((named[name] for name in named if name in _LONGITUDES), None)
    latitude = next((named[name] for name in named if name in _LATITUDES), None)
    if longitude is None or latitude is None:
        return rules
    for rule, most in ((longitude, 180), (latitude, 90)):
        numbers = pc.cast(
            pc.utf8_trim_whitespace(pc.cast(raw.column(rule.names[0]), pa.string())), pa.string()
        )
        ends = [_number(text) for text in pc.unique(numbers).to_pylist()[:_SAMPLE]]
        if any(end is not None and abs(end) > most for end in ends):
            return rules
    given = {longitude.name: "longitude", latitude.name: "latitude"}
    return [
        replace(rule, role=given[rule.name], type="number") if rule.name in given else rule  # type: ignore[arg-type]  # both are roles
        for rule in rules
    ]


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def _key_of(table: pa.Table, rules: Sequence[FieldRule]) -> tuple[str, ...]:
    """The first column, or the first columns together, that tell all rows apart; else line numbers."""
    usable = [
        rule.name
        for rule in rules
        if rule.type in {"text", "integer", "date", "datetime"} and not table.column(rule.name).null_count
    ]
    for name in usable:
        if table.num_rows == pc.count_distinct(table.column(name)).as_py() and _is_identity(table, name):
            return (name,)
    for width in range(2, _KEY_WIDTH + 1):
        names = usable[:width]
        if len(names) == width and table.group_by(names).aggregate([]).num_rows == table.num_rows:
            return tuple(names)
    return (LINE,)


def _is_identity(table: pa.Table, name: str) -> bool:
    """Long texts tell rows apart as well, but nobody would name a record so."""
    column = table.column(name)
    if not pa.types.is_string(column.type):
        return True
    return (pc.max(pc.utf8_length(column)).as_py() or 0) <= 60


def _declaration(fields: tuple[FieldRule, ...], kind: str, zone: str = "UTC") -> Declaration:
    return Declaration(
        name="upload",
        drawer="upload",
        names={},
        summaries={},
        office="",
        owner="",
        category="",
        kind=kind,
        mode="file",
        address="",
        schedule=Schedule(0, ""),
        licence=Licence("", ""),
        personal="none",
        fresh_s=0,
        fields=fields,
        key=(),
        zone=zone,
    )
