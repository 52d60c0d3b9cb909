"""Which interface answers which address, and how each is spoken to about keys and problems."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from maru.services.opendata.rest import ckan, dcat, description, ogc, path_api, rows, soda
from maru.services.opendata.rest.doorkeeper import first_key
from maru.services.opendata.rest.http import Answer, Problem, Request, as_json


def header_key(request: Request) -> str:
    """The key in a header, or ``api_key`` in the query."""
    scheme, _space, token = request.headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    return first_key(
        (
            request.headers.get("x-api-key", ""),
            request.headers.get("x-app-token", ""),
            bearer,
            _query_key(request),
        )
    )


def _query_key(request: Request) -> str:
    query = request.query_string
    if "api_key=" not in query and "app_token=" not in query:
        return ""
    return request.get("api_key") or request.get("$$app_token")


def whole_address(request: Request, key: str) -> Hashable:
    """Calls with the same address ask the same; the host is part of it, because answers hold links."""
    accept = request.headers.get("accept", "")[:100]
    return (request.base, request.raw_path, request.query_string, accept, request.language)


@dataclass(frozen=True)
class Route:
    """An interface. ``answer(request, key)`` runs in a thread; ``asked`` says which calls may share an answer."""

    name: str
    prefixes: tuple[str, ...]
    answer: Callable[[Request, str], Answer]
    problem: Callable[[Request, Problem], Answer]
    key: Callable[[Request], str] = header_key
    asked: Callable[[Request, str], Hashable] = whole_address
    # An answer from memory alone, made without a thread; None sends the call the long way.
    quick: Callable[[Request, str], Answer | None] | None = None
    posts: bool = False
    needs_key: bool = False


def plain_problem(request: Request, problem: Problem) -> Answer:
    """The one shape of errors of the house: ``{"error": {"code", "message", "field"}}``."""
    error: dict[str, object] = {"code": problem.code, "message": problem.message}
    headers: dict[str, str] = {}
    if problem.field:
        error["field"] = problem.field
    if problem.retry_after:
        error["retry_after"] = problem.retry_after
        headers["retry-after"] = str(problem.retry_after)
    if problem.status == 401:
        headers["www-authenticate"] = 'Bearer realm="maru"'
    if problem.status == 405:
        headers["allow"] = "GET, HEAD, OPTIONS"
    return as_json({"error": error}, problem.status, headers=headers)


ROUTES = (
    Route(
        "path",
        ("/openapi/",),
        path_api.answer,
        path_api.problem,
        key=path_api.key_of,
        asked=path_api.asked,
        quick=path_api.quick,
        needs_key=True,
    ),
    Route("rest", ("/api/v1/datasets",), rows.answer, plain_problem, quick=rows.quick),
    Route("ckan", ("/api/3/", "/api/action/"), ckan.answer, ckan.problem, key=ckan.key_of, posts=True),
    Route("soda", ("/resource/",), soda.answer, soda.problem),
    Route("ogc", ("/ogc",), ogc.answer, ogc.problem),
    Route("dcat", ("/catalog.jsonld", "/catalog.ttl", "/data.json"), dcat.answer, plain_problem),
)
OPENAPI = Route("openapi", (), description.answer, plain_problem)
_NOWHERE = Route("rest", (), lambda _request, _key: _nothing(), plain_problem)


def _nothing() -> Answer:
    raise Problem(404, "not_found", "There is nothing here.")


def find(path: str) -> Route:
    """The interface of an address."""
    for route in ROUTES:
        if path.startswith(route.prefixes):
            return route
    if path.startswith("/data/") and path.endswith("/openapi.json"):
        return OPENAPI
    return _NOWHERE


# What the manifest of the service mounts.
PREFIXES = tuple(prefix for route in ROUTES for prefix in route.prefixes)
