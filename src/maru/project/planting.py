"""What a fresh home gets: the city's offices; in a demonstration also people and broadcasts."""

from __future__ import annotations

import json

from maru.commons.offices import seeds as office_seeds
from maru.commons.offices.city import current_city
from maru.commons.people import seeds as people_seeds
from maru.commons.sources import seeds as source_seeds
from maru.platform.ports.environment import Environment
from maru.services.live import seeds as live_seeds
from maru.services.opendata import seeds as plaza_seeds


def plant(environment: Environment, *, demo: bool) -> None:
    """Idempotent; a home that already has its city keeps it."""
    city = current_city()
    office_seeds.plant(city)
    if not demo:
        return
    people_seeds.plant(city)
    note = live_seeds.plant(city)
    source_seeds.plant(environment)
    plaza_seeds.plant(city)
    note["accounts"] = people_seeds.ACCOUNTS
    note["password"] = people_seeds.PASSWORD
    (environment.home / "demo.json").write_text(json.dumps(note, ensure_ascii=False, indent=1))
