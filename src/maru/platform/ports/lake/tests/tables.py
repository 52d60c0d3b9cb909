"""Tables and rows that the lake's tests share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import duckdb
import pyarrow as pa

from maru.platform.ports.lake.contracts import Column, Snapshot, TableSpec
from maru.platform.ports.lake.store import FileLake

BEGIN = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
READINGS = TableSpec(
    "readings",
    (Column("id", "text"), Column("at", "datetime"), Column("value", "number"), Column("note", "text")),
    ("id", "at"),
    "at",
)
LOTS = TableSpec("lots", (Column("id", "text"), Column("free", "integer")), ("id",))
PEOPLE = TableSpec(
    "people",
    (
        Column("id", "integer"),
        Column("name", "text", personal=True),
        Column("phone", "text", personal=True),
        Column("wish", "text"),
    ),
    ("id",),
)


def readings(numbers: Iterable[int], value: float = 0.0, note: str | None = None) -> pa.Table:
    """One reading for each number: five stations, each minute."""
    numbers = list(numbers)
    return pa.table(
        {
            "id": pa.array([f"S{number % 5}" for number in numbers], pa.string()),
            "at": pa.array(
                [BEGIN + dt.timedelta(minutes=number) for number in numbers], pa.timestamp("us", "UTC")
            ),
            "value": pa.array([number + value for number in numbers], pa.float64()),
            "note": pa.array([note] * len(numbers), pa.string()),
        }
    )


def lots(**free: int | None) -> pa.Table:
    """Car parks with their free places."""
    return pa.table(
        {"id": pa.array(list(free), pa.string()), "free": pa.array(list(free.values()), pa.int64())}
    )


def asked(expression: str, columns: str = "*", order: str = "1") -> list[tuple[Any, ...]]:
    """Rows of a table expression."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute(f"SELECT {columns} FROM {expression} AS t ORDER BY {order}").fetchall()


def current(
    lake: FileLake, table: str, columns: str = "*", *, at: Snapshot | None = None
) -> list[tuple[Any, ...]]:
    """The present state, or the snapshot's."""
    return asked(lake.current_sql(at or lake.snapshot(table)), columns, "ALL")


def history(lake: FileLake, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    """All versions in order of arrival."""
    return asked(lake.history_sql(lake.snapshot(table)), columns, "_seen, _key")
