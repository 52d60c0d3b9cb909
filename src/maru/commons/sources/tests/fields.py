"""One field in a declaration made up for the tests, and what becomes of its values."""

from __future__ import annotations

import datetime as dt
from typing import Any

from maru.commons.sources.contracts import (
    Declaration,
    FieldRule,
    Licence,
    Records,
    Schedule,
)
from maru.commons.sources.records import to_records

NOW = dt.datetime(2026, 7, 1, 3, 0, tzinfo=dt.UTC)


def declared(*fields: FieldRule, key: str = "", **more: Any) -> Declaration:
    return Declaration(
        name="a_source", drawer="a_source", names={}, summaries={}, office="o", owner="o", category="health",
        kind="table", mode="poll", address="", schedule=Schedule(60, "t"), licence=Licence("CC0-1.0", "t"),
        personal="none", fresh_s=60, fields=fields, key=(key or fields[0].name,), **{"zone": "Asia/Seoul", **more},
    )  # fmt: skip


def one(rule: FieldRule, *texts: Any, **more: Any) -> Records:
    rows = [{"id": str(place), rule.names[0]: text} for place, text in enumerate(texts)]
    return to_records(declared(FieldRule("id", ("id",)), rule, **more), rows, NOW)


NUMBER = FieldRule("value", ("값",), "number")
