"""Datasets as nodes of DCAT-AP 3, in JSON-LD; ``turtle`` writes the same nodes as Turtle.

Mandatory and recommended properties of DCAT-AP 3.0.1 for Catalogue, Dataset, Distribution, Data Service and the agents.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from maru.commons.offices.city import current_city
from maru.services.opendata.contracts import CATEGORIES, DatasetView
from maru.services.opendata.rest.ckan_shapes import MEDIA
from maru.services.opendata.rest.library import category_names

Node = dict[str, Any]
_EU = "http://publications.europa.eu/resource/authority"
_IANA = "https://www.iana.org/assignments/media-types/"
CONTEXT: Node = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "dcatap": "http://data.europa.eu/r5r/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "hydra": "http://www.w3.org/ns/hydra/core#",
    "locn": "http://www.w3.org/ns/locn#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
# Ours on the left, the data themes of the EU vocabulary on the right.
THEMES = {
    "health": "HEAL",
    "administration": "GOVE",
    "culture": "EDUC",
    "industry": "ECON",
    "welfare": "SOCI",
    "education": "EDUC",
    "environment": "ENVI",
    "safety": "JUST",
    "transport": "TRAN",
    "housing": "REGI",
    "population": "SOCI",
    "science": "TECH",
}
_FORMATS = {"csv": "CSV", "json": "JSON", "parquet": "PARQUET", "xlsx": "XLSX", "geojson": "GEOJSON"}
_LANGUAGES = {"ko": "KOR", "en": "ENG"}
# The cadence in seconds, at most, and the name in the EU's vocabulary of frequencies.
_FREQUENCIES = (
    (3_600, "UPDATE_CONT"),
    (86_399, "HOURLY"),
    (7 * 86_400 - 1, "DAILY"),
    (28 * 86_400, "WEEKLY"),
    (80 * 86_400, "MONTHLY"),
    (200 * 86_400, "QUARTERLY"),
    (700 * 86_400, "ANNUAL"),
)
_PUBLIC = f"{_EU}/access-right/PUBLIC"


def text(words: Mapping[str, str]) -> list[Node]:
    """A text in every language that it has."""
    return [{"@value": value, "@language": language} for language, value in words.items() if value]


def stamp(moment: dt.datetime) -> Node:
    """A time."""
    return {"@value": moment.astimezone(dt.UTC).isoformat(timespec="seconds"), "@type": "xsd:dateTime"}


def ref(address: str, kind: str = "", **more: Any) -> Node:
    """A thing by its address, with its class where a reader cannot look it up."""
    return {"@id": address, **({"@type": kind} if kind else {}), **more}


def _concept(address: str, label: str) -> Node:
    return ref(address, "skos:Concept", **{"skos:prefLabel": text({"en": label})})


def catalogue_address(base: str) -> str:
    """The catalogue's own name."""
    return f"{base}/data/#catalog"


def publisher(base: str) -> Node:
    """The city."""
    city = current_city()
    return ref(
        f"{base}/#publisher",
        "foaf:Agent",
        **{
            "foaf:name": text(city.names),
            "dct:type": _concept("http://purl.org/adms/publishertype/LocalAuthority", "Local authority"),
        },
    )


