"""The newest value of each series in a table of records: Arrow does the looking, Python only what is left over."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from maru.commons.sources.contracts import Declaration, SeriesRule
from maru.commons.sources.settlements import LatestRow

Moments = npt.NDArray[np.int64]
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_UTC = pa.timestamp("us", tz="UTC")
_DAY = 86_400_000_000
_KEY = 200
_TEXT = 200


def newest(declaration: Declaration, table: pa.Table, received_at: dt.datetime) -> list[LatestRow]:
    """One row for each series and key in ``table``. A record of the future counts as of its arrival."""
    if not declaration.series or not table.num_rows:
        return []
    times = moments(declaration, table, received_at)
    rows: list[LatestRow] = []
    for by, rules in _grouped(declaration.series).items():
        rows += _newest_by(declaration, table, times, by, rules)
    return rows


def moments(declaration: Declaration, table: pa.Table, received_at: dt.datetime) -> Moments:
    """The time of each record in microseconds, at most that of its arrival: clocks outside may be wrong."""
    arrival = int(received_at.timestamp() * 1e6)
    if not declaration.time or declaration.time not in table.column_names:
        return np.full(table.num_rows, arrival, np.int64)
    times = table.column(declaration.time)
    if pa.types.is_date(times.type):
        times = pc.cast(times, _UTC)
    whole = pc.fill_null(pc.cast(times, pa.int64()), arrival).combine_chunks()
    found: Moments = np.minimum(whole.to_numpy(zero_copy_only=False), arrival)
    return found


def last_value_at(declaration: Declaration, table: pa.Table, received_at: dt.datetime) -> dt.datetime | None:
    """The time of the newest record, None for no records."""
    if not table.num_rows:
        return None
    newest = int(moments(declaration, table, received_at).max())
    if declaration.time and pa.types.is_date(table.column(declaration.time).type):
        # The value of a day is as of its end, or of its arrival if the day is not over.
        newest = min(newest + _DAY, int(received_at.timestamp() * 1e6))
    return _EPOCH + dt.timedelta(microseconds=newest)


def _grouped(series: Sequence[SeriesRule]) -> dict[tuple[str, ...], list[SeriesRule]]:
    groups: dict[tuple[str, ...], list[SeriesRule]] = {}
    for rule in series:
        groups.setdefault(rule.by, []).append(rule)
    return groups


def _newest_by(
    declaration: Declaration,
    table: pa.Table,
    times: Moments,
    by: tuple[str, ...],
    rules: list[SeriesRule],
) -> list[LatestRow]:
    units = {field.name: field.unit for field in declaration.fields}
    values = list(dict.fromkeys(rule.value for rule in rules))
    narrow = table.select(list(dict.fromkeys([*by, *values]))).append_column(
        "_time", pa.array(times, pa.int64())
    )
    # Stable order: of two records of one moment the one that came later counts.
    ordered = narrow.take(pa.array(np.argsort(times, kind="stable")))
    rows: list[LatestRow] = []
    for rule in rules:
        present = ordered.filter(pc.is_valid(ordered.column(rule.value)))
        if by:
            numbered = present.append_column("_n", pa.array(np.arange(present.num_rows)))
            last = numbered.group_by(list(by), use_threads=False).aggregate([("_n", "max")]).column("_n_max")
            present = present.take(last)
        else:
            present = present.slice(max(0, present.num_rows - 1))
        rows += _rows(rule, present, by, units.get(rule.value, ""))
    return rows


def _rows(rule: SeriesRule, table: pa.Table, by: tuple[str, ...], unit: str) -> list[LatestRow]:
    kind = table.schema.field(rule.value).type
    counted = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    columns = [table.column(name).to_pylist() for name in by]
    values, times = table.column(rule.value).to_pylist(), table.column("_time").to_pylist()
    rows = []
    for index, (value, at) in enumerate(zip(values, times, strict=True)):
        names = {name: _shown(column[index]) for name, column in zip(by, columns, strict=True)}
        rows.append(
            LatestRow(
                series=rule.name,
                key=_cut(" | ".join(names.values())),
                labels=json.dumps(names, ensure_ascii=False, separators=(",", ":")),
                number=float(value) if counted else None,
                text="" if counted else _shown(value)[:_TEXT],
                unit=unit[:30],
                at=_EPOCH + dt.timedelta(microseconds=at),
            )
        )
    return rows


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    return str(value).replace("\x00", "")


def _cut(text: str) -> str:
    """Keys longer than the column keep their beginning and a digest of the whole."""
    if len(text) <= _KEY:
        return text
    return text[: _KEY - 17] + "~" + hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
