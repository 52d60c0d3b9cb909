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


async def publish(port: int, schedule: list[float], size: int) -> list[float]:
    """Send one numbered message of ``size`` bytes at each moment; returns when each was sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sent: list[float] = []
    began = time.monotonic()
    for number, due in enumerate(schedule, 1):
        await asyncio.sleep(max(0.0, began + due - time.monotonic()))
        now = time.time()
        event = {"seq": number, "id": str(number), "at": now, "text": ""}
        event["text"] = "x" * max(0, size - len(json.dumps(event)))
        body = json.dumps(event).encode()
        head = f"POST /publish HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (
                int(line.split(b":")[1])
                for line in answer.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            ),
            0,
        )
        await reader.readexactly(length)
        sent.append(now)
    writer.close()
    return sent
