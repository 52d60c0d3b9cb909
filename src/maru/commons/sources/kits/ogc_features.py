"""OGC API Features, and any address that gives GeoJSON.

``address`` is the landing page, or goes on as far as ``/collections/{id}/items``. Options, beside those of ``rounds`` and ``paging``:

``collection``
    Identifier of the collection, where the address does not name it.
``params``
    ``bbox``, ``datetime``, ``filter``, property filters; ``page`` is ``limit`` (default 1,000).
``since``
    ``{ field = "updated" }`` alone makes ``datetime={since}/..``.

Follows rel=next. A feature becomes its properties, its ``id`` as ``id`` (``@id`` beside a property of that name), and ``longitude``/``latitude`` of a
point or ``geometry`` (GeoJSON text) of others; numbers 1-3 of a bounding box are left out.
"""

from __future__ import annotations

from dataclasses import replace

from maru.commons.sources.contracts import JSON, Declaration, SourceFault
from maru.commons.sources.kits import bodies, envelopes, links, paging, rest, shapes
from maru.commons.sources.kits.envelopes import Envelope
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.shapes import Row
from maru.commons.sources.kits.words import NONE, by_words


def envelope_of(document: JSON, options: Options, raw: bytes) -> Envelope:
    """A FeatureCollection or one Feature. Raises SourceFault."""
    if isinstance(document, dict):
        kind = document.get("type")
        if kind == "FeatureCollection" or isinstance(document.get("features"), list):
            return Envelope(
                rows=rows_of(document.get("features") or []),
                total=envelopes.count(document.get("numberMatched", document.get("totalFeatures"))),
                next=links.in_document(document),
            )
        if kind == "Feature":
            return Envelope(rows=rows_of([document]), total=1)
        if shapes.is_geometry(document):
            return Envelope(rows=[shapes.geometry_columns(document)], total=1)
        if {"code", "description", "detail", "title", "error"} & document.keys():
            said = " ".join(
                str(document[name])
                for name in ("code", "title", "description", "detail", "error")
                if name in document
            )
            words = by_words(said)
            raise SourceFault(words if words and words != NONE else "server", said[:300], raw=raw[:65_536])
    raise bodies.malformed("no GeoJSON features", raw)


def rows_of(features: list[JSON]) -> list[Row]:
    """Features as flat rows."""
    rows: list[Row] = []
    for feature in features:
        if not isinstance(feature, dict):
            continue
        properties = feature.get("properties")
        row: Row = dict(properties) if isinstance(properties, dict) else {}
        identifier = feature.get("id")
        if identifier is not None:
            row["@id" if "id" in row else "id"] = identifier
        geometry = feature.get("geometry")
        if geometry is not None:
            for name, value in shapes.geometry_columns(geometry).items():
                row.setdefault(name, value)
        rows.append(row)
    return shapes.flatten(rows)


def prepared(declaration: Declaration) -> Declaration:
    """The declaration with the usual limit of ``since`` written out."""
    table = Options.of(declaration).table("since")
    if not table or "parameter" in table:
        return declaration
    rule = {"parameter": "datetime", "template": "{since}/..", **table.values}
    return replace(declaration, options={**declaration.options, "since": rule})


def _params(options: Options) -> dict[str, str]:
    paged = options.text("collection") or options.table("paging").text("style") != "none"
    return {"f": "json", "limit": str(options.number("page", 1_000))} if paged else {}


def _path(options: Options) -> str:
    collection = options.text("collection")
    return f"/collections/{collection}/items" if collection else ""


KIT = rest.RestKit(
    reader=envelope_of,
    params=_params,
    pager=lambda options: paging.of(options, paging.Links()),
    path=_path,
    headers={"Accept": "application/geo+json, application/json"},
    heads=rest.linked,
    prepare=prepared,
)
