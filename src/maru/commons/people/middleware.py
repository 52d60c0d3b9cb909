"""Per request: the language of the person, the cookie of the device, the token of a program."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from maru.commons.people import tokens
from maru.commons.people.devices import keep_device, known_device
from maru.platform.access.pages import refuse

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


class BearerToken:
    """On the Open API, ``Authorization: Bearer …`` says who speaks, whatever session comes along.

    A token that opens nothing is refused at once, also where reading needs none: its owner should learn of it.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = tokens.presented(request)
        if given is not None:
            try:
                request.user = tokens.speak(request, given)
            except tokens.TokenRefused as refusal:
                response = refuse(request, refusal)
                response["WWW-Authenticate"] = 'Bearer realm="maru", error="invalid_token"'
                return response
        return self.get_response(request)
