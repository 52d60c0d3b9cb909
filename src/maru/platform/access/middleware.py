"""Where refusals and faults become answers, and where a body too large is turned away before it is read."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from maru.platform.access.pages import refuse, wants_json
from maru.platform.access.refusals import Refusal, TooLarge, WrongMethod

SMALL_BODY = 64 * 1024


class Refusals:
    """Shows a Refusal as a page, or JSON to a machine."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or not wants_json(request):
            return response
        # Raised below every view, where no refusal can be: the machine still gets the one shape.
        shaped = refuse(request, WrongMethod())
        shaped["Allow"] = response.get("Allow", "")
        return shaped

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a refusal; leave anything else to Django."""
        return refuse(request, exception) if isinstance(exception, Refusal) else None


class BodyLimit:
    """Turns away a body by its announced length: 64 kB, or the upload limit where a form carries a file."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        announced = request.META.get("CONTENT_LENGTH") or "0"
        length = int(announced) if announced.isdecimal() else 0
        if length > _most(request):
            return refuse(request, TooLarge())
        return self.get_response(request)


def _most(request: HttpRequest) -> int:
    if request.META.get("CONTENT_TYPE", "").startswith("multipart/form-data"):
        return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    return SMALL_BODY
