"""The 290 systems, by name: the specification that the simulator, its tests and the drawers of the house stand on."""

from __future__ import annotations

from functools import lru_cache

from maru.simulator.outside import kinds_district, kinds_files, kinds_move, kinds_seoul, kinds_world
from maru.simulator.outside.model import System

COUNT = 290
DAY = 86400.0


@lru_cache(maxsize=1)
def systems() -> tuple[System, ...]:
    """All, sorted by name."""
    found = [
        *kinds_seoul.systems(),
        *kinds_move.systems(),
        *kinds_world.systems(),
        *kinds_files.systems(),
        *kinds_district.systems(),
    ]
    return tuple(sorted(found, key=lambda one: one.name))


@lru_cache(maxsize=1)
def by_name() -> dict[str, System]:
    """Systems by name."""
    return {one.name: one for one in systems()}


def drawers() -> dict[str, tuple[System, ...]]:
    """Systems by drawer."""
    found: dict[str, list[System]] = {}
    for one in systems():
        found.setdefault(one.drawer, []).append(one)
    return {name: tuple(ones) for name, ones in sorted(found.items())}


def natural_rate(system: System) -> float:
    """New records a second."""
    return system.batch / system.interval_s


def shares(records: int) -> dict[str, int]:
    """How many records of history each system has, so that all have ``records`` (at least one batch for each; the heaviest
    system of events takes what is left over)."""
    whole = sum(one.weight for one in systems())
    least = {one.name: max(one.window, one.batch) if one.mode != "push" else 0 for one in systems()}
    spare = max(0, records - sum(least.values()))
    given = {
        one.name: least[one.name] + int(spare * one.weight / whole / one.batch) * one.batch
        for one in systems()
    }
    filler = max((one for one in systems() if one.batch == 1 and one.weight), key=lambda one: one.weight)
    given[filler.name] += max(0, records - sum(given.values()))
    return given


if __name__ == "__main__":
    for system in systems():
        print(
            f"{system.name:32} {system.drawer:28} {system.kit:14} {natural_rate(system):8.3f}/s {shares(16_000_000)[system.name]:9,} {system.en}"
        )
