"""Boxes, circles and polygons of the query languages, as the engine's Within (WGS 84, longitude first)."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import shapely
from shapely import wkt
from shapely.geometry import Polygon, shape

from maru.services.opendata.engine.contracts import Condition, Or, QueryFault, Within

_METRES_PER_DEGREE = 111_320.0
_CORNERS = 72
_MOST_POINTS = 2_000


def geometry_box(west: float, south: float, east: float, north: float, where: str) -> Condition:
    """A box; one that crosses the 180th meridian (west > east) becomes two. Raises QueryFault."""
    if not all(math.isfinite(value) for value in (west, south, east, north)):
        raise QueryFault(where, "The corners must be finite numbers.")
    if south > north:
        raise QueryFault(where, "The south edge lies north of the north edge.")
    if not (-90 <= south <= 90 and -90 <= north <= 90 and abs(west) <= 360 and abs(east) <= 360):
        raise QueryFault(where, "The corners are not degrees of longitude and latitude.")
    if west > east:
        return Or((Within((west, south, 180.0, north)), Within((-180.0, south, east, north))))
    return Within((west, south, east, north))


def box_of(text: str, where: str) -> Condition:
    """``west,south,east,north`` (or six numbers with heights, which are left out)."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        raise QueryFault(where, "A box is four numbers: west,south,east,north.") from None
    if len(numbers) == 6:
        numbers = [numbers[0], numbers[1], numbers[3], numbers[4]]
    if len(numbers) != 4:
        raise QueryFault(where, "A box is four numbers: west,south,east,north.")
    west, south, east, north = numbers
    return geometry_box(west, south, east, north, where)


def circle(latitude: float, longitude: float, metres: float, where: str) -> Condition:
    """A circle on the ground, as a polygon of 72 corners around it (off by less than 0.1 % of the radius)."""
    if not (
        math.isfinite(metres) and 0 < metres <= 1_000_000 and abs(latitude) < 89 and abs(longitude) <= 180
    ):
        raise QueryFault(where, "A circle is latitude, longitude, and a radius in metres up to 1,000,000.")
    high = metres / _METRES_PER_DEGREE
    wide = high / math.cos(math.radians(latitude))
    corners = [
        (
            longitude + wide * math.cos(2 * math.pi * i / _CORNERS),
            latitude + high * math.sin(2 * math.pi * i / _CORNERS),
        )
        for i in range(_CORNERS)
    ]
    outline = Polygon(corners)
    return Within(_box(outline), _short(outline))


def polygon_of(text: str, where: str) -> tuple[tuple[float, float, float, float], str]:
    """The box and the cleaned WKT of a (multi)polygon given as WKT. Raises QueryFault."""
    try:
        found = wkt.loads(text[:100_000])
    except (shapely.errors.ShapelyError, ValueError, TypeError):
        raise QueryFault(where, "This is not a polygon in WKT.") from None
    return _checked(found, where)


def geojson_polygon(value: Any, where: str) -> tuple[tuple[float, float, float, float], str]:
    """The same of a GeoJSON geometry."""
    try:
        found = shape(json.loads(json.dumps(value)))
    except (
        shapely.errors.ShapelyError, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError
    ):  # fmt: skip
        raise QueryFault(where, "This is not a geometry of GeoJSON.") from None
    return _checked(found, where)


def _checked(found: Any, where: str) -> tuple[tuple[float, float, float, float], str]:
    if found.is_empty or not all(math.isfinite(value) for value in found.bounds):
        raise QueryFault(where, "The geometry is empty.")
    if found.geom_type == "Point":
        west, south, east, north = found.bounds
        return (west, south, east, north), ""
    if found.geom_type not in ("Polygon", "MultiPolygon"):
        raise QueryFault(where, "Rows are points: ask with a polygon, a multi-polygon or a point.")
    if shapely.get_num_coordinates(found) > _MOST_POINTS:
        raise QueryFault(where, f"The polygon has more than {_MOST_POINTS:,} corners.")
    if not found.is_valid:
        found = shapely.make_valid(found)
        if found.geom_type not in ("Polygon", "MultiPolygon"):
            raise QueryFault(where, "The polygon crosses itself.")
    return _box(found), _short(found)


def _box(found: Any) -> tuple[float, float, float, float]:
    west, south, east, north = found.bounds
    return float(west), float(south), float(east), float(north)


def _short(found: Any) -> str:
    return str(wkt.dumps(found, rounding_precision=7, trim=True))


def point_of(longitude: Any, latitude: Any) -> dict[str, Any] | None:
    """A GeoJSON point; None where one half is missing."""
    if longitude is None or latitude is None:
        return None
    return {"type": "Point", "coordinates": [longitude, latitude]}


def bounds_of(box: Sequence[float]) -> list[float]:
    """West, south, east, north as a list of numbers."""
    return [float(value) for value in box]
