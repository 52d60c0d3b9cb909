"""What the room shows on the home page: what is on air, what comes next, what was last."""

from __future__ import annotations

from django.http import HttpRequest

from maru.platform.ui.house import HomeSection
from maru.services.live.queries import broadcasts as queries

_NEXT = 3


def on_home(request: HttpRequest) -> HomeSection | None:
    """The section of the home page; None while nothing is announced."""
    found = queries.guide(replays=_NEXT)
    if not (found.on_air or found.upcoming or found.replays):
        return None
    context = {"on_air": found.on_air, "upcoming": found.upcoming[:_NEXT], "replays": found.replays}
    return HomeSection(template="live/home.html", context=context, order=10)
