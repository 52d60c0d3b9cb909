"""Wiring of requests: each carries a reference that logs and fault pages show."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from zoneinfo import ZoneInfo

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from maru.commons.offices.city import current_city


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


class CityTime:
    """Pages and forms speak the city's own time; databases, events and files stay in UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(ZoneInfo(current_city().time_zone)):
            return self.get_response(request)
