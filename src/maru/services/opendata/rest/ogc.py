"""OGC API Features, Part 1 (core, GeoJSON, HTML, OpenAPI 3.0) and Part 3 (filters in CQL2), at ``/ogc/``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson

from maru.services.opendata.engine.contracts import (
    And,
    ColumnInfo,
    Compare,
    Condition,
    IsNull,
    Or,
    Page,
    Query,
    QueryFault,
)
from maru.services.opendata.engine.features import point
from maru.services.opendata.rest import filters, library, ogc_html, ogc_shapes
from maru.services.opendata.rest.cql2 import Cql2
from maru.services.opendata.rest.cql2_text import to_json
from maru.services.opendata.rest.geometry import box_of
from maru.services.opendata.rest.http import (
    CATALOGUE,
    GEOJSON,
    HTML,
    JSON,
    Answer,
    Problem,
    Request,
    as_json,
    bad,
    decoded,
)
from maru.services.opendata.rest.literals import span_of, typed
from maru.services.opendata.rest.ogc_document import ogc_document
from maru.services.opendata.rest.ogc_shapes import link
from maru.services.opendata.rest.paging import page_of
from maru.services.opendata.rest.shelf import Holding, shelf

MOST_ITEMS = 10_000
_CQL2 = ("cql2-text", "cql2-json")
_CRS = ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "CRS84", "[OGC:CRS84]")
_RESERVED = frozenset(
    {
        "f", "limit", "offset", "bbox", "bbox-crs", "datetime", "filter", "filter-lang", "filter-crs", "crs",
        "api_key", "sortby", "properties", "q",
    }
)  # fmt: skip


def problem(request: Request, fault: Problem) -> Answer:
    """``{"code", "description"}``, as the standard's exception schema has it."""
    headers = {"retry-after": str(fault.retry_after)} if fault.retry_after else {}
    text = f"{fault.field}: {fault.message}" if fault.field else fault.message
    return as_json({"code": fault.code, "description": text}, fault.status, headers=headers)


def answer(request: Request, key: str) -> Answer:
    """Answer one call; runs in a thread."""
    rest = request.raw_path.removeprefix("/ogc")
    if rest[:1] not in ("", "/"):
        raise Problem(404, "NotFound", "There is nothing here.")
    parts = [decoded(part) for part in rest.split("/") if part]
    match parts:
        case []:
            return _document(request, ogc_shapes.landing(request.base), "landing")
        case ["conformance"]:
            return _document(request, ogc_shapes.conformance(), "conformance")
        case ["api"]:
            kind = ogc_shapes.OPENAPI_JSON
            return _document(request, ogc_document(request.base), "api", kind)
        case ["collections"]:
            return _collections(request)
        case ["collections", slug]:
            return _collection(request, _holding(slug))
        case ["collections", slug, "queryables"]:
            shown = ogc_shapes.queryables(_holding(slug).view, request.base)
            return _document(request, shown, "queryables", ogc_shapes.SCHEMA_JSON)
        case ["collections", slug, "items"]:
            return _items(request, _holding(slug))
        case ["collections", slug, "items", feature]:
            return _item(request, _holding(slug), feature)
    raise Problem(404, "NotFound", "There is nothing here.")


def _holding(slug: str) -> Holding:
    found = shelf.find(slug) if len(slug) <= 80 else None
    if found is None or not found.located:
        raise Problem(404, "NotFound", "There is no collection with this name.")
    return found


def _wants_html(request: Request) -> bool:
    form = request.get("f")
    if form not in ("", "json", "html"):
        bad("f", "json or html.")
    if form:
        return form == "html"
    accepts = request.headers.get("accept", "")
    first = accepts.split(",")[0].split(";")[0].strip()
    return first in ("text/html", "application/xhtml+xml")


def _allowed(request: Request, names: frozenset[str] | set[str] = frozenset()) -> None:
    for name, _value in request.pairs:
        if name not in names and name not in ("f", "api_key"):
            bad(name[:60], "There is no such parameter here.")


def _document(request: Request, shown: dict[str, Any], name: str, kind: str = JSON) -> Answer:
    _allowed(request)
    if _wants_html(request):
        return Answer(200, ogc_html.page(name, shown).encode(), HTML)
    return as_json(shown, kind=kind)


