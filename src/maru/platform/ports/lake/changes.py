"""The difference between two versions of a table: which records came, changed, went."""

# ruff: noqa: S608 - names are quoted, values are the lake's own
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from maru.platform.ports.lake import duck, sql
from maru.platform.ports.lake.contracts import LakeFault, Snapshot
from maru.platform.ports.lake.parquet import ORDER_BITS

if TYPE_CHECKING:
    import duckdb

    from maru.platform.ports.lake.store import FileLake


@dataclass(frozen=True)
class Change:
    """A record before and after, as values by column; None where it was not there."""

    kind: Literal["added", "corrected", "gone"]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True)
class Changes:
    """How many records changed in which way, and the first of them."""

    added: int
    corrected: int
    gone: int
    rows: tuple[Change, ...]


def changes(lake: FileLake, table: str, from_version: int, to_version: int, limit: int = 100) -> Changes:
    """What is different at ``to_version`` from ``from_version``: at most ``limit`` records, gone ones first, all counted.

    A record that came and went in between is no difference. What retention or erasure took away is gone from both.
    """
    if not 0 <= from_version <= to_version:
        raise LakeFault(f"{table}: there is nothing from version {from_version} to {to_version}")
    now = lake.snapshot(table)
    touched = _touched(now, from_version, to_version)
    if touched is None:
        return Changes(0, 0, 0, ())
    before = lake.snapshot(table, version=from_version) if from_version else None
    after = lake.snapshot(table, version=to_version)
    columns = [column.name for column in now.spec.columns]
    with duck.connection(table) as made:
        made.execute(f"CREATE TEMP TABLE touched AS {touched}")
        for name, one in (("old", before), ("new", after)):
            source = sql.current_sql(one) if one else f"(SELECT * FROM {sql.current_sql(now)} WHERE false)"
            made.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM {source} SEMI JOIN touched USING (_key)")
        return _compared(made, columns, limit)


def _touched(now: Snapshot, from_version: int, to_version: int) -> str | None:
    """Keys with a version in between."""
    if not now.files:
        return None
    paths = sql.file_list(now.files)
    low, high = (from_version + 1) << ORDER_BITS, (to_version + 1) << ORDER_BITS
    return f"SELECT DISTINCT _key FROM read_parquet({paths}, hive_partitioning=false) WHERE _order >= {low} AND _order < {high}"


def _compared(made: duckdb.DuckDBPyConnection, columns: list[str], limit: int) -> Changes:
    same = " AND ".join(f"o.{name} IS NOT DISTINCT FROM n.{name}" for name in map(sql.quoted, columns))
    old = ", ".join(f"o.{sql.quoted(name)}" for name in columns)
    new = ", ".join(f"n.{sql.quoted(name)}" for name in columns)
    joined = (
        "FROM old AS o FULL JOIN new AS n ON o._key = n._key "
        f"WHERE o._key IS NULL OR n._key IS NULL OR NOT ({same})"
    )
    kind = "CASE WHEN o._key IS NULL THEN 'added' WHEN n._key IS NULL THEN 'gone' ELSE 'corrected' END"
    counts = dict(made.execute(f"SELECT {kind}, count(*) {joined} GROUP BY 1").fetchall())
    found = made.execute(
        f"SELECT {kind} AS k, {old}, {new} {joined} ORDER BY k DESC, coalesce(n._at, o._at), coalesce(n._key, o._key) LIMIT ?",
        [limit],
    ).fetchall()
    width = len(columns)
    rows = tuple(
        Change(
            row[0],
            None if row[0] == "added" else dict(zip(columns, row[1 : width + 1], strict=True)),
            None if row[0] == "gone" else dict(zip(columns, row[width + 1 :], strict=True)),
        )
        for row in found
    )
    return Changes(counts.get("added", 0), counts.get("corrected", 0), counts.get("gone", 0), rows)
