"""A DuckDB connection for the lake's own work: one thread, little memory, spilling beside the table."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from maru.platform.ports.lake.contracts import LakeFault

MEMORY = "256MB"
BATCH = 65_536


@contextlib.contextmanager
def connection(table: str, spill: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory database in UTC; ``spill`` is a folder for what does not fit, gone afterwards. Faults become LakeFault."""
    config: dict[str, str | bool | int | float | list[str]] = {"threads": 1, "memory_limit": MEMORY}
    if spill is not None:
        config["temp_directory"] = str(spill)
    try:
        made = duckdb.connect(config=config)
        try:
            made.execute("SET TimeZone = 'UTC'")
            yield made
        finally:
            made.close()
    except duckdb.Error as fault:
        raise LakeFault(f"{table}: {fault}") from fault
    finally:
        if spill is not None:
            shutil.rmtree(spill, ignore_errors=True)


def stream(made: duckdb.DuckDBPyConnection, query: str) -> Iterator[pa.Table]:
    """The answer in tables of at most BATCH rows."""
    reader = made.sql(query).to_arrow_reader(BATCH)
    for batch in reader:
        if batch.num_rows:
            yield pa.Table.from_batches([batch])


def number(made: duckdb.DuckDBPyConnection, query: str) -> int:
    """The first value of the answer; 0 for none."""
    row = made.execute(query).fetchone()
    return int(row[0]) if row and row[0] is not None else 0
