"""GTFS (schedule): one table of a zip.

``address`` is the zip's. Options:

``file``
    Table to read (``stops.txt``, default; ``.txt`` may be left out).
``batch``
    Rows of a delivery for tables of more than 64 MB (default 50,000). Smaller ones come whole.

Yields the columns as texts (an Arrow table). The cursor is the table's checksum in the zip: a zip whose table is the same gives nothing. Files in a
folder inside the zip, another case of letters, a byte order mark, blanks around names and extra files and columns are borne; a line that
has another number of fields becomes a dead letter. A zip that unpacks to more than 4 GB, or to more than 200 times its size, is refused.
"""

from __future__ import annotations

import csv as quoted
import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, cast

import pyarrow as pa
from pyarrow import csv

from maru.commons.sources.contracts import JSON, DeadRow, Declaration, Delivery, Fetch, SourceFault
from maru.commons.sources.kits import bodies
from maru.commons.sources.kits.envelopes import Envelope, settle
from maru.commons.sources.kits.options import Options

WHOLE = 64 * 1024 * 1024
_LARGEST = 4 * 1024**3
_RATIO = 200
_OPTIONAL = frozenset(
    ("calendar.txt", "calendar_dates.txt", "fare_attributes.txt", "fare_rules.txt", "shapes.txt", "frequencies.txt", "transfers.txt",
     "pathways.txt", "levels.txt", "feed_info.txt", "translations.txt", "attributions.txt")
)  # fmt: skip


def member(archive: zipfile.ZipFile, file: str) -> zipfile.ZipInfo | None:
    """The entry of a table, in whatever folder and case."""
    wanted = file.lower() if file.lower().endswith(".txt") else f"{file.lower()}.txt"
    found = [entry for entry in archive.infolist() if entry.filename.rpartition("/")[2].lower() == wanted]
    found = [entry for entry in found if not entry.filename.startswith("__MACOSX")]
    return min(found, key=lambda entry: entry.filename.count("/"), default=None)


def opened(body: bytes) -> zipfile.ZipFile:
    """The archive of a body. Raises SourceFault."""
    if body[:2] != b"PK":
        if body[:1] in (b"<", b"{") or not body:
            bodies.document(body)  # says better what it is
        raise bodies.malformed("not a zip", body)
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
        size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError) as fault:
        raise bodies.malformed(f"not a whole zip: {fault}", body) from fault
    if size > _LARGEST or size > max(_RATIO * len(body), WHOLE):
        raise SourceFault("too_large", f"a zip of {len(body):,} bytes that unpacks to {size:,}")
    return archive


def batches(body: bytes, file: str, most: int) -> Iterator[tuple[pa.Table, tuple[DeadRow, ...]]]:
    """The table in parts, all columns text. Raises SourceFault."""
    archive = opened(body)
    entry = member(archive, file)
    if entry is None:
        if file.lower() in _OPTIONAL:
            return
        raise bodies.malformed(f"no {file} in the zip", b"")
    dead: list[DeadRow] = []
    uneven: list[list[str]] = []
    names: list[str] = []

    def refuse(row: csv.InvalidRow) -> str:
        # Empty columns at the end are often left out, or one comma too many is written.
        fields = next(quoted.reader([row.text or ""], strict=False), [])
        if len(fields) == row.actual_columns and not any(field.strip() for field in fields[len(names) :]):
            uneven.append((fields + [""] * len(names))[: len(names)])
        else:
            raw = (row.text or "").encode()[:65_536]
            dead.append(DeadRow(raw, f"{row.actual_columns} fields instead of {row.expected_columns}"))
        return "skip"

    try:
        with archive.open(entry) as raw:
            content: Any = (
                io.BytesIO(raw.read()) if entry.file_size <= WHOLE else io.BufferedReader(cast("Any", raw))
            )
            names = _names(content)
            if not names:
                return
            reader = csv.open_csv(
                content,
                read_options=csv.ReadOptions(
                    column_names=names, block_size=8 * 1024 * 1024, use_threads=False
                ),
                parse_options=csv.ParseOptions(
                    newlines_in_values=True, invalid_row_handler=refuse, ignore_empty_lines=True
                ),
                convert_options=csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()),
                    strings_can_be_null=False,
                    check_utf8=False,
                ),
            )
            for batch in reader:
                table = pa.Table.from_batches([batch])
                if uneven:
                    table = pa.concat_tables([table, _table(names, uneven)])
                    uneven.clear()
                for start in range(0, table.num_rows, most):
                    yield _clean(table.slice(start, most)), tuple(dead)
                    dead.clear()
            if dead or uneven:
                yield _table(names, uneven), tuple(dead)
    except (pa.ArrowInvalid, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as fault:
        if isinstance(fault, pa.ArrowInvalid) and "Empty CSV" in str(fault):
            yield _table(names, uneven), tuple(dead)
            return
        raise bodies.malformed(f"{file}: {fault}", b"") from fault


def _table(names: list[str], rows: list[list[str]]) -> pa.Table:
    """A table of texts."""
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return pa.table(
        {name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)}
    )


