"""Wiring of requests: each carries a reference that logs and fault pages show."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse


class RequestReference:
    """Give each request a short reference, bind it to the logs, answer it in ``X-Reference``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reference = secrets.token_hex(4).upper()
        request.reference = reference  # type: ignore[attr-defined]  # read by the fault page
        structlog.contextvars.bind_contextvars(reference=reference, path=request.path)
        try:
            response = self.get_response(request)
        finally:
            structlog.contextvars.clear_contextvars()
        response["X-Reference"] = reference
        return response
