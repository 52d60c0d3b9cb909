"""What the path interface must know of single services so that the original's programs find theirs.

``roots.json`` says for a service: another ``root`` than its name, the ``shape`` of its result, the order of its ``arguments``
by outside names (``A|B``: either; ``~A``: contained), and whether it shows what is ``now``. The lake keeps every state of a
bicycle station; a program that asks for ``bikeList`` wants each station once.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maru.services.opendata.engine.contracts import (
    And,
    ColumnInfo,
    Compare,
    Condition,
    Like,
    Measure,
    Or,
    Order,
    Page,
    Query,
)
from maru.services.opendata.rest.shelf import Holding

MOST_NOW = 50_000  # states looked at to find the last of each
_HELD = 200


@dataclass(frozen=True)
class Argument:
    """A place in the address: any of these columns, equal to it or holding it."""

    columns: tuple[ColumnInfo, ...]
    contained: bool


@functools.cache
def facts(service: str) -> dict[str, Any]:
    """What is told of a service, empty for most."""
    found: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("roots.json").read_text("utf-8"))
    return found.get(service, {})


def outside_name(column: ColumnInfo) -> str:
    """The name that the outside knows: the one kept from the source, else ours in upper case."""
    return column.alias or column.name.upper()


def arguments(service: str, columns: Sequence[ColumnInfo]) -> tuple[Argument, ...]:
    """The order of a service's arguments: the original's if the dataset has all of its columns, else its own columns'."""
    known = {outside_name(column): column for column in columns}
    told = [
        (name.lstrip("~").split("|"), name.startswith("~")) for name in facts(service).get("arguments", ())
    ]
    if not told or any(name not in known for names, _contained in told for name in names):
        return tuple(Argument((column,), False) for column in columns)
    return tuple(Argument(tuple(known[name] for name in names), contained) for names, contained in told)


def condition(argument: Argument, text: str, equal: Callable[[ColumnInfo, str], Condition]) -> Condition:
    """What the rows must fulfil so that ``text`` stands in this place."""
    if argument.contained:
        safe = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        parts: list[Condition] = [Like(column.name, f"%{safe}%") for column in argument.columns]
    else:
        parts = [equal(column, text) for column in argument.columns]
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def is_now(service: str, holding: Holding) -> bool:
    """Whether the service shows the last state of each thing, and the dataset holds more than that."""
    view = holding.view
    return bool(facts(service).get("now") and view.cadence_s and view.time in view.key and len(view.key) > 1)


def present(holding: Holding, where: Condition | None) -> Page:
    """The last state of each thing, in the order of their names: those not older than the newest by more than is promised."""
    view = holding.view
    newest = holding.rows.page(Query(measures=(Measure("max", view.time, "newest"),), total=False)).rows
    if not newest or newest[0][0] is None:
        return Page(view.columns, (), 0, holding.rows.version)
    since = newest[0][0] - dt.timedelta(seconds=view.cadence_s)
    recent: Condition = Compare(view.time, ">", since)
    query = Query(
        where=recent if where is None else And((recent, where)),
        order=(Order(view.time, descending=True),),
        limit=MOST_NOW,
        total=False,
    )
    page = holding.rows.page(query)
    names = [column.name for column in page.columns]
    places = [names.index(name) for name in view.key if name != view.time and name in names]
    last: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for row in page.rows:
        last.setdefault(tuple(row[place] for place in places), row)
    rows = [last[key] for key in sorted(last, key=lambda key: [str(part) for part in key])]
    return Page(page.columns, rows, len(rows), page.version)


class Presents:
    """Encoded rows of what is now, by dataset, until it changes. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[str, tuple[int, tuple[bytes, ...]]] = OrderedDict()

    def held(self, holding: Holding) -> tuple[bytes, ...] | None:
        """The rows, if they were encoded since the dataset changed. Never waits."""
        found = self._held.get(holding.slug)
        return found[1] if found is not None and found[0] == holding.token else None

    def rows(self, holding: Holding, encode: Callable[[Page], Sequence[bytes]]) -> tuple[bytes, ...]:
        """The rows, encoded now if need be."""
        found = self.held(holding)
        if found is None:
            found = tuple(encode(present(holding, None)))
            with self._lock:
                self._held[holding.slug] = (holding.token, found)
                self._held.move_to_end(holding.slug)
                while len(self._held) > _HELD:
                    self._held.popitem(last=False)
        return found

    def clear(self) -> None:
        """Forget all."""
        self._held.clear()


presents = Presents()
