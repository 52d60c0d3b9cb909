"""OGC SensorThings API 1.0 and 1.1.

``address`` is the service's root (``…/v1.1``) or goes on as far as the entity set. Options, beside those of ``rounds`` and ``paging``:

``path``
    Entity set (``Observations``), where the address does not name it.
``params``
    ``$expand``, ``$select``, ``$orderby``, …; for observations ``$expand=Datastream`` is usual. ``page`` is ``$top`` (default 1,000).
``inside``
    Name of an expanded list (``"Observations"`` of Datastreams): its entries are the rows, with the entity around them as ``entity.…``.
``since``
    ``{ field = "phenomenonTime" }`` alone makes the filter ``phenomenonTime gt …`` and orders by it.

Follows ``@iot.nextLink``; reads the plain format and ``dataArray``. Names are dotted (``Datastream.name``, ``Datastream.unitOfMeasurement.symbol``).
"""

from __future__ import annotations

from dataclasses import replace

from maru.commons.sources.contracts import JSON, Declaration, SourceFault
from maru.commons.sources.kits import bodies, envelopes, paging, rest, shapes
from maru.commons.sources.kits.envelopes import Envelope
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.words import by_words


def envelope_of(document: JSON, options: Options, raw: bytes) -> Envelope:
    """A collection, a data array or one entity. Raises SourceFault."""
    if isinstance(document, list):
        return Envelope(rows=shapes.flatten(document))
    if not isinstance(document, dict):
        raise bodies.malformed("neither an object nor a list", raw)
    if "value" not in document:
        if "@iot.id" in document or "@iot.selfLink" in document:
            return Envelope(rows=shapes.flatten([document]), total=1)
        said = document.get("message") or bodies.dump(document.get("error", document))
        code = (
            by_words(str(said)) if "code" in document or "error" in document or "message" in document else ""
        )
        raise SourceFault(code or "malformed", str(said)[:300], raw=raw[:65_536])
    rows: list[JSON] = []
    for item in envelopes.rows_of(document["value"]):
        if isinstance(item, dict) and "dataArray" in item and "components" in item:
            rows.extend(_unrolled(item))
        else:
            rows.append(item)
    if inside := options.text("inside"):
        rows = [entry for item in rows for entry in _entries_of(item, inside)]
    return Envelope(
        rows=shapes.flatten(rows),
        total=envelopes.count(document.get("@iot.count")),
        next=str(document.get("@iot.nextLink") or document.get("@nextLink") or ""),
    )


def _entries_of(entity: JSON, name: str) -> list[JSON]:
    if not isinstance(entity, dict):
        return []
    around = {key: value for key, value in entity.items() if not key.startswith(name)}
    return [
        {**entry, "entity": around}
        for entry in envelopes.rows_of(entity.get(name))
        if isinstance(entry, dict)
    ]


def _unrolled(block: dict[str, JSON]) -> list[JSON]:
    names = [str(name) for name in block["components"]]
    shared = {
        name: value
        for name, value in block.items()
        if name not in ("components", "dataArray", "dataArray@iot.count")
    }
    if isinstance(stream := shared.get("Datastream@iot.navigationLink"), str) and "(" in stream:
        shared["Datastream.@iot.id"] = stream.rpartition("(")[2].partition(")")[0].strip("'")
    return [
        {**shared, **dict(zip(names, values, strict=False))}
        for values in block["dataArray"]
        if isinstance(values, list)
    ]


def prepared(declaration: Declaration) -> Declaration:
    """The declaration with the usual filter of ``since`` written out."""
    table = Options.of(declaration).table("since")
    if not table or "parameter" in table:
        return declaration
    field = table.required("field")
    rule = {
        **table.values,
        "parameter": "$filter",
        "template": table.text("template", f"{field} gt {{since}}"),
    }
    params = {"$orderby": f"{field} asc", **Options.of(declaration).mapping("params")}
    return replace(declaration, options={**declaration.options, "since": rule, "params": params})


def _params(options: Options) -> dict[str, str]:
    return {"$top": str(options.number("page", 1_000))}


KIT = rest.RestKit(
    reader=envelope_of,
    params=_params,
    pager=lambda options: paging.of(options, paging.Links()),
    path=lambda options: options.text("path"),
    prepare=prepared,
)
