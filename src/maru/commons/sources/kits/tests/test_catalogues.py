"""Catalogues and messages: CKAN, DCAT, Open311, RSS and Atom, and the portal's many ways to say one thing."""

from __future__ import annotations

import json

import pytest

from maru.commons.sources.kits.tests.feeds import Outside, declare, fault_of, parse, query, read, rows_of


def test_ckan_pages_since_names_and_errors() -> None:
    def answer(address: str) -> str:
        start = int(query(address)["start"])
        found = [
            {"name": f"p{n}", "metadata_modified": f"2026-01-{n + 1:02d}T00:00:00"}
            for n in range(start, min(5, start + 2))
        ]
        return json.dumps({"success": True, "result": {"count": 5, "results": found}})

    outside = Outside(answer)
    declaration = declare(
        "ckan", "https://o.test/", page=2, since={"field": "metadata_modified"}, params={"fq": "type:dataset"}
    )
    deliveries = read(declaration, outside)
    assert len(rows_of(deliveries)) == 5
    assert outside.asked[0].startswith("https://o.test/api/3/action/package_search?")
    read(declaration, outside, deliveries[-1].cursor)
    assert query(outside.asked[3])["fq"] == "type:dataset AND metadata_modified:[2026-01-05T00:00:00 TO *]"
    records = {
        "success": True,
        "result": {"records": [{"_id": 1, "a": "x"}], "total": 1, "fields": [{"id": "a"}]},
    }
    assert parse("ckan", json.dumps(records)).rows == [{"_id": 1, "a": "x"}]
    assert parse("ckan", '{"success":true,"result":["a","b"]}').rows == [{"name": "a"}, {"name": "b"}]
    for kind, code in (
        ("Not Found Error", "not_found"),
        ("Authorization Error", "refused_key"),
        ("Validation Error", "bad_request"),
    ):
        assert (
            fault_of("ckan", json.dumps({"success": False, "error": {"__type": kind, "message": "x"}}))
            == code
        )
    assert fault_of("ckan", '"Bad request - JSON Error: x"') == "bad_request"
    assert fault_of("ckan", '{"a":1}') == "malformed"


DATA_JSON = {
    "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
    "dataset": [
        {
            "identifier": "d1",
            "title": "나무",
            "keyword": ["a", "b"],
            "publisher": {"name": "공원과"},
            "modified": "2026-01-01",
            "distribution": [
                {"title": "CSV", "mediaType": "text/csv", "downloadURL": "https://o.test/d1.csv"}
            ],
        }
    ],
}


TURTLE = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
<https://o.test/d1> a dcat:Dataset ; dct:title "Trees"@en, "나무"@ko ; dct:identifier "d1" ; dcat:keyword "b", "a" ;
  dct:publisher [ a foaf:Agent ; foaf:name "공원과" ] ; dcat:distribution <https://o.test/d1.csv> .
