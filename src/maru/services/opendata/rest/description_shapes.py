"""Parts of OpenAPI documents: parameters, answers, and the shapes of datasets and rows."""

from __future__ import annotations

from typing import Any

from maru.services.opendata.contracts import CATEGORIES
from maru.services.opendata.engine.contracts import ColumnInfo
from maru.services.opendata.rest.ckan_shapes import words

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


def problem_schema() -> Schema:
    """The one shape of errors of the house."""
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
