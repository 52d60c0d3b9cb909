"""CKAN's own client, unchanged, against the front."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import ckanapi
import httpx
import pytest

from maru.services.opendata.rest.tests.plaza import AIR, BIKES, KEY, STRANGE, rows_of

Get = Callable[..., httpx.Response]


@pytest.fixture(params=[False, True], ids=["post", "get"])
def ckan(address: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The client, by POST and by GET."""
    with ckanapi.RemoteCKAN(address, apikey=KEY, get_only=request.param) as client:
        yield client


def test_lists_and_shows(ckan: Any) -> None:
    assert ckan.action.site_read() is True
    assert ckan.action.status_show()["ckan_version"]
    assert ckan.action.package_list() == ["air", "bikes", "strange"]
    assert ckan.action.package_list(limit=1, offset=1) == ["bikes"]
    package = ckan.action.package_show(id="bikes")
    assert package["title"] == "공공자전거 실시간 대여정보"
    assert package["organization"]["name"] == "transport-division"
    assert [one["format"] for one in package["resources"]] == ["CSV", "JSON", "Parquet", "XLSX", "GeoJSON"]
    assert package["num_tags"] == 2
    resource = ckan.action.resource_show(id="bikes.csv")
    assert resource["datastore_active"] is True
    assert resource["url"].endswith("/data/bikes/files/bikes.csv")
    with pytest.raises(ckanapi.NotFound):
        ckan.action.package_show(id="draft")
    with pytest.raises(ckanapi.ValidationError):
        ckan.action.package_show()
    with pytest.raises(ckanapi.NotAuthorized):
        ckan.action.package_create(name="x")
    with pytest.raises(ckanapi.CKANAPIError):
        ckan.action.no_such_action()


def test_search(ckan: Any) -> None:
    everything = ckan.action.package_search(rows=1)
    assert everything["count"] == 3
    assert len(everything["results"]) == 1

    def names(**parameters: Any) -> list[str]:
        return sorted(one["name"] for one in ckan.action.package_search(**parameters)["results"])

    assert names(q="공공자전거") == ["bikes"]
    assert names(q="bicycles") == ["bikes"]
    assert names(q="*:*", fq="organization:transport-division") == ["air", "bikes", "strange"]
    assert names(fq="groups:transport") == ["bikes"]
    assert names(fq="-groups:transport +res_format:CSV") == ["air", "strange"]
    assert names(fq="groups:(transport OR culture)") == ["bikes", "strange"]
    assert names(fq="res_format:GeoJSON") == ["bikes"]
    assert names(fq='tags:"자전거"') == ["bikes"]
    assert names(fq='license_id:"CC-BY-4.0"') == ["air", "bikes", "strange"]
    assert names(q="name:b*") == ["bikes"]
    assert names(fq="metadata_modified:[2100-01-01T00:00:00Z TO *]") == []
    ordered = ckan.action.package_search(sort="name desc")["results"]
    assert [one["name"] for one in ordered] == ["strange", "bikes", "air"]
    facets = ckan.action.package_search(
        **{"facet.field": '["groups","res_format","organization"]', "rows": 0}
    )
    assert facets["facets"]["groups"] == {"transport": 1, "environment": 1, "culture": 1}
    items = facets["search_facets"]["organization"]["items"]
    assert items == [{"name": "transport-division", "display_name": "교통과", "count": 3}]
    with pytest.raises(ckanapi.SearchQueryError):
        ckan.action.package_search(q="nofield:x")
    with pytest.raises(ckanapi.SearchQueryError):
        ckan.action.package_search(sort="nofield asc")


