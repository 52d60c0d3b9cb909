"""Tables made up for the tests, and what becomes of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import settings

from maru.commons.sources.contracts import (
    Declaration,
    Delivery,
    FieldRule,
    Licence,
    Records,
    Schedule,
)
from maru.commons.sources.kits.table import KIT
from maru.commons.sources.records import to_records

# The machines of the tests are busy: how long one example takes says nothing.
PATIENT = settings(deadline=None)

NOW = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)


def declared(*fields: FieldRule, complete: bool = False, **options: Any) -> Declaration:
    return Declaration(
        name="a_source", drawer="a_source", names={}, summaries={}, office="o", owner="o", category="health",
        kind="table", mode="file", address="https://data.example/a.csv", schedule=Schedule(60, "t"),
        licence=Licence("CC0-1.0", "t"), personal="none", fresh_s=60, fields=fields, key=(fields[0].name,),
        options=options, complete=complete, zone="Asia/Seoul",
    )  # fmt: skip


NAME = FieldRule("name", ("이름",), required=True)
COUNT = FieldRule("count", ("대수",), "integer")
DAY = FieldRule("day", ("날짜",), "date")
SHOPS = declared(NAME, COUNT, DAY)
HEAD = "이름,대수,날짜\n"


def parsed(declaration: Declaration, body: bytes | str) -> tuple[Delivery, Records]:
    delivery = KIT.parse(declaration, body.encode() if isinstance(body, str) else body)
    return delivery, to_records(declaration, delivery.rows, NOW)


def rows(declaration: Declaration, body: bytes | str) -> list[tuple[Any, ...]]:
    """All rows; nothing may be dead."""
    delivery, records = parsed(declaration, body)
    assert not delivery.dead
    assert not records.dead
    return [tuple(row.values()) for row in records.table.to_pylist()]


D1, D2 = dt.date(2024, 1, 1), dt.date(2024, 1, 2)
TWO = [("강남", 1, D1), ("종로", 2, D2)]
BODY = HEAD + "강남,1,2024-01-01\n종로,2,2024-01-02\n"
