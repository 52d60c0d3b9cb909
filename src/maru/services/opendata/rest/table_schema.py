"""Table Schema (Frictionless) of a dataset's files, so that whoever takes one can check it."""

from __future__ import annotations

from typing import Any

from maru.services.opendata.contracts import DatasetView
from maru.services.opendata.rest.ckan_shapes import words

_TYPES: dict[str, dict[str, str]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "date", "format": "default"},
    "datetime": {"type": "datetime", "format": "default"},
}


def table_schema(view: DatasetView) -> dict[str, Any]:
    """Fields in the order of the columns. No constraint of a key: a source may break it, and the file says what is there."""
    fields = [
        {
            "name": one.name,
            **_TYPES[one.type],
            "title": words(one.titles) or one.name,
            **({"unit": one.unit} if one.unit else {}),
        }
        for one in view.columns
    ]
    return {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": fields,
        "missingValues": [""],
    }
