"""Citizens who write through the Open API, each from an address and a device of their own, at given moments.

``python -m bench._writers URL SCHEDULE`` where SCHEDULE is a JSON file with the seconds, from the start, at which an
opinion is to be sent. Prints one JSON object: what was accepted (id, when sent, when answered), refused, failed.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from collections import deque
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CITIZENS = 800
ATTEMPTS = 5
ANSWER_SECONDS = 30.0
TEXTS = (
    "버스 노선을 늘려 주세요. 아침마다 두 대를 보내고 나서야 탑니다.",
    "Please keep the library open until ten at night.",
    "놀이터 그늘막이 필요합니다 🌳 아이들이 여름에 놀 수가 없어요.",
    "What will be done about the flooding under the bridge, and when?",
    "좋은 말씀 감사합니다!",
)


class Citizen:
    """One connection, one source address, one device cookie."""

    def __init__(self, number: int, url: str) -> None:
        parts = urlsplit(url)
        self.host, self.port, self.path = parts.hostname or "", parts.port or 80, parts.path
        self.address = f"127.{10 + number // 62500}.{number // 250 % 250 + 1}.{number % 250 + 1}"
        self.cookie = ""
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and JSON of one POST. Raises OSError or EOFError when the connection breaks."""
        if self.streams is None:
            self.streams = await asyncio.open_connection(self.host, self.port, local_addr=(self.address, 0))
        reader, writer = self.streams
        data = json.dumps(body).encode()
        cookie = f"Cookie: {self.cookie}\r\n" if self.cookie else ""
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(data)}\r\n{cookie}\r\n"
        )
        writer.write(head.encode() + data)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        length = 0
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            if name.lower() == "content-length":
                length = int(value)
            elif name.lower() == "set-cookie" and value.startswith("maru_device="):
                self.cookie = value.split(";")[0]
        answer = await reader.readexactly(length)
        return int(lines[0].split()[1]), json.loads(answer or b"{}")

    def hang_up(self) -> None:
        """The next post opens a connection of its own."""
        if self.streams is not None:
            self.streams[1].close()
            self.streams = None


class Writers:
    """Sends each opinion at its moment by the citizen who has rested longest."""

    def __init__(self, url: str) -> None:
        self.idle = deque(Citizen(number, url) for number in range(CITIZENS))
        self.accepted: list[tuple[str, float, float]] = []
        self.refused: list[str] = []
        self.retries = 0

    async def write(self, number: int) -> None:
        """One opinion, sent until the house answers; the token keeps a repetition from making a second one."""
        while not self.idle:
            await asyncio.sleep(0.01)
        citizen = self.idle.popleft()
        body = {
            "text": f"{TEXTS[number % len(TEXTS)]} ({number})",
            "nickname": f"시민 {number % CITIZENS}",
            "idempotency": uuid.uuid4().hex,
        }
        sent = time.time()
        for _attempt in range(ATTEMPTS):
            try:
                status, answer = await asyncio.wait_for(citizen.post(body), ANSWER_SECONDS)
            except (OSError, EOFError, TimeoutError):
                self.retries += 1
                citizen.hang_up()
                continue
            if status == 201:
                self.accepted.append((answer["opinion"]["id"], sent, time.time()))
            else:
                self.refused.append(f"{status} {json.dumps(answer)[:200]}")
            break
        else:
            self.refused.append("no answer")
        self.idle.append(citizen)

    async def run(self, schedule: list[float]) -> None:
        """All of them."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number, due in enumerate(schedule):
                await asyncio.sleep(max(0.0, began + due - time.monotonic()))
                group.create_task(self.write(number))


def main() -> None:
    """Parse, run, report."""
    writers = Writers(sys.argv[1])
    asyncio.run(writers.run(json.loads(Path(sys.argv[2]).read_text())))
    print(json.dumps({"accepted": writers.accepted, "refused": writers.refused, "retries": writers.retries}))


if __name__ == "__main__":
    main()