<https://o.test/d1.csv> a dcat:Distribution ; dct:title "CSV" ; dcat:mediaType <https://www.iana.org/assignments/media-types/text/csv> ; dcat:downloadURL <https://o.test/d1.csv> .
"""


def test_dcat_says_the_same_in_every_writing() -> None:
    import rdflib

    graph = rdflib.Graph().parse(data=TURTLE, format="turtle")
    writings = [
        TURTLE,
        graph.serialize(format="xml"),
        graph.serialize(format="nt"),
        graph.serialize(format="json-ld"),
    ]
    types = ["text/turtle", "application/rdf+xml", "application/n-triples", "application/ld+json"]
    for body, kind in zip(writings, types, strict=True):
        (row,) = parse("dcat", body, kind).rows
        assert (row["title"], row["identifier"], row["publisher"], row["keywords"]) == (
            "나무",
            "d1",
            "공원과",
            "a, b",
        ), kind
        assert json.loads(row["distributions"])[0]["address"] == "https://o.test/d1.csv"
    (row,) = parse("dcat", json.dumps(DATA_JSON)).rows
    assert (row["title"], row["publisher"], row["keywords"]) == ("나무", "공원과", "a, b")
    (distribution,) = parse("dcat", json.dumps(DATA_JSON), rows="distributions").rows
    assert (distribution["dataset"], distribution["format"]) == ("d1", "text/csv")
    assert fault_of("dcat", "nothing { like it") == "malformed"


def test_dcat_fetches_no_context() -> None:
    document = {
        "@context": [
            "http://127.0.0.1:9/never",
            {"@import": "http://127.0.0.1:9/never", "ex": "http://x.test/"},
        ],
        "@id": "https://o.test/d1",
        "@type": "dcat:Dataset",
        "title": {"@value": "나무", "@language": "ko"},
    }
    (row,) = parse("dcat", json.dumps(document)).rows
    assert (row["id"], row["title"]) == ("https://o.test/d1", "나무")


def test_open311_json_errors_and_questions() -> None:
    assert parse("open311", '[{"service_request_id":"1","lat":37.5}]').rows == [
        {"service_request_id": "1", "lat": 37.5}
    ]
    assert len(parse("open311", "[]").rows) == 0
    assert (
        fault_of("open311", '[{"code":404,"description":"jurisdiction_id provided was not found"}]')
        == "not_found"
    )
    assert (
        fault_of("open311", '{"errors":[{"code":"403","description":"Missing or Invalid API Key"}]}')
        == "refused_key"
    )
    definition = '{"service_code":"D","attributes":[{"variable":true,"code":"W","description":"what?"}]}'
    assert parse("open311", definition).rows == [
        {"service_code": "D", "variable": True, "code": "W", "description": "what?"}
    ]
    outside = Outside(
        lambda address: '[{"service_request_id":"1","requested_datetime":"2026-05-02T00:00:00Z"}]'
    )
    declaration = declare("open311", "https://o.test/v2", jurisdiction="o.test")
    (delivery,) = read(declaration, outside)
    assert outside.asked[0] == "https://o.test/v2/requests.json?jurisdiction_id=o.test&page=1&page_size=100"
    read(declaration, outside, delivery.cursor)
    assert query(outside.asked[1])["start_date"] == "2026-05-01T00:00:00Z"


RSS = """<?xml version="1.0" encoding="euc-kr"?><rss version="2.0" xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#"><channel><title>소식</title>
<item><title>첫째 &amp; 둘째</title><link>https://o.test/1</link><guid>g1</guid><pubDate>Fri, 27 Nov 2026 10:00:00 KST</pubDate><category>a</category><category>b</category>
<geo:lat>37.5</geo:lat><geo:long>127.0</geo:long><description><![CDATA[<p>글<script>x</script></p>]]></description></item>
<item><title>셋째</title><link>https://o.test/2</link><pubDate>2026-11-27 11:00:00</pubDate></item></channel></rss>"""


def test_feeds_of_every_kind() -> None:
    for body in (RSS.encode("cp949"), RSS.encode()):  # the declared encoding may lie
        first, second = parse("feed", body).rows
        assert (first["id"], first["title"], first["published"]) == (
            "g1",
            "첫째 & 둘째",
            "2026-11-27T10:00:00+09:00",
        )
        assert (first["categories"], first["longitude"], first["latitude"], first["feed_title"]) == (
            "a, b",
            127.0,
            37.5,
            "소식",
        )
        assert "script" not in first["summary"]
        assert second["published"] == "2026-11-27T11:00:00", (
            "a date without zone is the declaration's to place"
        )
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><id>e1</id><title>x</title><updated>2026-05-01T00:00:00Z</updated>'
        '<link href="https://o.test/e1"/></entry></feed>'
    )
    (entry,) = parse("feed", atom).rows
    assert (entry["id"], entry["updated"], entry["link"]) == (
        "e1",
        "2026-05-01T00:00:00+00:00",
        "https://o.test/e1",
    )
    rdf = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel><title>t</title></channel>'
        "<item><title>x</title><link>https://o.test/r</link></item></rdf:RDF>"
    )
    assert parse("feed", rdf).rows[0]["link"] == "https://o.test/r"
    json_feed = '{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[{"id":"1","content_text":"x","date_published":"2026-05-01T00:00:00Z"}]}'
    assert parse("feed", json_feed).rows[0]["published"] == "2026-05-01T00:00:00Z"
    assert len(parse("feed", '<rss version="2.0"><channel><title>leer</title></channel></rss>').rows) == 0
    assert fault_of("feed", "<html><title>점검 중</title></html>") == "server"
    assert fault_of("feed", "not a feed") == "malformed"


