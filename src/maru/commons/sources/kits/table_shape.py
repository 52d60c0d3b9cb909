"""What a drawer may ask of a table before its rows are records: leave rows out, and turn columns into rows.

``leave_out = { "자치구" = ["소계", "합계"] }``: rows with these cells are totals of others, not records.
``melt = { columns = "(\\d+)시(승차|하차).*", into = ["hour", "direction"], value = "people" }``: one row for each matching
column, whose groups become the columns of ``into``.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from maru.commons.sources.contracts import SourceFault
from maru.commons.sources.kits.options import Options
from maru.commons.sources.reading.columns import folded


def shaped(table: pa.Table, options: Options) -> pa.Table:
    """``table`` (texts) as the options ask for. Raises SourceFault(configuration) for a wrong pattern."""
    return _melted(_left_out(table, options.table("leave_out")), options.table("melt"))


def _left_out(table: pa.Table, rules: Options) -> pa.Table:
    for name in rules.values:
        column = next((one for one in table.column_names if folded(one) == folded(name)), None)
        if column is not None:
            words = pa.array(rules.texts(name), pa.string())
            table = table.filter(
                pc.invert(pc.is_in(pc.utf8_trim_whitespace(table.column(column)), value_set=words))
            )
    return table


def _melted(table: pa.Table, rule: Options) -> pa.Table:
    if not rule:
        return table
    try:
        pattern = re.compile(rule.required("columns"))
    except re.error as fault:
        raise SourceFault("configuration", f"options.melt.columns is no pattern: {fault}") from fault
    into, value = rule.texts("into"), rule.required("value")
    if len(into) != max(pattern.groups, 1):
        raise SourceFault("configuration", "options.melt.into must name one column for each group")
    hits = [(name, match) for name in table.column_names if (match := pattern.fullmatch(name))]
    if not hits:
        return table
    melted = {name for name, _ in hits}
    kept = [name for name in table.column_names if name not in melted]
    parts = []
    for name, match in hits:
        words = match.groups(default="") if pattern.groups else (match.group(0),)
        columns = [table.column(one) for one in kept]
        columns += [
            pa.array([word], pa.string()).take(pa.array([0] * table.num_rows, pa.int8())) for word in words
        ]
        parts.append(pa.Table.from_arrays([*columns, table.column(name)], names=[*kept, *into, value]))
    return pa.concat_tables(parts)
