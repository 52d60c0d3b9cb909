"""Who may do what, how often, and how a no is said."""

from __future__ import annotations

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Refusals, faults, limits, roles."""

    name = "maru.platform.access"
    label = "access"
