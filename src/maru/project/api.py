"""The Open API: one NinjaAPI for the house; every refusal has one shape, ``{"error": {"code", "message", "field"}}``."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from maru.commons.sources.rest import router as sources
from maru.platform.access.pages import refuse
from maru.platform.access.refusals import Invalid, NotFound, Refusal, SignInNeeded
from maru.services.live.rest import router as live

# The doors themselves are in the middleware and in each operation; here they are described.
SECURITY_SCHEMES = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of a person, from /accounts/tokens/ or `maru person token`. A wrong, revoked or expired one is 401.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": settings.SESSION_COOKIE_NAME,
        "description": "The session of a signed-in browser; writing needs `csrf` beside it.",
    },
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": "X-CSRFToken",
        "description": "The value of the cookie `csrftoken`.",
    },
}


class OpenApi(NinjaAPI):
    """NinjaAPI, whose description also says how one is let in."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """The description with the schemes that operations name in their ``security``."""
        schema = super().get_openapi_schema(**options)
        schema["components"]["securitySchemes"] = SECURITY_SCHEMES
        return schema


api = OpenApi(
    title="Maru Open API",
    version="1",
    description=(
        "What the city publishes and takes. Reading needs no key; errors have one shape; times are ISO 8601 in UTC. "
        "A program speaks for a person by a token, made on the page of their account: `Authorization: Bearer TOKEN`."
    ),
    urls_namespace="api",
    openapi_url="/openapi.json",
    docs_url=None,
)
api.add_router("/", live)
api.add_router("/", sources)


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
