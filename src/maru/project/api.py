"""The Open API: one NinjaAPI for the house; every refusal has one shape, ``{"error": {"code", "message", "field"}}``."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from maru.platform.access.pages import refuse
from maru.platform.access.refusals import Invalid, NotFound, Refusal, SignInNeeded
from maru.services.live.rest import router as live

api = NinjaAPI(
    title="Maru Open API",
    version="1",
    description="What the city publishes and takes. Reading needs no key; errors have one shape; times are ISO 8601 in UTC.",
    urls_namespace="api",
    openapi_url="/openapi.json",
    docs_url=None,
)
api.add_router("/", live)


@api.exception_handler(Refusal)
def _refusal(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    return refuse(request, refusal)


@api.exception_handler(ValidationError)
def _validation(request: HttpRequest, fault: ValidationError) -> HttpResponse:
    first: dict[str, Any] = fault.errors[0] if fault.errors else {}
    names = [
        str(part)
        for part in first.get("loc", ())
        if part not in {"body", "query", "path", "header", "payload"}
    ]
    return refuse(request, Invalid(".".join(names) or "body", str(first.get("msg", "")), code="invalid"))


@api.exception_handler(AuthenticationError)
def _authentication(request: HttpRequest, fault: AuthenticationError) -> HttpResponse:
    return refuse(request, SignInNeeded())


@api.exception_handler(HttpError)
def _http(request: HttpRequest, fault: HttpError) -> HttpResponse:
    if fault.status_code == 404:
        return refuse(request, NotFound())
    # Ninja raises 400 for a body that is no JSON or no UTF-8.
    return refuse(request, Invalid("body", _("The body is not valid JSON in UTF-8."), code="malformed"))
