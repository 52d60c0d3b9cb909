"""Which records are there already, and with which values: sorted runs in memory, filled from the files when needed.

The index is a cache: it may be dropped at any time and is never written. Runs are merged like the digits of a binary counter, so that a
batch looks into few of them and each entry is moved few times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

GONE = 0  # content digest of a record that is gone
ENTRY_BYTES = 32


@dataclass(frozen=True)
class Run:
    """Entries sorted by ``first``: identity (96 bits), content, order of the version, number of the file."""

    first: npt.NDArray[np.uint64]
    second: npt.NDArray[np.uint32]
    content: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64]
    file: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.first)


def run(
    first: npt.NDArray[np.uint64],
    second: npt.NDArray[np.uint32],
    content: npt.NDArray[np.int64],
    order: npt.NDArray[np.int64],
    file: npt.NDArray[np.int32],
) -> Run:
    """Sort the entries; of several versions of one record keep the last."""
    place = np.argsort(first, kind="stable")
    if (first[place[1:]] == first[place[:-1]]).any():
        place = np.lexsort((-order, second, first))
    first, second = first[place], second[place]
    if len(first) > 1:
        new = np.ones(len(first), bool)
        new[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
        first, second, place = first[new], second[new], place[new]
    return Run(first, second, content[place], order[place], file[place])


@dataclass
class Found:
    """For each row asked for: content, order and file of the present version; ``order`` is -1 where there is none."""

    content: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64]
    file: npt.NDArray[np.int32]


def nothing(count: int) -> Found:
    """No row is known."""
    return Found(np.zeros(count, np.int64), np.full(count, -1, np.int64), np.full(count, -1, np.int32))


def look(entries: Run, found: Found, first: npt.NDArray[np.uint64], second: npt.NDArray[np.uint32]) -> None:
    """Take over into ``found`` what the run knows of later versions."""
    if not len(entries):
        return
    at = np.searchsorted(entries.first, first)
    # Two records with the same 64 bits and other 32 are next to each other; a step or two along finds the right one.
    for step in range(3):
        here = np.minimum(at + step, len(entries) - 1)
        hit = (entries.first[here] == first) & (entries.second[here] == second)
        hit &= entries.order[here] > found.order
        if hit.any():
            rows = here[hit]
            found.content[hit], found.order[hit] = entries.content[rows], entries.order[rows]
            found.file[hit] = entries.file[rows]
        if step == 0 and hit.all():
            return


@dataclass
class Index:
    """The part of a table's records that is in memory: all of the files named in ``covered``."""

    runs: list[Run] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    covered: set[str] = field(default_factory=set)
    used: int = 0

    def __len__(self) -> int:
        return sum(len(one) for one in self.runs)

    def number(self, name: str) -> int:
        """The number of a file in this index."""
        self.names.append(name)
        self.covered.add(name)
        return len(self.names) - 1

    def rename(self, files: Mapping[str, str]) -> None:
        """The rows of the files on the left are now in those on the right. A file counts as covered if all parts of it were."""
        whole = set(files.values()) - {new for old, new in files.items() if old not in self.covered}
        self.covered -= files.keys()
        self.covered |= whole
        self.names = [files.get(name, name) for name in self.names]

    def add(self, entries: Run) -> None:
        """Add a run and merge the small ones."""
        if not len(entries):
            return
        self.runs.append(entries)
        while len(self.runs) > 1 and len(self.runs[-2]) < 2 * len(self.runs[-1]):
            last, before = self.runs.pop(), self.runs.pop()
            self.runs.append(_merged([before, last]))

    def look(self, first: npt.NDArray[np.uint64], second: npt.NDArray[np.uint32]) -> Found:
        """What is known of these records."""
        found = nothing(len(first))
        for entries in self.runs:
            look(entries, found, first, second)
        return found

    def everything(self) -> Run:
        """All entries in one run."""
        if len(self.runs) != 1:
            self.runs = [_merged(self.runs)]
        return self.runs[0]


def _merged(runs: Sequence[Run]) -> Run:
    if not runs:
        whole = np.empty(0, np.int64)
        return Run(np.empty(0, np.uint64), np.empty(0, np.uint32), whole, whole, np.empty(0, np.int32))
    return run(
        np.concatenate([one.first for one in runs]),
        np.concatenate([one.second for one in runs]),
        np.concatenate([one.content for one in runs]),
        np.concatenate([one.order for one in runs]),
        np.concatenate([one.file for one in runs]),
    )
