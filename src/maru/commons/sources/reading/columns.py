"""Which outside column is which field: aliases, joined columns, and how a delivery drifts from its declaration."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maru.commons.sources.contracts import Declaration, Drift, FieldRule, RawRows
from maru.commons.sources.kits.options import Options
from maru.commons.sources.reading.texts import array_of, as_text, flat, plain

# In so few rows of JSON a field may be absent because it is empty everywhere.
FEW = 10


def folded(name: str) -> str:
    """A name without what copies of a file differ in: blanks, line breaks, case, full-width forms."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", name.replace("\ufeff", ""))).casefold()


@dataclass(frozen=True)
class RawColumns:
    """What was given, by outside name, and the rows to quote from when one is dead."""

    size: int
    names: tuple[str, ...]
    table: pa.Table | None
    rows: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, rows: RawRows) -> RawColumns:
        """``rows`` must be mappings (see ``split_records``)."""
        if isinstance(rows, pa.Table):
            return cls(rows.num_rows, tuple(rows.column_names), rows, ())
        names: dict[str, None] = {}
        last = None
        for row in rows:
            if row.keys() != last:
                last = row.keys()
                names.update(dict.fromkeys(last))
        return cls(len(rows), tuple(str(name) for name in names), None, rows)

    def column(self, name: str) -> pa.Array:
        """One raw column."""
        if self.table is not None:
            return flat(self.table.column(self.names.index(name)))
        return array_of([row.get(name) for row in self.rows])

    def quote(self, places: Sequence[int]) -> list[dict[str, Any]]:
        """The raw rows at ``places``."""
        if self.table is not None:
            # to_pylist() of a table with a name twice would lose one: give the values by position.
            part = self.table.take(pa.array(places, pa.int64()))
            columns = [as_text(flat(part.column(index))).to_pylist() for index in range(part.num_columns)]
            return [dict(zip(self.names, values, strict=True)) for values in zip(*columns, strict=True)]
        return [dict(self.rows[place]) for place in places]


def chosen(declaration: Declaration, raw: RawColumns) -> tuple[dict[str, list[str]], Drift]:
    """For each field the outside names that are there, in order of preference; and the drift."""
    present = dict.fromkeys(raw.names)
    exactly = {name for rule in declaration.fields for name in rule.names}
    # What one field names exactly is no looser spelling of another field's name.
    loosely = {folded(name): name for name in reversed(raw.names) if name not in exactly}
    joins = Options.of(declaration).table("join")
    used: set[str] = {part for name in joins.values for part in joins.texts(name)}
    used |= {loosely[folded(name)] for name in used if folded(name) in loosely}
    found: dict[str, list[str]] = {}
    gone, renamed = [], []
    for rule in declaration.fields:
        names = [name if name in present else loosely.get(folded(name), "") for name in rule.names]
        there = list(dict.fromkeys(name for name in names if name))
        # A joined column is made here, so it has no outside name that could be gone.
        if not there and _joined(rule, joins):
            found[rule.name] = []
            continue
        found[rule.name] = there
        used.update(there)
        if not there and rule.names and _is_missed(rule, raw):
            gone.append(rule.names[0])
        elif there and not names[0]:
            renamed.append((rule.names[0], there[0]))
    ignored = set(Options.of(declaration).texts("ignore"))
    new = (
        [] if "*" in ignored else [name for name in raw.names if name not in used | ignored and name.strip()]
    )
    return found, Drift(tuple(new), tuple(gone), tuple(renamed)) if raw.size else Drift()


def _is_missed(rule: FieldRule, raw: RawColumns) -> bool:
    return raw.table is not None or rule.required or raw.size >= FEW


def _joined(rule: FieldRule, joins: Options) -> str:
    return next((name for name in (rule.name, *rule.names) if name in joins.values), "")


def field_column(declaration: Declaration, rule: FieldRule, raw: RawColumns, names: list[str]) -> pa.Array:
    """The raw column of one field: its first name's values, gaps filled from its other names; nulls if it is not there.

    Option ``join`` makes one of several: ``join = { at = ["date", "hour"] }`` joins texts with a blank.
    """
    if names:
        columns = [raw.column(name) for name in names]
        first = columns[0]
        for other in columns[1:]:
            if first.null_count:
                same = first.type == other.type
                first = pc.coalesce(first if same else as_text(first), other if same else as_text(other))
        return first
    joins = Options.of(declaration).table("join")
    made = _joined(rule, joins)
    if not made:
        return pa.nulls(raw.size, pa.string())
    loosely = {folded(name): name for name in reversed(raw.names)}
    parts = [loosely.get(folded(part), "") for part in joins.texts(made)]
    if not all(parts):
        return pa.nulls(raw.size, pa.string())
    texts = [pc.utf8_trim_whitespace(as_text(raw.column(part))) for part in parts]
    return pc.binary_join_element_wise(*texts, " ", null_handling="emit_null")


def split_records(rows: RawRows) -> tuple[RawRows, list[bytes]]:
    """The rows that are mappings, and the others as text: a list inside a list is no record."""
    if isinstance(rows, pa.Table) or all(type(row) is dict for row in rows):
        return rows, []
    good = [row for row in rows if isinstance(row, Mapping)]
    bad = [(plain(row) or "null").encode() for row in rows if not isinstance(row, Mapping)]
    return good, bad


def places_of(mask: np.ndarray) -> list[int]:
    """Where ``mask`` is true."""
    return [int(place) for place in np.flatnonzero(mask)]
