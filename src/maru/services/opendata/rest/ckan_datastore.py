"""The datastore's reading actions of CKAN: a dataset's rows by ``datastore_search``, its columns by ``datastore_info``."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from maru.services.opendata.engine.contracts import (
    ColumnInfo,
    Condition,
    Like,
    Order,
    Page,
    Query,
    QueryFault,
    Words,
)
from maru.services.opendata.rest import filters
from maru.services.opendata.rest.ckan_parameters import Asked, Invalid, invalid, missing
from maru.services.opendata.rest.ckan_shapes import TYPES, moment, words
from maru.services.opendata.rest.http import Problem
from maru.services.opendata.rest.literals import column_of, pattern_of
from maru.services.opendata.rest.paging import page_of
from maru.services.opendata.rest.parsing import one_of
from maru.services.opendata.rest.shelf import Holding, shelf

MOST_ROWS = 32_000
FORMATS = ("objects", "lists", "csv", "tsv")
ID = {"id": "_id", "type": "int"}


def holding_of(asked: Asked, *names: str) -> Holding:
    """The dataset of a resource: its slug, or the id of any of its resources."""
    name = next((asked.text(one) for one in names if asked.text(one)), "")
    if not name:
        raise missing(names[0])
    slug, dot, _format = name.rpartition(".")
    try:
        return shelf.get(slug if dot else name)
    except Problem:
        raise Problem(404, "not_found", f'Resource "{name[:100]}" was not found.') from None


def fields_of(columns: Sequence[ColumnInfo]) -> list[dict[str, Any]]:
    """Columns as the datastore lists them, with titles and units in ``info``."""
    return [
        {
            "id": one.name,
            "type": TYPES[one.type],
            "info": {"label": words(one.titles) or one.name, "notes": one.unit},
        }
        for one in columns
    ]


def datastore_search(asked: Asked) -> Any:
    holding = holding_of(asked, "resource_id", "id", "alias")
    try:
        query, wanted = _query(asked, holding)
        page = page_of(holding, query)
    except QueryFault as fault:
        raise Invalid({fault.field: [fault.reason]}) from None
    shape = asked.text("records_format") or "objects"
    if shape not in FORMATS:
        raise invalid("records_format", f"Value must be one of {', '.join(FORMATS)}")
    numbered = "_id" in wanted
    fields = ([ID] if numbered else []) + fields_of(page.columns)
    result: dict[str, Any] = {
        "resource_id": asked.text("resource_id") or asked.text("id") or holding.slug,
        "include_total": query.total,
        "records_format": shape,
        "fields": fields,
        "records": _records(page, shape, query.offset if numbered else -1),
        "limit": query.limit,
        "_links": _links(asked, query),
    }
    if query.offset:
        result["offset"] = query.offset
    if query.total:
        result |= {"total": page.total, "total_was_estimated": False}
    for name in ("filters", "q", "sort"):
        if asked.given.get(name):
            result[name] = asked.given[name]
    return result


def _query(asked: Asked, holding: Holding) -> tuple[Query, list[str]]:
    columns = holding.columns
    every = [one.name for one in holding.view.columns]
    wanted = asked.texts("fields") or ["_id", *every]
    names = tuple(column_of(columns, name, "fields").name for name in wanted if name != "_id")
    distinct = asked.flag("distinct")
    if distinct and "_id" in wanted:
        wanted = [name for name in wanted if name != "_id"]
    query = Query(
        columns=names or tuple(every[:1]),
        where=filters.condition(_conditions(asked, columns)),
        order=_order(asked.text("sort"), columns),
        offset=asked.whole("offset", 0, 0, 1_000_000_000),
        limit=asked.whole("limit", 100, 0, MOST_ROWS),
        distinct=distinct,
        total=asked.flag("include_total", default=True),
    )
    return query, wanted


def _conditions(asked: Asked, columns: Mapping[str, ColumnInfo]) -> list[Condition]:
    found: list[Condition] = []
    for name, value in asked.mapping("filters").items():
        if name == "_id":
            raise invalid("filters", "_id is a position; use offset and limit")
        column = column_of(columns, name, "filters")
        values = value if isinstance(value, list) else [value]
        if any(isinstance(one, dict | list) for one in values):
            raise invalid("filters", "Values must be plain")
        if not values:
            continue
        found.append(one_of(column, values, "filters"))
    text = asked.given.get("q")
    if isinstance(text, str) and not text.lstrip().startswith("{"):
        return [*found, *_words(text)]
    for name, value in asked.mapping("q").items():
        column = column_of(columns, name, "q")
        if not isinstance(value, str):
            raise invalid("q", "Values must be strings")
        found += [Like(column.name, f"%{pattern_of(word)}%", fold=True) for word in value.split()[:8]]
    return found


def _words(text: str) -> list[Condition]:
    return [Words(text.replace(":*", "")[:200])] if text.strip() else []


def _order(text: str, columns: Mapping[str, ColumnInfo]) -> tuple[Order, ...]:
    found = []
    for part in text.split(","):
        pieces = part.strip().replace('"', "").rsplit(" ", 1)
        name, direction = (pieces[0], pieces[1].lower()) if len(pieces) == 2 else (pieces[0], "asc")
        if direction not in ("asc", "desc"):
            name, direction = part.strip().strip('"'), "asc"
        if not name or name == "_id":
            continue
        found.append(Order(column_of(columns, name.strip(), "sort").name, direction == "desc"))
    return tuple(found)


def _value(value: Any) -> Any:
    return moment(value) if isinstance(value, dt.datetime) else value


def _records(page: Page, shape: str, first: int) -> Any:
    """Objects, lists, or a text of CSV or TSV without a head, as CKAN gives it. ``first`` -1: without ``_id``."""
    names = [one.name for one in page.columns]
    timed = [at for at, one in enumerate(page.columns) if one.type == "datetime"]
    rows = [list(row) for row in page.rows]
    for row in rows:
        for at in timed:
            row[at] = _value(row[at])
    if first >= 0:
        names = ["_id", *names]
        rows = [[first + at, *row] for at, row in enumerate(rows, 1)]
    if shape == "objects":
        return [dict(zip(names, row, strict=True)) for row in rows]
    if shape == "lists":
        return rows
    out = io.StringIO()
    writer = csv.writer(out, delimiter="," if shape == "csv" else "\t", lineterminator="\n")
    writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
    return out.getvalue()


def _links(asked: Asked, query: Query) -> dict[str, str]:
    plain = {name: str(value) for name, value in asked.given.items() if isinstance(value, str | int)}
    plain.pop("offset", None)
    plain.pop("api_key", None)
    here = "/api/3/action/datastore_search?"
    return {
        "start": here + urlencode(plain),
        "next": here + urlencode({**plain, "offset": str(query.offset + query.limit)}),
    }


def datastore_info(asked: Asked) -> Any:
    holding = holding_of(asked, "id", "resource_id")
    view = holding.view
    return {
        "meta": {
            "id": view.slug,
            "count": holding.rows.count(None),
            "table_type": "BASE TABLE",
            "aliases": [view.card.service_code],
            "size": None,
            "db_size": None,
            "idx_size": None,
        },
        "fields": [
            {
                **field,
                "schema": {
                    "native_type": field["type"],
                    "notnull": one.name in view.key,
                    "index_name": None,
                    "is_index": one.name in view.key,
                    "uniquekey": view.key == (one.name,),
                },
            }
            for field, one in zip(fields_of(view.columns), view.columns, strict=True)
        ],
    }


ACTIONS: dict[str, Callable[[Asked], Any]] = {
    "datastore_search": datastore_search,
    "datastore_info": datastore_info,
}
