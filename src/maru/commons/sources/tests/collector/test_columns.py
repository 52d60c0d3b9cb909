"""A renamed column from the outside to the decision: rows go on, an alarm says what was assumed, officials accept or reject."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from maru.commons.offices.models import Office
from maru.commons.sources import drift
from maru.commons.sources.models import DeadLetter, DriftAlarm, Source
from maru.commons.sources.tests.collector.world import Trial, World, drawer
from maru.platform.audit.models import Entry

pytestmark = pytest.mark.django_db(transaction=True)
SignedIn = Callable[..., Client]


def rows(name: str, *hours: int) -> list[dict[str, Any]]:
    return [{"measured": f"2026-05-01T{hour:02d}:00:00Z", name: "a", "value": hour} for hour in hours]


@pytest.fixture
def renamed(trial: Trial, world: World, home: Path, office: Office, settings: Any) -> Trial:
    """A source whose key column came under its own name once, and under another since."""
    settings.MARU = replace(django_settings.MARU, home=home, lake=home / "lake", outside="")
    declared = drawer(home, "air", f"{world.url}/air")
    path = home / "connectors" / "air" / "connector.toml"
    text = path.read_text().replace(
        '[[fields]]\nname = "at"\n', '[[fields]]\nname = "at"\nnames = ["measured"]\n'
    )
    station, at = text.index('[[fields]]\nname = "station"'), text.index('[[fields]]\nname = "at"')
    behind = text.index('[[fields]]\nname = "value"')
    path.write_text(text[:station] + text[at:behind] + text[station:at] + text[behind:])
    assert declared.key == ("station", "at")
    world.rows = rows("station", 1, 2)
    trial.round()
    world.rows = rows("place", 2, 3, 4)
    trial.round()
    return trial


def alarms() -> set[tuple[str, str, str]]:
    return set(DriftAlarm.objects.filter(closed_at=None).values_list("kind", "name", "becomes"))


def test_rows_go_on_under_an_alarm(renamed: Trial, world: World) -> None:
    source = Source.objects.get(name="air")
    assert (source.records, source.dead) == (4, 0)
    assert alarms() == {("assumed", "station", "place")}
    assert drift.assumed(source) == [("station", "place")]
    world.rows = rows("station", 5)
    renamed.round()
    assert alarms() == set()


def test_an_official_accepts(
    renamed: Trial, world: World, signed_in: SignedIn, office: Office, home: Path
) -> None:
    browser = signed_in("officer", office=office)
    page = browser.get("/sources/air/letters/").content.decode()
    assert "place" in page and 'value="accept"' in page
    assert browser.post("/sources/air/columns/", {"act": "accept", "column": "place"}).status_code == 302
    assert "place" in (home / "aliases.toml").read_text()
    assert "sources.column_accept" in set(Entry.objects.values_list("act", flat=True))
    assert browser.post("/sources/air/columns/", {"act": "accept", "column": "place"}).status_code == 409
    world.rows = rows("place", 6)
    renamed.round()
    assert (Source.objects.get(name="air").records, DeadLetter.objects.count(), alarms()) == (5, 0, set())
    assert 'value="accept"' not in browser.get("/sources/air/letters/").content.decode()


def test_an_official_rejects(renamed: Trial, world: World, signed_in: SignedIn, office: Office) -> None:
    browser = signed_in("officer", office=office)
    assert browser.post("/sources/air/columns/", {"act": "reject", "column": "place"}).status_code == 302
    world.rows = rows("place", 6)
    renamed.round()
    assert (Source.objects.get(name="air").records, DeadLetter.objects.count()) == (4, 1)
    assert alarms() == {("gone", "station", "")}
    world.rows = rows("station", 7)
    renamed.round()
    assert (Source.objects.get(name="air").records, alarms()) == (5, set())


def test_others_decide_nothing(renamed: Trial, client: Client, signed_in: SignedIn, home: Path) -> None:
    assert client.post("/sources/air/columns/", {"act": "accept", "column": "place"}).status_code in {
        302,
        401,
    }
    other = Office.objects.create(code="parks", names={"en": "Parks"})
    browser = signed_in("officer", office=other)
    assert browser.post("/sources/air/columns/", {"act": "accept", "column": "place"}).status_code == 403
    own = signed_in("officer", office=Office.objects.get(code="roads"))
    assert own.post("/sources/air/columns/", {"act": "explode", "column": "place"}).status_code == 422
    assert own.post("/sources/air/columns/", {"act": "accept", "column": "other"}).status_code == 409
    assert not (home / "aliases.toml").exists()
