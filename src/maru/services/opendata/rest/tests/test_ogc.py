"""OGC API Features: the requirements of Part 1's core and of Part 3's filters, checked by hand (CITE needs containers)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from maru.services.opendata.rest.tests.plaza import BIKES, rows_of

Get = Callable[..., httpx.Response]
Row = tuple[Any, ...]
HERE = "/ogc/collections/bikes"
PLACED = [row for row in rows_of("bikes") if row[6] is not None]


def _rels(document: dict[str, Any]) -> dict[str, str]:
    return {one["rel"]: one["href"] for one in document["links"] if one.get("type") != "text/html"}


def test_from_the_landing_page_everything_is_reached(get: Get) -> None:
    landing = get("/ogc/").json()
    rels = _rels(landing)
    assert {"self", "service-desc", "conformance", "data"} <= set(rels)
    classes = httpx.get(rels["conformance"]).json()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in classes
    described = httpx.get(rels["service-desc"])
    assert described.headers["content-type"].startswith("application/vnd.oai.openapi+json;version=3.0")
    assert described.json()["openapi"].startswith("3.0")
    collections = httpx.get(rels["data"]).json()["collections"]
    assert [one["id"] for one in collections] == ["bikes"]  # only what has places
    one = collections[0]
    assert one["extent"]["spatial"]["bbox"] == [[130.7, 36.3, 131.1, 36.5]]
    assert one["itemType"] == "feature"
    assert httpx.get(_rels(one)["items"]).json()["type"] == "FeatureCollection"
    queryables = httpx.get(_rels(one)["http://www.opengis.net/def/rel/ogc/1.0/queryables"])
    assert queryables.headers["content-type"] == "application/schema+json"
    assert queryables.json()["properties"]["racks"] == {"type": "integer", "title": "racks 항목"}


def test_next_links_lead_through_all_features(get: Get) -> None:
    address = f"{HERE}/items?limit=1000"
    seen: list[str] = []
    while address:
        page = get(address).json()
        assert page["numberMatched"] == BIKES
        assert page["numberReturned"] == len(page["features"])
        seen += [one["id"] for one in page["features"]]
        address = _rels(page).get("next", "")
        address = address[address.index("/ogc") :] if address else ""
    assert len(seen) == len(set(seen)) == BIKES


def test_a_feature_has_an_address(get: Get) -> None:
    for one in get(f"{HERE}/items", limit=3).json()["features"]:
        answer = get(f"{HERE}/items/{one['id']}")
        assert answer.headers["content-type"] == "application/geo+json"
        found = answer.json()
        assert (found["id"], found["geometry"], found["properties"]) == (
            one["id"],
            one["geometry"],
            one["properties"],
        )
        assert {"self", "collection"} <= set(_rels(found))
    for name in ("nothing", "%00", "a" * 200, "'"):
        assert get(f"{HERE}/items/{name}").status_code == 404


def _matched(get: Get, **parameters: Any) -> set[str]:
    answer = get(f"{HERE}/items", limit=10000, **parameters)
    assert answer.status_code == 200, answer.text
    return {one["properties"]["station_id"] for one in answer.json()["features"]}


def test_box_time_and_queryables(get: Get) -> None:
    box = _matched(get, bbox="130.7995,36.3495,130.9005,36.4005")
    assert box == {r[0] for r in PLACED if 130.7995 <= r[6] <= 130.9005 and 36.3495 <= r[7] <= 36.4005}
    assert _matched(get, bbox="130.7995,36.3495,0,130.9005,36.4005,100") == box
    assert len(_matched(get, bbox="-180,-90,180,90")) == len(PLACED)
    every = rows_of("bikes")
    for text, test in {
        "2024-05-02": lambda r: r[8].day == 2,
        "2024-05-01T01:00:00Z": lambda r: r[8].isoformat() == "2024-05-01T01:00:00+00:00",
        "../2024-05-01T00:59:59Z": lambda r: r[8].isoformat() < "2024-05-01T01",
        "2024-05-02T00:00:00Z/..": lambda r: r[8].day == 2,
        "2024-05-01T00:00:00Z/2024-05-01T00:10:00Z": lambda r: (
            r[8].isoformat() <= "2024-05-01T00:10:00+00:00"
        ),
    }.items():
        assert _matched(get, datetime=text) == {r[0] for r in every if test(r)}, text
    assert _matched(get, racks="12") == {r[0] for r in every if r[2] == 12}


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ("bikes > 20", lambda r: r[3] > 20),
        ("bikes <> 20 AND NOT (racks = 12 OR racks = 13)", lambda r: r[3] != 20 and r[2] not in (12, 13)),
        ("station_name LIKE '%3번%'", lambda r: "3번" in r[1]),
        ("CASEI(station_id) = CASEI('st-0009')", lambda r: r[0] == "ST-0009"),
        ("bikes BETWEEN 5 AND 7", lambda r: 5 <= r[3] <= 7),
        ("bikes NOT IN (1, 2)", lambda r: r[3] not in (1, 2)),
        ("shared IS NULL", lambda r: r[4] is None),
        ("shared IS NOT NULL", lambda r: r[4] is not None),
        ("open = TRUE", lambda r: r[5]),
        (
            "S_INTERSECTS(geometry, BBOX(130.7995, 36.3495, 130.9005, 36.4005))",
            lambda r: r[6] is not None and 130.7995 <= r[6] <= 130.9005 and 36.3495 <= r[7] <= 36.4005,
        ),
        (
            "S_WITHIN(geometry, POLYGON((130.7995 36.3495, 130.9005 36.3495, 130.9005 36.4005, 130.7995 36.4005, 130.7995 36.3495)))",
            lambda r: r[6] is not None and 130.7995 <= r[6] <= 130.9005 and 36.3495 <= r[7] <= 36.4005,
        ),
        ("T_AFTER(updated, DATE('2024-05-01'))", lambda r: r[8].day == 2),
        (
            "T_DURING(updated, INTERVAL('2024-05-01T00:00:00Z', '2024-05-01T00:10:00Z'))",
            lambda r: r[8].isoformat() <= "2024-05-01T00:10:00+00:00",
        ),
        ("updated >= TIMESTAMP('2024-05-02T00:00:00Z')", lambda r: r[8].day == 2),
    ],
)
def test_cql2_text_and_json_mean_the_same(get: Get, text: str, test: Callable[[Row], bool]) -> None:
    from maru.services.opendata.rest.cql2_text import to_json

    wanted = {row[0] for row in rows_of("bikes") if test(row)}
    assert _matched(get, filter=text) == wanted
    assert _matched(get, **{"filter": json.dumps(to_json(text)), "filter-lang": "cql2-json"}) == wanted


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=x",
        "bbox=1,2,3",
        "bbox=a,b,c,d",
        "bbox=1,5,2,3",
        "bbox=nan,0,1,1",
        "bbox=0,0,1,1&bbox-crs=EPSG:5186",
        "crs=EPSG:5186",
        "datetime=yesterday",
        "datetime=2024-05-02/2024-05-01",
        "datetime=..",
        "nothing=1",
        "filter=nothing%3D1",
        "filter=bikes%20%3E",
        "filter=bikes%3D1&filter-lang=sql",
        "filter=%7B%22op%22%3A%22%3D%22%7D",
        "filter=%7B",
        "filter=S_INTERSECTS(geometry,POLYGON((0%200,1%201)))",
        "filter=S_CROSSES(geometry,BBOX(0,0,1,1))",
        "filter=bikes%3Dracks",
        "f=pdf",
        "sortby=nothing",
    ],
)
def test_what_cannot_be_understood_is_400(get: Get, query: str) -> None:
    answer = get(f"{HERE}/items?{query}")
    assert answer.status_code == 400, answer.text
    assert set(answer.json()) == {"code", "description"}


def test_unknown_parameters_and_names(get: Get) -> None:
    assert get("/ogc/collections?nothing=1").status_code == 400
    for path in (
        "/ogc/collections/air",
        "/ogc/collections/nothing/items",
        "/ogc/nothing",
        "/ogcx",
        "/ogc/collections/bikes/nothing",
    ):
        assert get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "",
        "conformance",
        "api",
        "collections",
        "collections/bikes",
        "collections/bikes/queryables",
        "collections/bikes/items",
    ],
)
def test_every_document_is_a_page_as_well(get: Get, path: str) -> None:
    for answer in (get(f"/ogc/{path}?f=html"), get(f"/ogc/{path}", headers={"accept": "text/html,*/*"})):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert '<html lang="' in answer.text
        assert "<script" not in answer.text
        assert "content-security-policy" in answer.headers
