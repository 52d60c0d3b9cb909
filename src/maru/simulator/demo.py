"""The outside world of the demonstration city: one encoder on air, citizens who speak, a host who answers.

``python -m maru.simulator.demo NOTE`` where NOTE is the JSON file that planting leaves in the home:
``page`` (address of the broadcast's page, ends in its slug), ``simulate`` (list of rtmp:// addresses to send to;
without it the first of ``push`` is used), ``accounts`` and ``password`` (the host signs in as the producer),
``chapters`` (their numbers in the agenda, which the host marks as the programme comes to them).
The house's own address is taken from ``page``, else from MARU_PORT.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from maru.simulator.citizens import Citizens, Host, crowd
from maru.simulator.encoder import Programme, Settings

CHAPTER_SECONDS = 150.0


@dataclass(frozen=True)
class World:
    """What to simulate."""

    base: str
    slug: str
    targets: tuple[str, ...]
    host: tuple[str, str] | None
    chapters: tuple[int, ...] = ()


def read_note(note: dict[str, object], environ: dict[str, str]) -> World:
    """Understand the planted note. KeyError or TypeError if it lacks what is needed."""
    page = urlsplit(str(note["page"]))
    slug = str(note.get("slug") or page.path.strip("/").rpartition("/")[2])
    chapters = note.get("chapters")
    base = (
        f"{page.scheme}://{page.netloc}"
        if page.netloc
        else f"http://127.0.0.1:{environ.get('MARU_PORT', '8000')}"
    )
    wanted = note.get("simulate")
    targets = [str(one) for one in wanted] if isinstance(wanted, list) else []
    pushes = note.get("push")
    if not targets and isinstance(pushes, list) and pushes:
        targets = [str(pushes[0]["rtmp"])]
    accounts = note.get("accounts")
    producers = [
        str(one["email"]) for one in accounts if one.get("role") == "producer"
    ] if isinstance(accounts, list) else []  # fmt: skip
    host = (producers[0], str(note.get("password", ""))) if producers else None
    parts = tuple(int(one) for one in chapters) if isinstance(chapters, list) else ()
    return World(base, slug, tuple(targets), host, parts)


async def _keep_agenda(world: World, programme: Programme, host: Host, stop: asyncio.Event) -> None:
    """Mark each chapter of the agenda when the programme comes to it for the first time."""
    waiting = list(enumerate(world.chapters))
    while waiting and not stop.is_set():
        number, chapter = waiting[0]
        if programme.chapter >= number and await host.mark(chapter):
            waiting.pop(0)
            continue
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 2)


async def run(world: World, *, rate: float = 0.35) -> None:
    """Simulate until SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    programme = Programme(Settings(world.targets, chapter_seconds=CHAPTER_SECONDS)) if world.targets else None
    if programme is not None:
        programme.start()
    try:
        host = Host(world.base, world.slug, *world.host) if world.host else None
        talk = crowd(Citizens(world.base, world.slug, rate=rate), host, stop)
        if programme is None or host is None:
            await talk
        else:
            await asyncio.gather(talk, _keep_agenda(world, programme, host, stop))
    finally:
        if programme is not None:
            await asyncio.to_thread(programme.stop)


def main(argv: list[str] | None = None) -> int:
    """Read the note and simulate. 2 when it cannot be used."""
    arguments = sys.argv[1:] if argv is None else argv
    if len(arguments) != 1:
        print("usage: python -m maru.simulator.demo NOTE", file=sys.stderr)
        return 2
    try:
        world = read_note(json.loads(Path(arguments[0]).read_text(encoding="utf-8")), dict(os.environ))
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"demo: {arguments[0]} cannot be used: {error!r}", file=sys.stderr)
        return 2
    asyncio.run(run(world))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
