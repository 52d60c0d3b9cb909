"""The picture that stands for a broadcast before it plays: one frame of the first good segment."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from maru.services.live.engine.contracts import Rendition
from maru.services.live.engine.timeline import Entry

TIMEOUT_S = 20.0


async def make_poster(ffmpeg: str, folder: Path, entry: Entry, preset: Sequence[Rendition]) -> bool:
    """Write ``poster.jpg`` from the entry's best picture; an existing one is kept. False if it failed."""
    place = folder / "poster.jpg"
    rungs = sorted((r for r in preset if r.height and r.name in entry.files), key=lambda r: -r.height)
    if place.exists() or not rungs:
        return place.exists()
    segment = folder / entry.files[rungs[0].name]
    draft = folder / ".poster.draft.jpg"
    command = ["-nostdin", "-v", "error", "-i", "pipe:0", "-vf", "thumbnail=25", "-frames:v", "1"]
    command += ["-q:v", "3"]
    try:
        data = (segment.parent / "init.mp4").read_bytes() + segment.read_bytes()
        process = await asyncio.create_subprocess_exec(
            ffmpeg,
            *command,
            "-y",
            str(draft),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return False
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await process.communicate(data)
    except (TimeoutError, OSError):
        return False
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    with suppress(OSError):
        draft.replace(place)
    return place.exists()
