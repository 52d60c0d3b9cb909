"""The offices of the city, planted when a home is opened."""

from __future__ import annotations

from maru.commons.offices.city import City
from maru.commons.offices.operations import load_offices


def plant(city: City) -> None:
    """Bring the offices into step with the city file. Idempotent; two queries when nothing changed."""
    load_offices(city=city)
