"""Raw rows into typed columns by a declaration: whole columns at once, and what cannot be read set aside, never raised.

Every raw row ends either as one row of the table or as one dead row. Beside ``[[fields]]`` these ``[options]`` of any
kit are heard: ``join`` (one column of several), ``ignore`` (outside names that are no drift; "*" for all) and
``bounds`` (see coordinates).
"""

from __future__ import annotations

import datetime as dt
import json
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maru.commons.sources import coordinates
from maru.commons.sources.contracts import DeadRow, Declaration, FieldRule, RawRows, Records
from maru.commons.sources.reading import reasons
from maru.commons.sources.reading.assuming import assume
from maru.commons.sources.reading.columns import RawColumns, chosen, field_column, places_of, split_records
from maru.commons.sources.reading.numbers import read_numbers
from maru.commons.sources.reading.texts import Mask, mask_of, read_booleans, read_text
from maru.commons.sources.reading.times import UTC, read_times

KEPT = 64 * 1024
ARROW_TYPES = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": UTC,
}


def schema(declaration: Declaration) -> pa.Schema:
    """The columns of a source's records."""
    return pa.schema([pa.field(rule.name, ARROW_TYPES[rule.type]) for rule in declaration.fields])


def to_records(declaration: Declaration, rows: RawRows, received_at: dt.datetime) -> Records:
    """Typed records, dead rows and drift of one delivery. Rows in the table keep their order.

    A time that is empty and not required becomes ``received_at``: the record has no other time of its own.
    """
    rows, strangers = split_records(rows)
    dead = [DeadRow(raw[:KEPT], reasons.NOT_A_RECORD) for raw in strangers]
    raw = RawColumns.of(rows)
    if not raw.size:
        return Records(schema(declaration).empty_table(), tuple(dead))
    names, drift = chosen(declaration, raw)
    if drift.gone:
        names, drift = assume(declaration, raw, names, drift, partial(_share, declaration, raw))
    faults = Faults(raw.size)
    columns: dict[str, pa.Array] = {}
    for rule in declaration.fields:
        values, bad = read_field(declaration, rule, field_column(declaration, rule, raw, names[rule.name]))
        faults.add(bad, reasons.OF_TYPE.get(rule.type, ""), rule.name)
        columns[rule.name] = values
    for wrong, name in coordinates.settle(declaration, columns):
        faults.add(wrong, reasons.NOT_A_PLACE, name)
    for rule in declaration.fields:
        _check_range(rule, columns[rule.name], faults)
    _check_presence(declaration, columns, faults)
    if declaration.time:
        columns[declaration.time] = _timed(columns[declaration.time], received_at)
    table = pa.Table.from_arrays(
        [columns[rule.name] for rule in declaration.fields], schema=schema(declaration)
    )
    if faults.any():
        dead += faults.rows(raw)
        table = table.filter(pa.array(faults.code == 0))
    return Records(table, tuple(dead), drift)


def read_field(declaration: Declaration, rule: FieldRule, raw: pa.Array) -> tuple[pa.Array, Mask]:
    """The typed values of one raw column, and where it holds something that is not of the field's type."""
    if rule.type == "text":
        return read_text(raw, rule.nulls, rule.format), np.zeros(len(raw), dtype=bool)
    if rule.type == "boolean":
        return read_booleans(raw, rule.nulls)
    if rule.type in ("integer", "number"):
        whole = rule.type == "integer"
        return read_numbers(raw, rule.nulls, whole=whole, factor=rule.factor, form=rule.format)
    return read_times(raw, rule.nulls, zone=declaration.zone, form=rule.format, date=rule.type == "date")


def _share(declaration: Declaration, raw: RawColumns, rule: FieldRule, outside: str) -> float:
    """In how many of the rows, of 1, an outside column holds a value that the field can take."""
    values, bad = read_field(declaration, rule, field_column(declaration, rule, raw, [outside]))
    faults = Faults(raw.size)
    faults.add(bad, reasons.OF_TYPE.get(rule.type, ""), rule.name)
    faults.add(mask_of(pc.is_null(values)), reasons.MISSING, rule.name)
    _check_range(rule, values, faults)
    return float((faults.code == 0).mean())


class Faults:
    """The first fault of each row, as a small code into a list of (reason, field)."""

    def __init__(self, size: int) -> None:
        self.code = np.zeros(size, dtype=np.int16)
        self.known: list[tuple[str, str]] = [("", "")]

    def add(self, bad: Mask, reason: str, field: str) -> None:
        """Note ``reason`` where ``bad`` and nothing was noted before."""
        if bad.any():
            self.known.append((reason, field))
            self.code[bad & (self.code == 0)] = len(self.known) - 1

    def any(self) -> bool:
        """Is any row dead?"""
        return len(self.known) > 1

    def rows(self, raw: RawColumns) -> list[DeadRow]:
        """The dead rows, quoted."""
        places = places_of(self.code != 0)
        quoted = raw.quote(places)
        return [
            DeadRow(as_bytes(row), *self.known[int(self.code[place])])
            for place, row in zip(places, quoted, strict=True)
        ]


def as_bytes(row: Any) -> bytes:
    """A raw row as JSON, at most 64 KiB of it."""
    return json.dumps(row, ensure_ascii=False, default=str).encode("utf-8", "replace")[:KEPT]


def _check_range(rule: FieldRule, values: pa.Array, faults: Faults) -> None:
    for limit, beyond in ((rule.low, pc.less), (rule.high, pc.greater)):
        if limit is not None:
            # As float64 on both sides: a limit of 0.5 on whole numbers is meant as it is written.
            over = beyond(values.cast(pa.float64(), safe=False), pa.scalar(float(limit), pa.float64()))
            faults.add(mask_of(over), reasons.OUT_OF_RANGE, rule.name)


def _check_presence(declaration: Declaration, columns: dict[str, pa.Array], faults: Faults) -> None:
    for rule in declaration.fields:
        if rule.required and columns[rule.name].null_count:
            faults.add(mask_of(pc.is_null(columns[rule.name])), reasons.MISSING, rule.name)
        if rule.name in declaration.key and rule.type == "text":
            faults.add(
                mask_of(pc.match_substring(columns[rule.name], "\ufffd")), reasons.UNDECODABLE, rule.name
            )
    keys = [pc.is_null(columns[name]) for name in declaration.key]
    if keys and all(column.true_count for column in keys):
        nothing = np.logical_and.reduce([mask_of(column) for column in keys])
        faults.add(nothing, reasons.MISSING, declaration.key[0])


def _timed(values: pa.Array, received_at: dt.datetime) -> pa.Array:
    if not values.null_count:
        return values
    moment = pa.scalar(received_at.astimezone(dt.UTC), UTC)
    return pc.fill_null(values, moment if values.type == UTC else pa.scalar(received_at.date(), pa.date32()))
