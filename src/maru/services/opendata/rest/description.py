"""OpenAPI 3.1: one document for each dataset (``/data/{slug}/openapi.json``), one for the house's own interface."""

from __future__ import annotations

from typing import Any

from maru.services.opendata.contracts import CATEGORIES, DatasetView
from maru.services.opendata.engine.contracts import ColumnInfo
from maru.services.opendata.rest.ckan_shapes import words
from maru.services.opendata.rest.http import Answer, Problem, Request, as_json, decoded
from maru.services.opendata.rest.path_bodies import outside_name
from maru.services.opendata.rest.path_codes import MESSAGES
from maru.services.opendata.rest.shelf import Holding, shelf

_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
}
_MOMENT = {"type": ["string", "null"], "format": "date-time"}
_TEXT = {"type": ["string", "null"]}
_URL = {"type": "string", "format": "uri"}
Schema = dict[str, Any]


def answer(request: Request, key: str) -> Answer:
    """Answer ``/data/{slug}/openapi.json``; runs in a thread."""
    parts = request.raw_path.strip("/").split("/")
    if len(parts) != 3:
        raise Problem(404, "not_found", "There is nothing here.")
    holding = shelf.get(decoded(parts[1]))
    return as_json(
        dataset_document(holding, request.base),
        subject=holding.slug,
        version=holding.token,
        dataset=holding.slug,
    )


def _document(title: str, text: str, base: str, paths: Schema, schemas: Schema) -> Schema:
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1", "description": text},
        "servers": [{"url": base}],
        "security": [{}, {"key": []}],
        "paths": paths,
        "components": {
            "schemas": {"Problem": _problem(), **schemas},
            "securitySchemes": {
                "key": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Api-Key",
                    "description": "A key allows more calls than an address without one. Keys are made at /developers/.",
                }
            },
        },
    }


def _problem() -> Schema:
    return {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "field": {"type": "string"},
                    "retry_after": {"type": "integer"},
                    "reference": {"type": "string"},
                },
            }
        },
    }


def content(schema: Schema, kind: str = "application/json") -> Schema:
    """A body of this shape."""
    return {kind: {"schema": schema}}


def responses(
    schema: Schema, *, kind: str = "application/json", missing: bool = True, problem: Schema | None = None
) -> Schema:
    """200 with the schema, and what can be refused."""
    shape = content(problem or {"$ref": "#/components/schemas/Problem"})
    found = {
        "200": {"description": "As asked.", "content": content(schema, kind)},
        "400": {"description": "A parameter cannot be understood.", "content": shape},
        "401": {"description": "The key opens nothing.", "content": shape},
        "429": {"description": "Too many calls; Retry-After says when to come back.", "content": shape},
    }
    if missing:
        found["404"] = {"description": "There is no such thing.", "content": shape}
    return found


def parameter(
    name: str, text: str, schema: Schema, *, where: str = "query", required: bool = False, **more: Any
) -> Schema:
    """A parameter."""
    return {"name": name, "in": where, "required": required, "description": text, "schema": schema, **more}


def column_schema(column: ColumnInfo) -> Schema:
    """A column's values in JSON; every column may be empty."""
    found = dict(_TYPES[column.type])
    found["type"] = [found["type"], "null"]
    text = words(column.titles) or column.name
    found["description"] = f"{text} ({column.unit})" if column.unit else text
    return found


def row_parameters(columns: tuple[ColumnInfo, ...]) -> list[Schema]:
    """Filters on columns, order, and paging of the house's own rows."""
    names = [one.name for one in columns]
    found = [
        parameter("q", "Words; each must stand somewhere in the row.", {"type": "string", "maxLength": 200}),
        parameter("where", "A condition as SoQL has it: a > 5 AND starts_with(b, 'x').", {"type": "string"}),
        parameter(
            "sort", "Columns; - before one turns it round.", {"type": "string", "examples": [f"-{names[0]}"]}
        ),
        parameter("fields", "Only these columns.", {"type": "string", "examples": [",".join(names[:2])]}),
        parameter(
            "limit", "Rows at most.", {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 100}
        ),
        parameter("cursor", "From the answer before.", {"type": "string", "maxLength": 200}),
        parameter("total", "Whether to count all that match.", {"type": "boolean", "default": True}),
    ]
    for one in columns[:60]:
        schema = dict(_TYPES[one.type])
        found.append(parameter(one.name, words(one.titles) or one.name, schema))
        if one.type in ("integer", "number", "date", "datetime"):
            found.append(parameter(f"{one.name}.from", "At least.", schema))
            found.append(parameter(f"{one.name}.to", "At most.", schema))
    return found


def rows_schema(row: Schema) -> Schema:
    """A page of rows."""
    return {
        "type": "object",
        "required": ["dataset", "version", "total", "rows", "cursor", "next"],
        "properties": {
            "dataset": {"type": "string"},
            "version": {"type": "integer"},
            "total": {"type": ["integer", "null"]},
            "rows": {"type": "array", "items": row},
            "cursor": _TEXT,
            "next": {"type": ["string", "null"], "format": "uri"},
        },
    }


