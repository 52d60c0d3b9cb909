"""Parquet files of the lake: their columns, how they are written so that they are on the disk, how identities are read back."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from maru.platform.ports.lake.contracts import ARROW, LakeFault, TableSpec
from maru.platform.ports.lake.digests import KEY_BYTES, Words, unpacked
from maru.platform.ports.lake.log import DataFile, sync_folder
from maru.platform.ports.lake.times import micros

ROW_GROUP = 65_536
FILE_ROWS = 1_000_000
# Beside contracts.SYSTEM: digest of the values (0: gone) and order of the version. The order is the number of the commit times
# 2**20 plus the number of the version within the commit. Files of past versions also say what took their place, and when.
PRIVATE = ("_sum", "_order")
ORDER_BITS = 20
_SYSTEM_TYPES = {
    "_key": pa.binary(KEY_BYTES),
    "_at": ARROW["datetime"],
    "_seen": ARROW["datetime"],
    "_gone": pa.bool_(),
    "_sum": pa.int64(),
    "_order": pa.int64(),
}
_PAST_TYPES = {"_until": ARROW["datetime"], "_next": pa.int64()}


def schema(spec: TableSpec, *, past: bool = False) -> pa.Schema:
    """All columns of a file of this table."""
    fields = [pa.field(column.name, ARROW[column.type]) for column in spec.columns]
    fields += [pa.field(name, kind, nullable=False) for name, kind in _SYSTEM_TYPES.items()]
    fields += [pa.field(name, kind) for name, kind in _PAST_TYPES.items()] if past else []
    return pa.schema(fields)


def fitted(rows: pa.Table, spec: TableSpec) -> pa.Table:
    """The rows with the table's columns and types: missing ones are null. Raises LakeFault for others and for values that
    do not fit. Text stays dictionary-encoded where it was."""
    known = {column.name for column in spec.columns}
    strange = [name for name in rows.column_names if name not in known]
    if strange:
        raise LakeFault(f"{spec.name}: there is no column {strange[0]!r}")
    columns = []
    for column in spec.columns:
        kind = ARROW[column.type]
        if column.name not in rows.column_names:
            columns.append(pa.nulls(rows.num_rows, kind))
            continue
        found = rows.column(column.name)
        try:
            columns.append(found if found.type == kind or _encoded(found.type) else _cast(found, kind))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as fault:
            raise LakeFault(
                f"{spec.name}: column {column.name!r} does not hold {column.type}: {fault}"
            ) from fault
    return pa.table(columns, names=[column.name for column in spec.columns])


def _encoded(kind: pa.DataType) -> bool:
    return bool(pa.types.is_dictionary(kind) and kind.value_type == pa.string())


def _cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type) and column.type.tz is None and pa.types.is_timestamp(kind):
        column = pc.assume_timezone(column, "UTC")
    if pa.types.is_string(kind) and not (
        pa.types.is_string(column.type)
        or pa.types.is_large_string(column.type)
        or pa.types.is_string_view(column.type)
        or pa.types.is_dictionary(column.type)
        or pa.types.is_null(column.type)
    ):
        raise pa.ArrowTypeError(f"it is {column.type}")  # Arrow would make text of it
    return column.cast(kind)


class FileWriter:
    """Writes one file of a table; ``close`` puts it on the disk under its name and says what it is. Left with an
    exception, it leaves nothing behind."""

    def __init__(self, folder: Path, spec: TableSpec, kind: Literal["live", "past", "fresh"]) -> None:
        self.folder = folder
        self.name = f"{kind}-{secrets.token_hex(8)}.parquet"
        self.path = folder / self.name
        self.spec, self.kind = spec, kind
        self.rows = 0
        self.low: int | None = None
        self.high: int | None = None
        self._sink: pa.NativeFile | None = None
        self._writer: pq.ParquetWriter | None = None

    def write(self, rows: pa.Table) -> None:
        """Add rows that have the columns of ``schema``."""
        if not rows.num_rows:
            return
        try:
            if self._writer is None:
                self._sink = pa.OSFile(str(self.path), "wb")
                self._writer = pq.ParquetWriter(self._sink, rows.schema, **_options(rows.schema, self.kind))
            self._writer.write_table(rows, row_group_size=ROW_GROUP)
        except OSError as fault:
            self.abandon()
            raise LakeFault(f"{self.spec.name}: cannot be written: {fault}") from fault
        times = pc.min_max(rows.column("_at")).as_py()
        low, high = micros(times["min"]), micros(times["max"])
        self.low = low if self.low is None else min(self.low, low)
        self.high = high if self.high is None else max(self.high, high)
        self.rows += rows.num_rows

    def close(self, *, corrections: bool = False, stale: bool = False) -> DataFile:
        """Flush the file and its name to the disk."""
        assert self._writer is not None
        assert self._sink is not None
        try:
            self._writer.close()
            self._sink.close()
            handle = os.open(self.path, os.O_RDONLY)
            try:
                os.fsync(handle)
                size, digest = os.fstat(handle).st_size, file_digest(self.path)
            finally:
                os.close(handle)
            sync_folder(self.folder)
        except OSError as fault:
            self.abandon()
            raise LakeFault(f"{self.spec.name}: cannot be written: {fault}") from fault
        return DataFile(
            self.name, self.rows, size, self.kind, self.low or 0, self.high or 0, len(self.spec.columns),
            digest, corrections, stale,
        )  # fmt: skip

    def abandon(self) -> None:
        """Take away what was written so far."""
        with contextlib.suppress(OSError, pa.ArrowException):
            if self._sink is not None:
                self._sink.close()
        with contextlib.suppress(OSError):
            self.path.unlink()


def _options(columns: pa.Schema, kind: str) -> dict[str, object]:
    # Digests are noise: a dictionary or statistics of them cost and give nothing.
    noise = {"_key", "_sum"}
    return {
        "compression": "zstd",
        "compression_level": 1 if kind == "fresh" else 3,
        "use_dictionary": [name for name in columns.names if name not in noise],
        "write_statistics": [name for name in columns.names if name not in noise],
        "store_schema": False,
    }


def file_digest(path: Path) -> str:
    """BLAKE2b of the file, by which ``check`` knows that no bit of it changed."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def identities(
    path: Path,
) -> tuple[Words, npt.NDArray[np.uint32], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Identities, contents and orders of a file's rows."""
    try:
        found = pq.read_table(path, columns=["_key", "_sum", "_order"], partitioning=None, use_threads=False)
    except (OSError, pa.ArrowException) as fault:
        raise LakeFault(f"{path}: cannot be read: {fault}") from fault
    first, second = unpacked(found.column("_key"))
    return first, second, found.column("_sum").to_numpy(), found.column("_order").to_numpy()


def system_columns(
    rows: pa.Table,
    key: pa.Array,
    at: pa.Array,
    seen: int,
    gone: bool,
    content: npt.NDArray[np.int64],
    order: npt.NDArray[np.int64],
) -> pa.Table:
    """The rows with the lake's own columns."""
    count = rows.num_rows
    own: Sequence[tuple[str, pa.Array]] = (
        ("_key", key),
        ("_at", at),
        ("_seen", pa.repeat(pa.scalar(seen, pa.int64()), count).cast(ARROW["datetime"])),
        ("_gone", pa.repeat(pa.scalar(gone), count)),
        ("_sum", pa.array(content)),
        ("_order", pa.array(order)),
    )
    for name, column in own:
        rows = rows.append_column(pa.field(name, _SYSTEM_TYPES[name], nullable=False), column)
    return rows
