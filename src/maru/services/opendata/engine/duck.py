"""The one DuckDB of a process: in memory, two threads, a bounded memory, a bounded number of questions at once."""

from __future__ import annotations

import functools
import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import shapely
from duckdb.func import FunctionNullHandling, PythonUDFType

from maru.services.opendata.engine.contracts import QueryFault

MEMORY = "1GB"
SPILLED = "4GB"
THREADS = 2
# Questions that read much run two at a time: more would only take turns, and each would hold memory meanwhile.
AT_ONCE = 3
LONGEST_S = 20.0
_lock = threading.Lock()
_turns = threading.BoundedSemaphore(AT_ONCE)


@functools.cache
def _house() -> duckdb.DuckDBPyConnection:
    made = duckdb.connect(
        config={
            "threads": THREADS,
            "memory_limit": MEMORY,
            "preserve_insertion_order": True,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "lock_configuration": False,
            # What does not fit in memory goes to a folder of this process, and no more than that: never to the house's own.
            "temp_directory": str(Path(tempfile.gettempdir()) / f"maru-sheets-{os.getpid()}"),
            "max_temp_directory_size": SPILLED,
        }
    )
    made.execute("SET TimeZone = 'UTC'")
    made.execute("SET parquet_metadata_cache = true")
    made.create_function(
        "in_polygon",
        _in_polygon,
        ["VARCHAR", "DOUBLE", "DOUBLE"],
        "BOOLEAN",
        type=PythonUDFType.ARROW,
        null_handling=FunctionNullHandling.SPECIAL,
    )
    return made


@contextmanager
def cursor(*, heavy: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for one question. ``heavy`` ones wait for their turn and are cut off after LONGEST_S.

    Raises QueryFault for what takes too long or too much memory.
    """
    with _lock:
        made = _house().cursor()
    if heavy and not _turns.acquire(timeout=LONGEST_S):
        raise QueryFault("query", "too many questions at once; try again")
    clock = threading.Timer(LONGEST_S, made.interrupt)
    clock.daemon = True
    if heavy:
        clock.start()
    try:
        yield made
    except duckdb.InterruptException as fault:
        raise QueryFault("query", f"took longer than {LONGEST_S:.0f} seconds; ask for less") from fault
    except duckdb.OutOfMemoryException as fault:
        raise QueryFault("query", "needs too much memory; ask for less") from fault
    except (duckdb.ConversionException, duckdb.OutOfRangeException) as fault:
        raise QueryFault("query", "a value does not fit its column") from fault
    finally:
        clock.cancel()
        if heavy:
            _turns.release()
        made.close()


def rows(statement: str, parameters: Sequence[Any] = (), *, heavy: bool = True) -> list[tuple[Any, ...]]:
    """All rows of a statement."""
    with cursor(heavy=heavy) as one:
        return one.execute(statement, list(parameters)).fetchall()


def run(statement: str, parameters: Sequence[Any] = (), *, heavy: bool = False) -> None:
    """A statement without rows, such as making a table."""
    with cursor(heavy=heavy) as one:
        one.execute(statement, list(parameters))


@functools.lru_cache(maxsize=64)
def _polygon(text: str) -> Any:
    try:
        made = shapely.from_wkt(text)
    except shapely.errors.ShapelyError as fault:
        raise QueryFault("geometry", "this is no polygon in WKT") from fault
    shapely.prepare(made)
    return made


def check_polygon(text: str) -> tuple[float, float, float, float]:
    """The box around a polygon in WKT. QueryFault if it is none."""
    made = _polygon(text)
    if made is None or made.is_empty or made.geom_type not in {"Polygon", "MultiPolygon"}:
        raise QueryFault("geometry", "this is no polygon in WKT")
    west, south, east, north = made.bounds
    return float(west), float(south), float(east), float(north)


def _in_polygon(texts: Any, longitudes: Any, latitudes: Any) -> Any:
    """For DuckDB: whether points lie in the polygon (the same one in each row)."""
    if len(texts) == 0:
        return pa.array([], pa.bool_())
    x = np.asarray(longitudes.to_numpy(zero_copy_only=False), dtype=float)
    y = np.asarray(latitudes.to_numpy(zero_copy_only=False), dtype=float)
    return pa.array(shapely.intersects_xy(_polygon(texts[0].as_py()), x, y))
