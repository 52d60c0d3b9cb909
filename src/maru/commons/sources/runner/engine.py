"""The round: who is due is asked, in a pool of threads; states follow the clock; people's wishes are heard.

Two lanes: sources that fail wait for their time-outs in a lane of their own, so that a hundred dead systems delay no
healthy one.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import structlog
from django.db import DatabaseError, close_old_connections, connection

from maru.commons.sources import drift
from maru.commons.sources.contracts import Declaration
from maru.commons.sources.models import Source
from maru.commons.sources.operations import ledger, letters, sources
from maru.commons.sources.runner import healing, job
from maru.commons.sources.runner.scribe import Scribe
from maru.commons.sources.runner.shelf import Shelf
from maru.commons.sources.runner.standing import Standing
from maru.commons.sources.settlements import Settlement, Watch

log = structlog.get_logger("maru.collector")

ROUND_S = 0.2
HEALTHY_LANE = 24
AILING_LANE = 8
OF_ONE_PROVIDER = (8, 2)  # at once, in each lane
_WISHES_S = 1.0
_SHELF_S = 3.0
_WATCH_S = 30.0
_SWEEP_S = 3600.0
_AFTER_FAULT_S = 60.0


class Engine:
    """``turn`` is one round, for tests; ``run`` repeats it until ``stop`` is set."""

    def __init__(self, desk: job.Desk, scribe: Scribe, shelf: Shelf, stop: threading.Event) -> None:
        self.desk = desk
        self.standings: dict[str, Standing] = {}
        self._scribe, self._shelf, self._stop = scribe, shelf, stop
        self._lanes = (
            ThreadPoolExecutor(HEALTHY_LANE, thread_name_prefix="source"),
            ThreadPoolExecutor(AILING_LANE, thread_name_prefix="ailing"),
        )
        self._busy: Counter[tuple[str, int]] = Counter()
        self._lock = threading.Lock()
        self._due: dict[str, float] = {}
        self._looked = time.time()

    def run(self) -> None:
        """Rounds until told to stop; a database that is away stops nobody from asking."""
        while not self._stop.is_set():
            try:
                self.turn()
            except DatabaseError:
                log.exception("collector: the database is away")
                connection.close()
                self._stop.wait(1.0)
            self._stop.wait(ROUND_S)
        for lane in self._lanes:
            lane.shutdown(wait=False, cancel_futures=True)

    def turn(self) -> None:
        """One round."""
        self._every("shelf", _SHELF_S, self._look_at_shelf)
        self._every("wishes", _WISHES_S, self._hear_wishes)
        for name in self.desk.spool.sources():
            standing = self.standings.get(name)
            if standing is not None and not standing.running and not standing.paused:
                self._start(standing, job.take_in)
        now = time.time()
        for standing in self.standings.values():
            idle = not standing.running and not standing.paused and standing.declaration.mode != "push"
            if idle and standing.next_at <= now:
                self._consider(standing, now)
        self.judge(now)
        self._every("watch", _WATCH_S, self._note_watch)
        self._every("sweep", _SWEEP_S, self.desk.spool.sweep)

    def idle(self) -> bool:
        """Whether no run is under way."""
        return not any(one.running for one in self.standings.values())

    def _every(self, name: str, seconds: float, act: Callable[[], None]) -> None:
        now = time.monotonic()
        if now >= self._due.get(name, 0.0):
            self._due[name] = now + seconds
            act()

    def _look_at_shelf(self) -> None:
        declared = self._shelf.look()
        if declared is not None:
            self.place(declared)

    def place(self, declared: dict[str, Declaration], *, alone: bool = False) -> None:
        """Take these declarations as the whole shelf; ``alone``: as a part of it, the rest stays as it is in the table."""
        rows = Source.objects.in_bulk(list(declared)) if alone else sources.register(declared)
        alarms, counts = drift.open_alarms(), letters.counts()
        limits = self.desk.reach.limits
        begun: dict[str, int] = {}
        for name, declaration in declared.items():
            limits.declare(
                declaration.provider or name,
                declaration.schedule.per_minute,
                declaration.schedule.daily_quota,
            )
            standing = self.standings.get(name)
            if standing is None:
                standing = self.standings[name] = Standing.of(
                    declaration, rows[name], drift=alarms.get(name, set()), letters=counts.get(name, 0)
                )
                begun[name] = rows[name].records
            elif standing.declaration != declaration:
                standing.declaration = declaration
                standing.ensured = False
                standing.next_at = min(standing.next_at, time.time() + 1.0)
        for name in set(self.standings) - set(declared):
            del self.standings[name]
        self._heal(begun, at_once=alone)

    def _heal(self, begun: dict[str, int], *, at_once: bool) -> None:
        """Of these sources nothing was known to this process: see what the lake has of them. Values: records as written."""
        try:
            tables = frozenset(self.desk.lake.tables()) if begun else frozenset()
        except OSError:
            log.exception("the lake cannot be listed")
            return
        for name, records in begun.items():
            standing = self.standings[name]
            made_good, behind = healing.look(standing, self.desk.lake, tables, records)
            if made_good is not None:
                self._scribe.hand_in(made_good)
            if behind and at_once:
                healing.catch_up(standing, self.desk)
            elif behind:
                self._start(standing, healing.catch_up)

    def _hear_wishes(self) -> None:
        for name, paused, wanted in Source.objects.filter(gone=False).values_list("name", "paused", "wanted"):
            standing = self.standings.get(name)
            if standing is None:
                continue
            if standing.paused and not paused:
                standing.next_at = time.time()
            standing.paused = paused
            if wanted and not standing.running:
                sources.heard(name, wanted)
                # People who ask know more than the pause of its provider does.
                self.desk.reach.limits.worked(standing.provider)
                standing.next_at = time.time()
                if wanted == sources.REWIND:
                    self._rewind(standing)
                if wanted == sources.RETRY:
                    self._start(standing, _retry_letters)

    def _rewind(self, standing: Standing) -> None:
        """A run that was under way may have written its cursor after the wish."""
        standing.cursor, standing.validators = None, {}
        now = dt.datetime.now(dt.UTC)
        self._scribe.hand_in(
            Settlement(source=standing.name, at=now, health=standing.health(), place=standing.place())
        )

    def _consider(self, standing: Standing, now: float) -> None:
        provider, lane = standing.provider, _lane(standing)
        if self._busy[(provider, lane)] >= OF_ONE_PROVIDER[lane]:
            return
        closed_s = self.desk.reach.limits.open_for(provider)
        if closed_s > 0:
            standing.next_at = now + closed_s
            return
        self._start(standing, job.poll)

    def _start(self, standing: Standing, act: Callable[[Standing, job.Desk], object]) -> None:
        standing.running = True
        place = (standing.provider, _lane(standing))
        with self._lock:
            self._busy[place] += 1
        done = self._lanes[place[1]].submit(self._act, standing, act, place)
        done.add_done_callback(lambda done: _look_at(done, standing))

    def _act(
        self, standing: Standing, act: Callable[[Standing, job.Desk], object], place: tuple[str, int]
    ) -> None:
        try:
            act(standing, self.desk)
        finally:
            with self._lock:
                self._busy[place] -= 1
            standing.running = False

    def judge(self, now: float) -> None:
        """States follow the clock. A long pause of this process itself (a sleeping laptop) is not held against anyone."""
        passed = min(5.0, max(0.0, now - self._looked))
        self._looked = now
        for standing in self.standings.values():
            state = standing.judged(now)
            if not standing.paused:
                standing.watched_s += passed
                standing.late_s += passed if state != "ok" else 0.0
            if state != standing.state:
                former, standing.state = str(standing.state), state
                self._scribe.hand_in(
                    Settlement(
                        source=standing.name,
                        at=dt.datetime.fromtimestamp(now, dt.UTC),
                        health=standing.health(),
                        former=former,
                    )
                )

    def _note_watch(self) -> None:
        hour = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)
        watches = []
        for one in self.standings.values():
            if one.watched_s:
                watches.append(Watch(one.name, hour, round(one.watched_s, 1), round(one.late_s, 1)))
                one.watched_s = one.late_s = 0.0
        ledger.note_watch(watches)
        ledger.note_use(self.desk.reach.limits.used())


def _lane(standing: Standing) -> int:
    return 1 if standing.failures else 0


def _look_at(done: Future[None], standing: Standing) -> None:
    """A run that ended by a fault of the house itself must not be repeated in a circle."""
    if done.cancelled():
        return
    fault = done.exception()
    if fault is not None:
        standing.next_at = time.time() + _AFTER_FAULT_S
        log.error("run ended by a fault", source=standing.name, exc_info=fault)


def _retry_letters(standing: Standing, desk: job.Desk) -> None:
    close_old_connections()
    try:
        letters.retry(standing.name, standing.declaration, desk.lake)
    except (DatabaseError, OSError):
        log.exception("letters", source=standing.name)
    finally:
        connection.close()
