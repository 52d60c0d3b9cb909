from __future__ import annotations

from collections.abc import Iterator

import pytest

from maru.simulator.outside.tests.world import Running, running


@pytest.fixture(scope="package")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One world for all tests; each test works on systems that no other one disturbs."""
    with running(tmp_path_factory.mktemp("outside"), "--records", "200000", "--rate", "4") as world:
        yield world
