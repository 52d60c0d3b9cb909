"""The declarations on the shelf, read again when a drawer changes: a new source lives from the next round on."""

from __future__ import annotations

import os
from pathlib import Path

import structlog

from maru.commons.sources import aliases
from maru.commons.sources.contracts import Declaration
from maru.commons.sources.declaration import BUILT_IN, FILE, DeclarationError, load

log = structlog.get_logger("maru.collector")


class Shelf:
    """Drawers of the installation and of the home. A drawer that does not hold together is left out and said."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._decided_at = -1
        self._places = ((BUILT_IN, True), (home / "connectors", False))
        self._seen: dict[Path, tuple[int, tuple[Declaration, ...]]] = {}
        self.faults: dict[str, str] = {}

    def look(self) -> dict[str, Declaration] | None:
        """Every source by name, or None if nothing changed since the last look. A home's drawer wins."""
        found = {path: code for place, code in self._places for path in _drawers(place)}
        stamps = {path: _stamp(path) for path in found}
        decided_at = aliases.stamp(self._home)
        known = {path: stamp for path, (stamp, _declared) in self._seen.items()}
        if stamps == known and decided_at == self._decided_at:
            return None
        self._decided_at = decided_at
        fresh: dict[Path, tuple[int, tuple[Declaration, ...]]] = {}
        for path, code in found.items():
            before = self._seen.get(path)
            if before is not None and before[0] == stamps[path]:
                fresh[path] = before
            else:
                fresh[path] = (stamps[path], self._load(path, code))
        self._seen = fresh
        decided = aliases.read(self._home)
        return {
            one.name: aliases.applied(one, decided)
            for _stamp_, declared in fresh.values()
            for one in declared
        }

    def _load(self, path: Path, code: bool) -> tuple[Declaration, ...]:
        try:
            declared = load(path, code=code)
        except DeclarationError as fault:
            log.error("drawer left out", drawer=path.name, faults=list(fault.faults))
            self.faults[path.name] = "; ".join(fault.faults)
            return ()
        self.faults.pop(path.name, None)
        return declared


def _drawers(place: Path) -> list[Path]:
    try:
        with os.scandir(place) as entries:
            return sorted(
                Path(one.path)
                for one in entries
                if not one.name.startswith(".") and one.is_dir() and (Path(one.path) / FILE).is_file()
            )
    except FileNotFoundError:
        return []


def _stamp(folder: Path) -> int:
    try:
        return (folder / FILE).stat().st_mtime_ns
    except OSError:
        return 0
