"""The same snapshot on two engines, as Ibis tables: DuckDB inside this process, Spark for a city that outgrew a machine.

What is the present state is said once, here, in Ibis; ``sql.py`` says the same to DuckDB for those who write SQL. The conformance tests hold
all three to the same answers. Times come back as UTC.
"""

from __future__ import annotations

import datetime as dt
import itertools
import logging
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import duckdb
import ibis
import pyarrow as pa

from maru.platform.ports.lake import sql
from maru.platform.ports.lake.contracts import ARROW, SYSTEM, FileEntry, LakeFault, Snapshot
from maru.platform.ports.lake.parquet import ORDER_BITS, schema

if TYPE_CHECKING:
    import ibis.expr.types as ir

_UTC = ARROW["datetime"]


class Engine(Protocol):
    """Runs Ibis queries on the lake's files."""

    name: str

    def read(
        self, snapshot: Snapshot, files: Sequence[FileEntry], own: Sequence[str], *, past: bool
    ) -> ir.Table:
        """The rows of some of the snapshot's files: its columns and the named ones of the lake's own."""

    def run(self, query: ir.Table) -> pa.Table:
        """The answer."""

    def close(self) -> None:
        """Let go of what it holds."""


def current(engine: Engine, snapshot: Snapshot) -> ir.Table:
    """The present state, or that of the snapshot's moment, with the system columns."""
    plain, mixed, past = sql.parts(snapshot)
    own = [*SYSTEM, "_order"]
    parts = []
    if plain or not (mixed or past):
        parts.append(_seen(engine.read(snapshot, plain, own, past=False), snapshot))
    if mixed:
        rows = _seen(engine.read(snapshot, mixed, own, past=False), snapshot)
        correctors = [one for one in mixed if one.corrections]
        if correctors:
            later = _seen(
                engine.read(snapshot, correctors, ["_key", "_seen", "_order"], past=False), snapshot
            )
            later = later.group_by(k=later["_key"]).agg(o=later["_order"].max())
            rows = rows.anti_join(later, [rows["_key"] == later["k"], rows["_order"] < later["o"]])
        parts.append(rows.filter(~rows["_gone"]))
    if past and sql.seen_rule(snapshot):
        rows = engine.read(snapshot, past, [*own, "_until", "_next"], past=True)
        rows = _seen(rows, snapshot)
        ended = (
            rows["_next"] >= _after(snapshot)
            if snapshot.upto is not None
            else rows["_until"] > _moment(rows["_until"], snapshot)
        )
        rows = rows.filter(~rows["_gone"], ended)
        parts.append(rows.drop("_until", "_next"))
    return _joined(parts).drop("_order")


def history(engine: Engine, snapshot: Snapshot) -> ir.Table:
    """All versions that had arrived, "gone" ones included."""
    own = [*SYSTEM, "_order"]
    return _seen(engine.read(snapshot, snapshot.files, own, past=False), snapshot).drop("_order")


def _joined(parts: Sequence[ir.Table]) -> ir.Table:
    return parts[0] if len(parts) == 1 else ibis.union(*parts)


def _after(snapshot: Snapshot) -> int:
    assert snapshot.upto is not None
    return (snapshot.upto + 1) << ORDER_BITS


def _moment(column: ir.Value, snapshot: Snapshot) -> ir.Scalar:
    assert snapshot.until is not None
    return moment_of(column, snapshot.until)


