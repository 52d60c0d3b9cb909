"""OGC Web Feature Service 1.0 to 2.0: GeoJSON where the server has it, GML else.

``address`` is the service's. Options, beside those of ``rounds`` and ``paging``:

``layer``
    Name of the feature type.
``version``
    ``2.0.0`` (default), ``1.1.0`` or ``1.0.0``.
``format``
    ``application/json`` (default) or what the server names; "" for its own GML.
``srs``
    ``srsName``, if not the server's own.
``page``
    Features a call (default 1,000; 0: all at once).
``params``
    ``cql_filter``, ``bbox``, … .

Yields properties with ``id`` and ``longitude``/``latitude`` or ``geometry`` (GeoJSON text), as ``ogc_features``. An ExceptionReport becomes a fault by its code.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from maru.commons.sources.contracts import SourceFault
from maru.commons.sources.kits import bodies, envelopes, gml, markup, ogc_features, paging, rest, shapes
from maru.commons.sources.kits.envelopes import Envelope
from maru.commons.sources.kits.markup import local
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.shapes import Row
from maru.commons.sources.kits.words import by_words

_CODES = {"InvalidParameterValue": "bad_request", "MissingParameterValue": "bad_request", "OperationNotSupported": "bad_request",
          "OptionNotSupported": "bad_request", "VersionNegotiationFailed": "bad_request", "LayerNotDefined": "not_found",
          "NotFound": "not_found", "NoApplicableCode": "server", "OperationProcessingFailed": "server"}  # fmt: skip


def read_body(options: Options, body: bytes, content_type: str) -> Envelope:
    """One answer. Raises SourceFault."""
    body = bodies.unpacked(body)
    start = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] != b"<":
        return ogc_features.envelope_of(bodies.document(body, content_type), options, body)
    text = bodies.text_of(body, content_type)
    if bodies.is_page(text.lstrip()):
        raise bodies.page_fault(text, body)
    try:
        root = markup.parse(text)
    except SourceFault as fault:
        raise bodies.malformed(fault.detail, body) from fault
    kind = local(root.tag)
    if kind in ("ExceptionReport", "ServiceExceptionReport"):
        raise exception(root, body)
    if kind != "FeatureCollection":
        raise bodies.malformed(f"{kind} instead of a FeatureCollection", body)
    return Envelope(
        rows=[row_of(feature) for feature in _features(root)],
        total=envelopes.count(root.get("numberMatched")),
        next=root.get("next", ""),
    )


def exception(root: Element, raw: bytes) -> SourceFault:
    """The fault of an exception report."""
    found = next((part for part in root.iter() if local(part.tag) in ("Exception", "ServiceException")), root)
    code = found.get("exceptionCode") or found.get("code") or ""
    said = " ".join("".join(found.itertext()).split())
    words = by_words(said)
    meant = words if words in ("quota", "refused_key", "not_found") else _CODES.get(code, "server")
    return SourceFault(meant, f"{code} {said}".strip()[:300], raw=raw[:65_536])


def _features(root: Element) -> list[Element]:
    found: list[Element] = []
    for part in root:
        name = local(part.tag)
        if name in ("member", "featureMember", "featureMembers", "members"):
            found += [feature for feature in part if local(feature.tag) != "boundedBy"]
    return found


def row_of(feature: Element) -> Row:
    """One feature of GML as a flat row."""
    row: Row = {}
    for name, value in feature.attrib.items():
        if local(name) in ("id", "fid"):
            row["id"] = value
    for part in feature:
        name = local(part.tag)
        if name == "boundedBy":
            continue
        shape = next((inner for inner in part if gml.is_geometry(inner)), None)
        if shape is not None:
            for column, value in shapes.geometry_columns(gml.geometry(shape)).items():
                row.setdefault(column, value)
            continue
        row["@id" if name == "id" and "id" in row else name] = markup.tree(part)
    return shapes.flat(row)


class WfsKit(rest.RestKit):
    """See the module."""

    def _body(self, options: Options, body: bytes, content_type: str) -> Envelope:
        return read_body(options, body, content_type)


def _params(options: Options) -> dict[str, str]:
    version, layer = options.text("version", "2.0.0"), options.text("layer")
    params = {"service": "WFS", "version": version, "request": "GetFeature"}
    if layer:
        params["typeNames" if version.startswith("2") else "typeName"] = layer
    if form := options.text("format", "application/json"):
        params["outputFormat"] = form
    if srs := options.text("srs"):
        params["srsName"] = srs
    return params


def _pager(options: Options) -> paging.Pager:
    size = options.number("page", 1_000)
    if size < 1:
        return paging.of(options, paging.Once())
    counted = "count" if options.text("version", "2.0.0").startswith("2") else "maxFeatures"
    return paging.of(options, paging.Offsets("startIndex", counted, size))


KIT = WfsKit(
    reader=lambda document, options, raw: Envelope(rows=[]),
    params=_params,
    pager=_pager,
    headers={"Accept": "application/json, application/gml+xml;q=0.9, */*;q=0.5"},
)
