"""The catalogue for other catalogues: DCAT-AP 3 under SHACL, DCAT-US 3 under its schema, both proven on planted faults."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pyshacl
import pytest
from rdflib import Graph, Namespace, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import DCTERMS, RDF

Get = Callable[..., httpx.Response]
SHAPES = Path(__file__).parent / "shapes"
DCAT = Namespace("http://www.w3.org/ns/dcat#")
SH = Namespace("http://www.w3.org/ns/shacl#")


def _graph(answer: httpx.Response) -> Graph:
    form = "turtle" if "turtle" in answer.headers["content-type"] else "json-ld"
    return Graph().parse(data=answer.text, format=form)


def _found(graph: Graph) -> dict[str, list[str]]:
    shapes = Graph().parse(SHAPES / "dcat_ap_3.ttl")
    # vcard:Organization is a Kind by the vocabulary itself.
    ontology = Graph().parse(
        data="""@prefix v: <http://www.w3.org/2006/vcard/ns#> . @prefix r: <http://www.w3.org/2000/01/rdf-schema#> .
        v:Organization r:subClassOf v:Kind .""",
        format="turtle",
    )
    _conforms, report, _text = pyshacl.validate(
        graph, shacl_graph=shapes, ont_graph=ontology, inference="none"
    )
    found: dict[str, list[str]] = {}
    for result in report.subjects(RDF.type, SH.ValidationResult):
        severity = str(report.value(result, SH.resultSeverity)).rpartition("#")[2]
        text = f"{report.value(result, SH.focusNode)} {report.value(result, SH.resultPath)}"
        found.setdefault(severity, []).append(text)
    return found


def test_both_forms_say_the_same_and_conform(get: Get) -> None:
    turtle, jsonld = _graph(get("/catalog.ttl")), _graph(get("/catalog.jsonld"))
    assert isomorphic(turtle, jsonld)
    assert len(set(turtle.subjects(RDF.type, DCAT.Dataset))) == 3
    assert len(set(turtle.subjects(RDF.type, DCAT.Distribution))) == 5 + 4 + 4 + 3
    assert _found(turtle) == {}


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (DCAT.Dataset, DCTERMS.title),
        (DCAT.Dataset, DCTERMS.description),
        (DCAT.Catalog, DCTERMS.publisher),
        (DCAT.Distribution, DCAT.accessURL),
        (DCAT.DataService, DCAT.endpointURL),
    ],
)
def test_a_planted_fault_is_found(get: Get, kind: URIRef, path: URIRef) -> None:
    graph = _graph(get("/catalog.ttl"))
    subject = next(graph.subjects(RDF.type, kind))
    graph.remove((subject, path, None))
    found = _found(graph)["Violation"]
    assert f"{subject} {path}" in found


def test_parts_lead_through_the_whole(get: Get) -> None:
    seen: set[Any] = set()
    address = "/catalog.ttl?page=1&size=2"
    pages = 0
    while address:
        graph = _graph(get(address))
        assert _found(graph).get("Violation") is None
        seen |= set(graph.subjects(RDF.type, DCAT.Dataset))
        following = list(graph.objects(None, URIRef("http://www.w3.org/ns/hydra/core#next")))
        address = str(following[0])[str(following[0]).index("/catalog") :] if following else ""
        pages += 1
    assert pages == 2
    assert len(seen) == 3
    assert (
        len(set(_graph(get("/catalog.ttl?modified_since=2100-01-01")).subjects(RDF.type, DCAT.Dataset))) == 0
    )
    assert get("/catalog.ttl?modified_since=soon").status_code == 400
    assert get("/catalog.ttl?nothing=1").status_code == 400


def test_a_long_catalogue_is_streamed(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    from maru.services.opendata.rest import asgi, dcat

    whole = {path: get(path).content for path in ("/catalog.ttl", "/catalog.jsonld", "/data.json")}
    monkeypatch.setattr(dcat, "BATCH", 1)
    asgi.application.kept.clear()
    for path, body in whole.items():
        answer = get(path)
        assert answer.headers.get("transfer-encoding") == "chunked"
        if path == "/catalog.ttl":
            assert isomorphic(
                Graph().parse(data=answer.text, format="turtle"), Graph().parse(data=body, format="turtle")
            )
        else:
            assert answer.json() == json.loads(body)
    asgi.application.kept.clear()


def _schema() -> Any:
    schema = json.loads((SHAPES / "dcat_us_3.json").read_text())
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


def test_dcat_us(get: Get) -> None:
    document = get("/data.json").json()
    assert [error.message for error in _schema().iter_errors(document)] == []
    assert len(document["dataset"]) == 3
    graph = Graph().parse(data=json.dumps(document), format="json-ld")
    assert len(set(graph.subjects(RDF.type, DCAT.Dataset))) == 3
    assert len(graph) > 100
    for name in ("title", "publisher", "contactPoint", "identifier", "description"):
        fault = json.loads(json.dumps(document))
        del fault["dataset"][0][name]
        assert list(_schema().iter_errors(fault))


def test_every_policy_field_has_a_theme() -> None:
    from maru.services.opendata.contracts import CATEGORIES
    from maru.services.opendata.rest.dcat_shapes import THEMES

    assert set(THEMES) == set(CATEGORIES)