def catalogue_node(
    base: str, part: Sequence[str], total: int, page: tuple[int, int] | None, path: str
) -> Node:
    """The catalogue with the datasets of this part."""
    city = current_city()
    names = {
        language: f"{name} {_PLAZA.get(language, _PLAZA['en'])}" for language, name in city.names.items()
    }
    node: Node = {
        "@id": catalogue_address(base),
        "@type": "dcat:Catalog",
        "dct:title": text(names),
        "dct:description": text(_DESCRIPTIONS),
        "dct:publisher": publisher(base),
        "dct:language": [
            ref(f"{_EU}/language/{code}", "dct:LinguisticSystem") for code in _LANGUAGES.values()
        ],
        "foaf:homepage": ref(f"{base}/data/", "foaf:Document"),
        "dcat:themeTaxonomy": ref(f"{_EU}/data-theme", "skos:ConceptScheme", **{"dct:title": "Data theme"}),
        "dcat:dataset": [ref(dataset_address(base, slug)) for slug in part],
        "dcat:service": services(base),
    }
    if page is not None:
        number, size = page
        last = max(1, -(-total // size))
        node["hydra:view"] = _view(f"{base}{path}", number, size, last)
    return node


def _view(here: str, number: int, size: int, last: int) -> Node:
    def at(page: int) -> Node:
        return ref(f"{here}?page={page}&size={size}")

    found = {
        **at(number),
        "@type": "hydra:PartialCollectionView",
        "hydra:first": at(1),
        "hydra:last": at(last),
    }
    if number < last:
        found["hydra:next"] = at(number + 1)
    if number > 1:
        found["hydra:previous"] = at(number - 1)
    return found


_PLAZA = {"ko": "열린데이터광장", "en": "Open Data Plaza"}
_DESCRIPTIONS = {"ko": "시가 가진 모든 공개 데이터", "en": "Every dataset that the city publishes"}


def services(base: str) -> list[Node]:
    """The interfaces to all datasets."""
    found = (
        ("rest", "/api/v1/datasets", "REST", "/api/v1/datasets/openapi.json"),
        ("ogc", "/ogc/", "OGC API Features", "/ogc/api"),
        ("ckan", "/api/3/action/", "CKAN Action API", "/api/3/action/status_show"),
    )
    return [
        {
            "@id": f"{base}{path}#service",
            "@type": "dcat:DataService",
            "dct:title": [{"@value": title, "@language": "en"}],
            "dcat:endpointURL": ref(f"{base}{path}"),
            "dcat:endpointDescription": ref(f"{base}{described}"),
            "dct:publisher": ref(f"{base}/#publisher"),
        }
        for _name, path, title, described in found
    ]


def dataset_address(base: str, slug: str) -> str:
    """A dataset's own name: its page."""
    return f"{base}/data/{slug}/"


def _frequency(seconds: float) -> str:
    return next((name for most, name in _FREQUENCIES if seconds <= most), "IRREG")


def _contact(view: DatasetView, base: str) -> Node:
    office = view.card.office
    names = dict(office.names) if office and office.names else current_city().names
    return {
        "@id": f"{base}/offices/{office.code}/#contact" if office else f"{base}/#contact",
        "@type": "vcard:Organization",
        "vcard:fn": text(names),
        "vcard:hasURL": ref(f"{base}/data/{view.slug}/questions/"),
    }


def dataset_nodes(view: DatasetView, base: str) -> list[Node]:
    """A dataset with its distributions."""
    card = view.card
    here = dataset_address(base, view.slug)
    theme = f"{_EU}/data-theme/{THEMES[card.category.code]}"
    node: Node = {
        "@id": here,
        "@type": "dcat:Dataset",
        "dct:identifier": view.slug,
        "dct:title": text(view.titles),
        "dct:description": text(view.summaries) or text(view.titles),
        "dct:publisher": ref(f"{base}/#publisher"),
        "dcat:contactPoint": _contact(view, base),
        "dcat:theme": ref(
            theme, "skos:Concept", **{"skos:prefLabel": text(category_names(card.category.code))}
        ),
        "dcat:keyword": [
            {"@value": one, "@language": "ko" if not one.isascii() else "en"} for one in view.keywords
        ],
        "dct:accessRights": ref(_PUBLIC, "dct:RightsStatement"),
        "dct:issued": stamp(card.published_at or view.created_at),
        "dct:modified": stamp(max(filter(None, (card.changed_at, view.edited_at)))),
        "dcat:version": str(card.version),
        "dcat:landingPage": ref(here, "foaf:Document"),
        "dcat:distribution": [distribution(view, base, name) for name in card.formats]
        + [_served(view, base)],
    }
    # A page that is the dataset's own name cannot be its landing page and of another class as well.
    node["dcat:landingPage"] = ref(f"{here}files/", "foaf:Document")
    if view.cadence_s:
        node["dct:accrualPeriodicity"] = ref(f"{_EU}/frequency/{_frequency(view.cadence_s)}", "dct:Frequency")
    if view.bounds:
        node["dct:spatial"] = _place(view.bounds, here)
    if view.since and view.until:
        node["dct:temporal"] = {
            "@id": f"{here}#period",
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": stamp(view.since),
            "dcat:endDate": stamp(view.until),
        }
    return [node]


def _place(bounds: tuple[float, float, float, float], here: str) -> Node:
    west, south, east, north = bounds
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    shape = ", ".join(f"{x:g} {y:g}" for x, y in corners)
    literal = {"@value": f"POLYGON(({shape}))", "@type": "http://www.opengis.net/ont/geosparql#wktLiteral"}
    return {"@id": f"{here}#place", "@type": "dct:Location", "dcat:bbox": literal}


def _licence(view: DatasetView, base: str) -> Node:
    licence = view.card.licence
    address = licence.address or f"{base}/data/?licence={licence.id}"
    return ref(address, "dct:LicenseDocument", **{"dct:title": licence.title or licence.id})


def distribution(view: DatasetView, base: str, name: str) -> Node:
    """One file."""
    address = f"{base}/data/{view.slug}/files/{view.slug}.{name}"
    return {
        "@id": f"{dataset_address(base, view.slug)}#{name}",
        "@type": "dcat:Distribution",
        "dct:title": [{"@value": f"{name.upper()}", "@language": "en"}],
        "dct:description": text(view.summaries) or text(view.titles),
        "dcat:accessURL": ref(f"{base}/data/{view.slug}/files/"),
        "dcat:downloadURL": ref(address),
        "dcat:mediaType": ref(f"{_IANA}{MEDIA[name]}", "dct:MediaType"),
        "dct:format": ref(f"{_EU}/file-type/{_FORMATS[name]}", "dct:MediaTypeOrExtent"),
        "dct:license": _licence(view, base),
        "dct:issued": stamp(view.card.published_at or view.created_at),
        "dct:modified": stamp(view.card.changed_at or view.edited_at),
        "dcatap:availability": _concept(f"{_EU}/planned-availability/STABLE", "Stable"),
        "dct:rights": ref(f"{base}/data/{view.slug}/#rights", "dct:RightsStatement"),
    }


def _served(view: DatasetView, base: str) -> Node:
    """The rows by the house's own interface."""
    address = f"{base}/api/v1/datasets/{view.slug}/rows"
    return {
        "@id": f"{dataset_address(base, view.slug)}#api",
        "@type": "dcat:Distribution",
        "dct:title": [{"@value": "API", "@language": "en"}],
        "dcat:accessURL": ref(address),
        "dcat:accessService": ref(f"{base}/api/v1/datasets#service"),
        "dcat:mediaType": ref(f"{_IANA}application/json", "dct:MediaType"),
        "dct:format": ref(f"{_EU}/file-type/JSON", "dct:MediaTypeOrExtent"),
        "dct:license": _licence(view, base),
        "dcatap:availability": _concept(f"{_EU}/planned-availability/STABLE", "Stable"),
        "foaf:page": ref(f"{base}/data/{view.slug}/openapi.json", "foaf:Document"),
        "dct:conformsTo": ref("https://spec.openapis.org/oas/v3.1.0", "dct:Standard"),
    }


def every_category() -> tuple[str, ...]:
    """The policy fields, for checks that each has a theme."""
    return CATEGORIES
