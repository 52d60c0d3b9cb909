"""What changed between two versions of a table, as far as readers may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from maru.platform.ports.lake.store import FileLake
from maru.services.opendata.engine.contracts import ColumnInfo, RowChange


@dataclass(frozen=True)
class Between:
    """Counts of records, and at most the limit of them."""

    added: int
    corrected: int
    gone: int
    rows: tuple[RowChange, ...]


def between(
    lake: FileLake,
    table: str,
    columns: Sequence[ColumnInfo],
    key: Sequence[str],
    from_version: int,
    to_version: int,
    limit: int,
) -> Between:
    """Compare two versions by the records' keys. LakeFault if there were no such versions.

    A correction of columns that are not published is counted but not shown.
    """
    found = lake.changes(table, from_version, to_version, limit)
    names = [one.name for one in columns]
    rows = [_change(one.kind, one.before, one.after, names, key) for one in found.rows]
    shown = tuple(one for one in rows if one.kind != "corrected" or one.changed)
    return Between(found.added, found.corrected, found.gone, shown)


def _change(
    kind: Any,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    names: Sequence[str],
    key: Sequence[str],
) -> RowChange:
    old = None if before is None else {name: before.get(name) for name in names}
    new = None if after is None else {name: after.get(name) for name in names}
    known = new or old or {}
    changed = tuple(name for name in names if old and new and old[name] != new[name])
    return RowChange(tuple(known.get(name) for name in key), kind, old, new, changed)
