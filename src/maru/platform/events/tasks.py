"""What the worker repeats for the outbox."""

from __future__ import annotations

from maru.platform.events.outbox import prune
from maru.platform.events.periodic import Periodic

PERIODIC = (Periodic("events.prune", 600.0, prune),)
