"""Which theme a reader chose. Kept in a cookie that the server reads, so that no page flashes in the wrong colours."""

from django.http import HttpRequest

THEMES = ("auto", "light", "dark", "wall")
COOKIE = "maru_theme"


def theme_of(request: HttpRequest | None) -> str:
    """Return the theme asked for by `?theme=`, else by the cookie, else "auto" (the reader's system decides)."""
    if request is None:
        return "auto"
    for wanted in (request.GET.get("theme", ""), request.COOKIES.get(COOKIE, "")):
        if wanted in THEMES:
            return wanted
    return "auto"
