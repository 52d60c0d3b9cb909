"""The SODA-like interface: ``/resource/{slug}.json|csv|geojson`` with SoQL in the query string."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping
from typing import Any

import orjson

from maru.services.opendata.engine.contracts import ColumnInfo, Order, Page, Query, QueryFault
from maru.services.opendata.rest import filters
from maru.services.opendata.rest.geometry import point_of
from maru.services.opendata.rest.http import (
    CSV,
    GEOJSON,
    JSON,
    Answer,
    Problem,
    Request,
    as_json,
    bad,
    decoded,
)
from maru.services.opendata.rest.literals import columns_by_name
from maru.services.opendata.rest.paging import page_of
from maru.services.opendata.rest.shelf import Holding, shelf
from maru.services.opendata.rest.soql import (
    Selection,
    group_of,
    having_of,
    order_of,
    select_of,
)
from maru.services.opendata.rest.soql_query import expanded
from maru.services.opendata.rest.soql_where import where_of

MOST_ROWS = 50_000
_CLAUSES = frozenset(
    {
        "$select",
        "$where",
        "$order",
        "$group",
        "$having",
        "$limit",
        "$offset",
        "$q",
        "$$app_token",
        "api_key",
    }
)


def problem(request: Request, fault: Problem) -> Answer:
    """Errors in SODA's shape."""
    headers = {"retry-after": str(fault.retry_after)} if fault.retry_after else {}
    codes = {
        404: "dataset.missing",
        401: "authentication_required",
        429: "throttled",
        400: "query.soql.invalid",
    }
    body: dict[str, Any] = {
        "code": codes.get(fault.status, fault.code),
        "error": True,
        "message": fault.message,
    }
    if fault.field:
        body["data"] = {"parameter": fault.field}
    return as_json(body, fault.status, headers=headers)


def answer(request: Request, key: str) -> Answer:
    """Answer one call; runs in a thread."""
    name = decoded(request.raw_path.removeprefix("/resource/"))
    slug, dot, kind = name.rpartition(".")
    if not dot:
        slug, kind = name, "json"
    if kind not in ("json", "csv", "geojson") or "/" in name:
        raise Problem(404, "not_found", "Ask for .json, .csv or .geojson.")
    holding = shelf.get(slug)
    if kind == "geojson" and not holding.located:
        raise Problem(404, "not_found", "The rows of this dataset have no place.")
    query, shown = query_of(expanded(request), holding)
    if kind == "geojson":
        body, kind_of, count = _geojson(holding, query)
        page = None
    else:
        page = page_of(holding, query)
        body, kind_of = (_csv(page, shown), CSV) if kind == "csv" else (_json(page, shown), JSON)
        count = len(page.rows)
    return Answer(
        200,
        body,
        kind_of,
        headers={"x-soda2-fields": _names(shown)} if page and len(shown) < 100 else {},
        subject=holding.slug,
        version=holding.token,
        rows=count,
        dataset=holding.slug,
    )


def _names(shown: list[str]) -> str:
    return orjson.dumps(shown).decode("ascii", "replace")


def query_of(request: Request, holding: Holding) -> tuple[Query, list[str]]:
    """The Query of the clauses, and the names of the answer's columns."""
    columns = holding.columns
    for name, _value in request.pairs:
        if name.startswith("$") and name not in _CLAUSES:
            bad(name[:40], "There is no such clause.")
    parts = filters.conditions(request.pairs, columns, _CLAUSES)
    parts += filters.words(request.get("$q"))
    condition = where_of(request.get("$where"), columns)
    if condition is not None:
        parts.append(condition)
    chosen = select_of(request.get("$select"), columns, list(holding.view.columns))
    group = group_of(request.get("$group"), columns)
    limit = request.whole("$limit", 1_000, 0, MOST_ROWS)
    offset = request.whole("$offset", 0, 0, 1_000_000_000)
    if chosen.measures or group:
        return _grouped(request, holding, chosen, group, filters.condition(parts), offset, limit)
    if request.get("$having"):
        bad("$having", "$having goes with $group.")
    names = [shown for _name, shown in chosen.columns] or [one.name for one in holding.view.columns]
    query = Query(
        columns=tuple(name for name, _shown in chosen.columns),
        where=filters.condition(parts),
        order=_renamed(order_of(request.get("$order"), _with_names(columns, chosen)), chosen),
        offset=offset,
        limit=limit,
        total=False,
    )
    return query, names


