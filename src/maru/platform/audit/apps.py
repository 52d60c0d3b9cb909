"""The audit log of the house."""

from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Append-only and hash-chained."""

    name = "maru.platform.audit"
    label = "audit"