def dataset_document(holding: Holding, base: str) -> Schema:
    """Everything that can be asked of one dataset."""
    view = holding.view
    row = {
        "type": "object",
        "properties": {one.name: column_schema(one) for one in view.columns},
        "additionalProperties": False,
    }
    rows = f"/api/v1/datasets/{view.slug}"
    paths: Schema = {
        rows: {
            "get": {
                "operationId": "describe",
                "summary": "What the dataset is",
                "responses": responses({"$ref": "#/components/schemas/Dataset"}),
            }
        },
        f"{rows}/rows": {
            "get": {
                "operationId": "rows",
                "summary": "Rows, page by page",
                "parameters": row_parameters(view.columns),
                "responses": responses(rows_schema({"$ref": "#/components/schemas/Row"})),
            }
        },
        f"{rows}/facets": {"get": _facets(view)},
        f"/resource/{view.slug}.json": {"get": _soda(view)},
        f"/openapi/sample/json/{view.card.service_code}/{{start}}/{{end}}": {"get": _path(view)},
    }
    title = words(view.titles) or view.slug
    text = words(view.summaries)
    schemas = {"Row": row, "Dataset": dataset_schema()}
    return _document(title, text, base, paths, schemas)


def _facets(view: DatasetView) -> Schema:
    names = [one.name for one in view.columns]
    return {
        "operationId": "facets",
        "summary": "The most frequent values of columns, with exact counts",
        "parameters": [
            parameter(
                "columns", "One to ten columns.", {"type": "string", "examples": [names[0]]}, required=True
            ),
            parameter("where", "A condition as SoQL has it.", {"type": "string"}),
            parameter("q", "Words.", {"type": "string", "maxLength": 200}),
            parameter(
                "limit", "Values at most.", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 20}
            ),
        ],
        "responses": responses(
            {
                "type": "object",
                "required": ["dataset", "total", "facets"],
                "properties": {
                    "dataset": {"type": "string"},
                    "total": {"type": "integer"},
                    "facets": {
                        "type": "object",
                        "additionalProperties": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["value", "count"],
                                "properties": {"value": {}, "count": {"type": "integer"}},
                            },
                        },
                    },
                },
            }
        ),
    }


def _soda(view: DatasetView) -> Schema:
    columns = {one.name: {**column_schema(one)} for one in view.columns}
    problem = {
        "type": "object",
        "required": ["code", "error", "message"],
        "properties": {"code": {"type": "string"}, "error": {"const": True}, "message": {"type": "string"}},
    }
    text = {"type": "string"}
    return {
        "operationId": "resource",
        "summary": "Rows by SoQL clauses; values that are empty are left out",
        "parameters": [
            parameter("$select", "Columns and aggregates.", text),
            parameter("$where", "A condition.", text),
            parameter("$order", "Columns, each with ASC or DESC.", text),
            parameter("$group", "Columns.", text),
            parameter("$having", "A condition on groups.", text),
            parameter("$q", "Words.", {"type": "string", "maxLength": 200}),
            parameter(
                "$limit",
                "Rows at most.",
                {"type": "integer", "minimum": 0, "maximum": 50_000, "default": 1000},
            ),
            parameter(
                "$offset",
                "Rows left out at the beginning.",
                {"type": "integer", "minimum": 0, "maximum": 1_000_000_000},
            ),
        ],
        "responses": responses(
            {"type": "array", "items": {"type": "object", "properties": columns}}, problem=problem
        ),
    }


def _path(view: DatasetView) -> Schema:
    position = {"type": "integer", "minimum": 1, "maximum": 5}
    result = {
        "type": "object",
        "required": ["CODE", "MESSAGE"],
        "properties": {"CODE": {"enum": sorted(MESSAGES)}, "MESSAGE": {"type": "string"}},
    }
    rows = {
        "type": "object",
        "required": ["list_total_count", "RESULT", "row"],
        "properties": {
            "list_total_count": {"type": "integer"},
            "RESULT": result,
            "row": {
                "type": "array",
                "items": {"type": "object", "required": [outside_name(one) for one in view.columns]},
            },
        },
    }
    return {
        "operationId": "path",
        "summary": "The path interface with the sample key; it answers 200 and says the truth in RESULT.CODE",
        "security": [{}],
        "parameters": [
            parameter("start", "First position.", position, where="path", required=True),
            parameter("end", "Last position.", position, where="path", required=True),
        ],
        "responses": {
            "200": {
                "description": "Rows under the name of the service, or RESULT alone.",
                "content": content(
                    {
                        "oneOf": [
                            {
                                "type": "object",
                                "required": ["RESULT"],
                                "properties": {"RESULT": result},
                                "additionalProperties": False,
                            },
                            {
                                "type": "object",
                                "additionalProperties": rows,
                                "minProperties": 1,
                                "maxProperties": 1,
                            },
                        ]
                    }
                ),
            }
        },
    }


