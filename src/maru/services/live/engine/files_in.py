"""A file as an input: read at its own pace, handed on without decoding."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from pathlib import Path

from maru.services.live.engine import children
from maru.services.live.engine.contracts import InputSpec
from maru.services.live.engine.publication import BufferedPublication

log = logging.getLogger(__name__)

# Only formats that hold their own media: a playlist could make ffmpeg open any other file or address.
FORMATS = "mov,matroska,mpegts,mpeg,flv,avi,mp3,wav,ogg,flac,aac,asf,mxf"


class FileError(OSError):
    """The file cannot be broadcast; the text says why in English."""


def play_arguments(ffmpeg: str, path: Path) -> list[str]:
    """The command that writes the file's first picture and sound track in real time.

    NUT carries any codec as it is; Matroska refuses the sound of a transport stream.
    """
    return [
        *(ffmpeg, "-hide_banner", "-loglevel", "warning", "-nostats", "-nostdin", "-re"),
        *("-protocol_whitelist", "file", "-format_whitelist", FORMATS, "-i", f"file:{path}"),
        *("-map", "0:V:0?", "-map", "0:a:0?", "-map_metadata", "-1", "-c", "copy", "-flush_packets", "1"),
        *("-f", "nut", "pipe:1"),
    ]


class FileInput:
    """Plays one file as if an encoder sent it."""

    def __init__(self, ffmpeg: str, spec: InputSpec) -> None:
        self.spec = spec
        self._ffmpeg = ffmpeg
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> BufferedPublication:
        """Start to play from the beginning. Raises FileError if nothing can be read from it."""
        path = Path(self.spec.file_path)
        if not path.is_file():
            raise FileError("no such file")
        process = await children.start(play_arguments(self._ffmpeg, path.resolve()))
        assert process.stdout is not None
        said: deque[str] = deque([""], maxlen=1)
        watch = asyncio.create_task(children.lines(process, said.append))
        first = await process.stdout.read(65_536)
        if not first:
            await watch
            await process.wait()
            raise FileError(said[0][-200:] or "nothing to play in it")
        publication = BufferedPublication(
            self.spec, "file", "auto", path.name, on_close=lambda _: children.kill(process)
        )
        task = asyncio.create_task(self._play(first, process, watch, publication))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return publication

    async def _play(
        self,
        first: bytes,
        process: asyncio.subprocess.Process,
        watch: asyncio.Task[None],
        publication: BufferedPublication,
    ) -> None:
        try:
            await children.pump(first, process, publication, patient=True)
        finally:
            publication.end("the file has ended")
            children.kill(process)
            await watch
            await process.wait()
