"""What could be published: the declared sources and what services offer."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping
from pathlib import Path

import structlog
from django.conf import settings

from maru.commons.sources.contracts import Declaration
from maru.commons.sources.declaration import DeclarationError, all_declarations
from maru.platform.registry.manifests import DatasetOffer, offers
from maru.services.opendata.contracts import Publishable
from maru.services.opendata.models import Dataset
from maru.services.opendata.queries.views import title_of

AGE_S = 60
log = structlog.get_logger("maru.opendata")


def declarations() -> Mapping[str, Declaration]:
    """Every declared source by name; read anew each minute."""
    return _declared(str(settings.MARU.home), int(time.monotonic() // AGE_S))


def declaration(name: str) -> Declaration | None:
    """One declared source; None if there is none."""
    return declarations().get(name)


def office_of(name: str, *, offered: bool) -> str:
    """The code of the office whose source or offer this is; "" for none."""
    found = offer(name) if offered else declaration(name)
    return found.office if found is not None else ""


def offer(name: str) -> DatasetOffer | None:
    """What a service offers under ``<service>.<name>``; None if nothing."""
    return offers().get(name)


def publishable(*, text: str = "") -> tuple[Publishable, ...]:
    """Sources and offers, those not published yet first, then by title; only those that hold ``text``."""
    taken = dict(Dataset.objects.exclude(source="").exclude(state="withdrawn").values_list("source", "slug"))
    found = [
        Publishable(
            one.name, title_of(dict(one.names)), "source", one.office, one.category, taken.get(one.name, "")
        )
        for one in declarations().values()
    ]
    found += [
        Publishable(name, title_of(one.titles), "offer", one.office, one.category, taken.get(name, ""))
        for name, one in offers().items()
    ]
    wanted = text.casefold().strip()
    left = [one for one in found if wanted in f"{one.name} {one.title}".casefold()]
    return tuple(sorted(left, key=lambda one: (bool(one.slug), one.title)))


@functools.lru_cache(maxsize=2)
def _declared(home: str, _age: int) -> Mapping[str, Declaration]:
    try:
        return all_declarations(Path(home))
    except DeclarationError as fault:
        # A drawer of the city does not hold together: the collector says so, and the plaza goes on with the rest.
        log.warning("a drawer cannot be read", path=str(fault.path))
        return all_declarations(None)
