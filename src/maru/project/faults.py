"""The page for a form whose protection token is missing or old: what was typed is kept."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from maru.platform.access.pages import refuse
from maru.platform.access.refusals import NotAllowed


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 in the citizen's language, with what to do."""
    return refuse(
        request,
        NotAllowed(
            _(
                "This form was open for too long, or your browser blocks cookies. Load the page again and send it once more."
            )
        ),
    )
