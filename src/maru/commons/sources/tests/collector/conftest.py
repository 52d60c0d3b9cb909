"""A world and a collector for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from maru.commons.sources.tests.collector.world import PRESENT, Present, Trial, World, open_world


@pytest.fixture(autouse=True)
def _present() -> None:
    PRESENT.now = Present().now


@pytest.fixture
def world() -> Iterator[World]:
    with open_world() as found:
        yield found


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def trial(home: Path, transactional_db: None) -> Iterator[Trial]:
    one = Trial(home)
    yield one
    one.close()
