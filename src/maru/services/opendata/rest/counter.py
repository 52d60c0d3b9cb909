"""Calls counted in memory, written in batches. What a killed process had not written yet (seconds) is lost: it is statistics."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import defaultdict
from collections.abc import Awaitable, Callable

import structlog
from django.db import Error

from maru.services.opendata.operations.usage import add_usage

EVERY_S = 5.0
_log = structlog.get_logger(__name__)


class Counter:
    """Lives on the event loop; only writing goes to a thread."""

    def __init__(self, in_thread: Callable[..., Awaitable[None]]) -> None:
        self._in_thread = in_thread
        self._counts: dict[tuple[dt.date, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        self._keys: dict[tuple[dt.date, int], int] = defaultdict(int)
        self._task: asyncio.Task[None] | None = None

    def note(self, interface: str, dataset: str, *, rows: int, refused: bool, key: int | None) -> None:
        """One call. ``key`` is the key's id, None for calls without one."""
        today = dt.datetime.now(dt.UTC).date()
        count = self._counts[(today, interface, dataset)]
        count[0] += 1
        count[1] += rows
        count[2] += refused
        if key is not None:
            self._keys[(today, key)] += 1
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._flush_for_ever())

    async def flush(self) -> None:
        """Write what was counted; what could not be written is counted on."""
        counts, keys = dict(self._counts), dict(self._keys)
        self._counts.clear()
        self._keys.clear()
        if not counts:
            return
        try:
            await self._in_thread(_write, counts, keys)
        except Error as fault:  # the database is away or busy: these counts go with the next
            _log.warning("usage_not_written", fault=type(fault).__name__)
            for place, (calls, rows, refused) in counts.items():
                kept = self._counts[place]
                kept[0] += calls
                kept[1] += rows
                kept[2] += refused
            for key, calls in keys.items():
                self._keys[key] += calls

    async def _flush_for_ever(self) -> None:
        try:
            while True:
                await asyncio.sleep(EVERY_S)
                await self.flush()
        except asyncio.CancelledError:  # the server stops: the last seconds too
            await self.flush()
            raise


def _write(counts: dict[tuple[dt.date, str, str], list[int]], keys: dict[tuple[dt.date, int], int]) -> None:
    plain = {place: (one[0], one[1], one[2]) for place, one in counts.items()}
    add_usage(counts=plain, keys=keys)
