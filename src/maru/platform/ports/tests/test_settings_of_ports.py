"""Cache and tasks: what the settings become."""

from __future__ import annotations

import pytest

from maru.platform.ports.cache import caches
from maru.platform.ports.environment import SettingsError
from maru.platform.ports.tasks import tasks


def test_caches() -> None:
    memory = caches("memory")["default"]
    assert memory["BACKEND"].endswith("LocMemCache")
    assert memory["OPTIONS"]["MAX_ENTRIES"] >= 10_000
    redis = caches("redis://127.0.0.1:6379/1")["default"]
    assert redis["LOCATION"] == "redis://127.0.0.1:6379/1"
    with pytest.raises(SettingsError, match="MARU_CACHE"):
        caches("memcached://x")


def test_tasks() -> None:
    assert tasks("database")["default"]["BACKEND"] == "django_tasks_db.DatabaseBackend"
    with pytest.raises(SettingsError, match="MARU_TASKS"):
        tasks("redis://127.0.0.1/0")
