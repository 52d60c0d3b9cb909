"""Datasets out of an RDF graph, whatever it was written in."""

from __future__ import annotations

import logging
import warnings
from typing import Any
from xml.sax import SAXException

from rdflib import BNode, Graph, Literal, Namespace, URIRef
from rdflib.exceptions import Error
from rdflib.namespace import DCTERMS, FOAF, RDF, RDFS, SKOS
from rdflib.term import Node

from maru.commons.sources.contracts import JSON, SourceFault
from maru.commons.sources.kits import bodies, markup
from maru.commons.sources.kits.shapes import Row

DCAT = Namespace("http://www.w3.org/ns/dcat#")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
_DEEPEST = 64
_MOST = 32 * 1024 * 1024  # a graph takes some fifty times its text
# What DCAT's own contexts say, as far as catalogues use it without writing prefixes.
_CONTEXT: dict[str, Any] = {
    "dcat": str(DCAT), "dct": str(DCTERMS), "dcterms": str(DCTERMS), "foaf": str(FOAF), "skos": str(SKOS), "rdfs": str(RDFS),
    "rdf": str(RDF), "vcard": str(VCARD), "hydra": str(HYDRA), "xsd": "http://www.w3.org/2001/XMLSchema#",
    "adms": "http://www.w3.org/ns/adms#", "schema": "http://schema.org/", "dcatap": "http://data.europa.eu/r5r/",
    "id": "@id", "type": "@type", "Catalog": "dcat:Catalog", "Dataset": "dcat:Dataset", "Distribution": "dcat:Distribution",
    "dataset": {"@id": "dcat:dataset", "@type": "@id"}, "distribution": {"@id": "dcat:distribution", "@type": "@id"},
    "title": "dct:title", "description": "dct:description", "identifier": "dct:identifier", "issued": "dct:issued",
    "modified": "dct:modified", "publisher": {"@id": "dct:publisher", "@type": "@id"}, "name": "foaf:name",
    "keyword": "dcat:keyword", "theme": {"@id": "dcat:theme", "@type": "@id"}, "landingPage": {"@id": "dcat:landingPage", "@type": "@id"},
    "license": {"@id": "dct:license", "@type": "@id"}, "language": {"@id": "dct:language", "@type": "@id"},
    "accessURL": {"@id": "dcat:accessURL", "@type": "@id"}, "downloadURL": {"@id": "dcat:downloadURL", "@type": "@id"},
    "mediaType": {"@id": "dcat:mediaType", "@type": "@id"}, "format": {"@id": "dct:format", "@type": "@id"},
    "accrualPeriodicity": {"@id": "dct:accrualPeriodicity", "@type": "@id"}, "spatial": {"@id": "dct:spatial", "@type": "@id"},
    "prefLabel": "skos:prefLabel",
}  # fmt: skip
_FORMATS = {"turtle": "turtle", "rdf+xml": "xml", "n-triples": "nt", "xml": "xml", "trig": "trig"}

# It logs every address and value that it does not like, with a traceback. What is wrong becomes a fault or a dead letter here.
logging.getLogger("rdflib").setLevel(logging.CRITICAL)

# rdflib's parsers raise whatever they stumble over.
_STUMBLES = (
    SyntaxError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
    SAXException,
    Error,
)

Found = tuple[list[Row], str]


def read_json_ld(document: JSON, raw: bytes, languages: tuple[str, ...]) -> Found:
    """Datasets and next page of a JSON-LD document; no context is fetched. Raises SourceFault."""
    _size(raw)
    local = _at_home(document)
    if isinstance(local, dict) and "@context" not in local and "@graph" not in local:
        local = {"@context": _CONTEXT, **local}
    return _datasets(_graph(bodies.dump(local).encode(), "json-ld", raw), raw, languages)


def read_text(body: bytes, content_type: str, languages: tuple[str, ...]) -> Found:
    """Datasets and next page of Turtle, RDF/XML or N-Triples. Raises SourceFault."""
    _size(body)
    text = bodies.text_of(body, content_type).lstrip("\ufeff \t\r\n")
    if not text:
        raise SourceFault("empty", "an answer without a body", raw=body)
    form = next((name for part, name in _FORMATS.items() if part in content_type), "turtle")
    if text[0] == "<" and ("<rdf:RDF" in text[:4000] or text.startswith("<?xml") or bodies.is_page(text)):
        if bodies.is_page(text):
            raise bodies.page_fault(text, body)
        markup.parse(text)  # refuses entities before anything expands them
        form, text = "xml", text
    elif form == "xml":
        form = "turtle"
    return _datasets(_graph(text.encode(), form, body), body, languages)


def _size(body: bytes) -> None:
    if len(body) > _MOST:
        raise SourceFault("too_large", f"a catalogue of {len(body):,} bytes in one piece")