def test_offices_fields_tags(ckan: Any) -> None:
    assert "transport-division" in ckan.action.organization_list()
    shown = ckan.action.organization_show(id="transport-division", include_datasets=True)
    assert shown["package_count"] == 3
    assert {one["name"] for one in shown["packages"]} == {"air", "bikes", "strange"}
    assert len(ckan.action.group_list()) == 12
    assert ckan.action.group_show(id="transport")["title"]
    assert [one["name"] for one in ckan.action.group_package_show(id="culture")] == ["strange"]
    assert ckan.action.tag_list() == ["bicycle", "자전거"]
    assert ckan.action.tag_show(id="bicycle", include_datasets=True)["packages"][0]["name"] == "bikes"
    assert ckan.action.license_list()[0]["id"] == "CC-BY-4.0"
    assert len(ckan.action.current_package_list_with_resources(limit=2)) == 2
    assert len(ckan.action.recently_changed_packages_activity_list()) == 3
    assert ckan.action.resource_search(query="format:geojson")["count"] == 1
    assert ckan.action.package_autocomplete(q="bik")[0]["name"] == "bikes"
    assert ckan.action.help_show(name="package_search")


def test_rows(ckan: Any) -> None:
    first = ckan.action.datastore_search(resource_id="bikes.csv", limit=3)
    assert first["total"] == BIKES
    assert [one["id"] for one in first["fields"]][:2] == ["_id", "station_id"]
    assert len(first["records"]) == 3
    seen: list[Any] = []
    for offset in range(0, BIKES, 1000):
        page = ckan.action.datastore_search(resource_id="bikes", limit=1000, offset=offset)
        seen += [one["station_id"] for one in page["records"]]
    assert len(set(seen)) == BIKES
    found = ckan.action.datastore_search(
        resource_id="air",
        filters=json.dumps({"grade": ["좋음", "나쁨"], "district": "구01"}),
        sort="measured desc",
        limit=32000,
    )
    wanted = [row for row in rows_of("air") if row[4] in ("좋음", "나쁨") and row[0] == "구01"]
    assert found["total"] == len(wanted)
    assert [one["measured"] for one in found["records"]] == sorted(
        (row[1].replace(tzinfo=None).isoformat() for row in wanted), reverse=True
    )
    assert ckan.action.datastore_search(resource_id="bikes", q="마루역 24번")["total"] == sum(
        1 for row in rows_of("bikes") if "24번" in row[1]
    )
    lists = ckan.action.datastore_search(
        resource_id="air", fields=["grade"], distinct=True, records_format="lists", sort="grade"
    )
    assert len(lists["records"]) == 3
    text = ckan.action.datastore_search(
        resource_id="strange", records_format="csv", sort="number", fields="number,words"
    )["records"]
    assert [row[1] for row in csv.reader(io.StringIO(text, newline=""))] == [one or "" for one in STRANGE]
    without = ckan.action.datastore_search(resource_id="air", include_total=False, limit=1)
    assert "total" not in without
    info = ckan.action.datastore_info(id="air.csv")
    assert info["meta"]["count"] == AIR
    assert {one["id"]: one["type"] for one in info["fields"]}["measured"] == "timestamp"


@pytest.mark.parametrize(
    "parameters",
    [
        {"resource_id": "bikes", "filters": {"nothing": 1}},
        {"resource_id": "bikes", "filters": "[1"},
        {"resource_id": "bikes", "sort": "nothing"},
        {"resource_id": "bikes", "limit": "many"},
        {"resource_id": "bikes", "offset": -1},
        {"resource_id": "bikes", "records_format": "pdf"},
        {"resource_id": "bikes", "fields": ["nothing"]},
        {},
    ],
)
def test_bad_questions_are_validation_errors(ckan: Any, parameters: dict[str, Any]) -> None:
    with pytest.raises(ckanapi.ValidationError):
        ckan.action.datastore_search(**parameters)


def test_a_bad_body_is_said(address: str) -> None:
    here = f"{address}/api/3/action/package_list"
    assert httpx.post(here, content=b"{").status_code == 400
    assert httpx.post(here, content=b"[]").status_code == 400
    assert httpx.post(here, content=b"x" * 100_000).status_code == 413
    assert httpx.post(here, headers={"authorization": "wrong"}).status_code == 403
