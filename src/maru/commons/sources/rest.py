"""The Open API of sources, below ``/api/v1/sources``. Reading needs nothing; acts need who looks after the source."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Query, Router
from ninja.utils import check_csrf

from maru.commons.people.tokens import by_token
from maru.commons.sources import access
from maru.commons.sources.contracts_pages import Filters
from maru.commons.sources.operations import sources as operations
from maru.commons.sources.queries import catalogue, pages
from maru.commons.sources.shapes import (
    LatestList,
    LatestOut,
    SourceDetail,
    SourceList,
    SourceOut,
    SourceProblem,
)
from maru.platform.access.refusals import NotAllowed

router = Router(tags=["sources"])

Name = Annotated[str, Path(max_length=80)]
_READ: dict[Any, Any] = {401: SourceProblem, 404: SourceProblem, 422: SourceProblem}
_WRITE: dict[Any, Any] = {**_READ, 403: SourceProblem, 409: SourceProblem}
_STAFF: dict[str, Any] = {"security": [{"token": []}, {"session": [], "csrf": []}]}
_ACTS = {
    "pause": operations.pause,
    "resume": operations.resume,
    "run": operations.ask_now,
    "retry": operations.ask_retry,
}


@router.get("/sources", response={200: SourceList, **_READ}, summary="List sources")
def list_sources(
    request: HttpRequest,
    q: Annotated[str, Query("", max_length=200)],
    state: Annotated[Literal["", "ok", "waiting", "stale", "broken", "paused"], Query("")],
    category: Annotated[str, Query("", max_length=40)],
    office: Annotated[str, Query("", max_length=60)],
    grade: Annotated[Literal["", "none", "bronze", "silver", "gold"], Query("")],
    order: Annotated[Literal["title", "age", "state", "records", "dead"], Query("title")],
    limit: Annotated[int, Query(500, ge=1, le=2000)],
    offset: Annotated[int, Query(0, ge=0, le=1_000_000)],
) -> SourceList:
    """Every outside system with its state, the age of its last value and its grade."""
    found = catalogue.catalogue(Filters(q, state, category, office, grade, order))
    cards = found.cards[offset : offset + limit]
    return SourceList(total=found.shown, sources=[SourceOut(**SourceOut.of(card)) for card in cards])


@router.get("/sources/{name}", response={200: SourceDetail, **_READ}, summary="One source")
def read(request: HttpRequest, name: Name) -> SourceDetail:
    """Owner, licence, schedule, promise, health, columns, grade."""
    return _detail(name)


@router.get("/sources/{name}/latest", response={200: LatestList, **_READ}, summary="Newest values")
def latest(
    request: HttpRequest,
    name: Name,
    series: Annotated[str, Query("", max_length=60)],
    limit: Annotated[int, Query(100, ge=1, le=1000)],
    offset: Annotated[int, Query(0, ge=0, le=1_000_000)],
) -> LatestList:
    """The newest value of each series, by series and key."""
    views = pages.latest(
        access.source(name), series=series.replace("\x00", ""), limit=limit + 1, offset=offset
    )
    more = len(views) > limit
    return LatestList(
        values=[LatestOut.of(view) for view in views[:limit]], next=offset + limit if more else None
    )


@router.post(
    "/sources/{name}/{act}",
    response={200: SourceDetail, **_WRITE},
    summary="Pause, resume, ask now, read letters again (its office)",
    openapi_extra=_STAFF,
)
def act(request: HttpRequest, name: Name, act: Literal["pause", "resume", "run", "retry"]) -> SourceDetail:
    """What the collector is asked to do happens within a few seconds."""
    found, person = access.kept_source(request, name)
    if not by_token(request) and check_csrf(request) is not None:
        raise NotAllowed(code="csrf")
    _ACTS[act](source=found, by=person)
    catalogue.forget()
    return _detail(name)


def _detail(name: str) -> SourceDetail:
    found = access.source(name)
    types = {one["name"]: one.get("type", "text") for one in found.declared.get("fields", ())}
    return SourceDetail.page(pages.source_page(found), types)
