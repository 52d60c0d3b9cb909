"""A page with its exact total, counted only where the page does not say it itself."""

from __future__ import annotations

from dataclasses import replace

from maru.services.opendata.engine.contracts import Page, Query
from maru.services.opendata.rest.columns import tables
from maru.services.opendata.rest.shelf import Holding


def page_of(holding: Holding, query: Query) -> Page:
    """As ``holding.rows.page``, from columns in memory where they are.

    A page that is not full ends the rows, and so tells their number: most filters find few.
    """
    found = tables.page(holding, query)
    if found is not None:
        return found if query.total else replace(found, total=-1)
    rows = holding.rows
    grouped = query.group or query.measures or query.distinct
    if not query.total or grouped or not query.limit or query.where is None:
        return rows.page(query)
    found = rows.page(replace(query, total=False))
    if len(found.rows) < query.limit and (found.rows or not query.offset):
        return replace(found, total=query.offset + len(found.rows))
    return replace(found, total=rows.count(query.where))
