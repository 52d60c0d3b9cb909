"""The peer: nginx with nchan, as Debian packages them, holding the same readers.

Messages are published to nchan directly, over one kept connection, at the same moments and of the same size as the
opinions that the house sends. There is no citizen, no moderation and no database before it, and no batching within.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.house import free_port, until

MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
_CONFIG = """
load_module {module};
daemon off;
master_process on;
worker_processes 1;
worker_rlimit_nofile {files};
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections {connections}; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  nchan_shared_memory_size 256M;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    keepalive_requests 1000000;
    client_max_body_size 8m;
    client_body_buffer_size 8m;
    location = /publish {{ nchan_publisher; nchan_channel_id hall; nchan_message_buffer_length 2000; }}
    location = /events {{
      nchan_subscriber eventsource;
      nchan_channel_id hall;
      nchan_subscriber_first_message newest;
    }}
  }}
}}
"""


def missing() -> str:
    """Why the peer cannot run here; empty if it can."""
    if shutil.which("nginx") is None:
        return "nginx is not installed (Debian package nginx)"
    return "" if MODULE.exists() else "nchan is not installed (Debian package libnginx-mod-nchan)"


class Nchan:
    """A running nginx with one worker."""

    def __init__(self, folder: Path, readers: int) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/events"
        self.folder = folder
        # nchan sets some of nginx's connections aside for itself.
        connections = readers + 1000
        values = {"module": MODULE, "folder": folder, "port": self.port}
        text = _CONFIG.format(**values, connections=connections, files=connections + 500)
        (folder / "nginx.conf").write_text(text)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it listens."""
        command = ["nginx", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-e", "stderr"]
        self.process = subprocess.Popen(command)
        until("nginx listens", lambda: bool(self.workers()), 15)

    def workers(self) -> list[int]:
        """Process ids of the workers."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)


@contextmanager
def nchan(folder: Path, readers: int) -> Iterator[Nchan]:
    """A running peer, stopped at the end."""
    peer = Nchan(folder, readers)
    try:
        peer.start()
        yield peer
    finally:
        peer.stop()


def batches(schedule: list[float], seconds: float) -> list[tuple[float, list[float]]]:
    """When each message is sent, and the moments of the events in it. ``seconds`` 0: one event, one message."""
    if not seconds:
        return [(due, [due]) for due in schedule]
    windows: dict[int, list[float]] = {}
    for due in schedule:
        windows.setdefault(int(due / seconds), []).append(due)
    return [((window + 1) * seconds, dues) for window, dues in windows.items()]


async def publish(port: int, schedule: list[float], size: int, seconds: float = 0.0) -> None:
    """Publish one numbered event of ``size`` bytes for each moment, gathered over ``seconds``, stamped with its moment."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began, wall = time.monotonic(), time.time()
    number = 0
    for due, moments in batches(schedule, seconds):
        await asyncio.sleep(max(0.0, began + due - time.monotonic()))
        events = []
        for moment in moments:
            number += 1
            event = {"seq": number, "id": str(number), "at": wall + moment, "text": ""}
            event["text"] = "x" * max(0, size - len(json.dumps(event)))
            events.append(event)
        body = json.dumps(events).encode()
        head = f"POST /publish HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        lengths = [int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")]
        await reader.readexactly(sum(lengths))
    writer.close()
