"""Standards of sensors and features: SensorThings, NGSI-LD, OGC API Features."""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

from maru.simulator.outside.answers.rest import problem
from maru.simulator.outside.answers.shape import JSON, MOST, Answer, Question, moment, origin, page, tag
from maru.simulator.outside.ledger import Ledger, first_at
from maru.simulator.outside.rows import columns, json_template, names, rows

_LATER = re.compile(r"(phenomenonTime|resultTime)\s+(gt|ge)\s+'?([0-9T:.+\-Z]+)'?", re.IGNORECASE)
_AFTER = re.compile(r"(?:@iot\.)?id\s+gt\s+'?(\d+)'?")


def sensorthings(ledger: Ledger, asked: Question) -> Answer:
    """``/v1.1/Observations?$top&$skip&$filter=phenomenonTime gt …``, pages linked by ``@iot.nextLink``."""
    root = f"{origin(ledger.system)}/v1.1"
    path = asked.path.rstrip("/")
    if path.endswith("/v1.1"):
        listed = [{"name": one, "url": f"{root}/{one}"} for one in ("Things", "Datastreams", "Observations")]
        return Answer(json.dumps({"value": listed}).encode())
    if not path.endswith("/Observations"):
        return Answer(b'{"code":404,"message":"Not Found"}', JSON, 404)
    query = asked.query
    top = min(asked.number("$top", 100), MOST)
    skip = asked.number("$skip", 0)
    low, high = ledger.visible(asked.now)
    found = _LATER.search(query.get("$filter", ""))
    after = _AFTER.fullmatch(query.get("$filter", "").strip())
    if after:
        low = max(low, min(high, int(after[1])))  # record i has the id i + 1
    elif query.get("$filter") and not found:
        return Answer(b'{"code":400,"message":"Could not parse the filter"}', JSON, 400)
    if found:
        since = moment(found[3])
        if since is None:
            return Answer(b'{"code":400,"message":"not a time"}', JSON, 400)
        # Times are written in whole milliseconds, so that what is equal as text is equal here.
        low = max(low, first_at(ledger, since + (0.001 if found[2].lower() == "gt" else 0), high))
    first = min(high, low + skip)
    end = min(high, first + top)
    template = json_template(names(ledger)[:3])
    stream = (
        '"Datastream":{"@iot.id":%s,"name":%s,"unitOfMeasurement":{"name":"","symbol":"'
        + ledger.system.fields[2].unit
        + '","definition":""}}}'
    )
    made = [
        (template[:-1] + "," + stream) % row
        for row in zip(*columns(ledger, ledger.sources(first, end), "json"), strict=True)
    ]
    head = f'{{"@iot.count":{high - low},' if query.get("$count") == "true" else "{"
    following = ""
    if end < high:
        more = urlencode({**query, "$top": top, "$skip": skip + top})
        following = f'"@iot.nextLink":{json.dumps(f"{root}/Observations?{more}")},'
    return Answer(f'{head}{following}"value":[{",".join(made)}]}}'.encode(), JSON, span=(first, end))


def ngsi_ld(ledger: Ledger, asked: Question) -> Answer:
    """``/ngsi-ld/v1/entities?type&limit&offset``: normalised; ``options=concise`` or ``keyValues`` for shorter ones."""
    if "type" not in asked.query:
        return problem(400, "BadRequestData")
    size = min(asked.number("limit", 20), MOST)
    first, end, total = page(ledger, asked.now, asked.number("offset", 0), size)
    if asked.query["type"] != "Streetlight":
        first = end = total = 0
    short = asked.query.get("options", asked.query.get("format", "")) in ("keyValues", "simplified")
    fields = names(ledger)
    kind = '"type":"Streetlight"'
    parts: list[str] = []
    for name, field in fields:
        if name == "id":
            parts.append(f'"id":%s,{kind}')
        elif name.startswith("location."):
            if name.endswith(".lon"):
                point = '{"type":"Point","coordinates":[%s,'
                parts.append('"location":' + (point if short else '{"type":"GeoProperty","value":' + point))
            else:
                parts.append("%s]}" if short else "%s]}}")
        elif short:
            parts.append(f'"{name}":%s')
        elif field.type == "datetime":
            parts.append(f'"{name}":{{"type":"Property","value":{{"@type":"DateTime","@value":%s}}}}')
        else:
            unit = f',"unitCode":"{"WTT" if field.unit == "W" else field.unit}"' if field.unit else ""
            parts.append(f'"{name}":{{"type":"Property","value":%s{unit}}}')
    template = "{" + ",".join(parts).replace("[%s,,%s", "[%s,%s") + "}"
    made = rows(ledger, first, end, "json", template)
    headers = {
        "NGSILD-Results-Count": str(total),
        "Link": '<https://context.maru.example/context.jsonld>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"',
    }
    return Answer(
        f"[{','.join(made)}]".encode(),
        "application/json",
        headers=headers,
        span=(first, end),
        tag=tag(ledger, first, end),
    )


