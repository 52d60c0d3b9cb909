"""Where records are: projected coordinates into degrees, and names that were swapped put right.

Roles ``longitude`` and ``latitude`` end as WGS84 degrees. With a projected ``crs`` (EPSG:5174, 5179, 5181, 5186 …):
where the declaration has roles ``x`` and ``y`` too, these stay as they are and fill what degrees are missing; where it
has not, the degrees' own columns hold projected numbers and are turned into degrees.

``[options] bounds = [west, south, east, north]`` says where the source's places can be. A pair outside it whose
exchange is inside was written under each other's names (several public files do that) and is exchanged. A pair
that is outside either way is a fault; without ``bounds`` only what is no place on Earth is. (0, 0) is no place given.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from maru.commons.sources.contracts import Declaration, SourceFault
from maru.commons.sources.reading.texts import Mask

if TYPE_CHECKING:
    from pyproj import Transformer

Floats = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]
WGS84 = "EPSG:4326"
KOREA: Box = (124.0, 32.0, 132.5, 43.5)
EARTH: Box = (-180.0, -90.0, 180.0, 90.0)


@lru_cache(maxsize=32)
def transformer(crs: str) -> Transformer:
    """From ``crs`` to WGS84, x before y. pyproj is slow to load, so only those who need it pay."""
    from pyproj import Transformer as Loaded
    from pyproj.exceptions import CRSError

    try:
        return Loaded.from_crs(crs, WGS84, always_xy=True)
    except CRSError as fault:
        raise SourceFault("configuration", f"crs {crs} is not known") from fault


def to_degrees(crs: str, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Longitudes and latitudes of projected pairs; NaN where there is none."""
    longitude, latitude = transformer(crs).transform(x, y)
    outside = ~(np.isfinite(longitude) & np.isfinite(latitude))
    return np.where(outside, np.nan, longitude), np.where(outside, np.nan, latitude)


def bounds(declaration: Declaration) -> tuple[Box, bool]:
    """The box of the source, and whether it was declared."""
    told = declaration.options.get("bounds")
    if told is None:
        return (KOREA if declaration.zone == "Asia/Seoul" else EARTH), False
    sound = isinstance(told, list | tuple) and len(told) == 4
    if (
        not sound
        or not all(isinstance(one, int | float) for one in told)
        or told[0] >= told[2]
        or told[1] >= told[3]
    ):
        raise SourceFault("configuration", "options.bounds must be [west, south, east, north]")
    return (float(told[0]), float(told[1]), float(told[2]), float(told[3])), True


def inside(box: Box, x: Floats, y: Floats) -> Mask:
    """Which pairs are in ``box``; NaN is not."""
    west, south, east, north = box
    return np.asarray((x >= west) & (x <= east) & (y >= south) & (y <= north), dtype=bool)


def settle(declaration: Declaration, columns: dict[str, pa.Array]) -> Iterator[tuple[Mask, str]]:
    """Put the degrees among ``columns`` right, in place; yields where a pair is a fault, with the field's name."""
    roles = {rule.role: rule for rule in declaration.fields if rule.role}
    if "longitude" not in roles or "latitude" not in roles:
        return
    names = roles["longitude"].name, roles["latitude"].name
    x, y = _floats(columns[names[0]]), _floats(columns[names[1]])
    # Zeros and halves of pairs are no place: better none than one on the equator.
    nothing = np.isnan(x) | np.isnan(y) | ((x == 0) & (y == 0))
    if nothing.any():
        x, y = np.where(nothing, np.nan, x), np.where(nothing, np.nan, y)
    box, told = bounds(declaration)
    if declaration.crs != WGS84:
        if "x" in roles and "y" in roles:
            own = _floats(columns[roles["x"].name]), _floats(columns[roles["y"].name])
            need = np.isnan(x) & ~np.isnan(own[0]) & ~np.isnan(own[1]) & ~((own[0] == 0) & (own[1] == 0))
        else:
            own, need = (x, y), ~np.isnan(x) & ~inside(EARTH, x, y) & ~inside(EARTH, y, x)
        if need.any():
            x[need], y[need] = _projected(declaration.crs, own[0][need], own[1][need], box)
            lost = need & np.isnan(x)
            yield lost, names[0]
    swapped = ~inside(box, x, y) & inside(box, y, x)
    x, y = np.where(swapped, y, x), np.where(swapped, x, y)
    wrong = ~np.isnan(x) & ~inside(box if told else EARTH, x, y)
    for name, values in zip(names, (x, y), strict=True):
        if columns[name].type == pa.float64():
            columns[name] = pa.array(values, from_pandas=True)
    yield wrong, names[0]


def _projected(crs: str, x: Floats, y: Floats, box: Box) -> tuple[Floats, Floats]:
    """Degrees of projected pairs. Korean files call the northing X about as often as the easting."""
    longitude, latitude = to_degrees(crs, x, y)
    outside = ~inside(box, longitude, latitude)
    if outside.any():
        other = to_degrees(crs, y[outside], x[outside])
        better = inside(box, *other)
        longitude[outside] = np.where(better, other[0], longitude[outside])
        latitude[outside] = np.where(better, other[1], latitude[outside])
    return longitude, latitude


def _floats(column: pa.Array) -> Floats:
    values: Any = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.array(values, dtype=np.float64)
