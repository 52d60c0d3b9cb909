"""The tasks port: django-tasks' TASKS from one setting. A task is written in the transaction that asks for it."""

from __future__ import annotations

from typing import Any

from maru.platform.ports.environment import SettingsError


def tasks(url: str) -> dict[str, dict[str, Any]]:
    """TASKS for ``database``; SettingsError for anything else, for no other queue passes our tests yet."""
    if url != "database":
        raise SettingsError("MARU_TASKS", "only database is possible")
    return {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
