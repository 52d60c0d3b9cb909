"""Per request: the time of the city, the language of the person, the cookie of the device."""

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
