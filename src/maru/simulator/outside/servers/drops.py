"""Files that a system drops: which there are, and their bytes. The newest one grows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache

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
    size = int(ledger.system.options["per_file"])
    low, high = ledger.visible(now)
    found: list[Drop] = []
    for first in range(low - low % size, high, size):
        end = min(first + size, high)
        changed = float(ledger.times(ledger.sources(end - 1, end))[0])
        found.append(Drop(f"{ledger.system.name}_{first // size:05d}.csv", max(first, low), end, changed))
    return found


_LEDGERS: dict[str, Ledger] = {}


def content(ledger: Ledger, drop: Drop) -> bytes:
    """The bytes of a file; those of full ones are kept for a while, for a listing asks for their size and a reader for them."""
    _LEDGERS[ledger.system.name] = ledger
    if drop.end - drop.first == int(ledger.system.options["per_file"]):
        return _kept(ledger.system.name, drop.first, drop.end, ledger.faults.renamed)
    return b"".join(portions(ledger, drop.first, drop.end))


@lru_cache(maxsize=8)
def _kept(name: str, first: int, end: int, _renamed: bool) -> bytes:
    return b"".join(portions(_LEDGERS[name], first, end))


_SIZES: dict[tuple[str, int, int, bool], int] = {}


def size_of(ledger: Ledger, drop: Drop) -> int:
    """How many bytes a file has."""
    key = (drop.name, drop.first, drop.end, ledger.faults.renamed)
    if key not in _SIZES:
        if len(_SIZES) > 10_000:
            _SIZES.clear()
        _SIZES[key] = len(content(ledger, drop))
        time.sleep(0)  # a listing of many files must not starve who answers HTTP
    return _SIZES[key]
