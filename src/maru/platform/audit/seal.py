"""How an entry is sealed: canonical JSON, SHA-256 over the seal before and the content."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Sealed:
    """An audit entry as it is hashed. ``at`` is UTC ISO 8601 with microseconds; ``details`` is plain JSON."""

    seq: int
    at: str
    actor: str
    act: str
    target: str
    details: dict[str, Any]
    previous: str
    digest: str


def canonical(value: Any) -> str:
    """JSON with sorted keys, no spaces, no escapes but the needed: one text for one value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def instant(at: datetime) -> str:
    """``at`` in UTC with microseconds, as it is hashed."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def digest_of(
    *, seq: int, at: str, actor: str, act: str, target: str, details: dict[str, Any], previous: str
) -> str:
    """The seal: 64 hex digits over the previous seal and this content."""
    content = canonical(
        {"seq": seq, "at": at, "actor": actor, "act": act, "target": target, "details": details}
    )
    return hashlib.sha256(f"{previous}\n{content}".encode()).hexdigest()
