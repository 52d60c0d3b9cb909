"""One table as a process knows it: where it is, its log, its lock, what of its records is in memory."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from maru.platform.ports.lake.contracts import Snapshot
from maru.platform.ports.lake.index import Index
from maru.platform.ports.lake.log import Log


@dataclass
class Table:
    """One table as this process knows it."""

    name: str
    folder: Path
    log: Log
    lock: threading.RLock = field(default_factory=threading.RLock)
    index: Index = field(default_factory=Index)
    snapshot: Snapshot | None = None

    @property
    def data(self) -> Path:
        """Folder of the Parquet files."""
        return self.folder / "data"
