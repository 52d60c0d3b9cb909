"""The voices of the citizens."""

from __future__ import annotations

from django.apps import AppConfig


class VoicesConfig(AppConfig):
    """Received, published, routed, answered."""

    name = "maru.commons.voices"
    label = "voices"

    def ready(self) -> None:
        """Declare the limits of writing, and what becomes of a deleted account's voices."""
        from maru.commons.people.operations import on_erasure
        from maru.commons.voices import limits  # noqa: F401  # importing declares them
        from maru.commons.voices.privacy import forget_author

        on_erasure(forget_author)