def ogc_features(ledger: Ledger, asked: Question) -> Answer:
    """Landing, conformance, collections, items with ``limit``, ``offset`` and ``datetime``."""
    root = f"{origin(ledger.system)}/ogc"
    path = asked.path.rstrip("/")
    if path.endswith("/ogc"):
        links = [
            {"rel": rel, "href": f"{root}{to}", "type": "application/json"}
            for rel, to in (("self", ""), ("conformance", "/conformance"), ("data", "/collections"))
        ]
        return Answer(json.dumps({"title": ledger.system.en, "links": links}).encode())
    if path.endswith("/conformance"):
        return Answer(
            json.dumps(
                {
                    "conformsTo": [
                        "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
                        "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
                    ]
                }
            ).encode()
        )
    if path.endswith(("/collections", "/collections/permits")):
        one = {
            "id": "permits",
            "title": ledger.system.en,
            "links": [
                {"rel": "items", "href": f"{root}/collections/permits/items", "type": "application/geo+json"}
            ],
        }
        return Answer(
            json.dumps(one if path.endswith("permits") else {"collections": [one], "links": []}).encode()
        )
    if not path.endswith("/collections/permits/items"):
        return problem(404, "no such collection")
    low, high = ledger.visible(asked.now)
    window = asked.query.get("datetime", "")
    if window:
        begin, _slash, finish = window.partition("/")
        since, until = moment(begin), moment(finish or begin)
        if since is None and begin not in ("", ".."):
            return problem(400, "datetime is not RFC 3339")
        low = low if since is None else max(low, first_at(ledger, since, high))
        high = high if until is None or finish in ("", "..") else min(high, first_at(ledger, until, high))
    size = min(max(1, asked.number("limit", 10)), MOST)
    offset = asked.number("offset", 0)
    first = min(high, low + offset)
    end = max(first, min(high, first + size))
    return _collection(ledger, asked, root, (first, end, max(0, high - low)), (offset, size))


def _collection(
    ledger: Ledger, asked: Question, root: str, found: tuple[int, int, int], page_of: tuple[int, int]
) -> Answer:
    first, end, total = found
    offset, size = page_of
    fields = names(ledger)
    inner = json_template([one for one in fields if one[0] != "id" and not one[0].startswith("geometry.")])
    flat = [
        index
        for index, (name, _one) in enumerate(fields)
        if name != "id" and not name.startswith("geometry.")
    ]
    made = [
        f'{{"type":"Feature","id":{row[0]},"geometry":{{"type":"Point","coordinates":[{row[-2]},{row[-1]}]}},"properties":{inner % tuple(row[index] for index in flat)}}}'
        for row in zip(*columns(ledger, ledger.sources(first, end), "json"), strict=True)
    ]
    links = [{"rel": "self", "href": f"{root}/collections/permits/items", "type": "application/geo+json"}]
    if offset + size < total:
        following = urlencode({**asked.query, "offset": offset + size, "limit": size})
        links.append(
            {
                "rel": "next",
                "href": f"{root}/collections/permits/items?{following}",
                "type": "application/geo+json",
            }
        )
    head = f'{{"type":"FeatureCollection","numberMatched":{total},"numberReturned":{end - first},"links":{json.dumps(links)},"features":['
    return Answer(
        f"{head}{','.join(made)}]}}".encode(),
        "application/geo+json",
        span=(first, end),
        tag=tag(ledger, first, end, str(total)),
    )
