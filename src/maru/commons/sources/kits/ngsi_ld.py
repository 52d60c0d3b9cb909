"""NGSI-LD (1.3 and later) and NGSIv2 context brokers.

``address`` is the broker's root or goes on as far as ``/ngsi-ld/v1/entities`` or ``/v2/entities``. Options, beside those of ``rounds`` and ``paging``:

``type``
    Entity type. ``params`` for more (``q``, ``georel``, ``attrs``, …).
``context``
    Address of the JSON-LD context, sent as Link header; ``tenant`` for NGSILD-Tenant / Fiware-Service; ``headers`` for more.
``page``
    Entities a call (default 1,000).

Reads normalised, concise and key-value entities, GeoJSON of either, and notifications (push). A property becomes its value, its ``observedAt`` and
``unitCode`` dotted beside it; a relationship its object; a point ``.longitude`` and ``.latitude``; of several values of one attribute the one
without ``datasetId`` counts. Temporal entities (lists of instances, or ``values`` with their times) become one row a moment, ``observed_at``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from maru.commons.sources.contracts import JSON, Declaration, SourceFault
from maru.commons.sources.kits import bodies, envelopes, paging, rest, shapes
from maru.commons.sources.kits.envelopes import Envelope
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.shapes import Row
from maru.commons.sources.kits.words import NONE, by_words

_VALUES = ("value", "object", "languageMap", "vocab", "json", "valueList", "objectList")
_BESIDE = frozenset(("observedAt", "unitCode", "modifiedAt", "datasetId"))
_INSIDE = frozenset((*_VALUES, "metadata"))
_ERRORS = {"BadRequestData": "bad_request", "InvalidRequest": "bad_request", "ResourceNotFound": "not_found",
           "OperationNotSupported": "bad_request", "TooManyResults": "too_large", "InternalError": "server",
           "NonexistentTenant": "not_found", "LdContextNotAvailable": "server", "NoMultiTenantSupport": "bad_request"}  # fmt: skip


def envelope_of(document: JSON, options: Options, raw: bytes) -> Envelope:
    """Entities of a list, one entity, a notification or a FeatureCollection. Raises SourceFault."""
    if isinstance(document, dict):
        _refuse(document, raw)
        if isinstance(document.get("data"), list):
            entities = document["data"]
        elif isinstance(document.get("features"), list):
            entities = [_of_feature(feature) for feature in document["features"]]
        else:
            entities = [_of_feature(document) if document.get("type") == "Feature" else document]
    elif isinstance(document, list):
        entities = document
    else:
        raise bodies.malformed("neither an object nor a list", raw)
    if any(
        not isinstance(entity, dict) or not (entity.get("id") or entity.get("@id")) for entity in entities
    ):
        raise bodies.malformed("an entity without an id", raw)
    return Envelope(rows=[row for entity in entities for row in _moments(entity)])


def _refuse(document: dict[str, JSON], raw: bytes) -> None:
    kind = str(document.get("type", ""))
    if (
        "/errors/" in kind
        or ("title" in document and "id" not in document and "status" in document)
        or "error" in document
    ):
        name = str(document.get("error") or kind).rpartition("/")[2]
        said = " ".join(str(document.get(part, "")) for part in ("title", "detail", "description")).strip()
        code = _ERRORS.get(name) or by_words(f"{name} {said}")
        raise SourceFault(
            code if code and code != NONE else "server",
            f"{name} {said}".strip()[:300],
            raw=raw[:65_536],
        )


def _of_feature(feature: JSON) -> JSON:
    if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
        return feature
    entity = {"id": feature.get("id"), **feature["properties"]}
    if feature.get("geometry") and "location" not in entity:
        entity["location"] = feature["geometry"]
    return entity


def row_of(entity: Mapping[str, JSON]) -> Row:
    """One entity as a flat row."""
    row: Row = {}
    nested = False
    for name, attribute in entity.items():
        kind = attribute.__class__
        if kind is list:
            attribute = _of_many(attribute)
            kind = attribute.__class__
        if kind is not dict:
            nested |= kind is list
            row[name[1:] if name[:1] == "@" else name] = attribute
        elif name != "@context":
            value = _value(attribute)
            if value.__class__ is dict and shapes.is_point(value):
                row[f"{name}.longitude"], row[f"{name}.latitude"] = value["coordinates"][:2]
            else:
                nested |= value.__class__ in (dict, list)
                row[name] = value
            if value is not attribute and len(attribute) > 1 + ("type" in attribute):
                _beside(row, name, attribute)
    return shapes.flat(row) if nested else row


def _of_many(values: list[JSON]) -> JSON:
    """Of several values of one attribute the usual one; any other list as it is."""
    if not values or any(
        not isinstance(item, dict) or not ("type" in item or "value" in item) for item in values
    ):
        return values
    return next((item for item in values if "datasetId" not in item), values[0])


def _value(attribute: dict[str, JSON]) -> JSON:
    """The value in an attribute; one that has none (key-values of an object, a geometry) is its own value."""
    if "value" in attribute:
        value = attribute["value"]
        if value.__class__ is dict and "@value" in value and len(value) <= 2:
            return value["@value"]
        return value
    if "coordinates" in attribute:
        return attribute
    return next((attribute[part] for part in _VALUES if part in attribute), attribute)


def _beside(row: Row, name: str, attribute: Mapping[str, JSON]) -> None:
    """What is said of a value: moment, unit, and properties of the property."""
    for part, inner in (*attribute.items(), *_metadata(attribute)):
        inside = inner.get("value") if isinstance(inner, dict) and part not in _INSIDE else None
        if part in _BESIDE:
            row[f"{name}.{part}"] = inner if inside is None else inside
        elif inside is not None and not isinstance(inside, dict | list):
            row[f"{name}.{part}"] = inside


def _moments(entity: Mapping[str, JSON]) -> list[Row]:
    """The rows of an entity: one, or one a moment if its attributes are histories."""
    kinds = [
        (name, value)
        for name, value in entity.items()
        if value.__class__ is list or (value.__class__ is dict and "values" in value)
    ]
    histories = {name: found for name, value in kinds if (found := _history(value))}
    if not histories:
        return [row_of(entity)]
    still = row_of({name: value for name, value in entity.items() if name not in histories})
    moments: dict[str, Row] = {}
    for name, instances in histories.items():
        for at, value in instances:
            moments.setdefault(at, {**still, "observed_at": at})[name] = value
    return [shapes.flat(moments[at]) for at in sorted(moments)]


def _history(attribute: JSON) -> list[tuple[str, JSON]]:
    """(moment, value) of an attribute that is a history; empty for any other."""
    if isinstance(attribute, dict) and isinstance(attribute.get("values"), list):
        pairs = [pair for pair in attribute["values"] if isinstance(pair, list) and len(pair) == 2]
        return [(str(pair[1]), pair[0]) for pair in pairs]
    if not (isinstance(attribute, list) and attribute):
        return []
    if any(
        not isinstance(item, dict) or "datasetId" in item or "observedAt" not in item for item in attribute
    ):
        return []
    return [(str(item["observedAt"]), item.get("value", item.get("object"))) for item in attribute]


def _metadata(attribute: Mapping[str, JSON]) -> list[tuple[str, JSON]]:
    """NGSIv2 keeps what NGSI-LD writes beside the value in ``metadata``; TimeInstant is its observedAt."""
    found = attribute.get("metadata")
    if not isinstance(found, dict):
        return []
    return [("observedAt" if name == "TimeInstant" else name, value) for name, value in found.items()]


def _path(options: Options) -> str:
    return options.text("path", "")


def _params(options: Options) -> dict[str, str]:
    return {"type": options.text("type")} if "type" in options else {}


def prepared(declaration: Declaration) -> Declaration:
    """The declaration with path and headers of its kind of broker."""
    options = Options.of(declaration)
    headers = options.mapping("headers")
    path = options.text("path")
    if "/entities" not in declaration.address and "/temporal" not in declaration.address and not path:
        path = "/ngsi-ld/v1/entities"
    if context := options.text("context"):
        link = f'<{context}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
        headers.setdefault("Link", link)
    if tenant := options.text("tenant"):
        headers.setdefault("NGSILD-Tenant", tenant)
        headers.setdefault("Fiware-Service", tenant)
    params = (
        {"options": "count", **options.mapping("params")}
        if "/v2/" in declaration.address
        else {"count": "true", **options.mapping("params")}
    )
    return replace(
        declaration, options={**declaration.options, "path": path, "headers": headers, "params": params}
    )


def counted(envelope: Envelope, headers: Mapping[str, str]) -> Envelope:
    """With the broker's count of results."""
    found = headers.get("ngsild-results-count", headers.get("fiware-total-count"))
    return replace(envelope, total=envelopes.count(found)) if found is not None else envelope


KIT = rest.RestKit(
    reader=envelope_of,
    params=_params,
    pager=lambda options: paging.of(options, paging.Offsets(size=options.number("page", 1_000))),
    path=_path,
    heads=counted,
    prepare=prepared,
)
