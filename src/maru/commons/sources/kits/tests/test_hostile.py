"""What servers break, and what a hostile one may send: always rows or a SourceFault, never another exception, never a stall."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maru.commons.sources.contracts import Answer, SourceFault
from maru.commons.sources.kits import bodies, envelopes, markup
from maru.commons.sources.kits.registry import kit
from maru.commons.sources.kits.tests.feeds import NOW, Outside, declare, fault_of, parse, read

KINDS = (
    "seoul", "seoul_subway", "seoul_citydata", "topis", "dataportal", "json", "xml", "feed", "gtfs", "gtfs_realtime", "gbfs",
    "sensorthings", "ngsi_ld", "ogc_features", "wfs", "ckan", "dcat", "open311",
)  # fmt: skip
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["RESULT", "CODE", "row", "rows", "items", "data", "response", "header", "body", "result", "value", "id",
                         "features", "type", "properties", "geometry", "coordinates", "error", "code", "message", "msgHeader", "msgBody",
                         "itemList", "CITYDATA", "errorMessage", "realtimeArrivalList", "list_total_count", "success", "status",
                         "entity", "feeds", "dataset", "distribution", "@graph", "@context", "components", "dataArray", "resultCode"]),
        inner,
        max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip


def survives(kind: str, body: bytes, content_type: str = "") -> None:
    """Rows of plain values, or a SourceFault with a known code."""
    try:
        delivery = kit(kind).parse(declare(kind), body, content_type)
    except SourceFault as fault:
        assert fault.code in SourceFault.CODES
        assert len(fault.raw) <= 65_536
        return
    rows = delivery.rows if isinstance(delivery.rows, list) else delivery.rows.to_pylist()
    for row in rows:
        assert isinstance(row, dict)
        assert not any(isinstance(value, dict | list) for value in row.values()), row


@pytest.mark.parametrize("kind", KINDS)
@given(document=JSONS)
@settings(max_examples=60, deadline=None)
def test_any_json_is_rows_or_a_fault(kind: str, document: object) -> None:
    survives(kind, json.dumps(document).encode())


@pytest.mark.parametrize("kind", KINDS)
@given(body=st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_rows_or_a_fault(kind: str, body: bytes) -> None:
    survives(kind, body)
    survives(kind, b"<" + body)
    survives(kind, b"PK\x03\x04" + body)


@pytest.mark.parametrize("kind", KINDS)
def test_plain_oddities(kind: str) -> None:
    for body in (
        b"",
        b"  \r\n",
        b"null",
        b"true",
        b"0",
        b'""',
        b"[]",
        b"{}",
        b"<a/>",
        b"<!DOCTYPE html><html><title>502 Bad Gateway</title></html>",
        b"\xff\xfe<\x00a\x00/\x00>\x00",
        b"\x1f\x8b" + b"broken",
        b"upstream connect error",
        b"[" * 100_000,
        b"[" * 900 + b"]" * 900,
        b'{"a":' * 700 + b"1" + b"}" * 700,
        b"<a>" * 100_000,
        b"<a>" * 5_000 + b"</a>" * 5_000,
    ):
        survives(kind, body)
    with pytest.raises(SourceFault) as caught:
        parse(kind, b"")
    assert caught.value.code in ("empty", "malformed")


BOMB = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(8)
)
EXTERNAL = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("kind", ["xml", "seoul", "topis", "dataportal", "wfs", "open311", "feed", "dcat"])
def test_xml_bombs_and_outside_entities_are_refused(kind: str) -> None:
    roots = {
        "feed": "<rss><channel><title>{}</title></channel></rss>",
        "dcat": "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>{}</rdf:RDF>",
    }
    root = roots.get(kind, "<x>{}</x>")
    assert fault_of(kind, BOMB + "]>" + root.format("&i;")) == "malformed"
    assert fault_of(kind, EXTERNAL + root.format("&e;")) == "malformed"
    wide = (BOMB + "]>" + root.format("&i;")).encode("utf-16")
    assert fault_of(kind, wide) == "malformed"


def test_a_doctype_alone_is_no_bomb() -> None:
    assert parse("xml", "<!DOCTYPE r><r><a><b>1</b></a><a><b>2</b></a></r>", rows="r.a").rows == [
        {"b": "1"},
        {"b": "2"},
    ]


def test_xml_that_is_nearly_well_formed_is_repaired() -> None:
    assert markup.tree(markup.parse("<a><b>R&D&nbsp;&lt;1&#44;\x0b</b></a>")) == {"b": "R&D\xa0<1,"}
    assert parse(
        "topis",
        "<ServiceResult><msgHeader><headerCd>0</headerCd></msgHeader><msgBody><itemList><stNm>A&B마트</stNm></itemList></msgBody></ServiceResult>",
    ).rows == [{"stNm": "A&B마트"}]
    assert fault_of("xml", "<a><b></a>") == "malformed"


def test_json_that_is_nearly_json_is_read() -> None:
    assert bodies.read_json(b'{"a":NaN,"b":Infinity,"c":-Infinity}') == {"a": None, "b": None, "c": None}
    assert bodies.read_json(b'\xef\xbb\xbf{"a":1}') == {"a": 1}
    assert bodies.read_json('{"a":"한글"}'.encode("cp949")) == {"a": "한글"}
    assert bodies.read_json('{"a":"한글"}'.encode("utf-16")) == {"a": "한글"}
    assert bodies.read_json(b'{"a":"x\ny\tz"}') == {"a": "x\ny\tz"}
    assert bodies.read_json(b'{"a":"\\ud83d x \\ude00"}') == {"a": "\ufffd x \ufffd"}
    assert bodies.read_json(b'{"a":"\\ud83d\\ude00"}') == {"a": "\U0001f600"}
    assert bodies.read_json(b'{"a":"\xff\xfe"}') == {"a": "\ufffd\ufffd"}
    (row,) = parse("json", gzip.compress(b'[{"a":1}]')).rows
    assert row == {"a": 1}


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LARGEST", 10_000)
    assert fault_of("json", b"[" + b"1," * 10_000 + b"1]") == "too_large"
    assert fault_of("json", gzip.compress(b"[" + b"1," * 10_000 + b"1]")) == "too_large"


def test_zips_that_lie_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("stops.txt", "stop_id\n" + "0" * 70_000_000)
    assert fault_of("gtfs", out.getvalue()) == "too_large"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "gtfs/Stops.TXT", '\ufeffstop_id, stop_name,\r\nA,"가, 나",\r\nB\r\nC,다,,,\r\nD,라,x,y\r\n\r\n'
        )
        archive.writestr("__MACOSX/stops.txt", "x")
    delivery = parse("gtfs", out.getvalue())
    assert delivery.rows.to_pylist() == [
        {"stop_id": "A", "stop_name": "가, 나", "column2": ""},
        {"stop_id": "B", "stop_name": "", "column2": ""},
        {"stop_id": "C", "stop_name": "다", "column2": ""},
    ]
    assert [row.raw for row in delivery.dead] == [b"D,\xeb\x9d\xbc,x,y"]
    whole = out.getvalue()
    for cut in range(0, len(whole), 23):
        survives("gtfs", whole[:cut])
    broken = bytearray(whole)
    broken[40] ^= 0xFF
    survives("gtfs", bytes(broken))
    assert fault_of("gtfs", whole, file="routes.txt") == "malformed"
    assert len(parse("gtfs", whole, file="frequencies.txt").rows) == 0


def test_bytes_that_are_no_utf8_cost_no_table() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("stops.txt", b"stop_id,stop_name\nA," + "한글".encode("cp949") + b"\nB,x\n")
    assert parse("gtfs", out.getvalue()).rows.to_pylist() == [
        {"stop_id": "A", "stop_name": "한글"},
        {"stop_id": "B", "stop_name": "x"},
    ]


def test_protocol_buffers_cut_anywhere() -> None:
    from google.transit import gtfs_realtime_pb2 as pb

    message = pb.FeedMessage()
    message.header.gtfs_realtime_version = "2.0"
    entity = message.entity.add(id="1")
    entity.vehicle.position.latitude, entity.vehicle.position.longitude = 37.5, 127.0
    whole = message.SerializeToString()
    for cut in range(len(whole)):
        survives("gtfs_realtime", whole[:cut])
    survives("gtfs_realtime", struct.pack("<100d", *range(100)))
    (row,) = parse("gtfs_realtime", whole).rows
    assert (row["latitude"], row["longitude"], row["trip_id"]) == (37.5, 127.0, None)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, b"", "refused_key"),
        (403, b"Forbidden", "refused_key"),
        (404, b"<html><title>Not Found</title></html>", "not_found"),
        (408, b"", "timeout"),
        (413, b"", "too_large"),
        (429, b"", "quota"),
        (500, b"API rate limit exceeded", "quota"),
        (500, b"boom", "server"),
        (502, b"<html><h1>Bad Gateway</h1></html>", "server"),
        (504, b"", "timeout"),
        (418, b"tea", "bad_request"),
        (200, b"<html><title>maintenance</title></html>", "server"),
        (500, b'{"RESULT":{"CODE":"INFO-100","MESSAGE":"x"}}', "refused_key"),
        (
            400,
            b'{"bikeList":{"list_total_count":1,"RESULT":{"CODE":"INFO-000"},"row":[{"a":1}]}}',
            "bad_request",
        ),
    ],
)
def test_status_counts_where_the_body_says_nothing(status: int, body: bytes, code: str) -> None:
    outside = Outside(lambda address: Answer(status, body, {"retry-after": "7"}, address, NOW))
    with pytest.raises(SourceFault) as caught:
        read(declare("seoul", "http://o.test:8088", service="bikeList"), outside)
    assert caught.value.code == code
    assert caught.value.retry_after_s == (7 if status >= 400 else None)


def test_retry_after_as_a_date_and_as_nonsense() -> None:
    fault = SourceFault("quota", "x")
    assert (
        envelopes.with_wait(fault, {"retry-after": "Fri, 01 Jan 2100 00:00:00 GMT"}).retry_after_s == 86_400.0
    )
    assert envelopes.with_wait(fault, {"retry-after": "Fri, 01 Jan 2021 00:00:00 GMT"}).retry_after_s == 0.0
    assert envelopes.with_wait(fault, {"retry-after": "soon"}).retry_after_s is None


def test_kits_never_name_a_key() -> None:
    """Cursors and asked addresses hold the placeholder only, even where a server repeats the key in its link."""
    outside = Outside(
        lambda address: (
            '{"items":[{"n":1}],"next":"/api?api_key=SECRET&page=2"}'
            if "page=2" not in address
            else '{"items":[]}'
        )
    )
    deliveries = read(declare("json", "https://o.test/api?api_key={key}", rows="items"), outside)
    assert all("SECRET" not in address for address in outside.asked)
    assert "SECRET" not in json.dumps([delivery.cursor for delivery in deliveries])
