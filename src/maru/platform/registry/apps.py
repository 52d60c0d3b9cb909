"""The registry of services."""

from __future__ import annotations

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Finds manifests and checks them at start."""

    name = "maru.platform.registry"
    label = "registry"

    def ready(self) -> None:
        """Register the checks."""
        from maru.platform.registry import checks  # noqa: F401  # importing registers them
