"""The one interface whose address lies among Django's pages: a dataset's OpenAPI document."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from maru.services.opendata.etags import matches
from maru.services.opendata.rest import description
from maru.services.opendata.rest.http import Problem, Request
from maru.services.opendata.rest.routes import plain_problem


@require_safe
def openapi_document(request: HttpRequest, slug: str) -> HttpResponse:
    """``/data/{slug}/openapi.json``."""
    asked = Request(
        method="GET",
        path=request.path,
        raw_path=request.path,
        query_string="",
        headers={},
        base=request.build_absolute_uri("/").rstrip("/"),
    )
    try:
        answer = description.answer(asked, "")
    except Problem as problem:
        answer = plain_problem(asked, problem)
    answer.seal()
    if answer.etag and matches(request.headers.get("If-None-Match", ""), answer.etag):
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(answer.body, status=answer.status, content_type=answer.kind)
    if answer.etag:
        response["ETag"] = answer.etag
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "public, no-cache" if answer.etag else "no-store"
    patch_vary_headers(response, ["Accept-Encoding"])
    return response
