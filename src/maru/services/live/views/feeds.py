"""The room as files for other programs: calendar and the whole conversation."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from maru.services.live import access, exports
from maru.services.live.calendar import calendar as ical
from maru.services.live.queries import broadcasts as queries


@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """All broadcasts that have a time, as iCalendar."""
    base = request.build_absolute_uri("/").rstrip("/")
    domain = request.get_host().rsplit(":", 1)[0]
    text = ical(
        queries.calendar_cards(),
        name=_("Broadcasts of the city"),
        base=base,
        domain=domain,
        stamp=timezone.now(),
    )
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response["Cache-Control"] = "public, max-age=60"
    return response


@require_safe
def csv(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """The conversation as CSV."""
    found = access.broadcast(slug)
    response = StreamingHttpResponse(exports.as_csv(found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}-opinions.csv"'
    response["Cache-Control"] = "no-cache"
    return response


@require_safe
def json(request: HttpRequest, slug: str) -> JsonResponse:
    """The conversation as JSON."""
    response = JsonResponse(exports.as_json(access.broadcast(slug)))
    response["Cache-Control"] = "no-cache"
    return response
