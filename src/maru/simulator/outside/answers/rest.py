"""JSON in many shapes: REST pages, Open311, GBFS, catalogues."""

from __future__ import annotations

import json
from collections.abc import Sequence

from maru.simulator.outside.answers.shape import (
    JSON,
    MOST,
    XML,
    Answer,
    Question,
    moment,
    origin,
    page,
    refused,
    tag,
)
from maru.simulator.outside.ledger import Ledger, first_at
from maru.simulator.outside.rows import json_template, names, rows, xml_template


def problem(status: int, title: str, **headers: str) -> Answer:
    """An error as RFC 9457 has it."""
    return Answer(
        json.dumps({"type": "about:blank", "title": title, "status": status}).encode(),
        "application/problem+json",
        status,
        dict(headers),
    )


def made(ledger: Ledger, first: int, end: int) -> list[str]:
    """Rows as JSON objects with bare numbers."""
    return rows(ledger, first, end, "json", json_template(names(ledger)))


def rest(ledger: Ledger, asked: Question) -> Answer:
    """By style: plain list, cursor, page number, offset."""
    style = ledger.system.options["style"]
    if ledger.system.key_name and refused(
        asked.query.get("apiKey")
        or asked.headers.get("x-api-key", "")
        or asked.headers.get("authorization", "")
    ):
        return problem(401, "the key is not known")
    query = asked.query
    if style == "plain":
        low, high = ledger.visible(asked.now)
        found = made(ledger, low, high)
        listed = found[0] if len(found) == 1 else f"[{','.join(found)}]"
        return Answer(
            f'{{"response":{{"coordtype":1,"datacount":{len(found)},"data":{listed}}}}}'.encode(),
            span=(low, high),
            tag=tag(ledger, low, high),
        )
    if style == "cursor":
        return _by_cursor(ledger, asked)
    if style == "page":
        size = min(query_number(query.get("size"), 100), MOST)
        number = max(1, query_number(query.get("page"), 1))
        first, end, total = page(ledger, asked.now, (number - 1) * size, size)
        return Answer(
            f'{{"result":{{"page":{number},"size":{size},"totalCount":{total},"items":[{",".join(made(ledger, first, end))}]}}}}'.encode(),
            span=(first, end),
            tag=tag(ledger, first, end, str(size)),
        )
    size = min(query_number(query.get("limit"), 100), MOST)
    first, end, total = page(ledger, asked.now, query_number(query.get("offset"), 0), size)
    return Answer(
        f"[{','.join(made(ledger, first, end))}]".encode(),
        headers={"X-Total-Count": str(total)},
        span=(first, end),
        tag=tag(ledger, first, end),
    )


def _by_cursor(ledger: Ledger, asked: Question) -> Answer:
    """``?since&after&cursor&limit``: from a time on, or behind a reading; the cursor is a record's place, told to nobody."""
    low, high = ledger.visible(asked.now)
    since = asked.query.get("since")
    if since:
        moment_of = moment(since)
        if moment_of is None:
            return problem(400, "since must be ISO 8601")
        low = max(low, first_at(ledger, moment_of, high))
    after = asked.query.get("after", "")
    if after:
        if not after[1:].isdigit():
            return problem(400, "no such reading")
        low = max(low, min(high, int(after[1:]) - 100_000_000 + 1))
    first = min(high, max(low, query_number(asked.query.get("cursor", "").removeprefix("c"), low)))
    end = min(high, first + min(query_number(asked.query.get("limit"), 100), MOST))
    following = f'"c{end}"' if end < high else "null"
    body = f'{{"data":[{",".join(made(ledger, first, end))}],"next":{following}}}'
    return Answer(body.encode(), span=(first, end), tag=tag(ledger, first, end, following.strip('"')))


def query_number(text: str | None, default: int) -> int:
    """A whole number, or the default."""
    return int(text) if text and text.isdigit() else default


_DAYS_90 = 90 * 86400.0


def open311(ledger: Ledger, asked: Question) -> Answer:
    """``requests.json|xml?start_date&end_date&page&page_size``; without dates the last 90 days."""
    form = asked.path.rsplit(".", 1)[-1]
    if not asked.path.rstrip("/").endswith(("requests.json", "requests.xml")):
        return _error311(404, "no such resource", form)
    low, high = ledger.visible(asked.now)
    start, end_at = asked.query.get("start_date"), asked.query.get("end_date")
    since = moment(start) if start else asked.now - _DAYS_90
    until = moment(end_at) if end_at else None
    if since is None or (end_at and until is None):
        return _error311(400, "start_date and end_date must be ISO 8601", form)
    low = max(low, first_at(ledger, since, high))
    if until is not None:
        high = min(high, first_at(ledger, until, high))
    size = min(max(1, asked.number("page_size", 50)), MOST)
    first = min(high, low + (max(1, asked.number("page", 1)) - 1) * size)
    end = min(high, first + size)
    if form == "xml":
        found = rows(ledger, first, end, "xml", xml_template(names(ledger), "request"))
        return Answer(
            f'<?xml version="1.0" encoding="utf-8"?>\n<service_requests>{"".join(found)}</service_requests>'.encode(),
            XML,
            span=(first, end),
        )
    return Answer(f"[{','.join(made(ledger, first, end))}]".encode(), JSON, span=(first, end))


def _error311(status: int, text: str, form: str) -> Answer:
    if form == "xml":
        return Answer(
            f'<?xml version="1.0" encoding="utf-8"?>\n<errors><error><code>{status}</code><description>{text}</description></error></errors>'.encode(),
            XML,
            status,
        )
    return Answer(json.dumps([{"code": status, "description": text}]).encode(), JSON, status)


