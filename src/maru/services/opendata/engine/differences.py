"""What changed between two versions of a table: counts, and the records before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from maru.platform.ports.lake.contracts import Lake
from maru.services.opendata.engine import duck
from maru.services.opendata.engine.contracts import ColumnInfo, RowChange
from maru.services.opendata.engine.sql import quoted


@dataclass(frozen=True)
class Between:
    """Counts of records, and at most the limit of them."""

    added: int
    corrected: int
    gone: int
    rows: tuple[RowChange, ...]


def between(
    lake: Lake,
    table: str,
    columns: Sequence[ColumnInfo],
    key: Sequence[str],
    from_version: int,
    to_version: int,
    limit: int,
) -> Between:
    """Compare two versions by the records' keys. LakeFault if the lake has one of them no more."""
    before = lake.current_sql(lake.snapshot(table, version=from_version))
    after = lake.current_sql(lake.snapshot(table, version=to_version))
    names = [one.name for one in columns]
    differs = " OR ".join(f"a.{quoted(name)} IS DISTINCT FROM b.{quoted(name)}" for name in names) or "FALSE"
    chosen = ", ".join([*(f"b.{quoted(name)}" for name in names), *(f"a.{quoted(name)}" for name in names)])
    joined = f"FROM {before} AS b FULL JOIN {after} AS a ON a._key = b._key"
    kind = f"CASE WHEN b._key IS NULL THEN 'added' WHEN a._key IS NULL THEN 'gone' WHEN {differs} THEN 'corrected' END"
    counted = dict(
        duck.rows(f"SELECT {kind} AS kind, count(*) {joined} GROUP BY 1")
    )  # names of the table's own columns
    statement = f"SELECT {kind} AS kind, {chosen} {joined} WHERE kind IS NOT NULL ORDER BY kind, coalesce(a._key, b._key) LIMIT ?"  # as above
    found = duck.rows(statement, [max(0, limit)]) if limit else []
    return Between(
        added=int(counted.get("added", 0)),
        corrected=int(counted.get("corrected", 0)),
        gone=int(counted.get("gone", 0)),
        rows=tuple(_change(row, names, key) for row in found),
    )


def _change(row: tuple[Any, ...], names: Sequence[str], key: Sequence[str]) -> RowChange:
    kind, values = row[0], row[1:]
    before: Mapping[str, Any] | None = dict(zip(names, values[: len(names)], strict=True))
    after: Mapping[str, Any] | None = dict(zip(names, values[len(names) :], strict=True))
    before = None if kind == "added" else before
    after = None if kind == "gone" else after
    known = after or before or {}
    changed = tuple(name for name in names if before and after and before[name] != after[name])
    return RowChange(tuple(known.get(name) for name in key), kind, before, after, changed)
