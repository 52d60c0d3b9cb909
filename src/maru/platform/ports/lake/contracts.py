"""What crosses the lake's border: table, commit, snapshot. Plain Python and Arrow, no Django.

A row is never changed in place. A record that comes again with other values is a new version of the same key; the
present state is the last version of each key that is not gone, the state as of a date the last version seen by then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import pyarrow as pa

Type = Literal["text", "integer", "number", "boolean", "date", "datetime"]
ARROW: dict[str, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us", tz="UTC"),
}
# Columns the lake adds to each row: identity of the record (digest of the key's values), its own time, the time of arrival,
# whether this version says that the record is gone.
SYSTEM = ("_key", "_at", "_seen", "_gone")


class LakeFault(Exception):
    """The lake cannot do it: no such table, a column of another type, a damaged file. Says which and why."""


@dataclass(frozen=True)
class Column:
    """A column; ``personal`` ones can be erased."""

    name: str
    type: Type
    personal: bool = False


@dataclass(frozen=True)
class TableSpec:
    """A table. ``name`` is ``[a-z][a-z0-9_]*``; ``key`` names the columns that identify a record; ``time`` the column of its
    own time ("" = time of arrival); ``partition`` how the files are cut by it."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    time: str = ""
    partition: Literal["none", "month", "day"] = "month"


@dataclass(frozen=True)
class Commit:
    """What an append did. ``version`` is the table's number after it (unchanged if nothing was new)."""

    table: str
    version: int
    added: int = 0
    corrected: int = 0
    unchanged: int = 0
    gone: int = 0


@dataclass(frozen=True)
class FileEntry:
    """One Parquet file of a snapshot; ``low`` and ``high`` are the first and last ``_at`` in it. ``kind``: ``live`` = every row is
    (or was at compaction) the present version; ``past`` = only superseded versions; ``fresh`` = not compacted yet."""

    path: Path
    rows: int
    size: int
    kind: Literal["live", "past", "fresh"]
    low: dt.datetime | None = None
    high: dt.datetime | None = None
    corrections: bool = (
        False  # it holds versions that take the place of others (or say that a record is gone)
    )
    stale: bool = False  # a later version has taken the place of at least one of its rows
    width: int = 0  # how many of the table's columns it has: later ones were added after it was written


@dataclass(frozen=True)
class Snapshot:
    """A table at one version: it stays readable while writers and compaction go on (for at least an hour).

    ``changed`` is the last version that changed what the table says: a compaction makes a new version with other files
    and the same content. ``until`` or ``upto`` is set when the table is shown as it was at a time or a version."""

    spec: TableSpec
    version: int
    at: dt.datetime | None
    files: tuple[FileEntry, ...] = field(default=())
    rows: int = 0  # of the present state
    changed: int = 0
    until: dt.datetime | None = None
    upto: int | None = None


@dataclass(frozen=True)
class Version:
    """One change of a table: when it arrived, how many records it added, corrected, took away; ``rows`` there were after it."""

    version: int
    at: dt.datetime
    act: Literal["append", "erase", "retain"]
    added: int
    corrected: int
    gone: int
    rows: int


@dataclass(frozen=True)
class Finding:
    """What ``check`` found: ``kind`` is missing, size, damaged, rows, log or stray; only a stray does no harm."""

    table: str
    kind: Literal["missing", "size", "damaged", "rows", "log", "stray"]
    path: str
    text: str


class Lake(Protocol):
    """The port. Every method may be called from any process; one writer at a time per table is arranged inside."""

    def ensure(self, spec: TableSpec) -> TableSpec:
        """Make the table, or add the columns it lacks. A column of another type is refused (LakeFault)."""

    def append(
        self,
        table: str,
        rows: pa.Table,
        *,
        delivery: str = "",
        seen: dt.datetime | None = None,
        complete: bool = False,
    ) -> Commit:
        """Add rows; what is there already with the same values changes nothing. ``delivery`` is a name that makes a
        repeated call a no-op. ``complete``: records not among the rows are gone. Durable when it returns."""

    def tables(self) -> Sequence[str]:
        """Names, sorted."""

    def spec(self, table: str) -> TableSpec:
        """Raises LakeFault if there is none."""

    def snapshot(
        self, table: str, *, version: int | None = None, as_of: dt.datetime | None = None
    ) -> Snapshot:
        """The table now, at a version, or as it was at a time."""

    def current_sql(self, snapshot: Snapshot) -> str:
        """A DuckDB table expression (in brackets) of the snapshot's present state, with the system columns. Cheap when
        nothing was corrected since the last compaction."""

    def history_sql(self, snapshot: Snapshot) -> str:
        """The same of all versions."""
