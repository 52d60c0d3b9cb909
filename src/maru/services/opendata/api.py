"""The door of the plaza for other services: which dataset a number of theirs is, and where it stands."""

from __future__ import annotations

from maru.services.opendata.contracts import Card
from maru.services.opendata.models import Dataset
from maru.services.opendata.queries.views import card

__all__ = ["dataset_of", "datasets_of"]


def dataset_of(*, source: str) -> Card | None:
    """The published dataset of a source, or of an offer (``<service>.<name>``); None if there is none."""
    found = Dataset.objects.filter(source=source, state="published").select_related("office").first()
    return None if found is None else card(found)


def datasets_of(*, sources: tuple[str, ...]) -> dict[str, Card]:
    """The published datasets of many sources, by source, in one query."""
    rows = Dataset.objects.filter(source__in=sources, state="published").select_related("office")
    return {one.source: card(one) for one in rows}
