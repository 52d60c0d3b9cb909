"""The file that holds all datasets: what is known of the last one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

INDEX = "index.json"


@dataclass(frozen=True)
class Bulk:
    """The file of the last night. ``address`` is below the root of the house; ``size`` in bytes."""

    made_at: datetime
    name: str
    address: str
    index_address: str
    size: int
    digest: str
    datasets: int
    rows: int


def folder() -> Path:
    """Where the file lies: among what the web server gives out as it is, so that a broken transfer can go on."""
    return Path(settings.MARU.media) / "bulk"


def read_index() -> Bulk | None:
    """The file there is, None if none."""
    try:
        found = json.loads((folder() / INDEX).read_bytes())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    if not (folder() / found["file"]).exists():
        return None
    return Bulk(
        made_at=datetime.fromisoformat(found["made"]),
        name=found["file"],
        address=f"{settings.MEDIA_URL}bulk/{found['file']}",
        index_address=f"{settings.MEDIA_URL}bulk/{INDEX}",
        size=found["bytes"],
        digest=found["sha256"],
        datasets=len(found["datasets"]),
        rows=sum(one["rows"] for one in found["datasets"]),
    )
