"""What strangers send to hurt: each is refused with a reason, in its interface's own shape, and costs next to nothing."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from maru.services.opendata.contracts_keys import KeyGrant
from maru.services.opendata.models import AccessKey
from maru.services.opendata.operations.keys import digest_of
from maru.services.opendata.rest import asgi, ckan_search, doorkeeper
from maru.services.opendata.rest.http import Answer
from maru.services.opendata.rest.keeping import Kept

Get = Callable[..., httpx.Response]


@pytest.mark.parametrize("host", ["[", 'x"><b>@localhost', "localhost/<script>", "a b", ""])
def test_a_host_that_is_none_is_refused(get: Get, host: str) -> None:
    answer = get("/ogc/?f=html", headers={"host": host})
    assert answer.status_code == 400
    assert "<" not in answer.text


def test_a_search_with_many_stars_ends(get: Get) -> None:
    began = time.monotonic()
    answer = get("/api/3/action/package_search", fq=f"name:{'*' * 60}x")
    assert answer.json()["result"]["count"] == 0
    assert get("/api/3/action/package_search", fq="name:b*ke*s").json()["result"]["count"] == 1
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("*", "", True), ("a*", "abc", True), ("*c", "abc", True), ("a*c", "abc", True), ("a*b*c", "abc", True), ("a*a", "a", False),
        ("*b*", "abc", True), ("a**c", "ac", True), ("ab*bc", "abc", False), ("*x*", "abc", False), ("a*b*b*c", "abc", False),
    ],
)  # fmt: skip
def test_stars_stand_for_anything(pattern: str, text: str, fits: bool) -> None:
    assert ckan_search._fits(pattern.split("*"), text) is fits


@pytest.mark.parametrize(
    "query", [" ".join(f"w{n}" for n in range(900)), " ".join(f"name:n{n}" for n in range(500))]
)
def test_a_search_of_hundreds_of_conditions_is_refused(get: Get, query: str) -> None:
    answer = get("/api/3/action/package_search", q=query)
    assert answer.status_code == 400
    assert answer.json()["error"]["__type"] == "Search Query Error"


def test_a_geometry_of_a_thousand_brackets_is_refused(get: Get) -> None:
    deep = "[" * 900 + "1" + "]" * 900
    place, shape = '{"property":"geometry"}', f'{{"type":"Polygon","coordinates":{deep}}}'
    asked = f'{{"op":"s_intersects","args":[{place},{shape}]}}'
    assert get("/ogc/collections/bikes/items", filter=asked).status_code == 400
    case = '{"op":"casei","args":[' * 300 + '{"property":"station_id"}' + "]}" * 300
    asked = f'{{"op":"=","args":[{case},"x"]}}'
    assert get("/ogc/collections/bikes/items", filter=asked).status_code == 400


@pytest.mark.parametrize("pattern", ["%" * 299 + "\\%%", "%a" * 200, "_" * 301])
def test_a_pattern_is_whole_or_refused(get: Get, pattern: str) -> None:
    for path, params in (
        ("/resource/bikes.json", {"$where": f"station_name like '{pattern}'"}),
        ("/ogc/collections/bikes/items", {"filter": f"station_name LIKE '{pattern}'"}),
    ):
        assert get(path, **params).status_code == 400
    filters = json.dumps({"station_name": pattern})
    asked = {"resource_id": "bikes", "q": filters}
    assert get("/api/3/action/datastore_search", **asked).status_code == 409


def test_features_are_counted_and_not_what_was_allowed(get: Get) -> None:
    asgi.application.counter._counts.clear()
    assert (
        len(get("/resource/bikes.geojson", **{"$limit": "50000", "station_id": "ST-0007"}).json()["features"])
        == 1
    )
    counted = [count for place, count in asgi.application.counter._counts.items() if place[1] == "soda"]
    assert [one[1] for one in counted] == [1]


def test_a_long_question_counts_in_what_is_kept() -> None:
    kept = Kept(most_bytes=1_000_000)
    for number in range(2_000):
        kept.put(("base", "/path", f"{number}" * 2_000, "accept"), Answer(200, b"{}"))
    assert kept.size <= 1_000_000
    assert len(kept._answers) < 200


def test_strangers_keys_are_asked_for_once_and_block_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(doorkeeper, "_MOST_KNOWN", 50)

    async def in_thread(_function: Any, digests: list[str]) -> dict[str, KeyGrant]:
        asked.append(len(digests))
        await asyncio.sleep(0)
        return {}

    async def visits() -> None:
        book = doorkeeper.KeyBook(in_thread)
        for part in range(4):
            await asyncio.wait_for(asyncio.gather(*(book.find(f"bogus-{part}-{n}") for n in range(100))), 10)
        monkeypatch.setattr(doorkeeper, "FRESH_S", -1.0)
        await book.find("another")
        asked.clear()
        await book.find("one more")
        assert asked == [1]

    asyncio.run(visits())


def test_counts_of_the_busy_survive_a_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorkeeper, "_MOST_KNOWN", 100)
    limits = doorkeeper.Limits()
    for _each in range(10):
        limits.wait("greedy", 10, now=50.0)
    for number in range(99):
        limits.wait(f"crowd-{number}", 10, now=49.0)
    limits.wait("one more", 10, now=50.0)
    assert limits.wait("greedy", 10, now=50.0) > 0


def test_one_house_of_version_six_is_one_party() -> None:
    assert doorkeeper.party("2001:db8:1:2::1") == doorkeeper.party("2001:db8:1:2:ffff::9")
    assert doorkeeper.party("2001:db8:1:2::1") != doorkeeper.party("2001:db8:1:3::1")
    assert doorkeeper.party("::ffff:192.0.2.7") == "192.0.2.7" == doorkeeper.party("192.0.2.7")
    assert doorkeeper.party("fe80::1%eth0") and doorkeeper.party("no:address") == "no:address"


def test_a_fault_of_ours_names_no_key(
    get: Get, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capsys: Any
) -> None:
    from maru.services.opendata.rest.tests.plaza import KEY

    def broken(*_args: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("maru.services.opendata.rest.path_api._answer", broken)
    with caplog.at_level(logging.ERROR):
        answer = get(f"/openapi/{KEY}/json/bikeList/2/3/x")
    assert answer.json()["RESULT"]["CODE"] == "ERROR-500"
    said = capsys.readouterr()
    told = caplog.text + said.out + said.err
    assert "interface_fault" in told
    assert KEY not in told


def test_slow_questions_of_one_do_not_stop_others(
    get: Get, monkeypatch: pytest.MonkeyPatch, django_db_blocker: Any
) -> None:
    with django_db_blocker.unblock():
        AccessKey.objects.create(
            purpose="greedy", digest=digest_of("greedy"), shown="greedy", per_minute=6_000, per_day=0
        )
    real, ended = asgi._make, threading.Event()

    def slow(route: Any, request: Any, key: str) -> Answer:
        if key == "greedy":
            ended.wait(60)
        return real(route, request, key)

    monkeypatch.setattr(asgi, "_make", slow)
    with ThreadPoolExecutor(6) as crowd:
        try:
            greedy = [
                crowd.submit(get, f"/resource/air.json?$offset={n}", {"x-api-key": "greedy"})
                for n in range(6)
            ]
            limit = time.monotonic() + 10
            while sum(one.callers for one in asgi.application.turns._turns.values()) < 6:
                assert time.monotonic() < limit
                time.sleep(0.02)
            assert get("/resource/air.json?$limit=1").status_code == 200
        finally:
            ended.set()
        assert {one.result(20).status_code for one in greedy} == {200}
    assert not asgi.application.turns._turns
    with django_db_blocker.unblock():
        AccessKey.objects.filter(purpose="greedy").delete()
