"""The worker process: the outbox relay, each service's periodic work, and the queue of background tasks."""

from __future__ import annotations

import importlib
import importlib.util
import signal
import threading
import time
from types import ModuleType

import structlog
from django.apps import apps
from django.db import DatabaseError, close_old_connections
from django_tasks_db.management.commands.db_worker import Worker

from maru.platform.events.periodic import Periodic
from maru.platform.events.relay import Relay
from maru.platform.ports.environment import Environment
from maru.platform.ports.heartbeat import beat

log = structlog.get_logger("maru.worker")


def _task_modules() -> list[ModuleType]:
    names = [f"{app.name}.tasks" for app in apps.get_app_configs() if app.name.startswith("maru.")]
    return [importlib.import_module(name) for name in names if importlib.util.find_spec(name)]


def periodic_work() -> list[Periodic]:
    """What the installed parts declare as ``PERIODIC`` in their ``tasks.py``."""
    return [one for module in _task_modules() for one in getattr(module, "PERIODIC", ())]


def _run_periodic(work: Periodic, stop: threading.Event, faults: dict[str, str]) -> None:
    while not stop.is_set():
        began = time.monotonic()
        close_old_connections()
        try:
            work.function()
            faults.pop(work.name, None)
        except (DatabaseError, OSError) as fault:
            # The database or the disk may come back; the next round does the same work again.
            faults[work.name] = type(fault).__name__
            log.exception("periodic work failed", work=work.name)
        stop.wait(max(0.05, work.seconds - (time.monotonic() - began)))


def _queue_worker() -> Worker:
    return Worker(
        queue_names=["default"],
        interval=0.5,
        batch=False,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        excluded_queue_names=[],
        worker_id=f"maru-{threading.get_native_id()}",
    )


def main(environment: Environment) -> int:
    """Run until SIGTERM. Each kind of work has a thread of its own, so that a long task delays no opinion."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    faults: dict[str, str] = {}
    queue = _queue_worker()
    threads = [threading.Thread(target=Relay(stop).run, name="relay")]
    threads += [
        threading.Thread(target=_run_periodic, args=(work, stop, faults), name=work.name)
        for work in periodic_work()
    ]
    # A task may be a long ffmpeg run: the thread must not hold the process back when it is told to stop.
    threads.append(threading.Thread(target=queue.run, name="queue", daemon=True))
    for thread in threads:
        thread.start()
    while not stop.is_set():
        dead = [thread.name for thread in threads if not thread.is_alive()]
        if dead:
            # A thread that died of a fault takes the process with it; the supervisor starts a fresh one.
            log.error("threads died", threads=dead)
            stop.set()
            return 1
        beat(environment.home, "worker", {"faults": dict(faults)}, "degraded" if faults else "ok")
        stop.wait(1.0)
    queue.running = False
    for thread in threads[:-1]:
        thread.join(4.0)
    return 0
