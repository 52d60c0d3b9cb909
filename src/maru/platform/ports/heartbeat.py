"""Each process of the house tells once a second that it lives, in a small file of the home's run folder.

Files, not the bus: the state must be readable when everything else is down.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STALE_SECONDS = 5.0
PARTS = ("web", "stream", "media", "worker", "collector")


@dataclass(frozen=True)
class Beat:
    """What a process said last. ``age`` in seconds; ``state`` is ok, degraded, stale or absent."""

    name: str
    state: str
    age: float | None = None
    pid: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)


def beat(home: Path, name: str, detail: dict[str, Any] | None = None, state: str = "ok") -> None:
    """Write the heartbeat of the calling process; a full disk must not stop the process itself."""
    folder = home / "run"
    text = json.dumps(
        {"name": name, "pid": os.getpid(), "at": time.time(), "state": state, "detail": detail or {}}
    )
    draft = folder / f".{name}-{os.getpid()}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft.write_text(text)
        draft.replace(folder / f"{name}.json")
    except OSError:
        return


def read(home: Path, name: str) -> Beat:
    """The last heartbeat of a part, judged by its age."""
    try:
        data = json.loads((home / "run" / f"{name}.json").read_text())
        age = max(0.0, time.time() - float(data["at"]))
        state = str(data["state"]) if age <= STALE_SECONDS else "stale"
        return Beat(name, state, round(age, 1), int(data["pid"]), dict(data["detail"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Beat(name, "absent")
