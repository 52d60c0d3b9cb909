"""The house's own interface: ``/api/v1/datasets``, one dataset, its rows with a cursor, its facets, its use."""

from __future__ import annotations

import base64
import binascii
from typing import Any, NoReturn
from urllib.parse import urlencode

import orjson

from maru.services.opendata.contracts import CATEGORIES, DatasetView
from maru.services.opendata.engine.contracts import Page, Query
from maru.services.opendata.queries.usage import usage
from maru.services.opendata.rest import filters, library
from maru.services.opendata.rest.blocks import blocks
from maru.services.opendata.rest.description import house_document
from maru.services.opendata.rest.http import CATALOGUE, JSON, Answer, Problem, Request, as_json, bad, decoded
from maru.services.opendata.rest.paging import page_of
from maru.services.opendata.rest.shelf import Holding, shelf
from maru.services.opendata.rest.soql_where import where_of
from maru.services.opendata.rest.table_schema import table_schema

PREFIX = "/api/v1/datasets"
MOST_ROWS = 10_000
MOST_LIST = 200
_ROWS = frozenset({"fields", "where", "q", "sort", "limit", "cursor", "total", "api_key"})
_LIST = frozenset(
    {"q", "category", "office", "format", "licence", "map", "sort", "limit", "cursor", "api_key"}
)
_SORTS = ("best", "new", "title", "rows", "used")


def answer(request: Request, key: str) -> Answer:
    """Answer one call; runs in a thread."""
    parts = [decoded(part) for part in request.raw_path.removeprefix(PREFIX).strip("/").split("/") if part]
    if request.raw_path.removeprefix(PREFIX)[:1] not in ("", "/"):
        raise Problem(404, "not_found", "There is nothing here.")
    if not parts:
        return _list(request)
    if parts == ["openapi.json"]:
        return as_json(house_document(request.base), subject="", headers={})
    holding = shelf.get(parts[0])
    rest = tuple(parts[1:])
    if rest == ():
        return _one(request, holding)
    if rest == ("rows",):
        return _rows(request, holding)
    if rest == ("facets",):
        return _facets(request, holding)
    if rest == ("schema",):
        _known_only(request, frozenset({"api_key"}))
        shown = table_schema(holding.view)
        return as_json(shown, subject=holding.slug, version=holding.token, dataset=holding.slug)
    if rest == ("usage",):
        return _usage(request, holding)
    raise Problem(404, "not_found", "There is nothing here.")


def _known_only(request: Request, names: frozenset[str]) -> None:
    for name, _value in request.pairs:
        if name not in names:
            bad(name[:80], "There is no such parameter.")


def _list(request: Request) -> Answer:
    _known_only(request, _LIST)
    size = request.whole("limit", 50, 1, MOST_LIST)
    start = request.whole("cursor", 0, 0, 10_000_000)
    category, order = request.get("category"), request.get("sort") or "best"
    if category and category not in CATEGORIES:
        bad("category", f"One of {', '.join(CATEGORIES)}.")
    if order not in _SORTS:
        bad("sort", f"One of {', '.join(_SORTS)}.")
    if start % size:
        bad("cursor", "A cursor goes with the limit it was given for.")
    located = request.get("map")
    if located not in ("", "true", "false"):
        bad("map", "true or false.")
    cards, total = library.search(
        text=request.get("q")[:200],
        language=request.language,
        category=category,
        office=request.get("office")[:80],
        format=request.get("format")[:20],
        licence=request.get("licence")[:60],
        has_map=None if not located else located == "true",
        order=order,
        page=start // size + 1,
        size=size,
    )
    more = start + size < total
    following = None
    if more:
        kept = [(name, value) for name, value in request.pairs if name not in ("cursor", "api_key")]
        following = f"{request.base}{PREFIX}?{urlencode([*kept, ('cursor', str(start + size))])}"
    body = {
        "total": total,
        "datasets": [library.card_shape(card, request.base) for card in cards],
        "next": following,
    }
    return as_json(body, subject=CATALOGUE, version=shelf.token(CATALOGUE), headers=_next(following))


def _next(address: str | None) -> dict[str, str]:
    return {"link": f'<{address}>; rel="next"'} if address else {}


def _one(request: Request, holding: Holding) -> Answer:
    _known_only(request, frozenset({"api_key"}))
    return as_json(
        shape(holding.view, request.base, holding.rows.version),
        subject=holding.slug,
        version=holding.token,
        dataset=holding.slug,
    )


def shape(view: DatasetView, base: str, version: int) -> dict[str, Any]:
    """A dataset with its columns."""
    return {
        **library.card_shape(view.card, base),
        "version": version,
        "titles": dict(view.titles),
        "summaries": dict(view.summaries),
        "keywords": list(view.keywords),
        "key": list(view.key),
        "time": view.time or None,
        "fresh_s": view.cadence_s or None,
        "bounds": list(view.bounds) if view.bounds else None,
        "since": view.since,
        "until": view.until,
        "created": view.created_at,
        "columns": [
            {
                "name": one.name,
                "type": one.type,
                "titles": dict(one.titles),
                "unit": one.unit or None,
                "outside_name": one.alias or one.name.upper(),
                "role": one.role or None,
            }
            for one in view.columns
        ],
    }


def _rows(request: Request, holding: Holding) -> Answer:
    if _is_plain(request):
        return _plain(request, holding)
    query = query_of(request, holding)
    page = page_of(holding, query)
    names = [column.name for column in page.columns]
    rows = b",".join(json_rows(page, names))
    more = len(page.rows) == query.limit and (page.total < 0 or query.offset + query.limit < page.total)
    end = query.offset + len(page.rows) if more else 0
    return _answer(request, holding, page.total, rows, len(page.rows), end)


