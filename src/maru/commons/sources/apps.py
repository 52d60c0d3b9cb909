"""The outside systems whose numbers the city holds."""

from __future__ import annotations

from django.apps import AppConfig


class SourcesConfig(AppConfig):
    """The outside systems whose numbers the city holds."""

    name = "maru.commons.sources"
    label = "sources"
    default_auto_field = "django.db.models.BigAutoField"
