"""Documents of OGC API Features: landing page, conformance, collections, queryables, the description of the API."""

from __future__ import annotations

from typing import Any

from maru.commons.offices.city import current_city
from maru.services.opendata.contracts import DatasetView
from maru.services.opendata.engine.contracts import ColumnInfo
from maru.services.opendata.rest.ckan_shapes import words
from maru.services.opendata.rest.http import GEOJSON, JSON

OPENAPI_JSON = "application/vnd.oai.openapi+json;version=3.0"
SCHEMA_JSON = "application/schema+json"
_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_SPEC = "http://www.opengis.net/spec"
CONFORMS = (
    f"{_SPEC}/ogcapi-common-1/1.0/conf/core",
    f"{_SPEC}/ogcapi-common-2/1.0/conf/collections",
    f"{_SPEC}/ogcapi-features-1/1.0/conf/core",
    f"{_SPEC}/ogcapi-features-1/1.0/conf/geojson",
    f"{_SPEC}/ogcapi-features-1/1.0/conf/html",
    f"{_SPEC}/ogcapi-features-1/1.0/conf/oas30",
    f"{_SPEC}/ogcapi-features-3/1.0/conf/queryables",
    f"{_SPEC}/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    f"{_SPEC}/ogcapi-features-3/1.0/conf/filter",
    f"{_SPEC}/ogcapi-features-3/1.0/conf/features-filter",
    f"{_SPEC}/cql2/1.0/conf/cql2-text",
    f"{_SPEC}/cql2/1.0/conf/cql2-json",
    f"{_SPEC}/cql2/1.0/conf/basic-cql2",
    f"{_SPEC}/cql2/1.0/conf/advanced-comparison-operators",
    f"{_SPEC}/cql2/1.0/conf/case-insensitive-comparison",
    f"{_SPEC}/cql2/1.0/conf/basic-spatial-functions",
)
SCHEMA_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
}


def link(href: str, rel: str, kind: str, title: str = "") -> dict[str, str]:
    """A link as OGC API writes it."""
    found = {"href": href, "rel": rel, "type": kind}
    return {**found, "title": title} if title else found


def landing(base: str) -> dict[str, Any]:
    """``/ogc/``."""
    title = words(current_city().names)
    return {
        "title": title,
        "description": "Datasets with places, as OGC API Features.",
        "links": [
            link(f"{base}/ogc/", "self", JSON, "This document"),
            link(f"{base}/ogc/?f=html", "alternate", "text/html", "This document as a page"),
            link(f"{base}/ogc/api", "service-desc", OPENAPI_JSON, "The API described"),
            link(f"{base}/ogc/api?f=html", "service-doc", "text/html", "The API described, as a page"),
            link(f"{base}/ogc/conformance", "conformance", JSON, "What this service conforms to"),
            link(f"{base}/ogc/collections", "data", JSON, "The collections"),
        ],
    }


def conformance() -> dict[str, Any]:
    """``/ogc/conformance``."""
    return {"conformsTo": list(CONFORMS)}


def collection(view: DatasetView, base: str) -> dict[str, Any]:
    """One collection: a dataset whose rows are points."""
    here = f"{base}/ogc/collections/{view.slug}"
    extent: dict[str, Any] = {
        "spatial": {"bbox": [list(view.bounds or (-180.0, -90.0, 180.0, 90.0))], "crs": _CRS84}
    }
    if view.time:
        extent["temporal"] = {
            "interval": [[_stamp(view.since), _stamp(view.until)]],
            "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian",
        }
    licence = view.card.licence
    links = [
        link(here, "self", JSON, "This collection"),
        link(f"{here}?f=html", "alternate", "text/html", "This collection as a page"),
        link(f"{here}/items", "items", GEOJSON, "Features"),
        link(f"{here}/items?f=html", "items", "text/html", "Features as a page"),
        link(
            f"{here}/queryables",
            "http://www.opengis.net/def/rel/ogc/1.0/queryables",
            SCHEMA_JSON,
            "Queryables",
        ),
        link(f"{base}/data/{view.slug}/", "describedby", "text/html", "The dataset"),
    ]
    if licence.address:
        links.append(link(licence.address, "license", "text/html", licence.title))
    return {
        "id": view.slug,
        "title": words(view.titles),
        "description": words(view.summaries),
        "keywords": list(view.keywords),
        "extent": extent,
        "itemType": "feature",
        "crs": [_CRS84],
        "links": links,
    }


def _stamp(moment: Any) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def collections(views: list[DatasetView], base: str) -> dict[str, Any]:
    """``/ogc/collections``."""
    return {
        "links": [
            link(f"{base}/ogc/collections", "self", JSON, "The collections"),
            link(f"{base}/ogc/collections?f=html", "alternate", "text/html", "The collections as a page"),
        ],
        "collections": [collection(view, base) for view in views],
    }


def property_of(column: ColumnInfo) -> dict[str, Any]:
    """A column in JSON Schema."""
    found = dict(SCHEMA_TYPES[column.type])
    found["title"] = words(column.titles) or column.name
    if column.unit:
        found["x-ogc-unit"] = column.unit
    return found


def queryables(view: DatasetView, base: str) -> dict[str, Any]:
    """What filters may speak of."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{base}/ogc/collections/{view.slug}/queryables",
        "type": "object",
        "title": words(view.titles),
        "properties": {
            "geometry": {"format": "geometry-point", "x-ogc-role": "primary-geometry"},
            **{one.name: property_of(one) for one in view.columns},
        },
        "additionalProperties": False,
    }
