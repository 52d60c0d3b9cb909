"""Files that a system drops: which there are, and their bytes. History lies in large files; then a small one comes every few
minutes, under its final name only when it is whole."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from maru.simulator.outside.answers.files import portions
from maru.simulator.outside.ledger import Ledger


@dataclass(frozen=True)
class Drop:
    """One file: records [first, end)."""

    name: str
    first: int
    end: int
    changed: float


def drops(ledger: Ledger, now: float) -> list[Drop]:
    """The files that lie there at a moment."""
    options = ledger.system.options
    high, past = ledger.count(now), ledger.history
    spans = [
        (first, min(first + int(options["per_file"]), past))
        for first in range(0, past, int(options["per_file"]))
    ]
    live = int(options["live"])
    spans += [(first, first + live) for first in range(past, high - live + 1, live)]
    if not spans:
        return []
    ends = ledger.times(np.array([end - 1 for _first, end in spans], np.int64)).tolist()
    return [
        Drop(f"{ledger.system.name}_{first:09d}.csv", first, end, changed)
        for (first, end), changed in zip(spans, ends, strict=True)
    ]


def content(ledger: Ledger, drop: Drop) -> bytes:
    """The bytes of a file."""
    return b"".join(portions(ledger, drop.first, drop.end))


def size_of(ledger: Ledger, drop: Drop) -> int:
    """How many bytes a file has; made once, for a listing asks for the size of every file."""
    key = (drop.first, drop.end, ledger.faults.renamed)
    if key not in ledger.sizes:
        ledger.sizes[key] = len(content(ledger, drop))
        time.sleep(0)  # a listing of many files must not starve who answers HTTP
    return ledger.sizes[key]
