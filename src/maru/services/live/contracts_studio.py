"""What the producer's shelves hand out beside broadcasts: frozen dataclasses, as in ``contracts.py``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class ShelfEntry:
    """A programme or a topic. ``names`` and ``summaries`` by language; ``broadcasts`` counts what belongs to it."""

    code: str
    name: str
    names: dict[str, str]
    summaries: dict[str, str] = field(default_factory=dict)
    broadcasts: int = 0


@dataclass(frozen=True)
class CaptionsView:
    """Captions of one language. ``label`` is the language's own name; ``size`` in bytes; ``url`` never changes its content."""

    language: str
    label: str
    url: str
    version: int
    cues: int
    size: int
    changed_at: datetime

    @property
    def track(self) -> dict[str, str]:
        """As the player's ``tracks`` take it."""
        return {"src": self.url, "label": self.label, "lang": self.language}
