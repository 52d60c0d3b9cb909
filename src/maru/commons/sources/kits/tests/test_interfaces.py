"""Interfaces for sensors, places and feeds: what each gives for its own shapes, and what its errors mean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from maru.commons.sources.contracts import SourceFault
from maru.commons.sources.kits.tests.feeds import Outside, declare, fault_of, parse, query, read, rows_of


def test_sensorthings_plain_data_array_and_next_link() -> None:
    entity = {
        "@iot.id": 7,
        "result": 21.5,
        "phenomenonTime": "2026-05-01T00:00:00Z",
        "Datastream": {"name": "PM10", "unitOfMeasurement": {"symbol": "ug/m3"}},
        "FeatureOfInterest": {"feature": {"type": "Point", "coordinates": [127.1, 37.2]}},
    }
    first = {
        "@iot.count": 2,
        "value": [entity],
        "@iot.nextLink": "http://internal:8080/FROST/v1.1/Observations?$skip=1&$top=1000",
    }
    outside = Outside(lambda address: json.dumps({"value": [entity]} if "skip" in address else first))
    declaration = declare(
        "sensorthings", "https://o.test/v1.1", path="Observations", since={"field": "phenomenonTime"}
    )
    deliveries = read(declaration, outside)
    row = rows_of(deliveries)[0]
    assert (row["Datastream.name"], row["Datastream.unitOfMeasurement.symbol"], row["result"]) == (
        "PM10",
        "ug/m3",
        21.5,
    )
    assert row["FeatureOfInterest.feature.longitude"] == 127.1
    assert outside.asked[1].startswith("https://o.test/v1.1/Observations?$skip=1")
    assert deliveries[-1].cursor == {"since": "2026-05-01T00:00:00Z"}
    read(declaration, outside, deliveries[-1].cursor)
    asked = query(outside.asked[2])
    assert (asked["$filter"], asked["$orderby"]) == (
        "phenomenonTime gt 2026-05-01T00:00:00Z",
        "phenomenonTime asc",
    )
    block = {
        "Datastream@iot.navigationLink": "https://o.test/v1.1/Datastreams(5)",
        "components": ["result"],
        "dataArray": [[1], [2]],
    }
    rows = parse("sensorthings", json.dumps({"value": [block]})).rows
    assert [(row["result"], row["Datastream.@iot.id"]) for row in rows] == [(1, "5"), (2, "5")]
    assert fault_of("sensorthings", '{"code":404,"type":"error","message":"Nothing found."}') in (
        "not_found",
        "malformed",
    )


def test_ngsi_ld_normalised_concise_keyed_and_notified() -> None:
    normal = {
        "id": "urn:x:1",
        "type": "AirQualityObserved",
        "pm10": {"type": "Property", "value": 12, "unitCode": "GQ", "observedAt": "2026-05-01T00:00:00Z"},
        "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [127.1, 37.2]}},
        "at": {"type": "Relationship", "object": "urn:y:2"},
        "name": {"type": "LanguageProperty", "languageMap": {"ko": "가", "en": "a"}},
        "many": [{"type": "Property", "value": 2, "datasetId": "urn:d"}, {"type": "Property", "value": 1}],
        "@context": "https://o.test/context.jsonld",
    }
    (row,) = parse("ngsi_ld", json.dumps([normal])).rows
    assert (row["pm10"], row["pm10.unitCode"], row["pm10.observedAt"]) == (12, "GQ", "2026-05-01T00:00:00Z")
    assert (row["location.longitude"], row["location.latitude"], row["at"], row["name.ko"], row["many"]) == (
        127.1,
        37.2,
        "urn:y:2",
        "가",
        1,
    )
    assert "@context" not in row
    concise = {
        "id": "u",
        "type": "T",
        "pm10": {"value": 1, "observedAt": "z"},
        "location": {"type": "Point", "coordinates": [1, 2]},
    }
    assert parse("ngsi_ld", json.dumps(concise)).rows == [
        {
            "id": "u",
            "type": "T",
            "pm10": 1,
            "pm10.observedAt": "z",
            "location.longitude": 1,
            "location.latitude": 2,
        }
    ]
    notice = {
        "id": "n",
        "type": "Notification",
        "subscriptionId": "s",
        "data": [{"id": "u", "type": "T", "pm10": 3}],
    }
    assert parse("ngsi_ld", json.dumps(notice)).rows == [{"id": "u", "type": "T", "pm10": 3}]
    second = {
        "id": "u",
        "type": "T",
        "t": {"type": "Number", "value": 5, "metadata": {"TimeInstant": {"type": "DateTime", "value": "z"}}},
    }
    assert parse("ngsi_ld", json.dumps([second])).rows == [
        {"id": "u", "type": "T", "t": 5, "t.observedAt": "z"}
    ]
    bad = {"type": "https://uri.etsi.org/ngsi-ld/errors/BadRequestData", "title": "no type", "status": 400}
    assert fault_of("ngsi_ld", json.dumps(bad)) == "bad_request"
    assert fault_of(
        "ngsi_ld", '{"error":"NotFound","description":"The requested entity has not been found."}'
    ) in ("not_found",)
    assert fault_of("ngsi_ld", '[{"no":"id"}]') == "malformed"


def test_ngsi_ld_asks_with_context_tenant_and_count() -> None:
    outside = Outside(
        lambda address: (200, json.dumps([{"id": "a", "type": "T"}]), {"ngsild-results-count": "1"})
    )
    declaration = declare(
        "ngsi_ld", "https://o.test", type="T", context="https://c.test/x.jsonld", tenant="maru"
    )
    (delivery,) = read(declaration, outside)
    assert outside.asked == ["https://o.test/ngsi-ld/v1/entities?type=T&count=true&offset=0&limit=1000"]
    assert outside.headers[0]["NGSILD-Tenant"] == "maru" and "c.test" in outside.headers[0]["Link"]
    assert delivery.total == 1


def test_ogc_features_follow_next_and_flatten() -> None:
    def feature(number: int) -> dict[str, Any]:
        return {
            "type": "Feature",
            "id": number,
            "geometry": {"type": "Point", "coordinates": [127, 37]},
            "properties": {"name": f"n{number}", "a": {"b": 1}},
        }

    def answer(address: str) -> str:
        at = int(query(address).get("offset", 0))
        links = [{"rel": "next", "href": f"?f=json&limit=1&offset={at + 1}"}] if at < 2 else []
        return json.dumps(
            {"type": "FeatureCollection", "features": [feature(at)], "links": links, "numberMatched": 3}
        )

    outside = Outside(answer)
    declaration = declare(
        "ogc_features", "https://o.test", collection="trees", since={"field": "when", "start": "2026-01-01"}
    )
    rows = rows_of(read(declaration, outside))
    assert rows[0] == {"name": "n0", "a.b": 1, "id": 0, "longitude": 127, "latitude": 37}
    assert len(rows) == 3
    assert outside.asked[0].startswith("https://o.test/collections/trees/items?")
    assert query(outside.asked[0])["datetime"] == "2026-01-01/.."
    empty = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "geometry": None, "properties": None}],
    }
    assert parse("ogc_features", json.dumps(empty)).rows == [{}]
    assert (
        fault_of("ogc_features", '{"code":"InvalidParameterValue","description":"bad bbox"}') == "bad_request"
    )
    assert fault_of("ogc_features", '{"a":1}') == "malformed"


GML = """<?xml version="1.0"?><wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:gml="http://www.opengis.net/gml/3.2"
 xmlns:m="urn:m" numberMatched="2" numberReturned="2"><wfs:member><m:tree gml:id="t.1"><m:name>은행 &amp; 나무</m:name>
