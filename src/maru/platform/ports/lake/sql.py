"""A snapshot as SQL: which files are read straight, which must be looked through for later versions.

Three sets of files: ``plain`` ones hold present versions only; ``mixed`` ones hold corrections or rows that a correction
replaced, and are few since compaction parts them; ``past`` ones hold replaced versions, each with the time of its end.
"""

# ruff: noqa: S608 - names are quoted and values are the lake's own
from __future__ import annotations

from collections.abc import Iterable, Sequence

from maru.platform.ports.lake.contracts import SYSTEM, FileEntry, Snapshot, TableSpec
from maru.platform.ports.lake.parquet import ORDER_BITS
from maru.platform.ports.lake.times import micros

TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMPTZ",
}
_SYSTEM_TYPES = {"_key": "BLOB", "_at": "TIMESTAMPTZ", "_seen": "TIMESTAMPTZ", "_gone": "BOOLEAN"}


def quoted(name: str) -> str:
    """A name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text in single quotes."""
    return "'" + text.replace("'", "''") + "'"


def parts(snapshot: Snapshot) -> tuple[list[FileEntry], list[FileEntry], list[FileEntry]]:
    """The snapshot's files as (plain, mixed, past)."""
    plain = [one for one in snapshot.files if one.kind != "past" and not one.corrections and not one.stale]
    mixed = [one for one in snapshot.files if one.kind != "past" and (one.corrections or one.stale)]
    return plain, mixed, [one for one in snapshot.files if one.kind == "past"]


def file_list(files: Iterable[FileEntry]) -> str:
    """The files as an argument of read_parquet."""
    return "[" + ", ".join(literal(str(one.path)) for one in files) + "]"


def _columns(spec: TableSpec, width: int, system: Sequence[str]) -> str:
    found = [
        quoted(column.name) if at < width else f"NULL::{TYPES[column.type]} AS {quoted(column.name)}"
        for at, column in enumerate(spec.columns)
    ]
    return ", ".join([*found, *system])


def _reads(
    spec: TableSpec, files: Sequence[FileEntry], where: str, system: Sequence[str] = SYSTEM
) -> list[str]:
    """A SELECT for each width among the files."""
    widths = sorted({one.width or len(spec.columns) for one in files})
    rule = f" WHERE {where}" if where else ""
    return [
        f"SELECT {_columns(spec, width, system)} FROM read_parquet("
        f"{file_list(one for one in files if (one.width or len(spec.columns)) == width)}, hive_partitioning=false){rule}"
        for width in widths
    ]


def reading(spec: TableSpec, files: Sequence[FileEntry], own: Sequence[str]) -> str:
    """A query for all rows of the files with the named columns of the lake's own; "" for no files."""
    return " UNION ALL ".join(_reads(spec, files, "", own))


def _union(spec: TableSpec, selects: Sequence[str]) -> str:
    if selects:
        return "(" + " UNION ALL ".join(selects) + ")"
    nulls = [f"NULL::{TYPES[column.type]} AS {quoted(column.name)}" for column in spec.columns]
    nulls += [f"NULL::{kind} AS {name}" for name, kind in _SYSTEM_TYPES.items()]
    return "(SELECT " + ", ".join(nulls) + " WHERE false)"


def seen_rule(snapshot: Snapshot) -> str:
    """Which versions had arrived at the snapshot's moment; "" for all."""
    if snapshot.upto is not None:
        return f"_order < {(snapshot.upto + 1) << ORDER_BITS}"
    if snapshot.until is not None:
        return f"_seen <= make_timestamptz({micros(snapshot.until)})"
    return ""


def _ended_rule(snapshot: Snapshot) -> str:
    if snapshot.upto is not None:
        return f"_next >= {(snapshot.upto + 1) << ORDER_BITS}"
    assert snapshot.until is not None
    return f"_until > make_timestamptz({micros(snapshot.until)})"


def current_sql(snapshot: Snapshot) -> str:
    """The present state (or that of the snapshot's moment) as a table expression for DuckDB."""
    spec, seen = snapshot.spec, seen_rule(snapshot)
    plain, mixed, past = parts(snapshot)
    selects = _reads(spec, plain, seen)
    if mixed:
        rows = "(" + " UNION ALL ".join(_reads(spec, mixed, seen, [*SYSTEM, "_order"])) + ")"
        correctors = [one for one in mixed if one.corrections]
        if correctors:
            rule = f" WHERE {seen}" if seen else ""
            later = (
                f"(SELECT _key AS k, max(_order) AS o FROM read_parquet({file_list(correctors)}, hive_partitioning=false){rule}"
                " GROUP BY _key)"
            )
            names = ", ".join(
                [*(f"m.{quoted(column.name)}" for column in spec.columns), *(f"m.{one}" for one in SYSTEM)]
            )
            selects.append(
                f"SELECT {names} FROM {rows} AS m ANTI JOIN {later} AS c ON m._key = c.k AND c.o > m._order"
                " WHERE NOT m._gone"
            )
        else:
            selects += _reads(spec, mixed, seen)
    if past and seen:
        selects += _reads(spec, past, f"{seen} AND {_ended_rule(snapshot)} AND NOT _gone")
    return _union(spec, selects)


def history_sql(snapshot: Snapshot) -> str:
    """All versions that had arrived, those that say "gone" included."""
    return _union(snapshot.spec, _reads(snapshot.spec, snapshot.files, seen_rule(snapshot)))
