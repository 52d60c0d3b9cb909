"""``maru collector``: the process that asks the outside systems, beside the pages, so that no poll slows a broadcast."""

from __future__ import annotations

import fcntl
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from django.utils import timezone

from maru.commons.sources.fetch import Reach
from maru.commons.sources.keys import Keys
from maru.commons.sources.limits import Limits
from maru.commons.sources.models import ProviderDay
from maru.commons.sources.outside import Outside
from maru.commons.sources.runner.engine import Engine
from maru.commons.sources.runner.job import Desk, Places
from maru.commons.sources.runner.scribe import Scribe
from maru.commons.sources.runner.shelf import Shelf
from maru.commons.sources.runner.spool import Spool
from maru.commons.sources.runner.subscriptions import Subscriptions
from maru.platform.ports.environment import Environment
from maru.platform.ports.heartbeat import beat
from maru.platform.ports.lake import connect
from maru.platform.ports.lake.contracts import LakeFault
from maru.platform.ports.lake.store import FileLake

log = structlog.get_logger("maru.collector")
COMPUTING = 3
TEND_S = 300.0
_STOP_S = 4.0


@dataclass
class Collector:
    """The parts of one collector, put together."""

    desk: Desk
    scribe: Scribe
    engine: Engine
    subscriptions: Subscriptions


def build(environment: Environment, stop: threading.Event) -> Collector:
    """All of it, not yet running."""
    scribe = Scribe()
    outside = Outside(environment.outside)
    limits = Limits()
    for use in ProviderDay.objects.filter(day__gte=timezone.now().date()):
        limits.remember(use.provider, use.day, use.used)
    spool = Spool(environment.home)
    desk = Desk(
        lake=connect(environment),
        reach=Reach(Keys(environment.home), limits, outside, home_folder=str(environment.home)),
        places=Places(COMPUTING),
        spool=spool,
        hand_in=scribe.hand_in,
    )
    engine = Engine(desk, scribe, Shelf(environment.home), stop)
    return Collector(desk, scribe, engine, Subscriptions(desk, engine))


def main(environment: Environment) -> int:
    """Run until SIGTERM. A second collector of the same home stands by until the first is gone."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with _alone(environment, stop):
        if stop.is_set():
            return 0
        collector = build(environment, stop)
        scribing = threading.Event()
        threads = [
            threading.Thread(target=collector.scribe.run, args=(scribing,), name="scribe", daemon=True),
            threading.Thread(target=collector.engine.run, name="rounds", daemon=True),
            threading.Thread(
                target=collector.subscriptions.run, args=(stop,), name="subscriptions", daemon=True
            ),
            threading.Thread(target=_tend, args=(connect(environment), stop), name="lake", daemon=True),
        ]
        for thread in threads:
            thread.start()
        code = _watch(environment, collector, threads, stop)
        limit = time.monotonic() + _STOP_S
        while not collector.engine.idle() and time.monotonic() < limit:
            time.sleep(0.05)
        scribing.set()
        threads[0].join(3.0)
    # Runs that still wait for a slow provider are let go of: whatever they have not kept is asked for again.
    os._exit(code)


def _tend(lake: FileLake, stop: threading.Event) -> None:
    """Put small files together and take away old ones. A table that cannot be tended now is tended the next time."""
    while not stop.wait(TEND_S):
        try:
            done = lake.tend()
        except (LakeFault, OSError):
            log.exception("the lake could not be tended")
        else:
            if done:
                log.info("lake tended", tables=len(done))


def _watch(
    environment: Environment, collector: Collector, threads: list[threading.Thread], stop: threading.Event
) -> int:
    while not stop.is_set():
        dead = [thread.name for thread in threads if not thread.is_alive()]
        if dead:
            log.error("threads died", threads=dead)
            stop.set()
            return 1
        standings = collector.engine.standings.values()
        detail = {
            "sources": len(standings),
            "running": sum(one.running for one in standings),
            "fault": collector.scribe.fault,
        }
        beat(environment.home, "collector", detail, "degraded" if collector.scribe.fault else "ok")
        stop.wait(1.0)
    return 0


@contextmanager
def _alone(environment: Environment, stop: threading.Event) -> Iterator[None]:
    """One collector at a time: the lock goes with its process, however that ends."""
    environment.run.mkdir(parents=True, exist_ok=True)
    with (environment.run / "collector.lock").open("a") as file:
        while not stop.is_set():
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                beat(environment.home, "collector-standby", {"standby": True})
                stop.wait(0.5)
        yield


def is_running(environment: Environment) -> bool:
    """Whether a collector of this home holds the lock now."""
    path = environment.run / "collector.lock"
    if not path.exists():
        return False
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(file, fcntl.LOCK_UN)
    return False
