"""The pages that belong to the house itself, and the switches of language and theme."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language, gettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from maru.platform.ui import house, themes

YEAR_S = 365 * 24 * 3600


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what is on now and what comes, and the rooms of the house."""
    return render(request, "ui/home.html", {"sections": house.home_sections(request), "rooms": house.rooms()})


def _back(request: HttpRequest) -> HttpResponseRedirect:
    """Return to the page that was left; never to another host."""
    wanted = request.GET.get("next", "")
    allowed = {request.get_host()}
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts=allowed, require_https=request.is_secure()):
        wanted = reverse("home")
    return HttpResponseRedirect(wanted)


def _remember(response: HttpResponse, name: str, value: str, request: HttpRequest) -> None:
    response.set_cookie(name, value, max_age=YEAR_S, samesite="Lax", secure=request.is_secure())


@require_safe
def language(request: HttpRequest) -> HttpResponse:
    """Switch the language. A link and not a form: only a cookie of the reader's own browser changes."""
    wanted = request.GET.get("to", "")
    response = _back(request)
    if wanted in dict(settings.LANGUAGES) and check_for_language(wanted):
        _remember(response, settings.LANGUAGE_COOKIE_NAME, wanted, request)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def theme(request: HttpRequest) -> HttpResponse:
    """Switch the theme, for readers without JavaScript."""
    wanted = request.GET.get("to", "")
    response = _back(request)
    if wanted in themes.THEMES:
        _remember(response, themes.COOKIE, wanted, request)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
@cache_control(public=True, max_age=3600)
def web_manifest(request: HttpRequest) -> JsonResponse:
    """Describe the site to a phone that puts it on its first screen."""
    name = gettext("Maru, the open hall")
    return JsonResponse(
        {
            "name": name,
            "short_name": "Maru",
            "start_url": "/",
            "display": "minimal-ui",
            "background_color": "#fbf8f2",
            "theme_color": "#fbf8f2",
            "icons": [
                {"src": static("ui/favicon.svg"), "sizes": "any", "type": "image/svg+xml"},
                {"src": static("ui/icon-192.png"), "sizes": "192x192", "type": "image/png"},
                {
                    "src": static("ui/icon-512.png"),
                    "sizes": "512x512",
                    "type": "image/png",
                    "purpose": "any maskable",
                },
            ],
        },
        content_type="application/manifest+json",
    )


@require_safe
@cache_control(public=True, max_age=3600)
def robots(request: HttpRequest) -> HttpResponse:
    """Ask crawlers to leave the rooms of the staff and the forms alone."""
    closed = (
        "/accounts/",
        "/studio/",
        "/people/",
        "/offices/",
        "/audit/",
        "/moderation/",
        "/data/desk/",
        "/data/subscriptions/",
        "/developers/bookings/",
        "/language/",
        "/theme/",
    )
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
