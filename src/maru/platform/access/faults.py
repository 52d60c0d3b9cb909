"""Faults: what nobody expected. Logged whole, shown to the citizen as a reference to quote."""

from __future__ import annotations

import secrets

import structlog
from django.http import HttpRequest

log = structlog.get_logger("maru.fault")


def reference_of(request: HttpRequest) -> str:
    """The code the citizen quotes and the log carries; the same for the whole request."""
    reference: str = getattr(request, "reference", "")
    if not reference:
        reference = secrets.token_hex(4).upper()
        request.reference = reference  # type: ignore[attr-defined]  # shared with the fault page
    return reference


def note_fault(request: HttpRequest, exception: BaseException) -> str:
    """Log an exception nobody handled, with its reference (which is returned)."""
    reference = reference_of(request)
    log.error(
        "fault",
        reference=reference,
        method=request.method,
        path=request.path,
        exc_info=exception,
        kind=type(exception).__name__,
    )
    return reference
