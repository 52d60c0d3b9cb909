"""The path interface: ``/openapi/{KEY}/{TYPE}/{SERVICE}/{START}/{END}/{args}``, as old programs of citizens know it.

It answers 200 whatever is wrong and says the truth in ``RESULT.CODE``; positions count from 1, both ends included, at most
1,000 rows a call; the key ``sample`` gives rows 1 to 5. Arguments stand for the dataset's columns in order, or in the
original's where it is known (``path_services``); a part that is one space skips its column.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from django.db import DatabaseError, InterfaceError, OperationalError

from maru.commons.offices.city import current_city
from maru.services.opendata.contracts_keys import SAMPLE, SAMPLE_ROWS
from maru.services.opendata.engine.contracts import (
    And,
    ColumnInfo,
    Compare,
    Condition,
    Page,
    Query,
    QueryFault,
)
from maru.services.opendata.rest import path_catalogue
from maru.services.opendata.rest.blocks import blocks
from maru.services.opendata.rest.http import CATALOGUE, Answer, Problem, Request, decoded
from maru.services.opendata.rest.literals import is_dated, span_of, typed
from maru.services.opendata.rest.paging import page_of
from maru.services.opendata.rest.parsing import together
from maru.services.opendata.rest.path_bodies import JSON, error_body, json_body, json_rows, rows_body
from maru.services.opendata.rest.path_codes import Coded
from maru.services.opendata.rest.path_services import arguments, condition, is_now, present, presents
from maru.services.opendata.rest.shelf import Holding, shelf

TYPES = ("json", "xml", "csv", "xls", "xmlf")
MOST_ROWS = 1_000
_WHOLE = re.compile(r"-?\d{1,15}\Z")
_PROBLEMS = {"bad_key": "INFO-100", "too_many": "ERROR-429", "quota": "ERROR-337", "busy": "ERROR-429"}


@dataclass(frozen=True)
class Call:
    """A call as its address says it; parts that are missing are ""."""

    key: str
    type: str
    service: str
    start: str
    end: str
    arguments: tuple[str, ...]


def call_of(request: Request) -> Call:
    """The parts of the address, decoded. A slash at the end means nothing."""
    parts = [decoded(part) for part in request.raw_path.removeprefix("/openapi/").split("/")]
    if parts and parts[-1] == "":
        parts.pop()
    key, kind, service, start, end = (*parts[:5], "", "", "", "", "")[:5]
    return Call(key, kind.lower(), service, start, end, tuple(parts[5:]))


def key_of(request: Request) -> str:
    """The key in the path."""
    return decoded(request.raw_path.removeprefix("/openapi/").partition("/")[0])


def asked(request: Request, key: str) -> Hashable:
    """The same for every key but ``sample``."""
    return ("path", key == SAMPLE, request.raw_path.removeprefix("/openapi/").partition("/")[2])


def answer(request: Request, key: str) -> Answer:
    """Answer one call; runs in a thread."""
    call = call_of(request)
    try:
        return _answer(call, request.base)
    except Coded as coded:
        return _coded(call, coded.code)
    except QueryFault:
        return _coded(call, "ERROR-601")
    except (OperationalError, InterfaceError):
        return _coded(call, "ERROR-600")
    except DatabaseError:
        return _coded(call, "ERROR-601")


def problem(request: Request, fault: Problem) -> Answer:
    """What the front refuses, in this interface's words."""
    code = _PROBLEMS.get(fault.code, "ERROR-500")
    call = call_of(request)
    if code == "INFO-100" and not call.key:
        code = "ERROR-300"
    return _coded(call, code)


def _coded(call: Call, code: str) -> Answer:
    body, kind = error_body(call.type, code)
    return Answer(200, body, kind, headers={"x-result": "" if code == "INFO-200" else code})


def _answer(call: Call, base: str) -> Answer:
    if not call.type or not call.service:
        raise Coded("ERROR-300")
    if call.type not in TYPES:
        raise Coded("ERROR-301")
    holding = shelf.coded(call.service)
    if holding is None and call.service == path_catalogue.SERVICE:
        return _catalogue(call, base)
    if holding is None:
        raise Coded("ERROR-310")
    first, last = _span(call)
    if is_now(call.service, holding):
        return _present(call, holding, first, last)
    if call.type == "json" and not any(one.strip() for one in call.arguments):
        return _plain(call, holding, first, last)
    query = Query(
        where=_where(call, holding),
        offset=first - 1,
        limit=last - first + 1,
    )
    page = page_of(holding, query)
    if not page.rows:
        raise Coded("INFO-200")
    return _page(call, holding, page)


