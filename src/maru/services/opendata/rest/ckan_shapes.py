"""Datasets, offices and policy fields in the shapes of CKAN (2.11): packages, organizations, groups, resources, tags."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from maru.commons.offices.models import Office
from maru.services.opendata.contracts import DatasetView
from maru.services.opendata.rest.library import category_names

MEDIA = {
    "csv": "text/csv",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "geojson": "application/geo+json",
}
TYPES = {
    "text": "text",
    "integer": "int8",
    "number": "numeric",
    "boolean": "bool",
    "date": "date",
    "datetime": "timestamp",
}
OPEN = ("CC", "KOGL-1", "ODC", "PDDL", "OGL")


def moment(value: dt.datetime | None) -> str | None:
    """A time as CKAN writes it: UTC without saying so."""
    return value.astimezone(dt.UTC).replace(tzinfo=None).isoformat() if value else None


def words(texts: Mapping[str, str]) -> str:
    """The text in the first language there is: Korean, then English."""
    return texts.get("ko") or texts.get("en") or next(iter(texts.values()), "")


def organization(office: Office, count: int = 0) -> dict[str, Any]:
    """An office."""
    title = words(office.names)
    return {
        "id": office.code,
        "name": office.code,
        "title": title,
        "display_name": title,
        "type": "organization",
        "description": "",
        "image_url": "",
        "image_display_url": "",
        "is_organization": True,
        "approval_status": "approved",
        "state": "active",
        "num_followers": 0,
        "package_count": count,
        "created": None,
    }


def group(code: str, count: int = 0) -> dict[str, Any]:
    """A policy field."""
    title = words(category_names(code))
    return {
        "id": code,
        "name": code,
        "title": title,
        "display_name": title,
        "type": "group",
        "description": "",
        "image_url": "",
        "image_display_url": "",
        "is_organization": False,
        "approval_status": "approved",
        "state": "active",
        "num_followers": 0,
        "package_count": count,
        "created": None,
    }


def tag(name: str) -> dict[str, Any]:
    """A keyword."""
    return {"id": name, "name": name, "display_name": name, "vocabulary_id": None, "state": "active"}


def resources(view: DatasetView, base: str) -> list[dict[str, Any]]:
    """The files of a dataset; the first also stands for its rows in the datastore."""
    changed = moment(view.card.changed_at or view.edited_at)
    return [
        {
            "id": f"{view.slug}.{name}",
            "package_id": view.slug,
            "name": f"{view.slug}.{name}",
            "description": words(view.summaries),
            "format": name.upper()
            if name not in ("parquet", "geojson")
            else {"parquet": "Parquet"}.get(name, "GeoJSON"),
            "mimetype": MEDIA[name],
            "mimetype_inner": None,
            "url": f"{base}/data/{view.slug}/files/{view.slug}.{name}",
            "url_type": "datastore" if name == "csv" else None,
            "resource_type": None,
            "datastore_active": name == "csv",
            "position": at,
            "size": None,
            "hash": "",
            "state": "active",
            "cache_url": None,
            "cache_last_updated": None,
            "created": moment(view.created_at),
            "last_modified": changed,
            "metadata_modified": changed,
        }
        for at, name in enumerate(view.card.formats)
    ]


def package(view: DatasetView, base: str, offices: Mapping[str, Office]) -> dict[str, Any]:
    """A dataset with all its parts."""
    card = view.card
    found = resources(view, base)
    office = offices.get(card.office.code) if card.office else None
    modified = max(filter(None, (card.changed_at, view.edited_at)))
    return {
        "id": view.slug,
        "name": view.slug,
        "title": words(view.titles),
        "title_translated": dict(view.titles),
        "notes": words(view.summaries),
        "notes_translated": dict(view.summaries),
        "type": "dataset",
        "state": "active",
        "private": False,
        "url": f"{base}/data/{view.slug}/",
        "version": str(card.version),
        "author": None,
        "author_email": None,
        "maintainer": words(office.names) if office else None,
        "maintainer_email": None,
        "creator_user_id": None,
        "owner_org": office.code if office else None,
        "organization": organization(office) if office else None,
        "isopen": card.licence.id.upper().startswith(OPEN),
        "license_id": card.licence.id,
        "license_title": card.licence.title or card.licence.id,
        "license_url": card.licence.address or None,
        "metadata_created": moment(view.created_at),
        "metadata_modified": moment(modified),
        "groups": [group(card.category.code)],
        "tags": [tag(keyword) for keyword in view.keywords],
        "num_tags": len(view.keywords),
        "resources": found,
        "num_resources": len(found),
        "extras": _extras(view),
        "relationships_as_subject": [],
        "relationships_as_object": [],
    }


def _extras(view: DatasetView) -> list[dict[str, str]]:
    card = view.card
    pairs = {
        "service_code": card.service_code,
        "rows": str(card.rows),
        "quality": str(card.score),
        "source": card.source,
        "fresh_s": str(int(view.cadence_s)) if view.cadence_s else "",
        "spatial_bounds": ",".join(str(edge) for edge in view.bounds) if view.bounds else "",
        "temporal_start": view.since.isoformat() if view.since else "",
        "temporal_end": view.until.isoformat() if view.until else "",
    }
    return [{"key": key, "value": value} for key, value in pairs.items() if value]
