"""What the plaza shows on the home page: a way to search, and what people use most."""

from __future__ import annotations

from django.http import HttpRequest

from maru.platform.ui.house import HomeSection
from maru.services.opendata.queries import catalogue

_FEW = 3


def on_home(request: HttpRequest) -> HomeSection | None:
    """The section of the home page; None while nothing is published."""
    totals = catalogue.totals()
    if not totals["datasets"]:
        return None
    used = [one for one in catalogue.find(order="used", size=_FEW).cards if one.uses]
    context = {"totals": totals, "cards": used if len(used) == _FEW else catalogue.newest(limit=_FEW)}
    return HomeSection(template="opendata/on_home.html", context=context, order=20)
