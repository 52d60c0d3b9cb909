"""What the Open Data Plaza hands out: frozen dataclasses, no models.

Moments are aware UTC datetimes. ``slug`` is the stable id of a dataset in every API. Texts come in the active
language; ``titles``, ``names`` and the like hold all languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, TypedDict

from maru.commons.sources.licences import licence_words
from maru.services.opendata.engine.contracts import ColumnInfo, RowChange

State = Literal["draft", "held", "published", "withdrawn"]
Origin = Literal["source", "upload", "offer"]
Freshness = Literal["fresh", "late", "still"]  # still: no promise of freshness was given
Format = Literal["csv", "json", "parquet", "xlsx", "geojson"]
FORMATS: tuple[Format, ...] = ("csv", "json", "parquet", "xlsx", "geojson")
SearchOrder = Literal["best", "new", "title", "rows", "used"]
Decision = Literal["release", "reject", "mask"]
# The twelve policy fields of the plaza, as the sources declare them.
CATEGORIES = (
    "health",
    "administration",
    "culture",
    "industry",
    "welfare",
    "education",
    "environment",
    "safety",
    "transport",
    "housing",
    "population",
    "science",
)


@dataclass(frozen=True)
class Viewer:
    """Whoever looks or speaks: a signed-in person, a device, or both. ``device`` is a hash, "" if none."""

    person_id: int | None = None
    device: str = ""
    publisher: bool = False  # may see drafts and held datasets


NOBODY = Viewer()


@dataclass(frozen=True)
class Named:
    """A code and its name in the active language; ``names`` in all."""

    code: str
    name: str
    names: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class LicenceView:
    """``id`` as SPDX or KOGL name it; ``address`` may be ""."""

    id: str
    title: str
    address: str = ""

    @property
    def name(self) -> str:
        """What the reader's language calls it; ``title`` is what interfaces say."""
        return licence_words(self.id, self.title)


@dataclass(frozen=True)
class Card:
    """A dataset as a list shows it. ``score`` is the quality, 0 to 100; ``changed_at`` of its data."""

    slug: str
    service_code: str
    title: str
    summary: str
    category: Named
    office: Named | None
    licence: LicenceView
    origin: Origin
    source: str
    state: State
    rows: int
    columns: int
    version: int
    has_map: bool
    formats: tuple[Format, ...]
    score: int
    freshness: Freshness
    changed_at: datetime | None
    published_at: datetime | None
    uses: int
    titles: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class FacetEntry:
    """One choice of a facet and how many datasets it would leave. ``chosen``: it is in force."""

    code: str
    name: str
    count: int
    chosen: bool = False


@dataclass(frozen=True)
class Found:
    """A page of a search. ``facets``: category, office, format, licence, source, map."""

    cards: tuple[Card, ...]
    total: int
    facets: Mapping[str, tuple[FacetEntry, ...]]
    page: int
    size: int


@dataclass(frozen=True)
class Criterion:
    """One check of the quality score. ``points`` of ``most``; ``why`` is the sentence for people, ``fix`` what would help."""

    code: str
    title: str
    points: int
    most: int
    why: str
    fix: str = ""


@dataclass(frozen=True)
class QualityView:
    """The machine-checked score, 0 to 100, with each criterion explained."""

    score: int
    criteria: tuple[Criterion, ...]
    checked_at: datetime | None


@dataclass(frozen=True)
class DatasetView:
    """Everything about a dataset but its rows: what catalogues (CKAN, DCAT, OpenAPI) are made from.

    ``bounds`` is west, south, east, north; ``since`` and ``until`` span the time column. ``cadence_s`` is the promise
    of freshness in seconds, 0 for none.
    """

    card: Card
    titles: Mapping[str, str]
    summaries: Mapping[str, str]
    columns: tuple[ColumnInfo, ...]
    key: tuple[str, ...]
    time: str
    table: str
    keywords: tuple[str, ...]
    cadence_s: float
    bounds: tuple[float, float, float, float] | None
    since: datetime | None
    until: datetime | None
    created_at: datetime
    edited_at: datetime

    @property
    def slug(self) -> str:
        """The stable id."""
        return self.card.slug


