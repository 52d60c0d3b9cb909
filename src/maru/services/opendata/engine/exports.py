"""A dataset as a file, streamed: CSV, JSON, Parquet, XLSX, GeoJSON. Arrow batches in, bytes out; no Django."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import xlsxwriter

from maru.services.opendata.engine.contracts import ColumnInfo
from maru.services.opendata.engine.features import feature, plain

Batches = Iterable[pa.RecordBatch]
BOM = b"\xef\xbb\xbf"
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "geojson": "application/geo+json",
}
MOST_XLSX_ROWS = 1_048_575
MOST_XLSX_TEXT = 32_767
_CHUNK = 64 * 1024
_XLSX_FIRST = dt.datetime(1900, 3, 1, tzinfo=dt.UTC)  # before this day Excel's calendar is wrong


def csv_file(batches: Batches, columns: Sequence[ColumnInfo], *, bom: bool = False) -> Iterator[bytes]:
    """UTF-8, CRLF-free, with a head of column names; moments in UTC with Z. Values stand as they are.

    ``bom`` is for Excel, which else guesses wrong, and which runs a text that begins like a formula: there such a text
    begins with an apostrophe.
    """
    head = io.StringIO()
    csv.writer(head, lineterminator="\n").writerow([one.name for one in columns])
    yield (BOM if bom else b"") + head.getvalue().encode()
    options = pa_csv.WriteOptions(include_header=False, quoting_style="needed")
    for batch in batches:
        if not batch.num_rows:
            continue
        sink = io.BytesIO()
        pa_csv.write_csv(_written(_harmless(batch) if bom else batch), sink, options)
        yield sink.getvalue()


def json_file(batches: Batches, columns: Sequence[ColumnInfo]) -> Iterator[bytes]:
    """An array of objects."""
    names = [one.name for one in columns]
    opened = b"["
    for batch in batches:
        rows = [dict(zip(names, row, strict=True)) for row in _rows(batch)]
        if rows:
            yield opened + orjson.dumps(rows, option=orjson.OPT_UTC_Z)[1:-1]
            opened = b",\n"
    yield b"[]" if opened == b"[" else b"]"


def geojson_file(batches: Batches, columns: Sequence[ColumnInfo]) -> Iterator[bytes]:
    """A FeatureCollection in WGS 84."""
    yield b'{"type":"FeatureCollection","features":['
    first = True
    for batch in batches:
        made = [feature(columns, row) for row in _rows(batch)]
        if made:
            yield (b"" if first else b",\n") + orjson.dumps(made)[1:-1]
            first = False
    yield b"]}"


def parquet_file(batches: Batches, columns: Sequence[ColumnInfo]) -> Iterator[bytes]:
    """Parquet with Zstandard; titles and units stand in the fields' metadata."""
    sink = _Drain()
    writer: pq.ParquetWriter | None = None
    for batch in batches:
        if writer is None:
            writer = pq.ParquetWriter(sink, _described(batch.schema, columns), compression="zstd")
        writer.write_batch(batch.cast(writer.schema))
        yield from sink.taken()
    if writer is None:
        writer = pq.ParquetWriter(sink, _described(_schema(columns), columns), compression="zstd")
    writer.close()
    yield from sink.taken()


def xlsx_file(batches: Batches, columns: Sequence[ColumnInfo]) -> Iterator[bytes]:
    """One sheet, texts always as text (a cell that begins with = is no formula); at most MOST_XLSX_ROWS rows."""
    with tempfile.TemporaryFile() as file:
        book = xlsxwriter.Workbook(
            file,
            {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "nan_inf_to_errors": True},
        )  # fmt: skip
        sheet = book.add_worksheet("data")
        formats = {
            "datetime": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, [one.name for one in columns])
        line = 1
        for batch in batches:
            for row in _rows(batch):
                if line > MOST_XLSX_ROWS:
                    break
                for place, value in enumerate(row):
                    _write_cell(sheet, line, place, value, formats)
                line += 1
        book.close()
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk


