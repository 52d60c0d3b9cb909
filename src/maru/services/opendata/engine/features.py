"""Rows as GeoJSON (RFC 7946): WGS 84, longitude first."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from maru.services.opendata.engine.contracts import ColumnInfo


def place(columns: Sequence[ColumnInfo]) -> tuple[int, int] | None:
    """Positions of longitude and latitude among the columns; None if rows have no place."""
    roles = {one.role: at for at, one in enumerate(columns) if one.role}
    if "longitude" not in roles or "latitude" not in roles:
        return None
    return roles["longitude"], roles["latitude"]


def feature(
    columns: Sequence[ColumnInfo], row: Sequence[Any], identity: str | int | None = None
) -> dict[str, Any]:
    """One row as a feature; without a whole pair of coordinates its geometry is null."""
    made: dict[str, Any] = {"type": "Feature"}
    if identity is not None:
        made["id"] = identity
    made["geometry"] = point(columns, row)
    made["properties"] = {one.name: plain(value) for one, value in zip(columns, row, strict=True)}
    return made


def point(columns: Sequence[ColumnInfo], row: Sequence[Any]) -> dict[str, Any] | None:
    """The row's point; None without one that exists on Earth."""
    where = place(columns)
    if where is None:
        return None
    longitude, latitude = row[where[0]], row[where[1]]
    if not _is_degree(longitude, 180) or not _is_degree(latitude, 90):
        return None
    return {"type": "Point", "coordinates": [float(longitude), float(latitude)]}


def features(columns: Sequence[ColumnInfo], rows: Iterable[Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Each row as a feature."""
    return (feature(columns, row) for row in rows)


def plain(value: Any) -> Any:
    """The value as JSON has it: moments in UTC with Z, dates in ISO 8601, no number where none can be written."""
    if isinstance(value, dt.datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def record(columns: Sequence[ColumnInfo], row: Sequence[Any]) -> Mapping[str, Any]:
    """One row as an object of JSON values."""
    return {one.name: plain(value) for one, value in zip(columns, row, strict=True)}


def _is_degree(value: Any, most: int) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -most <= value <= most
