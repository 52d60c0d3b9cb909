"""One table as a process knows it: where it is, its log, its lock, what of its records is in memory."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from maru.platform.ports.lake.contracts import LakeFault, Snapshot
from maru.platform.ports.lake.index import Index
from maru.platform.ports.lake.log import DataFile, Log


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


@contextlib.contextmanager
def tentative(place: Table, made: list[DataFile]) -> Iterator[None]:
    """Files that are added to ``made`` are taken away again if a fault ends the block before they are part of the table."""
    with contextlib.ExitStack() as undo:
        undo.callback(_take_back, place, made)
        yield
        undo.pop_all()


def _take_back(place: Table, made: list[DataFile]) -> None:
    place.index = Index()
    try:
        # A fault after the commit was linked comes too late to undo it.
        state = place.log.state()
    except (LakeFault, OSError):
        return  # who cannot read the log does not know; the sweep will
    for one in made:
        if state is None or one.name not in state.files:
            with contextlib.suppress(OSError):
                (place.data / one.name).unlink()
