"""Rows of whole datasets, encoded once: pages in the table's own order are cut from blocks of 1,000 rows.

Programs that copy a dataset page by page are the plaza's heaviest users. Wherever their pages begin, a page is one or two
slices of bytes that are there already, so that it costs microseconds and no thread.
"""

from __future__ import annotations

import threading
from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from maru.services.opendata.engine.contracts import Page, Query
from maru.services.opendata.rest.shelf import Holding

ROWS = 1_000
MOST_BYTES = 48_000_000
Encode = Callable[[Page], Sequence[bytes]]


@dataclass(frozen=True)
class Block:
    """Encoded rows with a comma between them; ``ends`` are the places where each ends."""

    blob: bytes
    ends: Sequence[int]

    def cut(self, first: int, last: int) -> bytes:
        """Rows ``first`` to ``last`` (the latter left out) as they stand, commas between."""
        last = min(last, len(self.ends))
        if first >= last:
            return b""
        begin = self.ends[first - 1] + 1 if first else 0
        return self.blob[begin : self.ends[last - 1]]


class Blocks:
    """Blocks by form, dataset, its token and number; bounded by bytes, the least lately used go first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._lock = threading.Lock()
        self._making: dict[tuple[str, str, int, int], threading.Lock] = {}
        self._held: OrderedDict[tuple[str, str, int, int], Block] = OrderedDict()

    def held(self, form: str, holding: Holding, first: int, last: int) -> bytes | None:
        """The encoded rows of a page if every block of it is there."""
        parts: list[bytes] = []
        for number in range(first // ROWS, (last - 1) // ROWS + 1):
            block = self._held.get((form, holding.slug, holding.token, number))
            if block is None:
                return None
            parts.append(block.cut(max(0, first - number * ROWS), last - number * ROWS))
        return b",".join(part for part in parts if part)

    def page(self, form: str, holding: Holding, first: int, last: int, encode: Encode) -> bytes:
        """The encoded rows of a page; blocks that are not there are made."""
        for number in range(first // ROWS, (last - 1) // ROWS + 1):
            self._need((form, holding.slug, holding.token, number), holding, encode)
        found = self.held(form, holding, first, last)
        # Another thread's blocks may have pushed ours out at once: then the page is asked for alone.
        if found is None:
            alone = holding.rows.page(Query(offset=first, limit=last - first, total=False))
            found = b",".join(encode(alone))
        return found

    def _need(self, place: tuple[str, str, int, int], holding: Holding, encode: Encode) -> None:
        if place in self._held:
            with self._lock:
                if place in self._held:
                    self._held.move_to_end(place)
            return
        with self._lock:
            making = self._making.setdefault(place, threading.Lock())
        with making:
            if place not in self._held:
                query = Query(offset=place[3] * ROWS, limit=ROWS, total=False)
                self._put(place, _block(encode(holding.rows.page(query))))
        with self._lock:
            self._making.pop(place, None)

    def _put(self, place: tuple[str, str, int, int], block: Block) -> None:
        with self._lock:
            self._held[place] = block
            self._bytes += len(block.blob)
            while self._bytes > self._most and len(self._held) > 1:
                _place, gone = self._held.popitem(last=False)
                self._bytes -= len(gone.blob)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._held.clear()
            self._bytes = 0


def _block(rows: Sequence[bytes]) -> Block:
    ends: Any = array("L")
    at = -1
    for row in rows:
        at += len(row) + 1
        ends.append(at)
    return Block(b",".join(rows), ends)


blocks = Blocks()
