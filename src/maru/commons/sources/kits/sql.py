"""The kit of databases: SQLite files and PostgreSQL, only ever read.

``address`` is ``sqlite:///absolute/path.sqlite3`` or ``postgresql://user:{key}@host/database``. Options:

- ``query``: one SELECT (without ``;``)
- ``cursor``: the column by which rows are new, or two: the second tells rows of one value apart
  (``["updated_at", "asset_no"]``). Without it the whole answer is read each time, and given on if it changed.
- ``start``: the cursor's first value; ``page``: rows in one question (20,000); ``most``: rows in one round (1,000,000; 200,000 without a cursor)

With one cursor column, rows that share the last value are asked for again, since more may have come with it.
"""

from __future__ import annotations

import datetime as dt
import decimal
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from maru.commons.sources.contracts import JSON, Declaration, Delivery, Fetch, SourceFault
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.pushed import parse_pushed
from maru.commons.sources.kits.sql_databases import Database, opened

PAGE = 20_000
MOST = 1_000_000
MOST_AT_ONCE = 200_000
Row = dict[str, Any]


class SqlKit:
    """Asks by cursor, page by page."""

    def read(self, declaration: Declaration, cursor: JSON, fetch: Fetch) -> Iterator[Delivery]:
        """Raises SourceFault: ``configuration``, ``unreachable``, ``timeout``, ``refused_key``, ``bad_request``, ``too_large``."""
        options = Options.of(declaration)
        query = options.required("query").strip().rstrip(";")
        if ";" in query:
            raise SourceFault("configuration", "options.query must be one SELECT")
        columns = options.texts("cursor")
        with opened(declaration, fetch) as database:
            if columns:
                yield from _by_cursor(declaration, database, query, columns, cursor)
            else:
                yield from _whole(declaration, database, query, cursor)

    def parse(self, declaration: Declaration, body: bytes, content_type: str = "") -> Delivery:
        """Rows as a program exported them: JSON, or what ``body_kind`` says."""
        return parse_pushed(declaration, body, content_type)


def _whole(declaration: Declaration, database: Database, query: str, cursor: JSON) -> Iterator[Delivery]:
    most = Options.of(declaration).number("most", MOST_AT_ONCE)
    # The query is the city's own text, and the database refuses everything that writes.
    rows = database.rows(f"SELECT * FROM ({database.escaped(query)}) AS q LIMIT {most + 1:d}", ())  # noqa: S608
    if len(rows) > most:
        raise SourceFault("too_large", f"the query gives more than {most} rows: name a cursor column")
    digest = hashlib.blake2b(orjson.dumps(rows, default=str), digest_size=16).hexdigest()
    if not isinstance(cursor, Mapping) or cursor.get("digest") != digest:
        yield Delivery(rows, cursor={"digest": digest}, complete=declaration.complete, total=len(rows))


def _by_cursor(
    declaration: Declaration, database: Database, query: str, columns: tuple[str, ...], cursor: JSON
) -> Iterator[Delivery]:
    options = Options.of(declaration)
    if len(columns) > 2:
        raise SourceFault("configuration", "options.cursor takes one column or two")
    page, left = options.number("page", PAGE), options.number("most", MOST)
    known = cursor if isinstance(cursor, Mapping) else {}
    if len(known.get("after") or columns) != len(columns):
        known = {}  # the declaration names other columns than those that this place was kept for: begin anew
    after = known.get("after") or ([options.values["start"]] if "start" in options else [])
    same = int(known.get("same", 0))
    page += same
    while left > 0:
        rows = database.rows(*_question(database, query, columns, after, page))
        if not rows or (len(columns) == 1 and _is_old(rows, columns[0], after, same)):
            return
        last = [plain_value(rows[-1].get(name)) for name in columns]
        ties = sum(1 for row in rows if plain_value(row.get(columns[0])) == last[0])
        if len(columns) == 1 and ties == len(rows) == page:
            page *= 2  # one value fills the page: it must fit in one question
            if page > MOST:
                raise SourceFault(
                    "configuration", f"over {MOST} rows share one {columns[0]}: add a second column"
                )
            continue
        same = ties
        after = last
        left -= len(rows)
        yield Delivery(rows, cursor={"after": after, "same": same})
        if len(rows) < page:
            return


def _is_old(rows: list[Row], column: str, after: list[Any], same: int) -> bool:
    """Only the rows that were given with the cursor's value already."""
    return bool(after) and len(rows) == same and all(plain_value(row.get(column)) == after[0] for row in rows)


def _question(
    database: Database, query: str, columns: tuple[str, ...], after: list[Any], page: int
) -> tuple[str, tuple[Any, ...]]:
    names = [database.quoted(name) for name in columns]
    order = ", ".join(names)
    where, values = f"{names[0]} IS NOT NULL", tuple(after)
    if len(after) == 1:
        where = f"{names[0]} >= {database.mark}"
    elif after:
        where = f"({order}) > ({database.mark}, {database.mark})"
    # The query is the city's own text and the names are quoted; values only go as parameters.
    text = f"SELECT * FROM ({database.escaped(query)}) AS q WHERE {where} ORDER BY {order} LIMIT {page:d}"  # noqa: S608
    return text, values


def plain_value(value: Any) -> JSON:
    """A value for the cursor: JSON, and such that the database compares it with the column again."""
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat(" ") if isinstance(value, dt.datetime) else value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


KIT = SqlKit()
