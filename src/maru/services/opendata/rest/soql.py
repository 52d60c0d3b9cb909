"""SoQL: the clauses of a SODA query string become a Query. Columns are checked here, values travel as values.

Written from the public description of SoQL (dev.socrata.com); what it has beyond a single table (joins, sub-queries,
arithmetic between columns) is refused by name, not ignored.
"""

from __future__ import annotations

from maru.services.opendata.engine.contracts import ColumnInfo, Condition, Measure, Order, QueryFault
from maru.services.opendata.rest.literals import column_of
from maru.services.opendata.rest.parsing import Words
from maru.services.opendata.rest.soql_measures import AGGREGATES, Columns, measure
from maru.services.opendata.rest.soql_tokens import tokens
from maru.services.opendata.rest.soql_where import where_of


def having_of(text: str, names: Columns) -> Condition | None:
    """The condition over the names that a grouped query gives."""
    return where_of(text, names, "$having")


def order_of(text: str, columns: Columns) -> tuple[Order, ...]:
    """``column [asc|desc], ...``."""
    words = Words(tokens(text, "$order"), "$order")
    found: list[Order] = []
    while not words.done:
        name = _measured_name(words) or column_of(columns, words.step().value, "$order").name
        descending = words.take("desc") or words.take("descending")
        if not descending:
            _ = words.take("asc") or words.take("ascending")
        if words.take("null", "last") or words.take("null", "first"):
            raise QueryFault("$order", "The place of nulls cannot be chosen; they come last.")
        found.append(Order(name, descending))
        if not words.done:
            words.need(",")
    return tuple(found)


def _measured_name(words: Words) -> str:
    """``count(*)`` in $order and $having means the column that $select made of it."""
    if words.now.word in AGGREGATES and words.after.value == "(":
        return measure(words).name
    return ""


class Selection:
    """What $select asks for: plain columns with the names they go out under, and measures."""

    def __init__(self) -> None:
        self.columns: list[tuple[str, str]] = []
        self.measures: list[Measure] = []

    @property
    def names(self) -> list[str]:
        """In the order of the answer: columns first, as the engine gives them."""
        return [shown for _name, shown in self.columns] + [one.name for one in self.measures]


def select_of(text: str, columns: Columns, every: list[ColumnInfo]) -> Selection:
    """``*``, ``a, b as c, count(*) as n, sum(x)``."""
    words = Words(tokens(text, "$select"), "$select")
    found = Selection()
    while not words.done:
        if words.sign("*"):
            found.columns += [(one.name, one.name) for one in every]
        elif words.now.word in AGGREGATES and words.after.value == "(":
            one = measure(words, columns)
            found.measures.append(Measure(one.aggregate, one.column, _as(words) or one.name))
        else:
            _ = words.take("distinct")
            if words.after.value == "(":
                raise words.fault(f"{words.now.value[:30]}() cannot be selected; expected a column")
            name = column_of(columns, words.step().value, "$select").name
            found.columns.append((name, _as(words) or name))
        if not words.done:
            words.need(",")
    shown = found.names
    if len(set(shown)) != len(shown):
        raise QueryFault("$select", "Two columns of the answer have the same name.")
    return found


def _as(words: Words) -> str:
    if not words.take("as"):
        return ""
    word = words.step()
    if word.kind not in ("name", "quoted") or not word.value.isidentifier() or len(word.value) > 60:
        raise words.fault("expected a plain name after AS")
    return word.value


def group_of(text: str, columns: Columns) -> tuple[str, ...]:
    """``a, b``."""
    words = Words(tokens(text, "$group"), "$group")
    found: list[str] = []
    while not words.done:
        if words.after.value == "(":
            raise words.fault(f"{words.now.value[:30]}() cannot be grouped by; expected a column")
        found.append(column_of(columns, words.step().value, "$group").name)
        if not words.done:
            words.need(",")
    return tuple(dict.fromkeys(found))
