"""DCAT catalogues: DCAT-US ``data.json``, and DCAT-AP as JSON-LD, Turtle, RDF/XML or N-Triples.

``address`` is the catalogue's. Options, beside ``each`` of ``rounds``:

``rows``
    ``datasets`` (default) or ``distributions``: one row a distribution, with its dataset's ``dataset`` and ``dataset_title``.
``language``
    Of texts in several languages (default ``ko``, then ``en``, then the first).

Yields ``id``, ``identifier``, ``title``, ``description``, ``publisher``, ``issued``, ``modified``, ``licence``, ``keywords`` and ``themes`` (joined by ``, ``), ``landing_page``, ``language``,
``periodicity``, ``spatial``, ``distributions`` (JSON text of title, format, address). JSON-LD contexts are never fetched: a context that is an address counts as
DCAT's own. Hydra's next page is followed.
"""

from __future__ import annotations

from typing import Any

from maru.commons.sources.contracts import JSON, Declaration, Delivery
from maru.commons.sources.kits import bodies, dcat_graph, paging, rest, shapes
from maru.commons.sources.kits.envelopes import Envelope
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.shapes import Row


def read_body(options: Options, body: bytes, content_type: str = "") -> Envelope:
    """One catalogue. Raises SourceFault."""
    languages = tuple(dict.fromkeys((options.text("language", "ko"), "en")))
    body = bodies.unpacked(body)
    start = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] in (b"{", b"["):
        document = bodies.read_json(body, content_type)
        if (
            isinstance(document, dict)
            and isinstance(document.get("dataset"), list)
            and "@graph" not in document
        ):
            datasets, following = (
                [_of_data_json(item) for item in document["dataset"] if isinstance(item, dict)],
                "",
            )
        else:
            datasets, following = dcat_graph.read_json_ld(document, body, languages)
    else:
        datasets, following = dcat_graph.read_text(body, content_type, languages)
    if options.text("rows", "datasets") == "distributions":
        rows: list[Row] = [
            _with_dataset(one, dataset) for dataset in datasets for one in dataset["distributions"]
        ]
        return Envelope(rows=shapes.flatten(rows), next=following)
    return Envelope(rows=shapes.flatten(datasets), next=following)


def _with_dataset(distribution: Row, dataset: Row) -> Row:
    return {"dataset": dataset["id"], "dataset_title": dataset["title"], **distribution}


def _of_data_json(item: dict[str, Any]) -> Row:
    publisher = item.get("publisher")
    return {
        "id": item.get("@id") or item.get("identifier"),
        "identifier": item.get("identifier"),
        "title": item.get("title"),
        "description": item.get("description"),
        "publisher": publisher.get("name") if isinstance(publisher, dict) else publisher,
        "issued": item.get("issued"),
        "modified": item.get("modified"),
        "licence": item.get("license"),
        "keywords": _joined(item.get("keyword")),
        "themes": _joined(item.get("theme")),
        "landing_page": item.get("landingPage"),
        "language": _joined(item.get("language")),
        "periodicity": item.get("accrualPeriodicity"),
        "spatial": item.get("spatial"),
        "distributions": [
            {
                "id": one.get("@id"),
                "title": one.get("title"),
                "format": one.get("format") or one.get("mediaType"),
                "address": one.get("downloadURL") or one.get("accessURL"),
                "licence": one.get("license"),
            }
            for one in item.get("distribution") or ()
            if isinstance(one, dict)
        ],
    }


def _joined(value: JSON) -> str | None:
    if isinstance(value, list):
        return (
            ", ".join(
                str(item.get("prefLabel", item)) if isinstance(item, dict) else str(item) for item in value
            )
            or None
        )
    return None if value is None else str(value)


class DcatKit(rest.RestKit):
    """See the module."""

    def parse(self, declaration: Declaration, body: bytes, content_type: str = "") -> Delivery:
        """One catalogue alone."""
        return Delivery(
            rows=read_body(Options.of(declaration), body, content_type).rows, complete=declaration.complete
        )

    def _body(self, options: Options, body: bytes, content_type: str) -> Envelope:
        return read_body(options, body, content_type)


KIT = DcatKit(
    reader=lambda document, options, raw: Envelope(rows=[]),
    pager=lambda options: paging.of(options, paging.Links()),
    headers={
        "Accept": "application/ld+json, text/turtle;q=0.9, application/rdf+xml;q=0.8, application/json;q=0.7"
    },
)