PORTAL_ROWS = [
    '{"header":{"resultCode":"00","resultMsg":"NORMAL SERVICE."},"body":{"totalCount":1,"items":[{"a":"1"}]}}',
    '{"response":{"header":{"resultCode":"000","resultMsg":"OK"},"body":{"items":{"item":[{"a":"1"}]},"totalCount":"1"}}}',
    '{"response":{"header":{"resultCode":"0000","resultMsg":"OK"},"body":{"items":{"item":{"a":"1"}},"totalCount":1}}}',
    '{"page":1,"perPage":10,"totalCount":1,"currentCount":1,"matchCount":1,"data":[{"a":"1"}]}',
    '{"list":[{"a":"1"}],"totalCount":1}',
    '{"SomeService":{"header":{"resultCode":"INFO-000"},"body":{"items":[{"a":"1"}]}}}',
    "<response><header><resultCode>000</resultCode></header><body><items><item><a>1</a></item></items><totalCount>1</totalCount></body></response>",
]


@pytest.mark.parametrize("body", PORTAL_ROWS)
def test_every_way_of_the_portal_to_give_one_row(body: str) -> None:
    assert parse("dataportal", body).rows == [{"a": "1"}]


PORTAL_FAULTS = [
    (
        '{"nkoneps.com.response.ResponseError":{"header":{"resultCode":"07","resultMsg":"입력범위값 초과 에러"}}}',
        "bad_request",
    ),
    ('{"code":-401,"msg":"유효하지 않은 인증키 입니다."}', "refused_key"),
    (
        '{"OpenAPI_ServiceResponse":{"cmmMsgHeader":{"errMsg":"X","returnAuthMsg":"등록되지 않은 서비스키","returnReasonCode":"30"}}}',
        "refused_key",
    ),
    ("SERVICE_KEY_IS_NOT_REGISTERED_ERROR", "refused_key"),
    ("API token quota exceeded", "quota"),
    ("Unexpected errors", "server"),
    ('<script>alert("인증키가 유효하지 않습니다.");history.back();</script>', "refused_key"),
    ("<html><body>일일 트래픽을 초과하였습니다.</body></html>", "quota"),
]


@pytest.mark.parametrize(("body", "code"), PORTAL_FAULTS)
def test_every_way_of_the_portal_to_refuse(body: str, code: str) -> None:
    assert fault_of("dataportal", body) == code


def test_generic_kits_know_result_codes_of_korean_services() -> None:
    bad = "<OpenAPI><head><RESULT><resultCode>ERROR-290</resultCode><resultMsg>인증키가 유효하지 않습니다.</resultMsg></RESULT></head></OpenAPI>"
    assert fault_of("xml", bad, rows="response.body.row") == "refused_key"
    assert (
        len(
            parse(
                "json",
                '{"response":{"header":{"resultCode":"03","resultMsg":"NODATA_ERROR"}}}',
                rows="response.body.items",
            ).rows
        )
        == 0
    )


def test_a_catalogue_with_bad_values_fills_no_log(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    catalogue = {
        "@context": {"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/", "xsd": "http://www.w3.org/2001/XMLSchema#"},
        "@id": "https://o.test/a", "@type": "dcat:Dataset", "dct:title": "t",
        "dct:issued": {"@value": "2026-13-45", "@type": "xsd:date"},
    }  # fmt: skip
    parse("dcat", json.dumps(catalogue))
    assert not caplog.records
    assert capfd.readouterr() == ("", "")
