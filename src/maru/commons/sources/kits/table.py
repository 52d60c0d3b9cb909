"""The kit of files with rows and columns: CSV and its kin, Excel, HTML that poses as Excel, plain or in zip and gzip.

What a body is, is seen from its bytes, never from its name. Options, all of which may be left out:

- ``encoding``, ``separator``: where looking would be wrong
- ``header`` (rows of it), ``skip`` (lines above it), ``columns`` (names, for files without a header or with one that
  comes and goes)
- ``patterns``: regular expressions that cells of a column must match, for the repair of lines with too many cells
- ``sheet`` (name or number), ``table`` (number, of an HTML page), ``member`` (glob, of a zip)
- ``leave_out``, ``melt``: see table_shape; ``join``, ``ignore``, ``bounds``: see records
- ``batch``: rows in a delivery (50,000)
- ``days``: the address holds ``{day}`` and is asked for each day once (see days)
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pyarrow as pa

from maru.commons.sources.contracts import JSON, Answer, Declaration, Delivery, Fetch, SourceFault
from maru.commons.sources.kits import table_grid, table_lines, table_shape
from maru.commons.sources.kits.addresses import fill
from maru.commons.sources.kits.containers import Piece, unwrap
from maru.commons.sources.kits.days import Days
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.table_head import Wanted
from maru.commons.sources.kits.table_text import Parsed, read_text_table

KEPT = 64 * 1024
BATCH = 50_000
_CODES = {
    401: "refused_key",
    403: "refused_key",
    404: "not_found",
    410: "not_found",
    429: "quota",
    413: "too_large",
}


class TableKit:
    """Reads one file, or one a day."""

    def read(self, declaration: Declaration, cursor: JSON, fetch: Fetch) -> Iterator[Delivery]:
        """A file that did not change since the last time yields nothing."""
        options = Options.of(declaration)
        days = Days.of(options)
        if days is not None:
            yield from self._by_day(declaration, cursor, fetch, days)
            return
        answer = fetch.get(declaration.address)
        if answer.not_modified:
            return
        body = body_of(answer)
        digest = hashlib.blake2b(body, digest_size=16).hexdigest()
        if isinstance(cursor, Mapping) and cursor.get("digest") == digest:
            return
        delivery = self.parse(declaration, body, answer.headers.get("content-type", ""))
        yield from batches(declaration, delivery, cursor, {"digest": digest})

    def _by_day(self, declaration: Declaration, cursor: JSON, fetch: Fetch, days: Days) -> Iterator[Delivery]:
        last = str(cursor.get("day", "")) if isinstance(cursor, Mapping) else ""
        for day in days.due(last, declaration.zone):
            answer = fetch.get(fill(declaration.address, {days.name: day.strftime(days.format)}))
            try:
                body = body_of(answer)
            except SourceFault as fault:
                if fault.code != "not_found":
                    raise
                if not days.given_up(day, declaration.zone):
                    return  # not published yet
                continue
            delivery = self.parse(declaration, body, answer.headers.get("content-type", ""))
            yield from batches(declaration, delivery, cursor, {"day": day.isoformat()})

    def parse(self, declaration: Declaration, body: bytes, content_type: str = "") -> Delivery:
        """All tables of one body as one. The bytes say what they are, so ``content_type`` is not asked."""
        del content_type
        options, wanted = Options.of(declaration), Wanted.of(declaration)
        parsed = [
            one
            for piece in unwrap(body, member=options.text("member"))
            for one in read_piece(piece, wanted, options)
        ]
        if not parsed:
            raise SourceFault("empty", "no table in the body", raw=body[:KEPT])
        _refuse_strangers(parsed, wanted, body)
        table = pa.concat_tables([one.table for one in parsed], promote_options="default")
        if table.num_rows and any(column.null_count for column in table.columns):
            table = _filled(table)
        dead = tuple(row for one in parsed for row in one.dead)
        return Delivery(table_shape.shaped(table, options), dead=dead, complete=declaration.complete)


def read_piece(piece: Piece, wanted: Wanted, options: Options) -> list[Parsed]:
    """The tables of one file."""
    if piece.form == "workbook":
        return [table_grid.read_grid(grid, wanted) for grid in table_grid.workbook_grids(piece.body, options)]
    if piece.form == "html":
        return [table_grid.read_grid(grid, wanted) for grid in table_grid.html_grids(piece.body, options)]
    data, _ = table_lines.decode(piece.body, options.text("encoding"))
    return [read_text_table(data, wanted, _separator(options))]


def _separator(options: Options) -> str:
    separator = options.text("separator").replace("\\t", "\t")
    if len(separator) > 1 or (separator and ord(separator) > 127):
        raise SourceFault("configuration", "options.separator must be one ASCII character")
    return separator


def _refuse_strangers(parsed: list[Parsed], wanted: Wanted, body: bytes) -> None:
    """Text that is no table at all (an error message, a JSON answer) is a fault of the whole, not of its lines."""
    if not wanted.rules or any(one.head.matched for one in parsed):
        return
    narrow = all(len(one.head.names) < 2 for one in parsed)
    start = body[:64].lstrip(b"\xef\xbb\xbf\r\n\t ")[:1]
    if narrow or start in (b"{", b"[", b"<") or body[:4096].count(b"\x00") > 8:
        shown = body[:120].decode("utf-8", "replace").strip()
        raise SourceFault("malformed", f"not the table that was declared: {shown}", raw=body[:KEPT])


def _filled(table: pa.Table) -> pa.Table:
    """Files of one zip may differ in their columns: what one has not is empty."""
    columns = [column.fill_null("") for column in table.columns]
    return pa.Table.from_arrays(columns, names=table.column_names)


def body_of(answer: Answer) -> bytes:
    """The body of a good answer. Raises SourceFault for an error status."""
    if answer.status < 400:
        return answer.body
    code = _CODES.get(answer.status, "server" if answer.status >= 500 else "bad_request")
    raise SourceFault(code, f"status {answer.status} from {answer.address}", raw=answer.body[:KEPT])


def batches(declaration: Declaration, delivery: Delivery, before: JSON, after: JSON) -> Iterator[Delivery]:
    """``delivery`` in parts that fit in memory; only the last one moves the cursor from ``before`` to ``after``.

    The whole state is never cut: what a part does not name would look gone.
    """
    size = max(Options.of(declaration).number("batch", BATCH), 1)
    rows = delivery.rows
    if delivery.complete or len(rows) <= size or not isinstance(rows, pa.Table):
        yield replace(delivery, cursor=after)
        return
    for start in range(0, rows.num_rows, size):
        last = start + size >= rows.num_rows
        part = rows.slice(start, size)
        yield replace(
            delivery, rows=part, cursor=after if last else before, dead=delivery.dead if last else ()
        )


KIT = TableKit()
