"""How the rows of a sheet stand when nobody asked for an order: the newest first, else by their key."""

from __future__ import annotations

from dataclasses import replace

from maru.services.opendata.contracts import DatasetView
from maru.services.opendata.engine.contracts import Order, Query

# Rows that are put in order for every page; larger tables stay in the order of their files, which is that of time.
_MOST = 200_000


def usual_order(view: DatasetView) -> tuple[Order, ...]:
    """Newest first, then by key. Empty for a table too large to be ordered for everyone, or without time and key."""
    if view.card.rows > _MOST:
        return ()
    known = {column.name for column in view.columns}
    key = tuple(Order(name) for name in view.key if name in known and name != view.time)
    newest = (Order(view.time, descending=True),) if view.time in known else ()
    return newest + key


def in_order(query: Query, view: DatasetView) -> Query:
    """The query in the order it asks for, and what is equal in that (or all, if it asks for none) in the usual one."""
    asked = {one.column for one in query.order}
    return replace(
        query, order=query.order + tuple(one for one in usual_order(view) if one.column not in asked)
    )
