"""The stream process: sockets, signals, heartbeat, and, where one core is not enough, several processes on one port."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import socket
import time

import uvloop

from maru.platform.ports import heartbeat
from maru.platform.ports.bus import connect
from maru.platform.ports.environment import Environment, SettingsError
from maru.platform.stream.hall import Hall
from maru.platform.stream.readers import Reader

log = logging.getLogger(__name__)

BACKLOG = 4096
DRAIN_SECONDS = 3.0
# Descriptors that are not readers: bus, files, the interpreter's own.
_SPARE_FILES = 200
# What the kernel may hold for a reader that does not take it; its own limit would be megabytes each.
_KERNEL_BUFFER = 128 * 1024
_DEAD_MILLISECONDS = 30_000


def listen(environment: Environment) -> socket.socket:
    """The listening socket. Raises SettingsError if the address cannot be had."""
    family = socket.AF_INET6 if ":" in environment.bind else socket.AF_INET
    shared = environment.stream_processes > 1
    address = (environment.bind, environment.stream_port)
    try:
        listener = socket.create_server(address, family=family, backlog=BACKLOG, reuse_port=shared)
    except OSError as fault:
        raise SettingsError("MARU_STREAM_PORT", f"{address[0]}:{address[1]}: {fault.strerror}") from fault
    # Accepted connections inherit these; set once here they cost nothing for each reader.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BUFFER)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _DEAD_MILLISECONDS)
    listener.setblocking(False)
    return listener


def places() -> int:
    """How many readers the process may hold, after raising the limit of open files as far as is allowed."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = 1_000_000 if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return max(10, files - _SPARE_FILES)


async def serve(environment: Environment, index: int, parent: int | None) -> int:
    """One stream process, until SIGTERM, SIGINT, or the death of the ``parent`` process."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    listener = listen(environment)
    bus = connect(environment.bus, environment.home)
    hall = Hall(environment, bus, index=index, places=places())
    server = await loop.create_server(lambda: Reader(hall), sock=listener, backlog=BACKLOG)
    name = "stream" if index == 0 else f"stream-{index}"
    while not stop.is_set() and (parent is None or os.getppid() == parent):
        health = hall.health()
        heartbeat.beat(environment.home, name, health, "ok" if health["state"] == "ok" else "degraded")
        try:
            await asyncio.wait_for(stop.wait(), 1.0)
        except TimeoutError:
            continue
    server.close()
    await hall.drain(DRAIN_SECONDS)
    hall.close()
    bus.close()
    return 0


class Crew:
    """Several stream processes on one port, each with its own loop; the kernel deals out the connections."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._members: dict[int, int] = {}
        self._signals = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}

    def run(self) -> int:
        """Keep all of them alive until SIGTERM or SIGINT."""
        signal.pthread_sigmask(signal.SIG_BLOCK, self._signals)
        for index in range(self._environment.stream_processes):
            self._start(index)
        while signal.sigwait(self._signals) == signal.SIGCHLD:
            for index in self._gone():
                log.error("stream process %d died; it is started again", index)
                time.sleep(0.2)
                self._start(index)
        for pid in self._members:
            os.kill(pid, signal.SIGTERM)
        while self._members:
            signal.sigwait({signal.SIGCHLD})
            self._gone()
        return 0

    def _start(self, index: int) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self._members[pid] = index
            return
        signal.pthread_sigmask(signal.SIG_UNBLOCK, self._signals)
        os._exit(uvloop.run(serve(self._environment, index, parent)))

    def _gone(self) -> list[int]:
        gone: list[int] = []
        while self._members:
            pid, _status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid in self._members:
                gone.append(self._members.pop(pid))
        return gone


def main(environment: Environment) -> int:
    """Run the event stream until it is told to stop; returns the exit status."""
    if environment.stream_processes > 1:
        return Crew(environment).run()
    return uvloop.run(serve(environment, 0, None))
