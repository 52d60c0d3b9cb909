"""SRT inputs: one ffmpeg listener per key, for the key is the passphrase and libsrt checks it.

ffmpeg takes one caller and exits when it leaves, so each listener is started anew after each publisher. The
passphrase stands in ffmpeg's argument list (it reads it from nowhere else): give strangers no shell here.
"""

from __future__ import annotations

import asyncio
import logging
import time

from maru.services.live.engine import children
from maru.services.live.engine.contracts import InputSpec
from maru.services.live.engine.publication import (
    BufferedPublication,
    OnPublication,
    OnRefused,
    Refused,
    key_hint,
)

log = logging.getLogger(__name__)

SHORTEST_KEY, LONGEST_KEY = 10, 64  # libsrt's own limits
SILENT_MICROSECONDS = 3_000_000  # a caller who sends nothing for so long has left without a word
AGAIN_SECONDS = 0.2
TROUBLE_SECONDS = 2.0
REPORT_EVERY_SECONDS = 5.0  # a misconfigured encoder knocks several times a second


def listen_arguments(ffmpeg: str, host: str, spec: InputSpec) -> list[str]:
    """The command that waits for one caller and writes what it sends as MPEG-TS, times continuous from 0."""
    address = f"srt://{host}:{spec.srt_port}?mode=listener&timeout={SILENT_MICROSECONDS}"
    return [
        *(ffmpeg, "-hide_banner", "-loglevel", "info", "-nostats", "-nostdin"),
        *("-analyzeduration", "1000000", "-probesize", "2000000", "-dts_delta_threshold", "1"),
        *("-passphrase", spec.key, "-f", "mpegts", "-i", address),
        *("-map", "0:v:0?", "-map", "0:a:0?", "-c", "copy", "-copyinkf"),
        *("-muxdelay", "0", "-muxpreload", "0", "-flush_packets", "1", "-f", "mpegts", "pipe:1"),
    ]


class SrtListener:
    """Waits for callers of one input and hands each over as a publication.

    ``on_refused`` is told of callers with a wrong passphrase, at most every REPORT_EVERY_SECONDS.
    """

    def __init__(
        self,
        ffmpeg: str,
        host: str,
        spec: InputSpec,
        on_publication: OnPublication,
        on_refused: OnRefused | None = None,
    ) -> None:
        if spec.srt_port is None or not SHORTEST_KEY <= len(spec.key) <= LONGEST_KEY:
            raise ValueError(
                f"an SRT input needs a port and a key of {SHORTEST_KEY} to {LONGEST_KEY} characters"
            )
        self.spec = spec
        self.publication: BufferedPublication | None = None
        self._arguments = listen_arguments(ffmpeg, host, spec)
        self._on_publication = on_publication
        self._on_refused = on_refused
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._receivers: set[asyncio.Task[None]] = set()
        self._last_report = -REPORT_EVERY_SECONDS
        self._last_line = ""

    async def start(self) -> None:
        """Begin to listen in the background."""
        self._task = asyncio.create_task(self._run(), name=f"srt {self.spec.broadcast}/{self.spec.name}")

    async def stop(self, reason: str = "the input was closed") -> None:
        """End the caller, if any, and listen no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None
        if self.publication is not None:
            self.publication.end(reason)

    async def _run(self) -> None:
        while True:
            served = await self._once()
            if not served:
                log.warning("SRT port %s: %s", self.spec.srt_port, self._last_line or "the listener ended")
            await asyncio.sleep(AGAIN_SECONDS if served else TROUBLE_SECONDS)

    async def _once(self) -> bool:
        """One listener for one caller; whether there was media."""
        process = self._process = await children.start(self._arguments)
        assert process.stdout is not None
        watch = asyncio.create_task(children.lines(process, self._line))
        publication: BufferedPublication | None = None
        try:
            first = await process.stdout.read(65_536)
            if not first:
                return False
            publication = self._hand_over(process)
            await children.pump(first, process, publication, patient=False)
        finally:
            if publication is not None:
                publication.end("connection closed by the encoder")
            children.end(process)
            await asyncio.shield(self._settle(process, watch))
            self.publication = None
        return True

    async def _settle(self, process: asyncio.subprocess.Process, watch: asyncio.Task[None]) -> None:
        await watch
        await process.wait()

    def _hand_over(self, process: asyncio.subprocess.Process) -> BufferedPublication:
        publication = BufferedPublication(
            self.spec, "srt", "mpegts", f"srt:{self.spec.srt_port}", on_close=lambda _: children.end(process)
        )
        self.publication = publication
        log.info("an SRT caller publishes to %s/%s", self.spec.broadcast, self.spec.name)
        task = asyncio.create_task(self._receive(publication))
        self._receivers.add(task)
        task.add_done_callback(self._receivers.discard)
        return publication

    async def _receive(self, publication: BufferedPublication) -> None:
        received = False
        try:
            await self._on_publication(publication)
            received = True
        finally:
            if not received:
                await publication.close("the engine could not take it")

    def _line(self, line: str) -> None:
        if not line.strip():
            return
        self._last_line = line.replace(self.spec.key, "…")[:300]
        if "rsp(REJECT)" not in line:
            return
        now = time.monotonic()
        if now - self._last_report < REPORT_EVERY_SECONDS:
            return
        self._last_report = now
        log.warning("refused an SRT caller on port %s: %s", self.spec.srt_port, self._last_line)
        if self._on_refused is not None:
            # libsrt does not tell what passphrase the caller has: the hint is that of the input
            hint = key_hint(self.spec.key)
            self._on_refused(Refused("srt", f"srt:{self.spec.srt_port}", hint, "unknown key", self.spec))