def _collections(request: Request) -> Answer:
    _allowed(request)
    token = shelf.token(CATALOGUE)
    located = [one.slug for one in library.entries(token) if "geojson" in one.formats]
    shown = ogc_shapes.collections(library.views(located), request.base)
    if _wants_html(request):
        return Answer(
            200, ogc_html.page("collections", shown).encode(), HTML, subject=CATALOGUE, version=token
        )
    return as_json(shown, subject=CATALOGUE, version=token)


def _collection(request: Request, holding: Holding) -> Answer:
    answer = _document(request, ogc_shapes.collection(holding.view, request.base), "collection")
    answer.subject, answer.version, answer.dataset = holding.slug, holding.token, holding.slug
    return answer


def _items(request: Request, holding: Holding) -> Answer:
    limit = min(request.whole("limit", 10, 1, 1_000_000_000), MOST_ITEMS)
    offset = request.whole("offset", 0, 0, 1_000_000_000)
    html = _wants_html(request)
    query = Query(
        where=_where(request, holding),
        order=filters.orders(request.get("sortby"), holding.columns, "sortby"),
        offset=offset,
        limit=limit,
    )
    wanted = filters.fields(request.get("properties"), holding.columns, "properties")
    page = page_of(holding, query)
    features = [
        _feature(holding, page.columns, row, name, wanted)
        for row, name in zip(page.rows, _ids(holding, page, query), strict=True)
    ]
    shown = {
        "type": "FeatureCollection",
        "features": features,
        "links": _links(request, holding, offset, limit, page.total),
        "timeStamp": dt.datetime.now(dt.UTC).replace(microsecond=0),
        "numberMatched": page.total,
        "numberReturned": len(features),
    }
    if html:
        body, kind = ogc_html.items(holding.view, shown).encode(), HTML
    else:
        body, kind = orjson.dumps(shown, option=orjson.OPT_UTC_Z, default=str), GEOJSON
    headers = {"content-crs": f"<{_CRS[0]}>"}
    return Answer(
        200,
        body,
        kind,
        headers=headers,
        subject=holding.slug,
        version=holding.token,
        rows=len(features),
        dataset=holding.slug,
    )


def _links(request: Request, holding: Holding, offset: int, limit: int, total: int) -> list[dict[str, str]]:
    here = f"{request.base}/ogc/collections/{holding.slug}/items"
    plain = [(name, value) for name, value in request.pairs if name not in ("offset", "f", "api_key")]

    def at(**more: str) -> str:
        query = urlencode([*plain, *more.items()])
        return f"{here}?{query}" if query else here

    found = [
        link(at(offset=str(offset)) if offset else at(), "self", GEOJSON, "This page"),
        link(at(offset=str(offset), f="html"), "alternate", "text/html", "This page as HTML"),
        link(f"{request.base}/ogc/collections/{holding.slug}", "collection", JSON, "The collection"),
    ]
    if offset + limit < total:
        found.append(link(at(offset=str(offset + limit)), "next", GEOJSON, "Next page"))
    if offset:
        found.append(link(at(offset=str(max(0, offset - limit))), "prev", GEOJSON, "Previous page"))
    return found


def _where(request: Request, holding: Holding) -> Condition | None:
    parts: list[Condition] = []
    if request.get("bbox"):
        if (crs := request.get("bbox-crs")) and crs not in _CRS:
            bad("bbox-crs", "Only CRS84 is offered.")
        parts.append(box_of(request.get("bbox"), "bbox"))
    for name in ("crs", "filter-crs"):
        if (crs := request.get(name)) and crs not in _CRS:
            bad(name, "Only CRS84 is offered.")
    if request.get("datetime"):
        parts += _during(request.get("datetime"), holding)
    parts += filters.words(request.get("q"))
    parts += _simple(request.pairs, holding.columns)
    if request.get("filter"):
        parts.append(_filter(request, holding))
    elif request.get("filter-lang") not in ("", *_CQL2):
        bad("filter-lang", "cql2-text or cql2-json.")
    return filters.condition(parts)


