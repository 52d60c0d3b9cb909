"""The cache port: Django's CACHES from one URL. Values are lost at any moment; nothing may depend on a hit."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from maru.platform.ports.environment import SettingsError

DEFAULT_SECONDS = 300
MEMORY_ENTRIES = 50_000


def caches(url: str) -> dict[str, dict[str, Any]]:
    """CACHES for ``memory`` (each process its own) or ``redis://host:port/number`` (shared by all machines).

    Raises SettingsError for any other URL.
    """
    if url == "memory":
        backend: dict[str, Any] = {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "maru",
            # The backend's own default of 300 entries would forget rate limits while a crowd is writing.
            "OPTIONS": {"MAX_ENTRIES": MEMORY_ENTRIES},
        }
    elif urlsplit(url).scheme in {"redis", "rediss"}:
        backend = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url}
    else:
        raise SettingsError("MARU_CACHE", "neither memory nor redis://host:port/number")
    return {"default": backend | {"KEY_PREFIX": "maru", "TIMEOUT": DEFAULT_SECONDS}}
