"""Faults: what nobody expected. Logged whole, shown to the citizen as a reference to quote."""

from __future__ import annotations

import secrets

import structlog
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest

log = structlog.get_logger("maru.fault")
_EXPECTED = (Http404, PermissionDenied, SuspiciousOperation)


def reference_of(request: HttpRequest) -> str:
    """The code the citizen quotes and the log carries; the same for the whole request."""
    reference: str = getattr(request, "reference", "")
    if not reference:
        reference = secrets.token_hex(4).upper()
        request.reference = reference  # type: ignore[attr-defined]  # shared with the fault page
    return reference


def note_fault(request: HttpRequest, exception: Exception) -> str:
    """Log an unexpected exception with its reference (which is returned); Django's own refusals are not faults."""
    reference = reference_of(request)
    if not isinstance(exception, _EXPECTED):
        log.error(
            "fault",
            reference=reference,
            method=request.method,
            path=request.path,
            exc_info=exception,
            kind=type(exception).__name__,
        )
    return reference