def _simple(pairs: Sequence[tuple[str, str]], columns: Mapping[str, ColumnInfo]) -> list[Condition]:
    """Queryables as parameters. What is no queryable is 400, as the standard wants it."""
    found: list[Condition] = []
    for name, value in pairs:
        if name in _RESERVED:
            continue
        if name not in columns:
            bad(name[:60], "There is no such parameter and no such queryable.")
        column = columns[name]
        if value == "":
            found.append(IsNull(column.name))
        else:
            found.append(Compare(column.name, "=", typed(column, value, name)))
    return found


def _filter(request: Request, holding: Holding) -> Condition:
    text = request.get("filter")
    language = request.get("filter-lang") or ("cql2-json" if text.lstrip().startswith("{") else "cql2-text")
    if language not in _CQL2:
        bad("filter-lang", "cql2-text or cql2-json.")
    node: Any
    if language == "cql2-json":
        try:
            node = orjson.loads(text)
        except orjson.JSONDecodeError:
            bad("filter", "This is not valid JSON.")
    else:
        node = to_json(text)
    return Cql2(holding.columns, holding.located).compile(node)


def _during(text: str, holding: Holding) -> list[Condition]:
    """``datetime``: an instant, or a span with ".." for an open end; of datasets without a time it asks nothing."""
    low_text, slash, high_text = text.partition("/")
    try:
        low = None if low_text in ("", "..") else span_of(low_text)[0]
        end = high_text if slash else low_text
        high = None if end in ("", "..") else span_of(end)
    except (ValueError, OverflowError):
        raise QueryFault("datetime", "A date or time of RFC 3339, or two with a slash between.") from None
    if not slash and (low is None or high is None):
        raise QueryFault("datetime", "A date or time of RFC 3339, or two with a slash between.")
    if slash and high_text.count("/"):
        raise QueryFault("datetime", "At most one slash.")
    if low is not None and high is not None and (low > high[1] or (low == high[1] != high[0])):
        raise QueryFault("datetime", "The beginning lies after the end.")
    column = holding.columns.get(holding.view.time)
    if column is None:
        return []
    parts: list[Condition] = []
    if low is not None:
        parts.append(Compare(column.name, ">=", low.date() if column.type == "date" else low))
    if high is not None:
        whole = high[0] != high[1] and column.type != "date"
        edge: Any = high[0].date() if column.type == "date" else high[1]
        parts.append(Compare(column.name, "<" if whole else "<=", edge))
    if not parts:
        return []
    inside = parts[0] if len(parts) == 1 else And(tuple(parts))
    # A feature without a time matches whatever is asked of it (Part 1, 7.15.4).
    return [Or((inside, IsNull(column.name)))]


def _ids(holding: Holding, page: Page, query: Query) -> list[str]:
    """Ids of the rows: the digest by which the lake knows each record, so that they stay while the record does."""
    return library.ids(holding.rows, query)[: len(page.rows)] if page.rows else []


def _feature(
    holding: Holding,
    columns: Sequence[ColumnInfo],
    row: Sequence[Any],
    name: str,
    wanted: tuple[str, ...] = (),
) -> dict[str, Any]:
    values = {column.name: value for column, value in zip(columns, row, strict=True)}
    place = point(columns, row)
    properties = {key: value for key, value in values.items() if not wanted or key in wanted}
    return {"type": "Feature", "id": name, "geometry": place, "properties": properties}


def _item(request: Request, holding: Holding, name: str) -> Answer:
    _allowed(request, {"crs"})
    row = library.one(holding.rows, name)
    if row is None:
        raise Problem(404, "NotFound", "There is no feature with this id.")
    here = f"{request.base}/ogc/collections/{holding.slug}"
    shown = {
        **_feature(holding, holding.view.columns, row, name),
        "links": [
            link(f"{here}/items/{name}", "self", GEOJSON, "This feature"),
            link(f"{here}/items/{name}?f=html", "alternate", "text/html", "This feature as a page"),
            link(here, "collection", JSON, "The collection"),
        ],
    }
    if _wants_html(request):
        return Answer(200, ogc_html.item(holding.view, shown).encode(), HTML)
    body = orjson.dumps(shown, option=orjson.OPT_UTC_Z, default=str)
    return Answer(
        200, body, GEOJSON, subject=holding.slug, version=holding.token, rows=1, dataset=holding.slug
    )
