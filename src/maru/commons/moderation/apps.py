"""App of the commons: moderation."""

from __future__ import annotations

from django.apps import AppConfig


class ModerationConfig(AppConfig):
    """See the package's modules."""

    name = "maru.commons.moderation"
    label = "moderation"
