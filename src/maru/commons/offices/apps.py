"""The offices of the city."""

from __future__ import annotations

from django.apps import AppConfig


class OfficesConfig(AppConfig):
    """Offices and the city file."""

    name = "maru.commons.offices"
    label = "offices"
