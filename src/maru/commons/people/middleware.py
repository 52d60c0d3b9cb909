"""Per request: the language of the person, the cookie of the device, the second step of staff."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from maru.commons.people.devices import keep_device, known_device

Answer = Callable[[HttpRequest], HttpResponse]


class PersonLanguage:
    """A signed-in person's own language, unless this browser chose another (the cookie of the switch).

    All times on the page are those of the city.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if (
            settings.SESSION_COOKIE_NAME in request.COOKIES
            and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES
        ):
            language = getattr(request.user, "language", "")
            if language in dict(settings.LANGUAGES):
                translation.activate(language)
                request.LANGUAGE_CODE = language
        return self.get_response(request)


class DeviceCookie:
    """Reads the device's cookie (for limits), and sets it where a view asked for a device."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        known_device(request)
        response = self.get_response(request)
        keep_device(request, response)
        return response


class StaffSecondFactor:
    """Tells templates whether this official still has to add a second step; ``require_role`` does the refusing."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.second_factor_needed = _needed  # type: ignore[attr-defined]  # called by templates with the request
        return self.get_response(request)


def _needed(request: HttpRequest) -> bool:
    user = request.user
    if settings.MARU.staff_mfa != "required" or not user.is_authenticated or not user.is_official:
        return False
    return not user.has_second_factor()
