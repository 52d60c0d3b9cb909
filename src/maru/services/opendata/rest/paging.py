"""A page with its exact total, counted only where the page does not say it itself."""

from __future__ import annotations

from dataclasses import replace

from maru.services.opendata.engine.contracts import Page, Query
from maru.services.opendata.rest.shelf import Rows


def page_of(rows: Rows, query: Query) -> Page:
    """As ``rows.page``. A page that is not full ends the rows, and so tells their number: most filters find few."""
    if (
        not query.total
        or query.group
        or query.measures
        or query.distinct
        or not query.limit
        or query.where is None
    ):
        return rows.page(query)
    found = rows.page(replace(query, total=False))
    if len(found.rows) < query.limit and (found.rows or not query.offset):
        return replace(found, total=query.offset + len(found.rows))
    return replace(found, total=rows.count(query.where))