def moment_of(column: ir.Value, at: dt.datetime) -> ir.Scalar:
    """A moment in the type of the column: Spark's times carry no zone, DuckDB's do."""
    kind = column.type()
    at = (at if at.tzinfo else at.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    return ibis.literal(at if kind.timezone else at.replace(tzinfo=None), type=kind)


def _seen(rows: ir.Table, snapshot: Snapshot) -> ir.Table:
    if snapshot.upto is not None:
        return rows.filter(rows["_order"] < _after(snapshot))
    if snapshot.until is not None:
        return rows.filter(rows["_seen"] <= _moment(rows["_seen"], snapshot))
    return rows


def _plain(answer: pa.Table, query: ir.Table) -> pa.Table:
    """The answer with the types that Ibis promises, whatever the engine made of them, and times in UTC."""
    fields = [pa.field(one.name, _plain_type(one.type)) for one in query.schema().to_pyarrow()]
    return answer.cast(pa.schema(fields))


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return _UTC
    if pa.types.is_integer(kind):
        return pa.int64()
    if pa.types.is_decimal(kind) or pa.types.is_floating(kind):
        return pa.float64()
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    return kind


class DuckEngine:
    """DuckDB in this process. Ibis writes the SQL, and this class runs it: Ibis 12 itself calls what DuckDB 2 no longer has."""

    name = "duckdb"

    def __init__(self, threads: int = 2, memory: str = "1GB") -> None:
        self._connection = duckdb.connect(config={"threads": threads, "memory_limit": memory})
        self._connection.execute("SET TimeZone = 'UTC'")
        self._views = itertools.count()

    def read(
        self, snapshot: Snapshot, files: Sequence[FileEntry], own: Sequence[str], *, past: bool
    ) -> ir.Table:
        """See Engine.read."""
        columns = {field.name: field.type for field in schema(snapshot.spec, past=past)}
        kinds = {column.name: sql.TYPES[column.type] for column in snapshot.spec.columns}
        kinds |= {name: _SQL_OWN[str(columns[name])] for name in own}
        query = sql.reading(snapshot.spec, files, own)
        if not query:
            nulls = ", ".join(f"NULL::{kind} AS {sql.quoted(name)}" for name, kind in kinds.items())
            query = f"SELECT {nulls} WHERE false"
        name = f"lake_{next(self._views)}"
        self._connection.execute(f"CREATE TEMP VIEW {name} AS {query}")
        return ibis.table(schema={name: _IBIS[kind] for name, kind in kinds.items()}, name=name)

    def run(self, query: ir.Table) -> pa.Table:
        """The answer."""
        text = str(ibis.to_sql(query, dialect="duckdb"))
        return _plain(self._connection.sql(text).to_arrow_table(), query)

    def close(self) -> None:
        """Let the memory go."""
        self._connection.close()


_IBIS = {
    "VARCHAR": "string",
    "BIGINT": "int64",
    "DOUBLE": "float64",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMPTZ": "timestamp('UTC')",
    "BLOB": "binary",
}
_SQL_OWN = {
    "fixed_size_binary[12]": "BLOB",
    "timestamp[us, tz=UTC]": "TIMESTAMPTZ",
    "bool": "BOOLEAN",
    "int64": "BIGINT",
}
_SPARK_TYPES = {
    "text": "string",
    "integer": "bigint",
    "number": "double",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamp",
}
_SPARK_OWN = {
    "fixed_size_binary[12]": "binary",
    "timestamp[us, tz=UTC]": "timestamp",
    "bool": "boolean",
    "int64": "bigint",
}


class SparkEngine:
    """Spark on the same files; they must be reachable under the same paths from its workers."""

    name = "spark"
    _views = itertools.count()

    def __init__(self, session: Any) -> None:
        self._session = session
        session.conf.set("spark.sql.session.timeZone", "UTC")
        self._connection = ibis.pyspark.connect(session=session)

    def read(
        self, snapshot: Snapshot, files: Sequence[FileEntry], own: Sequence[str], *, past: bool
    ) -> ir.Table:
        """See Engine.read. Columns that older files lack are null by themselves."""
        columns = {field.name: field.type for field in schema(snapshot.spec, past=past)}
        parts = [f"`{column.name}` {_SPARK_TYPES[column.type]}" for column in snapshot.spec.columns]
        parts += [f"{name} {_SPARK_OWN[str(columns[name])]}" for name in own]
        shape = ", ".join(parts)
        if files:
            frame = self._session.read.schema(shape).parquet(*(str(one.path) for one in files))
        else:
            frame = self._session.createDataFrame([], shape)
        name = f"lake_{next(self._views)}"
        frame.createOrReplaceTempView(name)
        return self._connection.table(name)

    def run(self, query: ir.Table) -> pa.Table:
        """The answer."""
        with warnings.catch_warnings():
            # Ibis goes by way of pandas 3, of which Spark 4 says at each step that it has not tested everything.
            warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
            return _plain(query.to_pyarrow(), query)

    def close(self) -> None:
        """Stop Spark."""
        self._session.stop()


def duckdb_engine(*, threads: int = 2, memory: str = "1GB") -> DuckEngine:
    """An engine inside this process."""
    return DuckEngine(threads, memory)


def spark_engine(master: str = "local[2]", *, memory: str = "1g") -> SparkEngine:
    """Spark on this machine, or at the master's address. Raises LakeFault if pyspark or Java is not there."""
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as fault:
        raise LakeFault("Spark needs the package pyspark and Java 17") from fault
    logging.getLogger("py4j").setLevel(logging.WARNING)  # it tells of each connection it closes, also at exit
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.memory": memory,
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.ui.showConsoleProgress": "false",
    }
    if master.startswith("local"):
        settings |= {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
    builder = SparkSession.builder.master(master).appName("maru")
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        return SparkEngine(session)
    except (PySparkException, OSError) as fault:
        raise LakeFault(f"Spark does not start: {fault}") from fault
