"""The OpenAPI 3.0 document of the OGC interface, as Part 1's class oas30 wants it."""

from __future__ import annotations

from typing import Any

from maru.services.opendata.rest.http import GEOJSON
from maru.services.opendata.rest.ogc_shapes import SCHEMA_JSON

Schema = dict[str, Any]
_LINK: Schema = {
    "type": "object",
    "required": ["href", "rel"],
    "properties": {name: {"type": "string"} for name in ("href", "rel", "type", "title")},
}
_LINKS: Schema = {"type": "array", "items": _LINK}


def _query(name: str, text: str, schema: Schema, **more: Any) -> Schema:
    return {"name": name, "in": "query", "required": False, "description": text, "schema": schema, **more}


_SLUG = {
    "name": "collectionId",
    "in": "path",
    "required": True,
    "description": "Name of the dataset",
    "schema": {"type": "string", "maxLength": 80},
}
_F = _query("f", "Form of the answer", {"type": "string", "enum": ["json", "html"]})
_ITEMS = [
    _query("limit", "Features at most", {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 10}),
    _query(
        "offset",
        "Features left out at the beginning",
        {"type": "integer", "minimum": 0, "maximum": 1_000_000_000},
    ),
    _query(
        "bbox",
        "west,south,east,north",
        {"type": "array", "minItems": 4, "maxItems": 4, "items": {"type": "number"}},
        style="form",
        explode=False,
    ),
    _query("datetime", "An instant, or a span with a slash; .. for an open end", {"type": "string"}),
    _query("filter", "A condition in CQL2", {"type": "string"}),
    _query(
        "filter-lang", "Language of the condition", {"type": "string", "enum": ["cql2-text", "cql2-json"]}
    ),
    _query("filter-crs", "Reference system of the condition", {"type": "string"}),
    _query("sortby", "Columns; - before one turns it round", {"type": "string"}),
    _query("properties", "Only these columns", {"type": "string"}),
]
_FEATURE: Schema = {
    "type": "object",
    "required": ["type", "geometry", "properties"],
    "properties": {
        "type": {"type": "string", "enum": ["Feature"]},
        "id": {"type": "string"},
        "geometry": {"type": "object", "nullable": True},
        "properties": {"type": "object", "nullable": True},
        "links": _LINKS,
    },
}
_COLLECTION: Schema = {
    "type": "object",
    "required": ["id", "links"],
    "properties": {
        "id": {"type": "string"},
        "title": {"type": "string"},
        "description": {"type": "string"},
        "extent": {"type": "object"},
        "itemType": {"type": "string"},
        "crs": {"type": "array", "items": {"type": "string"}},
        "links": _LINKS,
    },
}


def _operation(
    name: str, summary: str, schema: Schema, parameters: list[Schema], kind: str = "application/json"
) -> Schema:
    problem = {"application/json": {"schema": {"$ref": "#/components/schemas/exception"}}}
    answers: Schema = {
        "200": {
            "description": summary,
            "content": {kind: {"schema": schema}, "text/html": {"schema": {"type": "string"}}},
        },
        "400": {"description": "A parameter cannot be understood", "content": problem},
        "401": {"description": "The key opens nothing", "content": problem},
        "429": {"description": "Too many calls", "content": problem},
    }
    if any(one["in"] == "path" for one in parameters):
        answers["404"] = {"description": "There is nothing here", "content": problem}
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "tags": ["ogc"],
            "parameters": parameters,
            "responses": answers,
        }
    }


def ogc_document(base: str) -> Schema:
    """The document."""
    feature_id = {
        **_SLUG,
        "name": "featureId",
        "description": "Id of the feature",
        "schema": {"type": "string"},
    }
    features = {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {"type": "array", "items": _FEATURE},
            "links": _LINKS,
            "timeStamp": {"type": "string", "format": "date-time"},
            "numberMatched": {"type": "integer", "minimum": 0},
            "numberReturned": {"type": "integer", "minimum": 0},
        },
    }
    landing = {"type": "object", "required": ["links"], "properties": {"links": _LINKS}}
    conforms = {
        "type": "object",
        "required": ["conformsTo"],
        "properties": {"conformsTo": {"type": "array", "items": {"type": "string"}}},
    }
    collections = {
        "type": "object",
        "required": ["links", "collections"],
        "properties": {"links": _LINKS, "collections": {"type": "array", "items": _COLLECTION}},
    }
    one = "/ogc/collections/{collectionId}"
    return {
        "openapi": "3.0.3",
        "info": {"title": "OGC API Features", "version": "1.0", "description": "Datasets with places."},
        "servers": [{"url": base}],
        "paths": {
            "/ogc/": _operation("landing", "Landing page", landing, [_F]),
            "/ogc/conformance": _operation("conformance", "What this service conforms to", conforms, [_F]),
            "/ogc/collections": _operation("collections", "The collections", collections, [_F]),
            one: _operation("collection", "One collection", _COLLECTION, [_SLUG, _F]),
            f"{one}/queryables": _operation(
                "queryables", "What filters may speak of", {"type": "object"}, [_SLUG, _F], SCHEMA_JSON
            ),
            f"{one}/items": _operation("items", "Features", features, [_SLUG, *_ITEMS, _F], GEOJSON),
            f"{one}/items/{{featureId}}": _operation(
                "feature", "One feature", _FEATURE, [_SLUG, feature_id, _F], GEOJSON
            ),
        },
        "components": {
            "schemas": {
                "exception": {
                    "type": "object",
                    "required": ["code"],
                    "properties": {"code": {"type": "string"}, "description": {"type": "string"}},
                }
            }
        },
    }
