"""Django's name card of the live service."""

from __future__ import annotations

from django.apps import AppConfig


class LiveConfig(AppConfig):
    """Broadcasts and the conversation around them."""

    name = "maru.services.live"
    label = "live"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear what becomes of the voices of this room, and of the people who spoke in it."""
        from maru.commons.people.operations import on_erasure
        from maru.commons.voices.listeners import listen
        from maru.services.live.operations.erasure import forget_writer
        from maru.services.live.operations.moderation import on_step

        listen("live/", on_step)
        on_erasure(forget_writer)
