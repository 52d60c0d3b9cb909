"""Django's name card of the Open Data Plaza."""

from __future__ import annotations

from django.apps import AppConfig


class OpendataConfig(AppConfig):
    """The Open Data Plaza."""

    name = "maru.services.opendata"
    label = "opendata"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear what becomes of the voices about datasets, and of the people who follow them."""
        from maru.commons.people.operations import on_erasure
        from maru.commons.voices.listeners import listen
        from maru.services.opendata.operations.remarks import forget_person, on_step

        listen("data/", on_step)
        on_erasure(forget_person)
