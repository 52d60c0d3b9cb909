"""The web process's heartbeat, tied to the server's start and stop."""

from __future__ import annotations

import asyncio
import contextlib

from django.conf import settings
from starlette.types import Receive, Send

from maru.platform.ports.heartbeat import beat


async def _beat_for_ever() -> None:
    while True:
        beat(settings.MARU.home, "web")
        await asyncio.sleep(1)


async def web_beats(receive: Receive, send: Send) -> None:
    """Answer ASGI's lifespan and beat in between."""
    task: asyncio.Task[None] | None = None
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            task = asyncio.create_task(_beat_for_ever())
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            if task:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            await send({"type": "lifespan.shutdown.complete"})
            return
