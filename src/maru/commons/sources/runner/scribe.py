"""The ledger's thread: the one place of the collector that writes to the database, a few times a second.

Many runs, one transaction: SQLite knows one writer at a time, and a live broadcast must never wait for it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence

import structlog
from django.db import DatabaseError, connection

from maru.commons.sources.operations import ledger
from maru.commons.sources.settlements import Settlement

log = structlog.get_logger("maru.collector")

EVERY_S = 0.3
AT_ONCE = 200
MOST_LATEST = 2000
_WAITING = 2000
_NEVER = threading.Event()


class Scribe:
    """``hand_in`` from any thread; ``run`` in one. A database that is away is waited for; memory stays bounded since
    ``hand_in`` blocks when too much waits."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Settlement] = queue.Queue(_WAITING)
        self._done = threading.Condition()
        self._handed = 0
        self._written = 0
        self.fault = ""

    def hand_in(self, settlement: Settlement) -> None:
        """Have this written soon."""
        with self._done:
            self._handed += 1
        self._queue.put(settlement)

    def run(self, stop: threading.Event) -> None:
        """Write until ``stop`` is set and nothing waits."""
        while not (stop.is_set() and self._queue.empty()):
            batch = self._take()
            if batch:
                self._write(batch, stop)
            if not stop.is_set() and self._queue.qsize() < AT_ONCE:
                stop.wait(EVERY_S)
        connection.close()

    def drain(self, timeout_s: float) -> bool:
        """Wait until all that was handed in before is written."""
        with self._done:
            goal = self._handed
            return self._done.wait_for(lambda: self._written >= goal, timeout_s)

    def write_all(self) -> None:
        """Write what waits, here and now, where no thread does."""
        while batch := self._take_now():
            self._write(batch, _NEVER)

    def _take(self) -> list[Settlement]:
        try:
            first = self._queue.get(timeout=0.2)
        except queue.Empty:
            return []
        return self._take_now([first])

    def _take_now(self, first: Sequence[Settlement] = ()) -> list[Settlement]:
        batch = list(first)
        latest = sum(len(one.latest) for one in batch)
        try:
            while len(batch) < AT_ONCE and latest < MOST_LATEST:
                batch.append(self._queue.get_nowait())
                latest += len(batch[-1].latest)
        except queue.Empty:
            pass
        return batch

    def _write(self, batch: Sequence[Settlement], stop: threading.Event) -> None:
        began = time.monotonic()
        while True:
            try:
                ledger.settle(batch)
                self.fault = ""
                break
            except DatabaseError as fault:
                self.fault = type(fault).__name__
                log.exception("ledger: not written")
                connection.close()
                if stop.is_set() and time.monotonic() - began > 3.0:
                    # The cursors stay where they were; after the start the same is asked again.
                    break
                time.sleep(0.5)
        with self._done:
            self._written += len(batch)
            self._done.notify_all()
