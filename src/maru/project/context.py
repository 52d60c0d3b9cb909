"""What every page knows: the city, the menu, who asks, where the event stream is."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from maru.commons.offices.city import current_city
from maru.commons.people.seeds import ACCOUNTS, PASSWORD
from maru.platform.registry.manifests import menu


def stream_url(request: HttpRequest) -> str:
    """The public address of the event stream as this reader reaches it."""
    if settings.MARU.stream_url:
        return str(settings.MARU.stream_url)
    host = (
        request.get_host().rsplit(":", 1)[0] if not request.get_host().endswith("]") else request.get_host()
    )
    return f"{request.scheme}://{host}:{settings.MARU.stream_port}"


def house(request: HttpRequest) -> dict[str, Any]:
    """Context for all templates."""
    language = get_language() or settings.LANGUAGE_CODE
    return {
        "city": current_city(),
        "menu": menu(language, getattr(request, "user", None)),
        "stream_url": stream_url(request),
        "demo": settings.MARU.demo,
        "demo_accounts": ACCOUNTS if settings.MARU.demo else [],
        "demo_password": PASSWORD if settings.MARU.demo else "",
        "language": language,
    }
