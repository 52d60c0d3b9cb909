"""Work that the worker repeats: a service lists it in its ``tasks.py`` as ``PERIODIC``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Periodic:
    """``function`` runs every ``seconds`` in a thread of its own; it must be idempotent, for a crash repeats it."""

    name: str
    seconds: float
    function: Callable[[], object]