def quick(request: Request, key: str) -> Answer | None:
    """A page of whole rows from what is in memory; None if anything is missing or wrong. Never waits."""
    call = call_of(request)
    if call.type != "json" or any(one.strip() for one in call.arguments):
        return None
    holding = shelf.coded_now(call.service)
    if holding is None:
        return None
    try:
        first, last = _span(call)
    except Coded:
        return None
    if is_now(call.service, holding):
        now = presents.held(holding)
        if now is None or first > len(now):
            return None
        cut = now[first - 1 : last]
        return _encoded(call, holding, len(now), b",".join(cut), len(cut))
    total = holding.rows.count(None)
    if first > total:
        return None
    rows = blocks.held("path", holding, first - 1, min(last, total))
    return None if rows is None else _encoded(call, holding, total, rows, min(last, total) - first + 1)


def _plain(call: Call, holding: Holding, first: int, last: int) -> Answer:
    total = holding.rows.count(None)
    last = min(last, total)
    if first > last:
        raise Coded("INFO-200")
    here = zone()
    rows = blocks.page("path", holding, first - 1, last, lambda page: json_rows(page, here))
    return _encoded(call, holding, total, rows, last - first + 1)


def _present(call: Call, holding: Holding, first: int, last: int) -> Answer:
    where, here = _where(call, holding), zone()
    if where is None and call.type == "json":
        rows = presents.rows(holding, lambda page: json_rows(page, here))
        if first > len(rows):
            raise Coded("INFO-200")
        cut = rows[first - 1 : last]
        return _encoded(call, holding, len(rows), b",".join(cut), len(cut))
    page = present(holding, where)
    if first > page.total:
        raise Coded("INFO-200")
    return _page(call, holding, replace(page, rows=page.rows[first - 1 : last]))


def _catalogue(call: Call, base: str) -> Answer:
    page = path_catalogue.page(base, *_span(call), call.arguments)
    if not page.rows:
        raise Coded("INFO-200")
    body, kind, headers = rows_body(call.type, call.service, page, zone())
    return Answer(
        200,
        body,
        kind,
        headers=headers,
        subject=CATALOGUE,
        version=shelf.token(CATALOGUE),
        rows=len(page.rows),
    )


def _encoded(call: Call, holding: Holding, total: int, rows: bytes, count: int) -> Answer:
    body = json_body(call.service, total, rows)
    return Answer(
        200, body, JSON, subject=holding.slug, version=holding.token, rows=count, dataset=holding.slug
    )


def _span(call: Call) -> tuple[int, int]:
    """First and last position. The order of the checks is the original's: missing, type, each end, both."""
    if not call.start or not call.end:
        raise Coded("ERROR-300")
    if not _WHOLE.match(call.start.strip()) or not _WHOLE.match(call.end.strip()):
        raise Coded("ERROR-333")
    first, last = int(call.start), int(call.end)
    if first < 1:
        raise Coded("ERROR-331")
    if last < 1:
        raise Coded("ERROR-332")
    if first > last:
        raise Coded("ERROR-334")
    if call.key == SAMPLE and last > SAMPLE_ROWS:
        raise Coded("ERROR-335")
    if last - first + 1 > MOST_ROWS:
        raise Coded("ERROR-336")
    return first, last


def zone() -> dt.tzinfo:
    """The city's own time, in which this interface speaks."""
    return ZoneInfo(current_city().time_zone)


def _where(call: Call, holding: Holding) -> Condition | None:
    places = arguments(call.service, holding.view.columns)
    found = [
        condition(place, text.strip(), _matches)
        for place, text in zip(places, call.arguments, strict=False)
        if text.strip()
    ]
    return together(found)


def _matches(column: ColumnInfo, text: str) -> Condition:
    """Equal; for dates, inside the year, month, day, hour ... that the argument names."""
    if not is_dated(column):
        try:
            return Compare(column.name, "=", typed(column, text, column.name))
        except QueryFault:  # a word where a number stands: no row has that
            raise Coded("INFO-200") from None
    try:
        low, high = span_of(text, dt.UTC if column.type == "date" else zone())
    except (ValueError, OverflowError):
        raise Coded("INFO-200") from None
    first: Any = low.date() if column.type == "date" else low
    last: Any = high.date() if column.type == "date" else high
    if low == high:
        return Compare(column.name, "=", first)
    return And((Compare(column.name, ">=", first), Compare(column.name, "<", last)))


def _page(call: Call, holding: Holding, page: Page) -> Answer:
    body, kind, headers = rows_body(call.type, call.service, page, zone())
    return Answer(
        200,
        body,
        kind,
        headers=headers,
        subject=holding.slug,
        version=holding.token,
        rows=len(page.rows),
        dataset=holding.slug,
    )
