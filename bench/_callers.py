"""Programs that call an interface over kept connections: lean, so that two cores are left to the servers."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Called:
    """What came of it: seconds of each answer, how many were not what they should be."""

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    wrong: int = 0
    size: int = 0

    @property
    def per_second(self) -> float:
        """Good answers per second."""
        return (len(self.times) - self.wrong) / self.seconds if self.seconds else 0.0


async def call(
    base: str, paths: Iterator[str], good: Callable[[bytes], bool], *, callers: int, seconds: float
) -> Called:
    """``callers`` connections ask one path after another for so long; each answer's body is judged by ``good``."""
    found = Called()
    parts = urlsplit(base)
    began = time.perf_counter()
    until = began + seconds
    jobs = [
        _caller(parts.hostname or "", parts.port or 80, paths, good, until, found) for _each in range(callers)
    ]
    await asyncio.gather(*jobs)
    found.seconds = time.perf_counter() - began
    return found


async def _caller(
    host: str, port: int, paths: Iterator[str], good: Callable[[bytes], bool], until: float, found: Called
) -> None:
    reader, writer = await asyncio.open_connection(host, port, limit=8_000_000)
    head = f"Host: {host}:{port}\r\nAccept: application/json\r\n\r\n"
    try:
        while (began := time.perf_counter()) < until:
            writer.write(f"GET {next(paths)} HTTP/1.1\r\n{head}".encode())
            status, body = await _answer(reader)
            found.times.append(time.perf_counter() - began)
            found.size += len(body)
            found.wrong += status != 200 or not good(body)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head[9:12])
    at = head.find(b"content-length:")
    if at >= 0:
        return status, await reader.readexactly(int(head[at + 15 : head.index(b"\r\n", at)]))
    parts: list[bytes] = []
    while True:
        size = int((await reader.readline()).strip() or b"0", 16)
        part = await reader.readexactly(size + 2)
        if not size:
            return status, b"".join(parts)
        parts.append(part[:-2])


def forever(paths: list[str]) -> Iterator[str]:
    """The paths again and again."""
    return itertools.cycle(paths)
