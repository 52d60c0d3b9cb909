"""One run of one source: ask, convert, keep; whatever happens, the others go on."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from maru.commons.sources import schedule
from maru.commons.sources.contracts import SourceFault
from maru.commons.sources.fetch import Reach, SourceFetch
from maru.commons.sources.kits.registry import kit_of
from maru.commons.sources.runner.batch import Batch
from maru.commons.sources.runner.spool import Frame, Spool
from maru.commons.sources.runner.standing import Standing
from maru.commons.sources.settlements import Settlement
from maru.platform.ports.lake.contracts import Lake, LakeFault

log = structlog.get_logger("maru.collector")

# Of the provider as a whole, not of one question: these count for its pause.
_OUT_OF_REACH = frozenset({"unreachable", "timeout", "server"})
# What a kit may raise when an outside system sends what its author did not foresee. Anything else is a fault of the
# house as well, but one source's fault must not end the collector that serves 289 others.
_SURPRISES = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, AssertionError, MemoryError,
    NotImplementedError, RuntimeError, ImportError, SyntaxError, EOFError,
)  # fmt: skip


class Places:
    """Places among those who compute at the same time. Who waits for the network gives its place away meanwhile."""

    def __init__(self, count: int) -> None:
        self._places = threading.Semaphore(count)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Compute within."""
        with self._places:
            yield

    @contextmanager
    def give_away(self) -> Iterator[None]:
        """Wait within."""
        self._places.release()
        try:
            yield
        finally:
            self._places.acquire()


@dataclass
class Desk:
    """What every run needs."""

    lake: Lake
    reach: Reach
    places: Places
    spool: Spool
    hand_in: Callable[[Settlement], None]


@dataclass(frozen=True)
class Outcome:
    """What a run came to, for the command line."""

    code: str
    detail: str
    added: int
    dead: int
    requests: int
    seconds: float


def poll(standing: Standing, desk: Desk) -> Outcome:
    """Ask the source from its cursor on."""
    desk_batch = Batch(standing, desk.lake, desk.hand_in, desk.reach.keys)

    @contextmanager
    def waiting() -> Iterator[None]:
        desk_batch.flush_if_due()
        with desk.places.give_away():
            yield

    fetch = SourceFetch(standing.declaration, desk.reach, validators=standing.validators, waiting=waiting)

    def read() -> None:
        for delivery in kit_of(standing.declaration).read(standing.declaration, standing.cursor, fetch):
            desk_batch.add(delivery, fetch.tally.received_at or dt.datetime.now(dt.UTC))
        desk_batch.flush()

    return _guarded(standing, desk, desk_batch, fetch, read)


def take_in(standing: Standing, desk: Desk) -> Outcome:
    """Read what the source has pushed and the spool holds. A body that cannot be read becomes a dead letter: nobody can
    be asked for it again."""
    batch = Batch(standing, desk.lake, desk.hand_in, desk.reach.keys)
    fetch = SourceFetch(standing.declaration, desk.reach)

    def read() -> None:
        for path, frames in desk.spool.waiting(standing.name):
            for frame in frames[:-1]:
                _take_frame(standing, batch, frame, None)
            then = desk.spool.remover(path)
            if frames:
                _take_frame(standing, batch, frames[-1], then)
            else:
                batch.dead_letter(b"", "an empty or damaged file of the spool", then)
        batch.flush()

    return _guarded(standing, desk, batch, fetch, read)


def _take_frame(standing: Standing, batch: Batch, frame: Frame, then: Callable[[], None] | None) -> None:
    try:
        delivery = kit_of(standing.declaration).parse(standing.declaration, frame.body, frame.content_type)
        batch.add(delivery, frame.at, then)
    except SourceFault as fault:
        batch.dead_letter(frame.body, str(fault), then)
    except _SURPRISES as fault:
        log.warning("pushed body not understood", source=standing.name, fault=type(fault).__name__)
        batch.dead_letter(frame.body, f"not understood: {type(fault).__name__}", then)


def _guarded(
    standing: Standing, desk: Desk, batch: Batch, fetch: SourceFetch, read: Callable[[], None]
) -> Outcome:
    """Run ``read``; every end of it is written down."""
    began = time.monotonic()
    code = detail = ""
    raw = b""
    retry_after_s: float | None = None
    try:
        with desk.places.hold():
            read()
    except SourceFault as fault:
        code, detail, raw, retry_after_s = fault.code, fault.detail, fault.raw, fault.retry_after_s
        _flush_rest(standing, desk, batch)
    except (OSError, LakeFault) as fault:
        code, detail = "storage", f"the lake did not take it: {type(fault).__name__}: {fault}"
        desk.spool.give_back(standing.name)
        log.exception("lake", source=standing.name)
    except _SURPRISES as fault:
        code, detail = "malformed", f"not understood: {type(fault).__name__}: {fault}"
        log.exception("kit failed", source=standing.name)
        _flush_rest(standing, desk, batch)
    detail = desk.reach.keys.mask(detail)
    seconds = time.monotonic() - began
    if code in {"", "empty"}:
        _succeeded(standing, desk, fetch)
    else:
        _failed(standing, desk, fetch, code, detail, retry_after_s)
    ending = Settlement(
        source=standing.name,
        at=dt.datetime.now(dt.UTC),
        health=standing.health(),
        place=standing.place() if not code else None,
        ended=True,
        code=code if code != "empty" else "",
        detail=detail,
        seconds=seconds,
        requests=fetch.tally.requests,
        size=fetch.tally.size,
    )
    if code == "malformed" and raw:
        batch.dead_letter(raw, detail)
        _flush_rest(standing, desk, batch)
    desk.hand_in(ending)
    return Outcome(ending.code, detail, batch.added, batch.dead, fetch.tally.requests, seconds)


def _flush_rest(standing: Standing, desk: Desk, batch: Batch) -> None:
    """What came before the fault is good and kept."""
    try:
        with desk.places.hold():
            batch.flush()
    except (OSError, LakeFault):
        log.exception("lake", source=standing.name)


def _succeeded(standing: Standing, desk: Desk, fetch: SourceFetch) -> None:
    now = dt.datetime.now(dt.UTC)
    standing.last_try_at = now
    if fetch.declaration.mode != "push":
        standing.last_ok_at = now
    if standing.failures:
        log.info("source recovered", source=standing.name, failures=standing.failures)
    standing.failures, standing.error, standing.error_detail = 0, "", ""
    for address, pair in fetch.fresh.items():
        standing.validators[address] = list(pair)
    while len(standing.validators) > 64:
        standing.validators.pop(next(iter(standing.validators)))
    standing.next_at = time.time() + schedule.after_success(
        standing.declaration.schedule.every_s, random.random
    )
    if fetch.tally.requests:
        desk.reach.limits.worked(standing.provider)


def _failed(
    standing: Standing, desk: Desk, fetch: SourceFetch, code: str, detail: str, retry_after_s: float | None
) -> None:
    now = dt.datetime.now(dt.UTC)
    standing.last_try_at = standing.error_at = now
    standing.failures += 1
    standing.error, standing.error_detail = code, detail
    every = standing.declaration.schedule.every_s
    wait = schedule.after_failure(
        every,
        standing.declaration.fresh_s,
        standing.failures,
        code,
        retry_after_s if retry_after_s is not None else fetch.tally.retry_after_s,
        random.random,
    )
    standing.next_at = time.time() + wait
    if code in _OUT_OF_REACH:
        desk.reach.limits.failed(standing.provider)
    log.warning("source failed", source=standing.name, code=code, detail=detail, again_in=round(wait, 1))