def card_schema() -> Schema:
    """A dataset in a list."""
    return {
        "type": "object",
        "required": ["slug", "title", "category", "rows_count", "page", "rows"],
        "properties": {
            "slug": {"type": "string"},
            "service_code": {"type": "string"},
            "title": {"type": "string"},
            "summary": {"type": "string"},
            "category": {"enum": list(CATEGORIES)},
            "office": _TEXT,
            "licence": {
                "type": "object",
                "required": ["id", "title"],
                "properties": {"id": {"type": "string"}, "title": {"type": "string"}, "address": _TEXT},
            },
            "origin": {"enum": ["source", "upload", "offer"]},
            "source": _TEXT,
            "rows_count": {"type": "integer"},
            "has_map": {"type": "boolean"},
            "formats": {"type": "array", "items": {"type": "string"}},
            "quality": {"type": "integer", "minimum": 0, "maximum": 100},
            "freshness": {"enum": ["fresh", "late", "still"]},
            "changed": _MOMENT,
            "published": _MOMENT,
            "page": _URL,
            "rows": _URL,
            "openapi": _URL,
        },
    }


def dataset_schema() -> Schema:
    """A dataset with its columns."""
    card = card_schema()
    return {
        **card,
        "required": [*card["required"], "columns", "version"],
        "properties": {
            **card["properties"],
            "version": {"type": "integer"},
            "titles": {"type": "object", "additionalProperties": {"type": "string"}},
            "summaries": {"type": "object", "additionalProperties": {"type": "string"}},
            "keywords": {"type": "array", "items": {"type": "string"}},
            "key": {"type": "array", "items": {"type": "string"}},
            "time": _TEXT,
            "fresh_s": {"type": ["number", "null"]},
            "bounds": {"type": ["array", "null"], "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
            "since": _MOMENT,
            "until": _MOMENT,
            "created": _MOMENT,
            "columns": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["name", "type", "titles", "unit", "outside_name", "role"],
                    "properties": {
                        "name": {"type": "string"},
                        "type": {"enum": list(_TYPES)},
                        "titles": {"type": "object"},
                        "unit": _TEXT,
                        "outside_name": {"type": "string"},
                        "role": {"enum": ["longitude", "latitude", None]},
                    },
                },
            },
        },
    }


def house_document(base: str) -> Schema:
    """The house's own interface to all datasets."""
    slug = parameter(
        "slug", "The dataset's name.", {"type": "string", "maxLength": 80}, where="path", required=True
    )
    columns = (ColumnInfo("column", "text"),)
    listed = {
        "type": "object",
        "required": ["total", "datasets", "next"],
        "properties": {
            "total": {"type": "integer"},
            "datasets": {"type": "array", "items": {"$ref": "#/components/schemas/Card"}},
            "next": {"type": ["string", "null"], "format": "uri"},
        },
    }
    rows = {"type": "object", "additionalProperties": True}
    general = [one for one in row_parameters(columns) if not one["name"].startswith("column")]
    paths = {
        "/api/v1/datasets": {"get": {"operationId": "find", "summary": "Find datasets", "parameters": _find_parameters(), "responses": responses(listed, missing=False)}},
        "/api/v1/datasets/{slug}": {"get": {"operationId": "describe", "summary": "What a dataset is", "parameters": [slug], "responses": responses({"$ref": "#/components/schemas/Dataset"})}},
        "/api/v1/datasets/{slug}/rows": {"get": {"operationId": "rows", "summary": "Rows, page by page", "parameters": [slug, *general], "responses": responses(rows_schema(rows))}},
        "/api/v1/datasets/{slug}/usage": {"get": {"operationId": "usage", "summary": "How much the dataset is asked for", "parameters": [slug, parameter("days", "Days back.", {"type": "integer", "minimum": 1, "maximum": 800})], "responses": responses({"type": "object", "required": ["dataset", "calls", "rows", "days"]})}},
    }  # fmt: skip
    schemas = {"Card": card_schema(), "Dataset": dataset_schema()}
    return _document(
        "Datasets", "The city's open data: find datasets and read their rows.", base, paths, schemas
    )


def _find_parameters() -> list[Schema]:
    return [
        parameter("q", "Words.", {"type": "string", "maxLength": 200}),
        parameter("category", "Policy field.", {"enum": list(CATEGORIES)}),
        parameter("office", "Code of the office.", {"type": "string", "maxLength": 80}),
        parameter("format", "A file format.", {"type": "string", "maxLength": 20}),
        parameter("licence", "Id of the licence.", {"type": "string", "maxLength": 60}),
        parameter("map", "Whether rows have places.", {"type": "boolean"}),
        parameter("sort", "Order.", {"enum": ["best", "new", "title", "rows", "used"]}),
        parameter(
            "limit", "Datasets at most.", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}
        ),
        parameter(
            "cursor",
            "From the answer before; a multiple of limit.",
            {"type": "integer", "minimum": 0, "maximum": 0},
        ),
    ]
