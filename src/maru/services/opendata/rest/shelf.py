"""Datasets as the interfaces hold them: view, sheet and a token that changes with the data, looked at again each second."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from maru.services.opendata.contracts import DatasetView
from maru.services.opendata.engine.contracts import ColumnInfo, Condition, FacetCount, Page, Query
from maru.services.opendata.rest.http import CATALOGUE, Problem
from maru.services.opendata.rest.literals import columns_by_name

FRESH_S = 1.0
# The catalogue changes with every edition of a living source; programs that harvest it do not need the last seconds.
CATALOGUE_FRESH_S = 10.0
_MOST_HELD = 2_000


class Rows(Protocol):
    """What the interfaces use of a sheet."""

    version: int

    def page(self, query: Query) -> Page:
        """Run a query. Raises QueryFault."""

    def count(self, where: Condition | None = None) -> int:
        """How many rows match, exactly."""

    def facet(self, column: str, where: Condition | None = None, limit: int = 20) -> Sequence[FacetCount]:
        """The most frequent values of a column."""

    def stream(self, query: Query, batch: int = 20_000) -> Iterator[pa.RecordBatch]:
        """All rows that match, in batches; ``limit`` 0 means no end."""

    def ids(self, query: Query) -> list[str]:
        """Stable ids of the records of a page."""

    def one(self, key: str) -> tuple[Any, ...] | None:
        """The record with this id."""


class Books(Protocol):
    """Where datasets are found: the plaza's queries (``library.py``), or what a test puts here."""

    def dataset(self, slug: str) -> tuple[Rows, DatasetView] | None:
        """A published dataset by its slug."""

    def slug_of_code(self, code: str) -> str:
        """The slug of the dataset with this service code, "" if there is none."""

    def catalogue_mark(self) -> str:
        """A text that changes when any description changes."""

    def catalogue(self, offset: int, limit: int) -> tuple[Sequence[DatasetView], int]:
        """Published datasets in the order of their slugs, and how many there are."""


@dataclass(frozen=True)
class Holding:
    """A dataset, ready to be asked."""

    view: DatasetView
    rows: Rows
    columns: dict[str, ColumnInfo]
    token: int

    @property
    def slug(self) -> str:
        """Its stable id."""
        return self.view.slug

    @property
    def longitude(self) -> str:
        """Name of the column of longitudes, "" if there is none."""
        return next((one.name for one in self.view.columns if one.role == "longitude"), "")

    @property
    def latitude(self) -> str:
        """Name of the column of latitudes, "" if there is none."""
        return next((one.name for one in self.view.columns if one.role == "latitude"), "")

    @property
    def located(self) -> bool:
        """Whether its rows are points."""
        return bool(self.longitude and self.latitude)


@dataclass(slots=True)
class _Seen:
    holding: Holding | None
    token: int
    at: float


class Shelf:
    """Thread-safe. ``known`` never waits; the others may ask the database and the lake."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, _Seen] = {}
        self._codes: dict[str, tuple[str, float]] = {}
        self.books: Books | None = None

    def _library(self) -> Books:
        if self.books is None:
            from maru.services.opendata.rest.library import Library

            self.books = Library()
        return self.books

    def known(self, subject: str) -> int | None:
        """The token of a dataset or of the catalogue, if it was looked at a moment ago."""
        seen = self._seen.get(subject)
        if seen is None:
            return None
        fresh = CATALOGUE_FRESH_S if subject == CATALOGUE else FRESH_S
        return seen.token if time.monotonic() - seen.at < fresh else None

    def token(self, subject: str) -> int:
        """The token now: 0 for a dataset that is not (or no more) published."""
        known = self.known(subject)
        if known is not None:
            return known
        if subject == CATALOGUE:
            mark = self._library().catalogue_mark()
            token = number_of(mark)
            self._seen[CATALOGUE] = _Seen(None, token, time.monotonic())
            return token
        return self._look(subject).token

    def find(self, slug: str) -> Holding | None:
        """The dataset; None if it is not published."""
        seen = self._seen.get(slug)
        if seen is None or time.monotonic() - seen.at >= FRESH_S:
            seen = self._look(slug)
        return seen.holding

    def get(self, slug: str) -> Holding:
        """The dataset; Problem 404."""
        found = self.find(slug) if len(slug) <= 80 else None
        if found is None:
            raise Problem(404, "not_found", "There is no dataset with this name.")
        return found

    def now(self, slug: str) -> Holding | None:
        """The dataset if it was looked at a moment ago; never waits."""
        seen = self._seen.get(slug)
        return seen.holding if seen is not None and time.monotonic() - seen.at < FRESH_S else None

    def coded_now(self, code: str) -> Holding | None:
        """The same by its service code."""
        known = self._codes.get(code)
        if known is None or time.monotonic() - known[1] > FRESH_S * 10:
            return None
        return self.now(known[0])

    def coded(self, code: str) -> Holding | None:
        """The dataset with this service code, whatever its case."""
        known = self._codes.get(code)
        now = time.monotonic()
        if known is None or now - known[1] > FRESH_S * 10:
            slug = self._library().slug_of_code(code) if len(code) <= 80 else ""
            if len(self._codes) > _MOST_HELD:
                self._codes.clear()
            known = (slug, now)
            if slug:
                self._codes[code] = known
        return self.find(known[0]) if known[0] else None

    def catalogue(self, offset: int = 0, limit: int = 1_000) -> tuple[Sequence[DatasetView], int]:
        """Published datasets by slug, and how many there are."""
        return self._library().catalogue(offset, limit)

    def _look(self, slug: str) -> _Seen:
        at = time.monotonic()
        found = self._library().dataset(slug)
        holding = None
        if found is not None:
            rows, view = found
            mark = f"{slug}:{rows.version}:{view.edited_at.isoformat()}"
            holding = Holding(view, rows, columns_by_name(view.columns), number_of(mark))
        seen = _Seen(holding, holding.token if holding else 0, at)
        with self._lock:
            if len(self._seen) > _MOST_HELD:
                self._seen.clear()
            if holding is not None:
                self._seen[slug] = seen
            else:
                self._seen.pop(slug, None)
        return seen

    def forget(self) -> None:
        """Look again at everything."""
        self._seen.clear()
        self._codes.clear()


def number_of(mark: str) -> int:
    """A short number for a text."""
    return int.from_bytes(hashlib.blake2b(mark.encode(), digest_size=7).digest(), "big")


shelf = Shelf()