<m:geom><gml:Point srsName="urn:ogc:def:crs:EPSG::4326"><gml:pos>37.5 127.0</gml:pos></gml:Point></m:geom></m:tree></wfs:member>
<wfs:member><m:tree gml:id="t.2"><m:name/><m:geom><gml:MultiSurface srsName="EPSG:4326"><gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing>
<gml:posList>127 37 128 37 128 38 127 37</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember></gml:MultiSurface></m:geom></m:tree></wfs:member>
</wfs:FeatureCollection>"""


def test_wfs_gml_geojson_and_exceptions() -> None:
    first, second = parse("wfs", GML).rows
    assert first == {"id": "t.1", "name": "은행 & 나무", "longitude": 127.0, "latitude": 37.5}
    assert json.loads(second["geometry"]) == {
        "type": "MultiPolygon",
        "coordinates": [[[[127, 37], [128, 37], [128, 38], [127, 37]]]],
    }
    assert parse("wfs", GML).total == 2
    old = (
        '<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs" xmlns:gml="http://www.opengis.net/gml"><gml:featureMember><a fid="1"><p><gml:Point>'
        "<gml:coordinates>127.5,36.5</gml:coordinates></gml:Point></p></a></gml:featureMember></wfs:FeatureCollection>"
    )
    assert parse("wfs", old).rows == [{"id": "1", "longitude": 127.5, "latitude": 36.5}]
    report = '<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1"><ows:Exception exceptionCode="{}"><ows:ExceptionText>x</ows:ExceptionText></ows:Exception></ows:ExceptionReport>'
    assert fault_of("wfs", report.format("InvalidParameterValue")) == "bad_request"
    assert fault_of("wfs", report.format("NoApplicableCode")) == "server"
    outside = Outside(
        lambda address: json.dumps({"type": "FeatureCollection", "features": [], "numberMatched": 0})
    )
    read(declare("wfs", "https://o.test/wfs", layer="m:tree", version="1.1.0"), outside)
    asked = query(outside.asked[0])
    assert (asked["typeName"], asked["maxFeatures"], asked["startIndex"]) == ("m:tree", "1000", "0")


DISCOVERY = {
    "last_updated": 1,
    "ttl": 0,
    "version": "3.0",
    "data": {
        "feeds": [
            {"name": name, "url": f"http://inner:1/x/{name}.json"}
            for name in ("station_status", "station_information")
        ]
    },
}


def test_gbfs_from_discovery_with_join_and_unchanged_feed() -> None:
    feeds = {
        "gbfs": DISCOVERY,
        "station_status": {
            "last_updated": "2026-05-01T00:00:00Z",
            "data": {"stations": [{"station_id": "1", "num": 3}]},
        },
        "station_information": {
            "last_updated": 1,
            "data": {
                "stations": [{"station_id": "1", "name": [{"text": "역", "language": "ko"}], "lat": 1.0}]
            },
        },
    }
    outside = Outside(lambda address: json.dumps(feeds[address.rpartition("/")[2].removesuffix(".json")]))
    declaration = declare(
        "gbfs", "https://o.test/v3/gbfs.json", feed="station_status", beside="station_information"
    )
    (delivery,) = read(declaration, outside)
    assert delivery.rows == [
        {"station_id": "1", "num": 3, "name": "역", "lat": 1.0, "last_updated": "2026-05-01T00:00:00Z"}
    ]
    assert outside.asked[1] == "https://o.test/v3/station_status.json"
    assert read(declaration, outside, delivery.cursor) == []
    with pytest.raises(SourceFault) as caught:
        read(declare("gbfs", "https://o.test/gbfs.json", feed="free_bike_status"), outside)
    assert caught.value.code == "not_found"
    old = {"data": {"en": {"feeds": [{"name": "a", "url": "u"}]}}}
    assert parse("gbfs", json.dumps(old)).rows == [{"name": "a", "url": "u"}]
    assert fault_of("gbfs", "{}") == "malformed"


def test_xml_rows_attributes_nil_and_soap() -> None:
    body = (
        '<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><list><item id="1"><v unit="m">3</v><n xsi:nil="true"/></item>'
        "<item id='2'><v>4</v><n/></item></list></r>"
    )
    assert parse("xml", body, rows="r.list.item").rows == [
        {"@id": "1", "v": "3", "v@unit": "m", "n": None},
        {"@id": "2", "v": "4", "n": ""},
    ]
    assert len(parse("xml", body).rows) == 2
    soap = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body></s:Envelope>'
    good = soap.format('<m:GetResponse xmlns:m="urn:m"><m:Item><a>1</a></m:Item></m:GetResponse>')
    assert parse("xml", good, rows="GetResponse.Item").rows == [{"a": "1"}]
    fault = soap.format("<s:Fault><faultcode>s:{}</faultcode><faultstring>{}</faultstring></s:Fault>")
    assert fault_of("xml", fault.format("Client", "bad argument")) == "bad_request"
    assert fault_of("xml", fault.format("Server", "it broke")) == "server"
    outside = Outside(lambda address: good)
    declaration = declare(
        "xml",
        rows="GetResponse.Item",
        soap="<m:Get><day>{d}</day></m:Get>",
        soap_action="urn:Get",
        each={"d": ["<&>"]},
    )
    assert rows_of(read(declaration, outside)) == [{"a": "1"}]
    _, sent, kind = outside.posted[0]
    assert b"<day>&lt;&amp;&gt;</day>" in sent and kind.startswith("text/xml")
    assert outside.headers[0]["SOAPAction"] == '"urn:Get"'


def test_json_options() -> None:
    assert parse("json", '{"fields":["a","b"],"data":[[1,2]]}', rows="data", columns=".fields").rows == [
        {"a": 1, "b": 2}
    ]
    assert parse("json", '{"x":{"p":{"v":1},"q":{"v":2}}}', rows="x", keys="k").rows == [
        {"k": "p", "v": 1},
        {"k": "q", "v": 2},
    ]
    assert parse("json", 'cb({"a":[{"v":1}]});').rows == [{"v": 1}]
    lines = parse("json", b'{"v":1}\n\nbroken\n{"v":2}\n', lines=True)
    assert len(lines.rows) == 2 and lines.dead[0].raw == b"broken"
    coded = {"code": "head.code", "ok": ["S"], "none": ["N"], "message": "head.text", "rows": "rows"}
    assert parse("json", '{"head":{"code":"S"},"rows":[{"v":1}]}', **coded).rows == [{"v": 1}]
    assert len(parse("json", '{"head":{"code":"N"}}', **coded).rows) == 0
    assert fault_of("json", '{"head":{"code":"E","text":"인증키 오류"}}', **coded) == "refused_key"
    for body, code in (
        ('{"error":"x"}', "server"),
        ('{"status":404,"message":"없는 것"}', "not_found"),
        ('{"code":429,"message":"slow down"}', "quota"),
        ('{"timestamp":"t","status":500,"error":"Internal Server Error","path":"/x"}', "server"),
        ("API rate limit exceeded", "quota"),
        ("Unauthorized", "refused_key"),
    ):
        assert fault_of("json", body) == code, body
    assert parse("json", '{"message":"안녕","name":"x"}').rows == [{"message": "안녕", "name": "x"}]
    outside = Outside(lambda address: '[{"v":1}]')
    read(declare("json", post='{"q":"{w}"}', each={"w": ["x"]}, headers={"X-Key": "{key}"}), outside)
    assert (
        outside.posted[0][1:] == (b'{"q":"x"}', "application/json") and outside.headers[0]["X-Key"] == "{key}"
    )


def test_json_post_bodies_keep_their_braces() -> None:
    outside = Outside(lambda address: "[]")
    read(declare("json", post='{"a": {"b": "{since}"}, "key": "{key}"}'), outside)
    assert outside.posted[0][1] == b'{"a": {"b": "{since}"}, "key": "{key}"}'


def test_ngsi_ld_histories_become_moments() -> None:
    history = [{"type": "Property", "value": value, "observedAt": at} for value, at in ((1, "t1"), (2, "t2"))]
    entity = {"id": "u", "type": "T", "name": {"type": "Property", "value": "가"}, "pm10": history}
    entity["no2"] = {"type": "Property", "values": [[5, "t2"], [6, "t3"]]}
    assert parse("ngsi_ld", json.dumps([entity])).rows == [
        {"id": "u", "type": "T", "name": "가", "observed_at": "t1", "pm10": 1},
        {"id": "u", "type": "T", "name": "가", "observed_at": "t2", "pm10": 2, "no2": 5},
        {"id": "u", "type": "T", "name": "가", "observed_at": "t3", "no2": 6},
    ]


def test_sensorthings_latest_observation_inside_its_datastream() -> None:
    stream = {
        "@iot.id": 4,
        "name": "PM10",
        "Observations@iot.nextLink": "https://o.test/x",
        "Observations": [{"result": 3, "phenomenonTime": "t"}],
    }
    rows = parse(
        "sensorthings",
        json.dumps({"value": [stream, {"@iot.id": 5, "Observations": []}]}),
        inside="Observations",
    ).rows
    assert rows == [{"result": 3, "phenomenonTime": "t", "entity.@iot.id": 4, "entity.name": "PM10"}]


def test_ckan_records_as_lists_and_gbfs_system_information() -> None:
    result = {"fields": [{"id": "_id"}, {"id": "a"}], "records": [[1, "x"], [2, "y"]], "total": 2}
    assert parse("ckan", json.dumps({"success": True, "result": result})).rows == [
        {"_id": 1, "a": "x"},
        {"_id": 2, "a": "y"},
    ]
    system = {
        "system_id": "s",
        "languages": ["ko"],
        "name": [{"text": "마루", "language": "ko"}],
        "rental_apps": {"ios": {"x": 1}},
    }
    (row,) = parse("gbfs", json.dumps({"last_updated": 1, "data": system})).rows
    assert (row["system_id"], row["name"], row["rental_apps.ios.x"]) == ("s", "마루", 1)