def gbfs(ledger: Ledger, asked: Question) -> Answer:
    """Discovery file and feeds, GBFS 2.3."""
    low, high = ledger.visible(asked.now)
    updated = int(
        ledger.stretches[-1].start
        + max(0, high // ledger.system.batch - 1 - ledger.stretches[-1].first // ledger.system.batch)
        * ledger.stretches[-1].interval
    )
    feeds = (
        ("system_information", "station_information", "station_status")
        if ledger.system.options["feed"] == "station_status"
        else ("system_information", "free_bike_status")
    )
    file = asked.path.rsplit("/", 1)[-1].removesuffix(".json")
    head = f'{{"last_updated":{updated},"ttl":60,"version":"2.3","data":'
    mark = tag(ledger, low, high, file)
    if file == "gbfs":
        folder = f"{origin(ledger.system)}{asked.path.rsplit('/', 1)[0]}"
        listed = [{"name": name, "url": f"{folder}/{name}.json"} for name in feeds]
        return Answer(f"{head}{json.dumps({'ko': {'feeds': listed}})}}}".encode(), tag=mark)
    if file not in feeds:
        return problem(404, "no such feed")
    if file == "system_information":
        return Answer(
            f'{head}{{"system_id":"{ledger.system.name}","language":"ko","name":"{ledger.system.ko}","timezone":"Asia/Seoul"}}}}'.encode(),
            tag=mark,
        )
    still = ("station_id", "name", "lat", "lon")
    every = names(ledger)
    wanted = [
        one
        for one in every
        if file == "free_bike_status"
        or (one[0] in still) == (file == "station_information")
        or one[0] == "station_id"
    ]
    kept = [index for index, one in enumerate(every) if one in wanted]
    template = json_template(wanted)
    cells = _columns(ledger, low, high)
    listed_rows = [template % tuple(row[index] for index in kept) for row in zip(*cells, strict=True)]
    plural = "bikes" if file == "free_bike_status" else "stations"
    return Answer(
        f'{head}{{"{plural}":[{",".join(listed_rows)}]}}}}'.encode(),
        span=(0, 0) if file == "station_information" else (low, high),
        tag=mark,
    )


def _columns(ledger: Ledger, low: int, high: int) -> list[Sequence[str]]:
    from maru.simulator.outside.rows import columns

    return columns(ledger, ledger.sources(low, high), "json")


def ckan(ledger: Ledger, asked: Question) -> Answer:
    """``package_search?rows&start`` and the actions that lead to it."""
    action = asked.path.rstrip("/").rsplit("/", 1)[-1]
    help_at = f"{origin(ledger.system)}/api/3/action/help_show?name={action}"
    if action not in ("package_search", "package_list", "site_read", "status_show"):
        return Answer(
            json.dumps(
                {
                    "help": help_at,
                    "success": False,
                    "error": {"__type": "Not Found Error", "message": "Not found"},
                }
            ).encode(),
            JSON,
            404,
        )
    if action in ("site_read", "status_show"):
        return Answer(
            json.dumps(
                {
                    "help": help_at,
                    "success": True,
                    "result": True if action == "site_read" else {"ckan_version": "2.10.4"},
                }
            ).encode()
        )
    size = min(asked.number("rows", 10) if action == "package_search" else asked.number("limit", 1000), MOST)
    first, end, total = page(ledger, asked.now, asked.number("start", asked.number("offset", 0)), size)
    head = f'{{"help":{json.dumps(help_at)},"success":true,"result":'
    if action == "package_list":
        listed = [json.loads(one)["name"] for one in made(ledger, first, end)]
        return Answer(f"{head}{json.dumps(listed)}}}".encode())
    body = ",".join(made(ledger, first, end))
    return Answer(
        f'{head}{{"count":{total},"sort":"metadata_modified desc","facets":{{}},"search_facets":{{}},"results":[{body}]}}}}'.encode(),
        span=(first, end),
        tag=tag(ledger, first, end, str(total)),
    )


def dcat(ledger: Ledger, asked: Question) -> Answer:
    """A catalogue as JSON-LD, all in one graph."""
    low, high = ledger.visible(asked.now)
    root = "https://data.nation.example"
    graph: list[object] = [
        {
            "@id": f"{root}/catalog",
            "@type": "dcat:Catalog",
            "dct:title": {"@language": "ko", "@value": "국가 자료 목록"},
            "dcat:dataset": [],
        }
    ]
    parts: list[str] = []
    links: list[str] = []
    template = (
        '{"@id":"'
        + root
        + '/dataset/%s","@type":"dcat:Dataset","dct:identifier":"%s","dct:title":[{"@language":"ko","@value":%s}],'
        '"dct:publisher":{"@type":"foaf:Organization","foaf:name":%s},"dct:license":{"@id":"https://license.example/%s"},"dct:modified":{"@type":"xsd:dateTime","@value":%s}}'
    )
    for row in zip(*_columns(ledger, low, high), strict=True):
        name, title, publisher, licence, modified = row
        bare = json.loads(name)
        parts.append(template % (bare, bare, title, publisher, json.loads(licence), modified))
        links.append(f"{root}/dataset/{bare}")
    head = json.dumps(graph[0], ensure_ascii=False).replace(
        '"dcat:dataset": []', f'"dcat:dataset": {json.dumps([{"@id": one} for one in links])}'
    )
    context = '{"dcat":"http://www.w3.org/ns/dcat#","dct":"http://purl.org/dc/terms/","foaf":"http://xmlns.com/foaf/0.1/","xsd":"http://www.w3.org/2001/XMLSchema#"}'
    return Answer(
        f'{{"@context":{context},"@graph":[{head},{",".join(parts)}]}}'.encode(),
        "application/ld+json",
        span=(low, high),
        tag=tag(ledger, low, high),
    )
