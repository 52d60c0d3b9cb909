"""OpenAPI 3.1: one document for each dataset (``/data/{slug}/openapi.json``), one for the house's own interface."""

from __future__ import annotations

from maru.services.opendata.contracts import CATEGORIES, DatasetView
from maru.services.opendata.engine.contracts import ColumnInfo
from maru.services.opendata.rest.ckan_shapes import words
from maru.services.opendata.rest.description_shapes import (
    Schema,
    card_schema,
    column_schema,
    content,
    dataset_schema,
    parameter,
    problem_schema,
    responses,
    row_parameters,
    rows_schema,
)
from maru.services.opendata.rest.http import Answer, Problem, Request, as_json, decoded
from maru.services.opendata.rest.path_codes import MESSAGES
from maru.services.opendata.rest.path_services import outside_name
from maru.services.opendata.rest.shelf import Holding, shelf


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
            "schemas": {"Problem": problem_schema(), **schemas},
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
        "/api/3/action/datastore_search": {"get": _datastore(view)},
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
            parameter("$query", "A whole statement instead of the single clauses.", text),
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


def _datastore(view: DatasetView) -> Schema:
    text = {"type": "string"}
    result = {
        "type": "object",
        "required": ["resource_id", "fields", "records", "limit"],
        "properties": {
            "fields": {"type": "array", "items": {"type": "object", "required": ["id", "type"]}},
            "records": {"type": ["array", "string"]},
            "total": {"type": "integer"},
            "limit": {"type": "integer"},
        },
    }
    answer = {
        "type": "object",
        "required": ["help", "success", "result"],
        "properties": {"help": text, "success": {"const": True}, "result": result},
    }
    problem = {
        "type": "object",
        "required": ["help", "success", "error"],
        "properties": {
            "help": text,
            "success": {"const": False},
            "error": {"type": "object", "required": ["__type"], "properties": {"__type": text}},
        },
    }
    found = responses(answer, problem=problem)
    refused = found.pop("401")
    return {
        "operationId": "datastore",
        "summary": "Rows as CKAN's datastore gives them",
        "parameters": [
            parameter("resource_id", "The dataset.", {"const": view.slug}, required=True),
            parameter("filters", "JSON: column to value, or to a list of values.", text),
            parameter("q", "Words.", text),
            parameter("fields", "Columns.", text),
            parameter("sort", "Columns, each with asc or desc.", text),
            parameter("limit", "Rows at most.", {"type": "integer", "minimum": 0, "default": 100}),
            parameter(
                "offset", "Rows left out.", {"type": "integer", "minimum": 0, "maximum": 1_000_000_000}
            ),
            parameter("distinct", "Each row once.", {"type": "boolean"}),
            parameter("include_total", "Whether to count all that match.", {"type": "boolean"}),
            parameter("records_format", "Form of the records.", {"enum": ["objects", "lists", "csv", "tsv"]}),
        ],
        "responses": {**found, "403": refused, "409": {**refused, "description": "A Validation Error."}},
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
    for path, kind in (
        ("/catalog.jsonld", "application/ld+json"),
        ("/catalog.ttl", "text/turtle"),
        ("/data.json", "application/json"),
    ):
        paths[path] = {"get": _catalogue(path, kind)}
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


def _catalogue(path: str, kind: str) -> Schema:
    pages = {"type": "integer", "minimum": 1, "maximum": 100_000}
    shape = {"type": "string"} if kind == "text/turtle" else {"type": "object", "required": ["@context"]}
    return {
        "operationId": path.strip("/").replace(".", "_"),
        "summary": "The whole catalogue for other catalogues",
        "parameters": [
            parameter("page", "One part only, counted from 1.", pages),
            parameter(
                "size",
                "Datasets in a part.",
                {"type": "integer", "minimum": 1, "maximum": 500, "default": 100},
            ),
            parameter(
                "modified_since", "Only what changed since.", {"type": "string", "format": "date-time"}
            ),
        ],
        "responses": responses(shape, kind=kind, missing=False),
    }
