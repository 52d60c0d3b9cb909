"""The house's own interface: lists, rows with cursors, facets; and what the front does for all: ETag, gzip, CORS."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from maru.services.opendata.rest.tests.plaza import AIR, BIKES, GRADES, KEY, rows_of

Get = Callable[..., httpx.Response]
HERE = "/api/v1/datasets"


def test_datasets_are_listed_and_found(get: Get) -> None:
    body = get(HERE).json()
    assert body["total"] == 3
    assert {one["slug"] for one in body["datasets"]} == {"air", "bikes", "strange"}
    assert body["next"] is None
    assert [one["slug"] for one in get(HERE, q="자전거").json()["datasets"]] == ["bikes"]
    assert [one["slug"] for one in get(HERE, category="environment").json()["datasets"]] == ["air"]
    assert [one["slug"] for one in get(HERE, map="true").json()["datasets"]] == ["bikes"]
    first = get(HERE, limit=2, sort="title").json()
    second = httpx.get(first["next"]).json()
    assert len(first["datasets"]) == 2
    assert len(second["datasets"]) == 1
    korean = get(HERE, headers={"accept-language": "ko"}, q="자전거").json()["datasets"][0]
    assert korean["title"] == "공공자전거 실시간 대여정보"


def test_a_dataset_is_described(get: Get) -> None:
    body = get(f"{HERE}/bikes").json()
    assert body["titles"]["en"] == "Public bicycles now"
    assert [one["outside_name"] for one in body["columns"]][:2] == ["stationId", "stationName"]
    assert body["key"] == ["station_id"]


def test_cursors_reach_every_row_once(get: Get) -> None:
    address = f"{HERE}/bikes/rows?limit=500&sort=-bikes,station_id"
    seen: list[dict[str, Any]] = []
    while address:
        answer = get(address)
        body = answer.json()
        assert body["total"] == BIKES
        seen += body["rows"]
        assert (answer.headers.get("link") is not None) == (body["next"] is not None)
        address = (body["next"] or "").replace(str(answer.url.copy_with(path="/", query=None)), "/")
    wanted = sorted(rows_of("bikes"), key=lambda row: (-row[3], row[0]))
    assert [row["station_id"] for row in seen] == [row[0] for row in wanted]


def test_rows_are_filtered(get: Get) -> None:
    def total(**parameters: Any) -> int:
        return int(get(f"{HERE}/air/rows", **parameters).json()["total"])

    rows = rows_of("air")
    assert total() == AIR
    assert total(grade="좋음") == sum(1 for row in rows if row[4] == "좋음")
    assert total(grade=["좋음", "나쁨"]) == sum(1 for row in rows if row[4] != "보통")
    assert total(pm10="") == sum(1 for row in rows if row[3] is None)
    assert total(**{"pm10.from": "50", "pm10.to": "60"}) == sum(
        1 for row in rows if row[3] is not None and 50 <= row[3] <= 60
    )
    assert total(**{"measured.to": "2024-05-01"}) == sum(1 for row in rows if row[1].day == 1)
    assert total(measured="2024-05-02") == sum(1 for row in rows if row[1].day == 2)
    assert total(day="2024-05-02") == sum(1 for row in rows if row[1].day == 2)
    assert total(where="pm10 > 100 and district = '구01'", grade="보통") == sum(
        1 for row in rows if (row[3] or 0) > 100 and row[0] == "구01" and row[4] == "보통"
    )
    assert total(q="구07") == sum(1 for row in rows if row[0] == "구07")
    few = get(f"{HERE}/air/rows", fields="grade,MSRSTN_NM", limit=1, total="false").json()
    assert few["total"] is None
    assert list(few["rows"][0]) == ["grade", "district"]


def test_facets_count_exactly(get: Get) -> None:
    body = get(f"{HERE}/air/facets", columns="grade,district", district="구03").json()
    wanted = Counter(row[4] for row in rows_of("air") if row[0] == "구03")
    assert {one["value"]: one["count"] for one in body["facets"]["grade"]} == dict(wanted)
    assert body["facets"]["district"] == [{"value": "구03", "count": body["total"]}]
    assert set(wanted) <= set(GRADES)


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("?limit=0", 400, "limit"),
        ("?limit=x", 400, "limit"),
        ("?category=nothing", 400, "category"),
        ("?nothing=1", 400, "nothing"),
        ("/nothing", 404, None),
        ("/draft/rows", 404, None),
        ("/bikes/nothing", 404, None),
        ("/bikes/rows?nothing=1", 400, "nothing"),
        ("/bikes/rows?bikes=many", 400, "bikes"),
        ("/bikes/rows?bikes.from=", 400, "bikes.from"),
        ("/bikes/rows?cursor=%00%ff", 400, "cursor"),
        ("/bikes/rows?where=%27", 400, "where"),
        ("/bikes/rows?sort=nothing", 400, "sort"),
        ("/bikes/rows?limit=10001", 400, "limit"),
        ("/bikes/rows?fields=nothing", 400, "fields"),
        ("/bikes/facets", 400, "columns"),
        ("x", 404, None),
    ],
)
def test_problems_have_one_shape(get: Get, path: str, status: int, field: str | None) -> None:
    answer = get(f"{HERE}{path}")
    assert answer.status_code == status, answer.text
    assert answer.json()["error"].get("field") == field
    assert answer.headers["access-control-allow-origin"] == "*"


def test_what_is_known_is_not_sent_again(get: Get) -> None:
    first = get(f"{HERE}/air/rows")
    again = get(f"{HERE}/air/rows", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    other = get(f"{HERE}/air/rows", headers={"if-none-match": '"x"'})
    assert other.status_code == 200


def test_gzip_head_and_other_origins(address: str) -> None:
    with httpx.Client(base_url=address) as client:
        with client.stream("GET", f"{HERE}/air/rows", headers={"accept-encoding": "gzip"}) as answer:
            raw = b"".join(answer.iter_raw())
            assert answer.headers["content-encoding"] == "gzip"
            assert len(raw) == int(answer.headers["content-length"])
        plain = client.get(f"{HERE}/air/rows", headers={"accept-encoding": "identity"})
        assert gzip.decompress(raw) == plain.content
        head = client.head(f"{HERE}/air/rows", headers={"accept-encoding": "identity"})
        assert head.content == b""
        assert head.headers["content-length"] == str(len(plain.content))
        assert client.options(f"{HERE}/air/rows").status_code == 204
        assert client.post(f"{HERE}/air/rows").status_code == 405
        assert client.delete(f"{HERE}/air").status_code == 405
        assert client.get("/nothing").status_code == 404


def test_keys_in_headers(get: Get) -> None:
    for headers in ({"x-api-key": KEY}, {"authorization": f"Bearer {KEY}"}, {"x-app-token": KEY}):
        assert get(f"{HERE}/air", headers=headers).status_code == 200
    assert get(f"{HERE}/air", headers={"x-api-key": "wrong"}).status_code == 401
    assert get(f"{HERE}/air?api_key={KEY}").status_code == 200
    # A token of a person is none of a program's.
    assert get(f"{HERE}/air", headers={"authorization": "Bearer maru_abc"}).status_code == 200


def test_the_manifest_mounts_every_interface() -> None:
    from maru.services.opendata.rest.routes import PREFIXES
    from maru.services.opendata.service import MANIFEST

    assert {one.prefix for one in MANIFEST.mounts} == set(PREFIXES)
