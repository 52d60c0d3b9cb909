"""Every backend of the cache port keeps what the house needs of a cache: values, expiry, atomic counting."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import BaseCache, CacheHandler

from maru.platform.ports.cache import caches
from tests.conformance.servers import redis_server


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis-cache")) as server:
        yield server.url


@pytest.fixture(params=["memory", "redis"])
def cache(request: pytest.FixtureRequest) -> BaseCache:
    url = "memory" if request.param == "memory" else request.getfixturevalue("redis_url")
    found: BaseCache = CacheHandler(caches(url))["default"]
    found.clear()
    return found


def test_values(cache: BaseCache) -> None:
    assert cache.get("a") is None
    cache.set("a", {"말": [1, 2]})
    assert cache.get("a") == {"말": [1, 2]}
    cache.set("a", 1, timeout=0)
    assert cache.get("a") is None
    assert cache.add("b", 1)
    assert not cache.add("b", 2)
    assert cache.get("b") == 1
    assert cache.delete("b")
    assert not cache.delete("b")


def test_counting_loses_nothing(cache: BaseCache) -> None:
    with pytest.raises(ValueError):
        cache.incr("none")
    cache.add("n", 0)
    threads = [threading.Thread(target=lambda: [cache.incr("n") for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.get("n") == 200


def test_many_entries_are_kept(cache: BaseCache, tmp_path: Path) -> None:
    """A rate limit must not be forgotten because a crowd is writing."""
    for number in range(3000):
        cache.set(f"limit-{number}", number)
    assert cache.get("limit-0") == 0
