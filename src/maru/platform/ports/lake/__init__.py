"""The lake: every record of every source and dataset, in Parquet files that any engine reads."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maru.platform.ports.environment import Environment
    from maru.platform.ports.lake.store import FileLake

_open: dict[str, FileLake] = {}
_lock = threading.Lock()


def connect(environment: Environment) -> FileLake:
    """The lake of this house; one object per process and folder, so that its memory of keys is shared."""
    from maru.platform.ports.lake.store import FileLake  # Arrow takes 0.2 s to load: only for who needs it

    with _lock:
        folder = str(environment.lake)
        if folder not in _open:
            _open[folder] = FileLake(environment.lake)
        return _open[folder]