WRITERS: dict[str, Callable[..., Iterator[bytes]]] = {
    "csv": csv_file,
    "json": json_file,
    "parquet": parquet_file,
    "xlsx": xlsx_file,
    "geojson": geojson_file,
}


def export(
    format: str, batches: Batches, columns: Sequence[ColumnInfo], *, bom: bool = False
) -> Iterator[bytes]:
    """The file in pieces. ``format`` is a key of WRITERS; ``bom`` matters to CSV alone."""
    if format == "csv":
        return csv_file(batches, columns, bom=bom)
    return WRITERS[format](batches, columns)


def _rows(batch: pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
    return (
        zip(*(column.to_pylist() for column in batch.columns), strict=True) if batch.num_columns else iter(())
    )


def _written(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with moments as ISO 8601 text."""
    arrays = [_iso(column) if pa.types.is_timestamp(column.type) else column for column in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _harmless(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch without a text that a spreadsheet would take for a formula."""
    arrays = []
    for column in batch.columns:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            formula = pc.and_(
                pc.match_substring_regex(column, r"^[=+\-@\t\r]"),
                pc.invert(pc.match_substring_regex(column, r"^[+\-]?\d[\d.,]*$")),
            )
            column = pc.if_else(formula, pc.binary_join_element_wise("'", column, ""), column)
        arrays.append(column)
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _iso(moments: pa.Array) -> pa.Array:
    whole = pc.floor_temporal(moments, unit="second")
    exact = pc.all(pc.fill_null(pc.equal(whole, moments), True)).as_py()
    unit = "s" if exact else "us"
    naive = pc.cast(moments, pa.timestamp("us", tz="UTC"), safe=False)
    return pc.strftime(pc.cast(naive, pa.timestamp(unit, tz="UTC"), safe=False), format="%Y-%m-%dT%H:%M:%SZ")


def _write_cell(sheet: Any, line: int, place: int, value: Any, formats: dict[str, Any]) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, place, value)
    elif isinstance(value, dt.datetime):
        moment = value.astimezone(dt.UTC)
        if moment < _XLSX_FIRST:
            sheet.write_string(line, place, str(plain(value)))
        else:
            sheet.write_datetime(line, place, moment.replace(tzinfo=None), formats["datetime"])
    elif isinstance(value, dt.date):
        if value < _XLSX_FIRST.date():
            sheet.write_string(line, place, value.isoformat())
        else:
            sheet.write_datetime(line, place, value, formats["date"])
    elif isinstance(value, int) and abs(value) >= 10**15:
        sheet.write_string(line, place, str(value))  # Excel keeps 15 digits of a number
    elif isinstance(value, int | float):
        sheet.write_number(line, place, value)
    else:
        sheet.write_string(line, place, str(value)[:MOST_XLSX_TEXT])


_ARROW = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us", tz="UTC"),
}


def _schema(columns: Sequence[ColumnInfo]) -> pa.Schema:
    return pa.schema([(one.name, _ARROW[one.type]) for one in columns])


def _described(schema: pa.Schema, columns: Sequence[ColumnInfo]) -> pa.Schema:
    fields = []
    for known, one in zip(schema, columns, strict=True):
        words = {f"title_{language}": title for language, title in one.titles.items()}
        if one.unit:
            words["unit"] = one.unit
        fields.append(
            pa.field(one.name, _ARROW[one.type] if known.name == one.name else known.type, metadata=words)
        )
    return pa.schema(fields)


class _Drain(io.RawIOBase):
    """A file that keeps only what was not yet taken: what is written goes out as soon as it is there."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: Any) -> int:
        """Take the bytes."""
        piece = bytes(data)
        self._parts.append(piece)
        self._at += len(piece)
        return len(piece)

    def tell(self) -> int:
        """How many bytes were written in all."""
        return self._at

    def taken(self) -> Iterator[bytes]:
        """What was written since the last call."""
        parts, self._parts = self._parts, []
        if parts:
            yield b"".join(parts)