def _at_home(value: JSON, depth: int = 0) -> JSON:
    """The document with every context that is an address replaced by ours."""
    if depth > _DEEPEST:
        raise SourceFault("malformed", f"JSON-LD is nested deeper than {_DEEPEST} levels")
    if isinstance(value, list):
        return [_at_home(item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    out = {
        name: _at_home(item, depth + 1) for name, item in value.items() if name not in ("@context", "@import")
    }
    if "@context" in value:
        given = value["@context"] if isinstance(value["@context"], list) else [value["@context"]]
        own = [{k: v for k, v in part.items() if k != "@import"} for part in given if isinstance(part, dict)]
        own = [
            {
                k: ({kk: vv for kk, vv in v.items() if kk != "@context"} if isinstance(v, dict) else v)
                for k, v in part.items()
            }
            for part in own
        ]
        out = {"@context": [_CONTEXT, *own], **out}
    return out


def _graph(body: bytes, form: str, raw: bytes) -> Graph:
    graph = Graph()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            graph.parse(data=body, format=form, publicID="urn:catalogue:")
    except Exception as fault:
        raise bodies.malformed(f"not {form}: {type(fault).__name__} {str(fault)[:200]}", raw) from fault
    return graph


def _datasets(graph: Graph, raw: bytes, languages: tuple[str, ...]) -> Found:
    found = sorted(
        {node for kind in (DCAT.Dataset, DCAT.DatasetSeries) for node in graph.subjects(RDF.type, kind)},
        key=str,
    )
    if not found and not any(graph.subjects(RDF.type, DCAT.Catalog)):
        raise bodies.malformed("neither a catalogue nor datasets", raw)
    following = next(
        iter(graph.objects(None, HYDRA.next)), next(iter(graph.objects(None, HYDRA.nextPage)), "")
    )
    reader = _Reader(graph, languages)
    return [reader.dataset(node) for node in found], str(following)


class _Reader:
    def __init__(self, graph: Graph, languages: tuple[str, ...]) -> None:
        self.graph, self.languages = graph, languages

    def dataset(self, node: Node) -> Row:
        return {
            "id": str(node) if isinstance(node, URIRef) else self.text(node, DCTERMS.identifier),
            "identifier": self.text(node, DCTERMS.identifier),
            "title": self.text(node, DCTERMS.title),
            "description": self.text(node, DCTERMS.description),
            "publisher": self.named(node, DCTERMS.publisher),
            "issued": self.text(node, DCTERMS.issued),
            "modified": self.text(node, DCTERMS.modified),
            "licence": self.text(node, DCTERMS.license),
            "keywords": self.all(node, DCAT.keyword),
            "themes": self.all(node, DCAT.theme),
            "landing_page": self.text(node, DCAT.landingPage),
            "language": self.all(node, DCTERMS.language),
            "periodicity": self.text(node, DCTERMS.accrualPeriodicity),
            "spatial": self.named(node, DCTERMS.spatial),
            "distributions": [
                self.distribution(one) for one in sorted(self.graph.objects(node, DCAT.distribution), key=str)
            ],
        }

    def distribution(self, node: Node) -> Row:
        return {
            "id": str(node) if isinstance(node, URIRef) else None,
            "title": self.text(node, DCTERMS.title),
            "format": self.named(node, DCTERMS.format) or self.named(node, DCAT.mediaType),
            "address": self.text(node, DCAT.downloadURL) or self.text(node, DCAT.accessURL),
            "licence": self.text(node, DCTERMS.license),
        }

    def text(self, node: Node, predicate: URIRef) -> str | None:
        """The value in the language wanted; of a node without a name its label."""
        values = sorted(self.graph.objects(node, predicate), key=str)
        spoken = {
            (value.language or "").split("-")[0]: str(value) for value in values if isinstance(value, Literal)
        }
        for language in (*self.languages, ""):
            if language in spoken:
                return spoken[language]
        return next(iter(spoken.values()), None) or next(
            (str(value) for value in values if not isinstance(value, BNode)), None
        )

    def named(self, node: Node, predicate: URIRef) -> str | None:
        """The name of what a node points to, or what it points to itself."""
        for value in sorted(self.graph.objects(node, predicate), key=str):
            for name in (FOAF.name, SKOS.prefLabel, RDFS.label, VCARD.fn, DCTERMS.title):
                if found := self.text(value, name):
                    return found
            if not isinstance(value, BNode):
                return str(value)
        return None

    def all(self, node: Node, predicate: URIRef) -> str | None:
        values = sorted(
            {str(value) for value in self.graph.objects(node, predicate) if not isinstance(value, BNode)}
        )
        return ", ".join(values) or None
