"""The lake's tests write on a memory disk where there is one: thousands of ``fsync`` on a busy disk take minutes and show
nothing more, since the crashes here are those of processes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_MEMORY = Path("/dev/shm")


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder of its own, gone after the test."""
    home = _MEMORY if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="maru-lake-", dir=home, ignore_cleanup_errors=True) as folder:
        yield Path(folder)
