"""What the front promises: keys end at once, limits hold, data that changed is never answered from memory, use is counted."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import httpx
import pyarrow as pa
import pytest
from django.utils import timezone

from maru.platform.ports.lake.contracts import ARROW
from maru.services.opendata.models import AccessKey, KeyDay, UsageDay
from maru.services.opendata.operations.keys import digest_of
from maru.services.opendata.queries.lake import lake
from maru.services.opendata.rest import asgi, doorkeeper
from maru.services.opendata.rest import shelf as shelf_module
from maru.services.opendata.rest.tests.plaza import KEY, rows_of

Get = Callable[..., httpx.Response]


@pytest.fixture
def key(address: str, django_db_blocker: Any) -> Any:
    """``key(per_minute=…)``: a committed key, removed afterwards."""
    made: list[AccessKey] = []

    def make(text: str, **fields: Any) -> AccessKey:
        with django_db_blocker.unblock():
            one = AccessKey.objects.create(purpose="a test", digest=digest_of(text), shown=text[:6], **fields)
        made.append(one)
        return one

    yield make
    with django_db_blocker.unblock():
        AccessKey.objects.filter(pk__in=[one.pk for one in made]).delete()


def _until(condition: Callable[[], bool], seconds: float = 10) -> None:
    import time

    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.02)


def test_a_revoked_key_opens_nothing_within_seconds(get: Get, key: Any, django_db_blocker: Any) -> None:
    one = key("revoked-soon")
    path = "/openapi/revoked-soon/json/bikeList/1/5"
    assert "rentBikeStatus" in get(path).json()
    with django_db_blocker.unblock():
        AccessKey.objects.filter(pk=one.pk).update(revoked_at=timezone.now())
    _until(lambda: get(path).json().get("RESULT", {}).get("CODE") == "INFO-100", doorkeeper.FRESH_S + 2)
    assert get("/api/v1/datasets/air", headers={"x-api-key": "revoked-soon"}).status_code == 401


def test_a_new_key_opens_at_once_though_it_was_tried_before(get: Get, key: Any) -> None:
    path = "/openapi/tried-too-early/json/bikeList/1/5"
    assert get(path).json()["RESULT"]["CODE"] == "INFO-100"
    key("tried-too-early")
    _until(lambda: "rentBikeStatus" in get(path).json(), doorkeeper.FRESH_S + 2)


def test_a_rotated_key_ends_on_its_day(get: Get, key: Any) -> None:
    key("ended", ends_at=timezone.now() - dt.timedelta(seconds=1))
    key("ending", ends_at=timezone.now() + dt.timedelta(days=1))
    assert get("/openapi/ended/json/bikeList/1/5").json()["RESULT"]["CODE"] == "INFO-100"
    assert "rentBikeStatus" in get("/openapi/ending/json/bikeList/1/5").json()


def test_a_key_that_calls_too_fast_is_told_when_to_come_back(get: Get, key: Any) -> None:
    key("fast", per_minute=40, per_day=0)
    answers = [get("/api/v1/datasets/air", headers={"x-api-key": "fast"}) for _call in range(14)]
    assert [one.status_code for one in answers[:10]] == [200] * 10
    refused = answers[-1]
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.json()["error"]["retry_after"] == int(refused.headers["retry-after"])
    assert get("/resource/air.json", headers={"x-api-key": "fast"}).status_code == 429
    assert get("/ogc/", headers={"x-api-key": "fast"}).status_code == 429
    assert get("/api/3/action/site_read", headers={"authorization": "fast"}).status_code == 429


def test_the_quota_of_the_day_outlives_the_process(get: Get, key: Any, django_db_blocker: Any) -> None:
    one = key("daily", per_minute=0, per_day=5)
    with django_db_blocker.unblock():
        KeyDay.objects.create(key=one, day=timezone.now().date(), calls=3)  # of a process before
    codes = [
        get("/openapi/daily/json/bikeList/1/5").json().get("RESULT", {}).get("CODE") for _call in range(4)
    ]
    assert codes == [None, None, "ERROR-337", "ERROR-337"]


def test_strangers_are_limited_by_address(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorkeeper, "ANONYMOUS_PER_MINUTE", 40)
    asgi.application.limits.forget()
    codes = [get("/api/v1/datasets").status_code for _call in range(12)]
    assert codes[:10] == [200] * 10
    assert codes[-1] == 429
    assert get("/api/v1/datasets", headers={"x-api-key": KEY}).status_code == 200
    asgi.application.limits.forget()


def test_new_data_is_seen_within_seconds(get: Get) -> None:
    path = "/api/v1/datasets/strange/rows"
    before = get(path).json()
    tag = get(path).headers["etag"]
    row = pa.table({"number": pa.array([99], ARROW["integer"]), "words": pa.array(["new"], ARROW["text"])})
    lake().append("t_strange", row)
    _until(lambda: get(path).json()["total"] == before["total"] + 1, shelf_module.FRESH_S + 3)
    assert get(path, headers={"if-none-match": tag}).status_code == 200
    found = get(f"/openapi/{KEY}/json/StrangeWords/1/100/99").json()["StrangeWords"]
    assert found["row"] == [{"NUMBER": 99, "WORDS": "new"}]
    kept = list(zip(*rows_of("strange"), strict=True))
    whole = pa.table(
        {"number": pa.array(kept[0], ARROW["integer"]), "words": pa.array(kept[1], ARROW["text"])}
    )
    lake().append("t_strange", whole, complete=True)  # the new row is gone again
    _until(lambda: get(path).json()["total"] == before["total"], shelf_module.FRESH_S + 3)


def test_use_is_counted_without_saying_whose(get: Get, key: Any, django_db_blocker: Any) -> None:
    one = key("counted", per_minute=0)
    for _call in range(3):
        get("/openapi/counted/json/RealtimeCityAir/1/10")

    def counted() -> tuple[int, int] | None:
        with django_db_blocker.unblock():
            row = UsageDay.objects.filter(interface="path", dataset="air").first()
            mine = KeyDay.objects.filter(key=one).first()
        return (row.rows, mine.calls) if row and mine else None

    _until(lambda: (counted() or (0, 0))[1] == 3, 12)
    found = counted()
    assert found is not None
    assert found[0] >= 30
    names = {field.name for field in UsageDay._meta.get_fields()}
    assert names == {"id", "day", "interface", "dataset", "calls", "rows", "refused"}
    assert get("/api/v1/datasets/air/usage").json()["calls"] >= 3


def test_many_at_once_get_the_same(address: str) -> None:
    async def ask() -> set[bytes]:
        async with httpx.AsyncClient(base_url=address, timeout=30) as client:
            calls = [client.get(f"/openapi/{KEY}/json/bikeList/{n % 3 + 1}/{n % 3 + 900}") for n in range(60)]
            return {answer.content for answer in await asyncio.gather(*calls)}

    assert len(asyncio.run(ask())) == 3


def test_a_fault_is_told_in_the_shape_of_each(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any) -> Any:
        raise RuntimeError("a secret of the house")

    monkeypatch.setattr(shelf_module.Shelf, "find", fail)
    asgi.application.kept.clear()
    for path in (
        "/api/v1/datasets/air",
        "/resource/air.json",
        "/ogc/collections/bikes",
        "/api/3/action/package_show?id=air",
    ):
        answer = get(path)
        assert answer.status_code == 500
        assert "secret" not in answer.text
        assert json.loads(answer.text)


def test_a_host_that_is_not_ours_is_refused(get: Get, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["data.example.org"]
    assert get("/api/v1/datasets").status_code == 400
    settings.ALLOWED_HOSTS = ["*"]