def _names(content: Any) -> list[str]:
    line = content.readline(1_000_000).decode("utf-8-sig", "replace").strip("\r\n")
    names = [name.strip().strip('"').strip() for name in line.split(",")] if line.strip() else []
    return [
        name if name and names.index(name) == at else f"{name or 'column'}{at}"
        for at, name in enumerate(names)
    ]


def _clean(table: pa.Table) -> pa.Table:
    """Bytes that are no UTF-8 replaced: columns are read unchecked, since one bad name must not cost the table."""
    columns = []
    for column in table.columns:
        try:
            column.validate(full=True)
            columns.append(column)
        except pa.ArrowInvalid:
            values = column.cast(pa.binary()).to_pylist()
            columns.append(
                pa.array([None if value is None else bodies.text_of(value) for value in values], pa.string())
            )
    return pa.table(columns, names=table.column_names)


class GtfsKit:
    """See the module."""

    def read(self, declaration: Declaration, cursor: JSON, fetch: Fetch) -> Iterator[Delivery]:
        """The table, if it is another one than the last time."""
        options = Options.of(declaration)
        answer = fetch.get(declaration.address)
        if answer.not_modified:
            return
        settle(answer, _opens)
        file, most = _file(options), options.number("batch", 50_000)
        entry = member(opened(answer.body), file)
        mark = {"crc": entry.CRC, "size": entry.file_size} if entry else None
        if mark is not None and mark == cursor:
            return
        small = entry is None or entry.file_size <= WHOLE
        if small:
            table, dead = whole(answer.body, file)
            yield Delivery(
                rows=table, cursor=mark, dead=dead, complete=declaration.complete, total=table.num_rows
            )
            return
        for table, dead in batches(answer.body, file, most):
            yield Delivery(rows=table, cursor=cursor, dead=dead)
        yield Delivery(rows=[], cursor=mark)

    def parse(self, declaration: Declaration, body: bytes, content_type: str = "") -> Delivery:
        """One zip alone."""
        table, dead = whole(body, _file(Options.of(declaration)))
        return Delivery(rows=table, dead=dead, complete=declaration.complete, total=table.num_rows)


def _opens(body: bytes, content_type: str) -> Envelope:
    opened(body)
    return Envelope(rows=[])


def whole(body: bytes, file: str) -> tuple[pa.Table, tuple[DeadRow, ...]]:
    """The table at once."""
    parts = list(batches(body, file, 1 << 30))
    tables = [table for table, _ in parts]
    return (pa.concat_tables(tables) if tables else pa.table({})), tuple(
        row for _, dead in parts for row in dead
    )


def _file(options: Options) -> str:
    name = options.text("file", "stops.txt")
    return name if name.endswith(".txt") else f"{name}.txt"


KIT = GtfsKit()