def _grouped(
    request: Request,
    holding: Holding,
    chosen: Selection,
    group: tuple[str, ...],
    where: Any,
    offset: int,
    limit: int,
) -> tuple[Query, list[str]]:
    """A grouped query; its clauses speak of the names it gives."""
    plain = tuple(name for name, _shown in chosen.columns) or group
    for name in plain:
        if name not in group:
            raise QueryFault("$select", f"{name} is neither grouped nor aggregated.")
    if len(set(plain)) != len(plain):
        raise QueryFault("$select", "A grouped column is named twice.")
    given = [holding.columns[name] for name in plain]
    measured = [ColumnInfo(one.name, _measured_type(one, holding.columns)) for one in chosen.measures]
    names = columns_by_name([*given, *measured])
    # ``count(*)`` in $order is the column that $select named otherwise.
    for one in chosen.measures:
        names.setdefault(
            "count" if one.column == "*" else f"{one.aggregate}_{one.column}", ColumnInfo(one.name, "integer")
        )
    names = _with_names(names, chosen)
    query = Query(
        columns=plain,
        where=where,
        group=group,
        measures=tuple(chosen.measures),
        having=having_of(request.get("$having"), names),
        order=_renamed(_order(request, names), chosen),
        offset=offset,
        limit=limit,
        total=False,
    )
    renamed = dict(chosen.columns)
    return query, [renamed.get(name, name) for name in plain] + [one.name for one in chosen.measures]


def _order(request: Request, names: Mapping[str, ColumnInfo]) -> tuple[Order, ...]:
    found = order_of(request.get("$order"), names)
    return tuple(
        Order(names[one.column].name if one.column in names else one.column, one.descending) for one in found
    )


def _with_names(columns: Mapping[str, ColumnInfo], chosen: Selection) -> dict[str, ColumnInfo]:
    """Columns may be spoken of by the names that $select gave them."""
    found = dict(columns)
    for name, shown in chosen.columns:
        found.setdefault(shown, columns[name])
    return found


def _renamed(order: tuple[Order, ...], chosen: Selection) -> tuple[Order, ...]:
    names = {shown: name for name, shown in chosen.columns}
    return tuple(Order(names.get(one.column, one.column), one.descending) for one in order)


def _measured_type(one: Any, columns: Mapping[str, ColumnInfo]) -> Any:
    if one.aggregate in ("count", "count_distinct"):
        return "integer"
    return "number" if one.aggregate == "avg" else columns[one.column].type


def _json(page: Page, names: list[str]) -> bytes:
    rows = [
        {name: value for name, value in zip(names, row, strict=True) if value is not None}
        for row in page.rows
    ]
    return orjson.dumps(rows, option=orjson.OPT_UTC_Z, default=str)


def _csv(page: Page, names: list[str]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([[csv_cell(value) for value in row] for row in page.rows])
    return out.getvalue().encode("utf-8", "replace")


def csv_cell(value: Any) -> Any:
    """A value in a file: "" for none, times in UTC, true and false."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    return value


def _geojson(holding: Holding, query: Query) -> tuple[bytes, str, int]:
    if query.group or query.measures:
        raise QueryFault("$group", "Groups have no place; ask for .json.")
    wanted = query.columns or tuple(one.name for one in holding.view.columns)
    places = (holding.longitude, holding.latitude)
    names = tuple(dict.fromkeys((*wanted, *places)))
    page = holding.rows.page(
        Query(
            columns=names,
            where=query.where,
            order=query.order,
            offset=query.offset,
            limit=query.limit,
            total=False,
        )
    )
    at = [names.index(place) for place in places]
    features = [
        {
            "type": "Feature",
            "geometry": point_of(row[at[0]], row[at[1]]),
            "properties": {name: value for name, value in zip(names, row, strict=True) if name in wanted},
        }
        for row in page.rows
    ]
    body = orjson.dumps(
        {"type": "FeatureCollection", "features": features}, option=orjson.OPT_UTC_Z, default=str
    )
    return body, GEOJSON, len(features)
