"""Where refusals and faults become answers, and where a body too large is turned away before it is read."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from maru.platform.access.bodies import is_too_large
from maru.platform.access.pages import refuse, wants_json
from maru.platform.access.refusals import Refusal, TooLarge, WrongMethod


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
    """Turns away a body that is too large (``bodies``): 64 kB, or the upload limit where a form carries a file."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_too_large(request):
            return refuse(request, TooLarge())
        return self.get_response(request)
