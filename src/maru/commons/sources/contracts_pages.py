"""What pages, the Open API and other parts of the house are given about sources. Frozen, in the reader's language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from maru.commons.sources.licences import licence_words
from maru.commons.sources.units import unit_words


@dataclass(frozen=True)
class Filters:
    """What the reader asked for; "" means all. ``order`` is one of ``queries.catalogue.ORDERS``."""

    text: str = ""
    state: str = ""
    category: str = ""
    office: str = ""
    grade: str = ""
    order: str = "title"

    @property
    def narrowing(self) -> bool:
        """Whether anything is left out."""
        return bool(self.text or self.state or self.category or self.office or self.grade)

    @property
    def folded(self) -> bool:
        """Whether one of those that narrow screens fold away is in use."""
        return bool(self.category or self.office or self.grade or self.order != "title")


@dataclass(frozen=True)
class Card:
    """A source in the catalogue. ``age_s`` is the age of its last value; ``share`` that age in percent of the promise."""

    name: str
    title: str
    summary: str
    office_code: str
    office: str
    category: str
    category_title: str
    kind: str
    mode: str
    state: str
    state_title: str
    tone: str
    last_value_at: dt.datetime | None
    age_s: float | None
    age: str
    fresh_s: float
    share: int
    records: int
    dead: int
    drift: int
    error: str
    error_title: str
    grade: str
    grade_title: str
    own: bool = False
    words: str = ""  # what it is found by, in every language


@dataclass(frozen=True)
class Choice:
    """One value to narrow by, and how many sources have it."""

    code: str
    title: str
    count: int


@dataclass(frozen=True)
class Catalogue:
    """The sources asked for, and the whole they are part of."""

    cards: tuple[Card, ...]
    total: int
    shown: int
    states: tuple[Choice, ...]
    categories: tuple[Choice, ...]
    offices: tuple[Choice, ...]
    grades: tuple[Choice, ...]
    records: int
    alive: int
    last_hour: int


@dataclass(frozen=True)
class LatestView:
    """The newest value of one series."""

    series: str
    title: str
    key: str
    labels: Mapping[str, str]
    number: float | None
    text: str
    unit: str
    at: dt.datetime
    seen: dt.datetime

    @property
    def unit_words(self) -> str:
        """The unit as the page's language writes it."""
        return unit_words(self.unit)


@dataclass(frozen=True)
class Bar:
    """One hour of arrivals; ``height`` in percent of the highest."""

    hour: dt.datetime
    added: int
    corrected: int
    dead: int
    failures: int
    height: int


@dataclass(frozen=True)
class RunView:
    """One attempt."""

    at: dt.datetime
    seconds: float
    requests: int
    size: int
    added: int
    corrected: int
    unchanged: int
    gone: int
    dead: int
    code: str
    code_title: str
    detail: str


@dataclass(frozen=True)
class DriftView:
    """A change of columns."""

    kind: str
    kind_title: str
    name: str
    becomes: str
    first_at: dt.datetime
    closed_at: dt.datetime | None


@dataclass(frozen=True)
class RuleView:
    """One rule of the grades."""

    name: str
    title: str
    level: str
    level_title: str
    status: str
    reason: str


@dataclass(frozen=True)
class FieldView:
    """One column, as declared."""

    name: str
    title: str
    type: str
    unit: str
    outside: tuple[str, ...]
    key: bool
    personal: bool

    @property
    def unit_words(self) -> str:
        """The unit as the page's language writes it."""
        return unit_words(self.unit)


@dataclass(frozen=True)
class SourcePage:
    """Everything about one source that everyone may know. ``address`` holds no key."""

    card: Card
    owner: str
    office_id: int | None
    provider: str
    address: str
    every_s: float
    term: str
    licence_id: str
    licence: str
    licence_address: str
    personal: str
    kept: float | None
    paused: bool
    wanted: str
    last_ok_at: dt.datetime | None
    last_try_at: dt.datetime | None
    next_at: dt.datetime | None
    failures: int
    error_detail: str
    error_at: dt.datetime | None
    corrected: int
    letters: int
    latest: tuple[LatestView, ...]
    latest_total: int
    bars: tuple[Bar, ...]
    arrived: int
    runs: tuple[RunView, ...]
    alarms: tuple[DriftView, ...]
    rules: tuple[RuleView, ...]
    fields: tuple[FieldView, ...]
    key: tuple[str, ...]
    feeds: tuple[str, ...]
    added_at: dt.datetime
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def licence_words(self) -> str:
        """The licence as the page's language calls it."""
        return licence_words(self.licence_id, self.licence)


@dataclass(frozen=True)
class LetterView:
    """A dead letter for those who look after the source; ``shown`` is the beginning of the bytes as text."""

    id: int
    reason: str
    field: str
    seen: int
    first_at: dt.datetime
    last_at: dt.datetime
    size: int
    shown: str
