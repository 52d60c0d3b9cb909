"""Wiring of requests: who asks, and the reference that logs and fault pages show."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
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


class TrustedProxies:
    """The reader's address as the outermost of the city's own proxies saw it (MARU_PROXIES of them).

    Counted from the right: what stands further left in X-Forwarded-For was written by the reader, who may write anything.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        proxies = settings.MARU.proxies
        if proxies:
            chain = [
                part.strip()
                for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
                if part.strip()
            ]
            if len(chain) >= proxies:
                request.META["REMOTE_ADDR"] = chain[-proxies]
        return self.get_response(request)
