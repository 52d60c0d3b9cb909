"""The Open Data Plaza."""

from __future__ import annotations

from django.apps import AppConfig


class OpendataConfig(AppConfig):
    """The Open Data Plaza."""

    name = "maru.services.opendata"
    label = "opendata"
    default_auto_field = "django.db.models.BigAutoField"
