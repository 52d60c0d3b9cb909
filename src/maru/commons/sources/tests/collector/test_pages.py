"""The public catalogue, the page of a source, the Open API, and the acts of those who look after a source."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from maru.commons.offices.models import Office
from maru.commons.sources.contracts_pages import Filters
from maru.commons.sources.models import DeadLetter, DriftAlarm, Hour, Latest, Run, Source
from maru.commons.sources.operations import sources as operations
from maru.commons.sources.queries import catalogue as catalogue_queries
from maru.commons.sources.queries.catalogue import catalogue, forget
from maru.commons.sources.tests.collector.world import drawer
from maru.platform.audit.models import Entry

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]


@pytest.fixture
def air(home: Path, office: Office) -> Source:
    declared = drawer(home, "air", "https://air.example/v1?key={key}", more='secret = "air"')
    quiet = drawer(home, "quiet", "https://quiet.example/")
    operations.register({"air": declared, "quiet": quiet})
    now = timezone.now()
    Source.objects.filter(name="air").update(
        state="stale", last_ok_at=now, last_value_at=now - dt.timedelta(minutes=5), records=1234, dead=2, failures=2,
        error="timeout", error_detail="no answer", error_at=now, drift=1,
        rules=[["declared", "done", ""], ["promise", "todo", "young"], ["live", "exempt", "simulated"]],
    )  # fmt: skip
    Latest.objects.create(
        source_id="air",
        series="value",
        key="a",
        labels='{"station":"a"}',
        number=3.25,
        unit="ug/m3",
        at=now,
        seen=now,
    )
    DeadLetter.objects.create(
        source_id="air",
        digest="d",
        raw=b'{"value": "x"}\xff',
        reason="no number",
        field="value",
        first_at=now,
        last_at=now,
    )
    DriftAlarm.objects.create(
        source_id="air", kind="renamed", name="value", becomes="val", first_at=now, last_at=now
    )
    Run.objects.create(source_id="air", at=now, added=7, code="timeout", detail="no answer")
    Hour.objects.create(
        source_id="air",
        hour=now.replace(minute=0, second=0, microsecond=0),
        added=7,
        watched_s=100,
        late_s=25,
    )
    forget()
    return Source.objects.get(name="air")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_catalogue_shows_every_source(client: Client, air: Source, language: str, queries: Any) -> None:
    with queries(8):
        answer = client.get("/sources/", headers={"accept-language": language})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert ("공기" if language == "ko" else "Air") in page
    assert ("늦음" if language == "ko" else "Late") in page
    assert 'id="s-air"' in page and 'id="s-quiet"' in page


def test_the_catalogue_narrows_and_orders(client: Client, air: Source) -> None:
    for query, found in (
        ("q=공기", 2), ("q=AIR", 2), ("q=nothing", 0), ("state=stale", 1), ("category=environment", 2),
        ("category=health", 0), ("office=roads", 2), ("grade=gold", 0), ("grade=none", 2), ("order=age", 2), ("order=what", 2),
        ("q=%00", 2),
    ):  # fmt: skip
        answer = client.get(f"/sources/?{query}")
        assert answer.status_code == 200, query
        assert answer.content.decode().count('<tr id="s-') == found, query
    ages = client.get("/sources/ages.json").json()
    assert ages["sources"]["air"][0] == "stale"
    assert catalogue(Filters(order="age")).cards[0].name == "quiet"  # never a value: older than any


def test_two_hundred_and_ninety_rows_stay_small(client: Client, home: Path, office: Office) -> None:
    one = drawer(home, "air", "https://air.example/")
    from dataclasses import replace

    names = {"ko": "동네 대기 측정소 실시간 값 " * 2, "en": "Air quality stations of the district, live"}
    operations.register({f"air_{n}": replace(one, name=f"air_{n}", names=names) for n in range(290)})
    Source.objects.update(last_value_at=timezone.now(), records=55_000, grade="silver", state="ok")
    forget()
    answer = client.get("/sources/", headers={"accept-language": "ko"})
    assert answer.content.decode().count('<tr id="s-') == 290
    assert len(answer.content) < 150_000


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_page_of_a_source(client: Client, air: Source, language: str, queries: Any) -> None:
    with queries(16):
        answer = client.get("/sources/air/", headers={"accept-language": language})
    page = answer.content.decode()
    licence = "공공누리 제1유형" if language == "ko" else "KOGL Type 1"
    for text in ("1,234", "3.25", "µg/m³", licence, "Once a minute", "no answer", "<code>val</code>", "75.0"):
        assert text in page, text
    assert "{key}" in page
    assert "sources/air/act" not in page
    assert client.get("/sources/air/now/").status_code == 200
    assert client.get("/sources/none/").status_code == 404


def test_the_open_api_reads(client: Client, air: Source) -> None:
    listed = client.get("/api/v1/sources").json()
    assert listed["total"] == 2
    assert {one["name"]: one["state"] for one in listed["sources"]}["air"] == "stale"
    one = client.get("/api/v1/sources/air").json()
    assert (one["records"], one["licence"], one["drifts"][0]["becomes"]) == (1234, "KOGL-1", "val")
    assert one["columns"][2] == {
        "name": "value",
        "title": one["columns"][2]["title"],
        "type": "number",
        "unit": "ug/m3",
        "key": False,
        "personal": False,
    }
    values = client.get("/api/v1/sources/air/latest?limit=1").json()
    assert values["values"][0]["value"] == 3.25 and values["next"] is None
    assert client.get("/api/v1/sources/none").status_code == 404
    assert client.get("/api/v1/sources?state=bad").status_code == 422


@pytest.mark.parametrize(
    ("role", "own", "may"),
    [("", True, False), ("moderator", True, False), ("officer", True, True), ("officer", False, False), ("administrator", False, True)],
)  # fmt: skip
def test_who_acts(signed_in: SignedIn, air: Source, office: Office, role: str, own: bool, may: bool) -> None:
    other = Office.objects.create(code="parks", names={"en": "Parks"})
    fields = {"office": office if own else other} if role == "officer" else {}
    browser = signed_in(*([role] if role else []), **fields)
    assert ("sources/air/act" in browser.get("/sources/air/").content.decode()) == may
    assert browser.get("/sources/air/letters/").status_code == (200 if may else 403)
    letter = DeadLetter.objects.get().pk
    raw = browser.get(f"/sources/air/letters/{letter}/raw")
    assert raw.status_code == (200 if may else 403)
    answers = {
        act: browser.post("/sources/air/act/", {"act": act}).status_code
        for act in ("run", "pause", "resume", "retry")
    }
    assert set(answers.values()) == ({302} if may else {403})
    acts = set(Entry.objects.values_list("act", flat=True))
    assert ({"sources.run", "sources.pause", "sources.resume", "sources.retry"} <= acts) == may
    assert Source.objects.get(name="air").wanted == ("retry" if may else "")
    if may:
        assert raw.content == b'{"value": "x"}\xff'
        assert browser.post("/sources/air/act/", {"act": "explode"}).status_code == 422
        assert browser.post("/sources/air/act/", {"act": "resume"}).status_code == 409


def test_strangers_are_sent_away(client: Client, air: Source) -> None:
    assert client.get("/sources/air/letters/").status_code in {302, 401}
    assert client.post("/sources/air/act/", {"act": "pause"}).status_code in {302, 401}
    assert client.post("/api/v1/sources/air/pause").status_code == 401
    assert not Source.objects.get(name="air").paused


def test_a_lost_declaration_hides_the_source_and_keeps_its_past(client: Client, air: Source) -> None:
    operations.register({})
    forget()
    assert client.get("/sources/air/").status_code == 404
    assert catalogue_queries.catalogue().total == 0
    assert Latest.objects.count() == 1
    assert json.dumps(catalogue_queries.ages())
