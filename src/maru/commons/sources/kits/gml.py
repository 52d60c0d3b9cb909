"""GML geometries (2 and 3) into GeoJSON, the order of axes as the reference system says."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from maru.commons.sources.contracts import JSON
from maru.commons.sources.kits.markup import local

Point = list[float]
_GEOMETRIES = frozenset(
    ("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "MultiCurve", "MultiSurface", "Curve",
     "Surface", "MultiGeometry", "LinearRing", "Envelope")
)  # fmt: skip
# Geographic systems whose official axes are latitude, longitude; GML 3 with a URN keeps to it.
_LATITUDE_FIRST = re.compile(
    r"(?:urn:(?:x-)?ogc:def:crs:EPSG:[\d.]*:|https?://www\.opengis\.net/def/crs/EPSG/0/)(4326|4258|4737|4019|4166)$",
    re.IGNORECASE,
)


def is_geometry(element: Element) -> bool:
    """Whether an element is a geometry of GML."""
    return "opengis.net/gml" in element.tag and local(element.tag) in _GEOMETRIES


def geometry(element: Element, reference: str = "") -> JSON:
    """The GeoJSON geometry of an element, None if it cannot be read. ``reference`` is the srsName from outside."""
    reference = element.get("srsName", reference)
    swap = bool(_LATITUDE_FIRST.search(reference))
    size = int(element.get("srsDimension", "0") or 0) or _dimension(element)
    kind = local(element.tag)
    if kind == "Point":
        found = _points(element, size, swap)
        return {"type": "Point", "coordinates": found[0]} if found else None
    if kind in ("LineString", "Curve", "LinearRing"):
        return {"type": "LineString", "coordinates": _points(element, size, swap)}
    if kind in ("Polygon", "Surface"):
        return {"type": "Polygon", "coordinates": _rings(element, size, swap)}
    return _many(element, kind, reference)


def _many(element: Element, kind: str, reference: str) -> JSON:
    parts = [geometry(part, reference) for part in _members(element)]
    if kind == "Envelope" or not parts:
        return None
    found = [part for part in parts if part]
    kinds = {part["type"] for part in found}
    if len(kinds) == 1 and kinds <= {"Point", "LineString", "Polygon"}:
        return {"type": f"Multi{kinds.pop()}", "coordinates": [part["coordinates"] for part in found]}
    return {"type": "GeometryCollection", "geometries": found}


def _members(element: Element) -> list[Element]:
    return [
        part
        for member in element
        for part in ([member] if is_geometry(member) else member)
        if is_geometry(part)
    ]


def _rings(element: Element, size: int, swap: bool) -> list[list[Point]]:
    rings = [part for part in element.iter() if local(part.tag) in ("LinearRing", "Ring")]
    return [_points(ring, size, swap) for ring in rings]


def _dimension(element: Element) -> int:
    for part in element.iter():
        if found := part.get("srsDimension"):
            return int(found) if found.isdigit() else 2
    return 2


def _points(element: Element, size: int, swap: bool) -> list[Point]:
    points: list[Point] = []
    for part in element.iter():
        name, text = local(part.tag), part.text or ""
        if name in ("pos", "posList"):
            numbers = _numbers(text.split())
            points += [numbers[start : start + size] for start in range(0, len(numbers) - size + 1, size)]
        elif name == "coordinates":
            between, ends = part.get("cs", ","), part.get("ts", " ")
            tuples = text.split() if ends.isspace() else text.split(ends)
            points += [_numbers(one.split(between)) for one in tuples if one.strip()]
        elif name == "coord":
            points.append(_numbers([inner.text or "" for inner in part if local(inner.tag) in "XYZ"]))
    points = [point for point in points if len(point) >= 2]
    return [[point[1], point[0], *point[2:]] for point in points] if swap else points


def _numbers(texts: list[str]) -> list[float]:
    try:
        return [float(text) for text in texts]
    except ValueError:
        return []
