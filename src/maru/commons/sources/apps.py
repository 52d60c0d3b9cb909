"""The outside systems whose numbers the city holds."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig


class SourcesConfig(AppConfig):
    """The outside systems whose numbers the city holds."""

    name = "maru.commons.sources"
    label = "sources"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Keep account of what is taken out of the lake by hand."""
        from maru.platform.audit.operations import record
        from maru.platform.ports.lake.commands import on_loss

        def note(act: str, target: str, details: dict[str, Any]) -> None:
            record(actor="command line", act=act, target=target, details=details)

        on_loss(note)
