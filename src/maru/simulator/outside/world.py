"""Builds the world: a ledger for each system, the anchor kept in the home so that a restart does not change the past."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

from maru.simulator.outside.ledger import Ledger, World
from maru.simulator.outside.systems import natural_rate, shares, systems


def build(home: Path, *, records: int, rate: float, seed: int = 1) -> tuple[World, dict[str, float]]:
    """The world, and how many times its natural speed each system runs at."""
    anchor = _anchor(home, records, seed)
    history = shares(records)
    ledgers = {
        one.name: Ledger(one, seed=seed, history=history[one.name], anchor=anchor) for one in systems()
    }
    natural = sum(natural_rate(one) for one in systems())
    quick = sum(natural_rate(one) for one in systems() if one.boost)
    factor = max(0.01, (natural * rate - (natural - quick)) / quick) if rate != 1 else 1.0
    factors = {one.name: factor if one.boost else 1.0 for one in systems()}
    now = time.time()
    for name, ledger in ledgers.items():
        ledger.hurry(now, factors[name])
    return World(ledgers, seed, anchor, rate), factors


def _anchor(home: Path, records: int, seed: int) -> float:
    """The end of history: the moment of the first start with these numbers."""
    path = home / "anchor.json"
    if path.exists():
        found = json.loads(path.read_text())
        if found.get("records") == records and found.get("seed") == seed:
            return float(found["anchor"])
    home.mkdir(parents=True, exist_ok=True)
    for stale in ("folder", "sql"):  # what lies there belongs to another past
        shutil.rmtree(home / stale, ignore_errors=True)
    anchor = float(int(time.time()))
    path.write_text(json.dumps({"records": records, "seed": seed, "anchor": anchor}))
    return anchor
