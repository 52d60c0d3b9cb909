"""Running things beside the media process's loop: database functions, tasks, and work that must not delay the end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog
from asgiref.sync import sync_to_async
from django.db import close_old_connections

log = structlog.get_logger("maru.media")
T = TypeVar("T")


async def ask_database(function: Callable[..., T], *arguments: Any) -> T:
    """Run a database function in the thread kept for it. Raises DatabaseError."""

    def run() -> T:
        close_old_connections()
        return function(*arguments)

    return await sync_to_async(run, thread_sensitive=True)()


async def in_daemon(function: Callable[[], T]) -> T:
    """Run something long in a thread that the end of the process does not wait for."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, fault: BaseException | None) -> None:
        if not future.done():
            if fault is not None:
                future.set_exception(fault)
            else:
                future.set_result(result)  # type: ignore[arg-type]  # None only where T allows it

    def run() -> None:
        result: T | None = None
        fault: BaseException | None = None
        try:
            result = function()
        except BaseException as raised:  # noqa: BLE001  # handed over to whoever awaits
            fault = raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, fault)

    threading.Thread(target=run, daemon=True).start()
    return await future


class Aside:
    """Tasks that run beside; what breaks is told, what is left at the end is cancelled."""

    def __init__(self) -> None:
        self.tasks: set[asyncio.Task[Any]] = set()

    def __call__(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a task failed", task=task.get_name(), exc_info=task.exception())

    def cancel(self) -> None:
        """Stop all."""
        for task in self.tasks:
            task.cancel()
