"""Where each value of a counted column stands among the cells, so that a telling condition looks at its own cells alone."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

from maru.services.opendata.engine.cube import Cells, Ints

Mask = npt.NDArray[np.bool_]
# Above this share of all cells it is quicker to look at every cell in turn than to gather scattered ones.
GATHERED = 0.25


class Postings:
    """The cells of a table by value. The lists of a column are made when they are first asked for."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        groups = len(cells.starts) - 1
        kind = np.uint16 if groups <= 65_536 else np.uint32
        # In which group each cell lies: cells stand group by group.
        self.group_of = np.repeat(np.arange(groups, dtype=kind), np.diff(cells.starts))
        self._lists: dict[int, tuple[npt.NDArray[np.uint32], Ints]] = {}
        self._lock = threading.Lock()

    def size(self, at: int, fits: Mask) -> int:
        """How many cells of column number ``at`` have one of the values that ``fits`` marks."""
        _order, bounds = self._list(at)
        return int(np.diff(bounds)[fits].sum())

    def places(self, at: int, fits: Mask) -> Ints:
        """These cells, in any order."""
        codes = self.cells.codes[at]
        order, bounds = self._list(at)
        values = np.flatnonzero(fits)
        if int((bounds[values + 1] - bounds[values]).sum()) > GATHERED * len(codes):
            return np.flatnonzero(np.take(fits, codes))
        if not len(values):
            return np.zeros(0, dtype=np.int64)
        return np.concatenate([order[bounds[one] : bounds[one + 1]] for one in values]).astype(np.int64)

    def _list(self, at: int) -> tuple[npt.NDArray[np.uint32], Ints]:
        with self._lock:
            known = self._lists.get(at)
            if known is None:
                codes = self.cells.codes[at]
                order = np.argsort(codes, kind="stable").astype(np.uint32)
                sizes = np.bincount(codes, minlength=len(self.cells.values[at]))
                known = (order, np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)]))
                self._lists[at] = known
            return known
