"""Django's name card of the live service."""

from __future__ import annotations

from django.apps import AppConfig


class LiveConfig(AppConfig):
    """Broadcasts and the conversation around them."""

    name = "maru.services.live"
    label = "live"
    default_auto_field = "django.db.models.BigAutoField"