_PLAIN = frozenset({"limit", "cursor", "api_key"})


def _is_plain(request: Request) -> bool:
    """Whether whole rows in the table's own order are asked for."""
    return all(name in _PLAIN for name, _value in request.pairs)


def quick(request: Request, key: str) -> Answer | None:
    """A page of whole rows from what is in memory; None if anything is missing or wrong. Never waits."""
    parts = request.raw_path.split("/")
    if len(parts) != 6 or parts[5] != "rows":
        return None
    holding = shelf.now(parts[4])
    if holding is None or not _is_plain(request):
        return None
    first, last, total = _span(request, holding)
    if first >= last:
        return None
    rows = blocks.held("rest", holding, first, last)
    return None if rows is None else _page(request, holding, first, last, total, rows)


def _span(request: Request, holding: Holding) -> tuple[int, int, int]:
    limit = request.whole("limit", 100, 1, MOST_ROWS)
    first, total = offset_of(request.get("cursor")), holding.rows.count(None)
    return first, min(first + limit, total), total


def _plain(request: Request, holding: Holding) -> Answer:
    first, last, total = _span(request, holding)
    if first >= last:
        return _answer(request, holding, total, b"", 0, 0)
    names = [column.name for column in holding.view.columns]
    rows = blocks.page("rest", holding, first, last, lambda page: json_rows(page, names))
    return _page(request, holding, first, last, total, rows)


def _page(request: Request, holding: Holding, first: int, last: int, total: int, rows: bytes) -> Answer:
    return _answer(request, holding, total, rows, last - first, last if last < total else 0)


def _answer(request: Request, holding: Holding, total: int, rows: bytes, count: int, end: int) -> Answer:
    """``{"dataset", "version", "total", "rows", "cursor", "next"}``; ``end`` is where the next page begins, 0 for none."""
    cursor, following = None, None
    if end:
        cursor = cursor_of(end)
        kept = [(name, value) for name, value in request.pairs if name not in ("cursor", "api_key")]
        following = f"{request.here}?{urlencode([*kept, ('cursor', cursor)])}"
    head = {"dataset": holding.slug, "version": holding.rows.version, "total": total if total >= 0 else None}
    tail = {"cursor": cursor, "next": following}
    body = orjson.dumps(head)[:-1] + b',"rows":[' + rows + b"]," + orjson.dumps(tail)[1:]
    return Answer(
        200,
        body,
        JSON,
        headers=_next(following),
        subject=holding.slug,
        version=holding.token,
        rows=count,
        dataset=holding.slug,
    )


def json_rows(page: Page, names: list[str]) -> list[bytes]:
    """Each row as an object of JSON."""
    return [
        orjson.dumps(dict(zip(names, row, strict=True)), option=orjson.OPT_UTC_Z, default=str)
        for row in page.rows
    ]


def cursor_of(offset: int) -> str:
    """Where a page begins, as programs hand it back."""
    return base64.urlsafe_b64encode(f"at:{offset}".encode()).decode().rstrip("=")


def offset_of(cursor: str) -> int:
    """The place of a cursor that was given out; Problem 400 for any other."""
    if not cursor:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        return (
            int(text.removeprefix("at:"))
            if text.startswith("at:") and text[3:].isdecimal() and len(text) < 20
            else bad_cursor()
        )
    except (ValueError, UnicodeError, binascii.Error):
        return bad_cursor()


def bad_cursor() -> NoReturn:
    """Refuse a cursor."""
    bad("cursor", "This is no cursor that was given out.")


def query_of(request: Request, holding: Holding) -> Query:
    """What the query string asks of the rows."""
    columns = holding.columns
    parts = filters.conditions(request.pairs, columns, _ROWS)
    parts += filters.words(request.get("q"))
    condition = where_of(request.get("where"), columns, "where")
    if condition is not None:
        parts.append(condition)
    total = request.get("total") or "true"
    if total not in ("true", "false"):
        bad("total", "true or false.")
    return Query(
        columns=filters.fields(request.get("fields"), columns),
        where=filters.condition(parts),
        order=filters.orders(request.get("sort"), columns),
        limit=request.whole("limit", 100, 1, MOST_ROWS),
        offset=offset_of(request.get("cursor")[:200]),
        total=total == "true",
    )


def _facets(request: Request, holding: Holding) -> Answer:
    reserved = frozenset({"columns", "limit", "where", "q", "api_key"})
    names = filters.fields(request.get("columns"), holding.columns, "columns")
    if not 1 <= len(names) <= 10:
        bad("columns", "Name one to ten columns.")
    parts = filters.conditions(request.pairs, holding.columns, reserved)
    parts += filters.words(request.get("q"))
    condition = where_of(request.get("where"), holding.columns, "where")
    where = filters.condition([*parts, *([condition] if condition is not None else [])])
    most = request.whole("limit", 20, 1, 1_000)
    found = {
        name: [{"value": one.value, "count": one.count} for one in holding.rows.facet(name, where, most)]
        for name in names
    }
    return as_json(
        {"dataset": holding.slug, "total": holding.rows.count(where), "facets": found},
        subject=holding.slug,
        version=holding.token,
        dataset=holding.slug,
    )


def _usage(request: Request, holding: Holding) -> Answer:
    _known_only(request, frozenset({"days", "api_key"}))
    report = usage(days=request.whole("days", 30, 1, 800), dataset=holding.slug)
    body = {
        "dataset": holding.slug,
        "since": report.since,
        "until": report.until,
        "calls": report.calls,
        "rows": report.rows,
        "days": [{"day": one.name, "calls": one.calls, "rows": one.rows} for one in report.days],
        "interfaces": [
            {"interface": one.name, "calls": one.calls, "rows": one.rows} for one in report.interfaces
        ],
    }
    return as_json(body, dataset=holding.slug)
