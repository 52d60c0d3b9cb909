"""Nested answers into flat rows: where the rows are, what of their surroundings they need, and one level of names.

Nested objects become dotted names (``station.name``); a GeoJSON point becomes ``….longitude`` and ``….latitude``; lists and
anything nested deeper than eight levels become JSON text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from maru.commons.sources.contracts import JSON, SourceFault
from maru.commons.sources.kits.bodies import dump

Row = dict[str, JSON]
Path = Sequence[str]
_NESTED = frozenset((dict, list))
_DEEPEST = 8
_SEARCHED = 4


def path_of(value: JSON) -> tuple[str, ...]:
    """A path from an option: ``"a.b"`` or ``["a", "b.c"]`` where names hold dots themselves."""
    if isinstance(value, str):
        return tuple(value.split(".")) if value else ()
    if isinstance(value, list | tuple) and all(isinstance(step, str) for step in value):
        return tuple(value)
    raise SourceFault("configuration", "a path must be a text or a list of texts")


def pick(document: JSON, path: Path) -> JSON:
    """The value at a path; None where there is none. A name that holds dots is found too."""
    value = document
    for index, step in enumerate(path):
        if not isinstance(value, dict):
            if isinstance(value, list) and step.isdigit() and int(step) < len(value):
                value = value[int(step)]
                continue
            return None
        if step not in value:
            rest = ".".join(path[index:])
            return value.get(rest)
        value = value[step]
    return value


def walk(document: JSON, path: Path, trail: tuple[JSON, ...] = ()) -> Iterator[tuple[JSON, tuple[JSON, ...]]]:
    """Every row at a path through objects and lists, each with the objects that stand above it, outermost first."""
    if isinstance(document, list):
        for item in document:
            yield from walk(item, path, trail)
    elif not path:
        if document is not None and document != "":
            yield document, trail
    elif isinstance(document, dict):
        joined = ".".join(path)
        if path[0] in document:
            yield from walk(document[path[0]], path[1:], (*trail, document))
        elif joined in document:
            yield from walk(document[joined], (), (*trail, document))


def rows_at(document: JSON, path: Path, up: Mapping[str, Path] | None = None) -> list[JSON]:
    """The rows at a path. ``up`` adds values of the surroundings: new name to a path that begins like the rows' path."""
    if not up:
        value = pick(document, path)
        if isinstance(value, list):
            return value
        return [row for row, _ in _walked(document, path)]
    rows: list[JSON] = []
    for row, trail in _walked(document, path):
        added = {name: _above(trail, path, source) for name, source in up.items()}
        rows.append({**(row if isinstance(row, dict) else {"value": row}), **added})
    return rows


def _walked(document: JSON, path: Path) -> list[tuple[JSON, tuple[JSON, ...]]]:
    try:
        return list(walk(document, path))
    except RecursionError as fault:
        raise SourceFault("malformed", "lists are nested too deeply") from fault


def _above(trail: tuple[JSON, ...], path: Path, source: Path) -> JSON:
    shared = 0
    while shared < min(len(trail) - 1, len(source) - 1) and path[shared] == source[shared]:
        shared += 1
    return pick(trail[shared], source[shared:]) if trail else None


def find_rows(document: JSON) -> list[JSON]:
    """The rows of a document that nobody described: the longest list of objects near its top, else the document itself."""
    if isinstance(document, list):
        return document
    if not isinstance(document, dict):
        return [document]
    best: list[JSON] | None = None
    level: list[JSON] = [document]
    for _ in range(_SEARCHED):
        below: list[JSON] = []
        for item in level:
            for value in item.values():
                if isinstance(value, list) and (not value or isinstance(value[0], dict)):
                    best = value if best is None or len(value) > len(best) else best
                elif isinstance(value, dict):
                    below.append(value)
        if best is not None:
            return best
        level = below
    return [document]


def keyed_rows(document: JSON, name: str) -> list[JSON]:
    """Rows of an object whose names are the keys: ``{"a": {…}}`` to ``[{name: "a", …}]``."""
    if not isinstance(document, dict):
        return []
    return [
        {name: key, **(value if isinstance(value, dict) else {"value": value})}
        for key, value in document.items()
    ]


def flatten(rows: Sequence[JSON]) -> list[Row]:
    """Rows with plain values only. Rows that are flat already are given back as they are; a row that is no object is
    ``{"value": …}``, and null is no row."""
    out: list[Row] = []
    plain = _NESTED.isdisjoint
    for row in rows:
        if row.__class__ is dict:
            out.append(row if plain(map(type, row.values())) else flat(row))
        elif row is not None:
            out.append(flat({"value": row}))
    return out


def flat(row: Mapping[str, JSON]) -> Row:
    """One row with dotted names."""
    out: Row = {}
    _flat_into(out, "", row, 0)
    return out


def _flat_into(out: Row, prefix: str, value: Mapping[str, Any], depth: int) -> None:
    for name, item in value.items():
        path = f"{prefix}{name}"
        kind = item.__class__
        if kind is dict:
            if is_point(item):
                out[f"{path}.longitude"], out[f"{path}.latitude"] = item["coordinates"][:2]
            elif depth >= _DEEPEST or is_geometry(item):
                out[path] = dump(item)
            else:
                _flat_into(out, f"{path}.", item, depth + 1)
        elif kind is list:
            out[path] = dump(item)
        else:
            out[path] = item


def is_point(value: JSON) -> bool:
    """Whether a value is a GeoJSON point."""
    if not (isinstance(value, dict) and value.get("type") == "Point"):
        return False
    found = value.get("coordinates")
    return (
        isinstance(found, list)
        and len(found) in (2, 3)
        and all(isinstance(part, int | float) for part in found)
    )


def is_geometry(value: JSON) -> bool:
    """Whether a value is a GeoJSON geometry."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("coordinates", value.get("geometries")), list)
        and "type" in value
    )


def geometry_columns(geometry: JSON) -> Row:
    """A feature's geometry as columns: ``longitude`` and ``latitude`` of a point, ``geometry`` (GeoJSON text) of others."""
    if geometry is None:
        return {}
    if is_point(geometry):
        longitude, latitude = geometry["coordinates"][:2]
        return {"longitude": longitude, "latitude": latitude}
    return {"geometry": dump(geometry)}
