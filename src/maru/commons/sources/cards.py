"""What the sources show on the home page: how many of the city's systems speak now."""

from __future__ import annotations

from django.http import HttpRequest

from maru.commons.sources.contracts_pages import Filters
from maru.commons.sources.queries import catalogue
from maru.platform.ui.house import HomeSection


def on_home(request: HttpRequest) -> HomeSection | None:
    """The section of the home page; None while no source is declared."""
    found = catalogue.catalogue(Filters())
    if not found.total:
        return None
    return HomeSection(template="sources/on_home.html", context={"found": found}, order=30)
