"""DCAT-US 3 at ``/data.json``, with a JSON-LD context, so that it is RDF as well as JSON."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlsplit

from maru.commons.offices.city import current_city
from maru.services.opendata.contracts import DatasetView
from maru.services.opendata.rest.ckan_shapes import MEDIA, words
from maru.services.opendata.rest.dcat_shapes import catalogue_address, dataset_address
from maru.services.opendata.rest.library import category_names

CONTEXT: dict[str, Any] = {
    "@version": 1.1,
    "@vocab": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "org": "http://www.w3.org/ns/org#",
    "locn": "http://www.w3.org/ns/locn#",
    "Agent": "foaf:Agent",
    "Organization": "org:Organization",
    "Kind": "vcard:Kind",
    "Document": "foaf:Document",
    "Concept": "skos:Concept",
    "Location": "dcterms:Location",
    "PeriodOfTime": "dcterms:PeriodOfTime",
    "Standard": "dcterms:Standard",
    "title": "dcterms:title",
    "description": "dcterms:description",
    "identifier": "dcterms:identifier",
    "publisher": "dcterms:publisher",
    "issued": "dcterms:issued",
    "modified": "dcterms:modified",
    "language": "dcterms:language",
    "license": "dcterms:license",
    "accessRights": "dcterms:accessRights",
    "accrualPeriodicity": "dcterms:accrualPeriodicity",
    "conformsTo": "dcterms:conformsTo",
    "format": "dcterms:format",
    "spatial": "dcterms:spatial",
    "temporal": "dcterms:temporal",
    "homepage": {"@id": "foaf:homepage", "@type": "@id"},
    "accessURL": {"@type": "@id"},
    "downloadURL": {"@type": "@id"},
    "name": "foaf:name",
    "fn": "vcard:fn",
    "hasEmail": {"@id": "vcard:hasEmail", "@type": "@id"},
    "prefLabel": "skos:prefLabel",
    "bbox": "http://www.w3.org/ns/dcat#bbox",
}


def catalogue(base: str) -> dict[str, Any]:
    """The catalogue without its datasets."""
    city = current_city()
    return {
        "@context": CONTEXT,
        "@id": catalogue_address(base),
        "@type": "Catalog",
        "title": words(city.names),
        "description": "Every dataset that the city publishes",
        "language": sorted(city.names),
        "publisher": _publisher(base),
        "conformsTo": {
            "@type": "Standard",
            "title": "DCAT-US 3.0",
            "identifier": "https://resources.data.gov/dcat-us/3.0.0/",
        },
    }


def _publisher(base: str) -> dict[str, Any]:
    return {"@id": f"{base}/#publisher", "@type": "Organization", "name": words(current_city().names)}


def _stamp(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def dataset(view: DatasetView, base: str) -> dict[str, Any]:
    """One dataset."""
    card = view.card
    here = dataset_address(base, view.slug)
    licence = card.licence.address or card.licence.id
    host = urlsplit(base).hostname or "localhost"
    office = card.office
    found: dict[str, Any] = {
        "@id": here,
        "@type": "Dataset",
        "identifier": here,
        "title": words(view.titles),
        "description": words(view.summaries) or words(view.titles),
        "publisher": _publisher(base),
        "contactPoint": {
            "@type": "Kind",
            "fn": words(office.names) if office and office.names else words(current_city().names),
            "hasEmail": f"mailto:opendata@{host}",
        },
        "accessRights": "public",
        "license": licence,
        "issued": _stamp(card.published_at or view.created_at),
        "modified": _stamp(max(filter(None, (card.changed_at, view.edited_at)))),
        "keyword": [one for one in view.keywords if one],
        "theme": [{"@type": "Concept", "prefLabel": category_names(card.category.code)["en"]}],
        "landingPage": {"@id": f"{here}files/", "@type": "Document", "title": words(view.titles)},
        "version": str(card.version),
        "distribution": [
            {
                "@id": f"{here}#{name}",
                "@type": "Distribution",
                "title": name.upper(),
                "downloadURL": f"{base}/data/{view.slug}/files/{view.slug}.{name}",
                "accessURL": f"{here}files/",
                "mediaType": MEDIA[name],
                "license": licence,
            }
            for name in card.formats
        ],
    }
    if view.since and view.until:
        found["temporal"] = [
            {"@type": "PeriodOfTime", "startDate": _stamp(view.since), "endDate": _stamp(view.until)}
        ]
    return found
