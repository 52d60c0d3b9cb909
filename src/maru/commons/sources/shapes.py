"""The JSON of the Open API of sources. Times are ISO 8601 in UTC, durations seconds, texts in the request's language."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Schema

from maru.commons.sources.contracts_pages import Card, LatestView, SourcePage


class SourceTrouble(Schema):
    """What is wrong. ``code`` is for machines, ``message`` for people, ``field`` names the input if one is meant."""

    code: str
    message: str
    field: str | None = None
    retry_after: int | None = None


class SourceProblem(Schema):
    """The one shape of every refusal."""

    error: SourceTrouble


class SourceOut(Schema):
    """A source and how it is. ``age_s`` is the age of its last value, ``fresh_s`` how old that may be."""

    name: str
    title: str
    summary: str
    office: str
    office_title: str
    category: str
    kind: str
    mode: str
    state: str
    last_value_at: datetime | None
    age_s: float | None
    fresh_s: float
    records: int
    dead: int
    drift: int
    error: str
    grade: str
    address: str

    @staticmethod
    def of(card: Card) -> dict[str, Any]:
        """What the catalogue knows."""
        return {
            "name": card.name,
            "title": card.title,
            "summary": card.summary,
            "office": card.office_code,
            "office_title": card.office,
            "category": card.category,
            "kind": card.kind,
            "mode": card.mode,
            "state": card.state,
            "last_value_at": card.last_value_at,
            "age_s": None if card.age_s is None else round(card.age_s, 1),
            "fresh_s": card.fresh_s,
            "records": card.records,
            "dead": card.dead,
            "drift": card.drift,
            "error": card.error,
            "grade": card.grade,
            "address": f"/sources/{card.name}/",
        }


class SourceList(Schema):
    """Sources in the order asked for; ``total`` counts those that match."""

    total: int
    sources: list[SourceOut]


class LatestOut(Schema):
    """The newest value of one series; ``seen`` is when it came to the house."""

    series: str
    title: str
    key: str
    labels: dict[str, str]
    value: float | str | None
    unit: str
    at: datetime
    seen: datetime

    @staticmethod
    def of(view: LatestView) -> LatestOut:
        """A row of the table of newest values."""
        return LatestOut(
            series=view.series,
            title=view.title,
            key=view.key,
            labels=dict(view.labels),
            value=view.number if view.number is not None else view.text,
            unit=view.unit,
            at=view.at,
            seen=view.seen,
        )


class LatestList(Schema):
    """Newest values; ``next`` is the offset of the next page, null at the end."""

    values: list[LatestOut]
    next: int | None


class ColumnOut(Schema):
    """A column of its records."""

    name: str
    title: str
    type: str
    unit: str
    key: bool
    personal: bool


class RuleOut(Schema):
    """A rule of the grades; ``status`` is done, todo or exempt."""

    name: str
    level: str
    status: str
    reason: str


class DriftOut(Schema):
    """A change of columns that is not over."""

    kind: str
    name: str
    becomes: str
    since: datetime


class SourceDetail(SourceOut):
    """All that is public of one source."""

    owner: str
    licence: str
    licence_title: str
    licence_address: str
    every_s: float
    term: str
    kept: float | None
    paused: bool
    last_ok_at: datetime | None
    last_try_at: datetime | None
    next_at: datetime | None
    failures: int
    error_detail: str
    corrected: int
    letters: int
    columns: list[ColumnOut]
    rules: list[RuleOut]
    drifts: list[DriftOut]
    feeds: list[str]

    @staticmethod
    def page(page: SourcePage, types: dict[str, str]) -> SourceDetail:
        """The page of a source; ``types`` maps a column's name to its type's code."""
        return SourceDetail(
            **SourceOut.of(page.card),
            owner=page.owner,
            licence=page.licence_id,
            licence_title=page.licence,
            licence_address=page.licence_address,
            every_s=page.every_s,
            term=page.term,
            kept=page.kept,
            paused=page.paused,
            last_ok_at=page.last_ok_at,
            last_try_at=page.last_try_at,
            next_at=page.next_at,
            failures=page.failures,
            error_detail=page.error_detail,
            corrected=page.corrected,
            letters=page.letters,
            columns=[
                ColumnOut(
                    name=one.name,
                    title=one.title,
                    type=types.get(one.name, "text"),
                    unit=one.unit,
                    key=one.key,
                    personal=one.personal,
                )
                for one in page.fields
            ],
            rules=[
                RuleOut(name=one.name, level=one.level, status=one.status, reason=one.reason)
                for one in page.rules
            ],
            drifts=[
                DriftOut(kind=one.kind, name=one.name, becomes=one.becomes, since=one.first_at)
                for one in page.alarms
                if one.closed_at is None
            ],
            feeds=list(page.feeds),
        )