@dataclass(frozen=True)
class SourceView:
    """Where the data comes from. ``address`` is the page of the source; "" for uploads and offers."""

    name: str
    title: str
    address: str
    owner: str
    kind: str


@dataclass(frozen=True)
class AnswerView:
    """What an office answered in writing."""

    office: Named | None
    text: str
    at: datetime


@dataclass(frozen=True)
class RemarkView:
    """A question or a defect report about a dataset: a voice. ``id`` is the voice's public id, its page ``/voices/ID/``.

    ``own``: the viewer wrote it; then it is given also while it is held or hidden, with the reason.
    """

    id: str
    kind: Literal["question", "defect"]
    text: str
    name: str
    state: str
    state_name: str
    at: datetime
    office: Named | None
    due_at: datetime | None
    column: str = ""
    answers: tuple[AnswerView, ...] = ()
    own: bool = False
    hidden_reason: str = ""


@dataclass(frozen=True)
class UsePoint:
    """How often a dataset was taken on one day."""

    day: date
    downloads: int


@dataclass(frozen=True)
class DatasetPage:
    """The page of a dataset. ``chart`` is a ``engine.charts.Chart`` or None; ``editions`` the newest first."""

    view: DatasetView
    quality: QualityView
    source: SourceView | None
    chart: Any
    editions: tuple[EditionView, ...]
    questions: int
    defects: int
    open_defects: int
    subscribers: int
    downloads: int
    use: tuple[UsePoint, ...]
    related: tuple[Card, ...]
    may_edit: bool


@dataclass(frozen=True)
class EditionView:
    """A point in the history of a dataset: what the lake's table was at ``version``. Counts are against the edition before."""

    version: int
    at: datetime
    rows: int
    added: int
    corrected: int
    gone: int
    note: str = ""


@dataclass(frozen=True)
class Differences:
    """What changed between two versions; ``rows`` holds at most the limit asked for."""

    slug: str
    from_version: int
    to_version: int
    added: int
    corrected: int
    gone: int
    rows: tuple[RowChange, ...]
    columns: tuple[ColumnInfo, ...]


@dataclass(frozen=True)
class Finding:
    """Personal data that a column seems to hold. ``examples`` are masked: fit for a screen."""

    column: str
    kind: str
    title: str
    count: int
    share: float
    examples: tuple[str, ...]
    certain: bool


@dataclass(frozen=True)
class HeldView:
    """An upload that waits for a person, or was decided."""

    slug: str
    title: str
    file_name: str
    size: int
    rows: int
    faults: int
    by: str
    at: datetime
    state: Literal["waiting", "released", "masked", "rejected"]
    findings: tuple[Finding, ...]
    decided_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True)
class DeskRow:
    """A dataset as its officials see it."""

    card: Card
    open_questions: int
    open_defects: int
    held: bool


@dataclass(frozen=True)
class Publishable:
    """A source or an offer that could be published. ``slug`` is that of its dataset if it was."""

    name: str
    title: str
    origin: Origin
    office: str
    category: str
    slug: str = ""


@dataclass(frozen=True)
class Change:
    """An entry of the feeds: a dataset is new, has new data, was described anew or was withdrawn."""

    slug: str
    title: str
    kind: Literal["published", "data", "described", "withdrawn"]
    at: datetime
    text: str
    number: int


@dataclass(frozen=True)
class SubscriptionView:
    """A subscription as its owner sees it. ``token`` ends it (``/data/subscriptions/TOKEN/``); ``secret`` signs a webhook's calls."""

    token: str
    slug: str
    title: str
    kind: Literal["email", "webhook"]
    address: str
    confirmed: bool
    failures: int
    secret: str = ""


class Description(TypedDict, total=False):
    """What an official may set. ``office`` is a code ("" for none); ``columns`` gives titles and units by column name."""

    titles: dict[str, str]
    summaries: dict[str, str]
    category: str
    office: str
    keywords: list[str]
    licence: LicenceView
    cadence_s: float
    service_code: str
    columns: dict[str, dict[str, Any]]
