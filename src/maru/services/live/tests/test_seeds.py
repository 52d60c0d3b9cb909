"""The demonstration can be planted again and again, and holds together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from maru.commons.offices import seeds as office_seeds
from maru.commons.offices.city import current_city
from maru.services.live import seeds, timed_files
from maru.services.live.models import Broadcast, Opinion
from maru.services.live.operations.broadcasts import end_broadcast
from maru.services.live.queries import broadcasts as queries
from maru.services.live.queries.numbers import tally

pytestmark = pytest.mark.django_db


def test_planting_twice_is_planting_once(media: Any) -> None:
    city = current_city()
    office_seeds.plant(city)
    note = seeds.plant(city)
    counts = (Broadcast.objects.count(), Opinion.objects.count())
    assert seeds.plant(city) == note
    assert (Broadcast.objects.count(), Opinion.objects.count()) == counts
    assert json.loads(json.dumps(note))["page"].endswith("/live/open-hall/")
    assert [one["name"] for one in note["push"]] == ["primary", "backup"]
    guide = queries.guide()
    assert [len(guide.on_air), len(guide.upcoming), len(guide.replays)] == [1, 3, 3]
    for card in guide.replays:
        counts_of = tally(Broadcast.objects.get(slug=card.slug))
        assert counts_of.answered_on_air
        assert counts_of.answered_in_writing
        assert counts_of.waiting
    assert timed_files.write_due()


def test_an_ended_demonstration_opens_again(media: Any) -> None:
    city = current_city()
    first = seeds.plant(city)
    end_broadcast(broadcast=Broadcast.objects.get(slug="open-hall"), by=None)
    second = seeds.plant(city)
    assert second["slug"] == "open-hall-2" != first["slug"]
    assert seeds.plant(city)["slug"] == "open-hall-2"
