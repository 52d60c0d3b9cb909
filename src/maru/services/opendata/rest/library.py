"""Where the interfaces find datasets: the plaza's queries, and a slim index of the catalogue for the search of CKAN."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max
from django.utils import translation

from maru.commons.offices.models import Office
from maru.platform.access.refusals import NotFound
from maru.platform.ports.search import index
from maru.services.opendata.contracts import FORMATS, Card, DatasetView
from maru.services.opendata.engine.contracts import Query
from maru.services.opendata.models import Dataset
from maru.services.opendata.queries import catalogue as plaza
from maru.services.opendata.queries.datasets import sheet_of
from maru.services.opendata.queries.views import MOST_XLSX, category_name, view
from maru.services.opendata.rest.shelf import Rows


@dataclass(frozen=True, slots=True)
class Slim:
    """A dataset as the index of the catalogue has it."""

    slug: str
    titles: Mapping[str, str]
    category: str
    office: str
    licence: str
    keywords: tuple[str, ...]
    formats: tuple[str, ...]
    source: str
    modified: dt.datetime
    created: dt.datetime
    rows: int
    uses: int


class Library:
    """The plaza as ``shelf.Books``."""

    def dataset(self, slug: str) -> tuple[Rows, DatasetView] | None:
        """A published dataset by its slug."""
        try:
            found = sheet_of(slug)
        except NotFound:
            return None
        return found

    def slug_of_code(self, code: str) -> str:
        """The slug of the dataset with this service code."""
        found = plaza.by_service_code(code)
        return found.slug if found else ""

    def catalogue_mark(self) -> str:
        """Changes with any description, and with each edition of the data."""
        found = Dataset.objects.filter(state="published").aggregate(
            n=Count("pk"), edited=Max("edited_at"), changed=Max("changed_at"), keys=Max("pk")
        )
        return ":".join(str(found[name]) for name in ("n", "edited", "changed", "keys"))

    def catalogue(self, offset: int, limit: int) -> tuple[Sequence[DatasetView], int]:
        """Published datasets in the order of their slugs, and how many there are."""
        return plaza.catalogue(offset=offset, limit=limit)


class _Index:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.token = -1
        self.entries: tuple[Slim, ...] = ()


_index = _Index()


def entries(token: int) -> tuple[Slim, ...]:
    """Every published dataset, by slug; read anew when the catalogue's token is another."""
    with _index.lock:
        if _index.token != token:
            _index.entries = tuple(_load())
            _index.token = token
        return _index.entries


def _load() -> Iterable[Slim]:
    names = (
        "slug", "titles", "category", "office__code", "licence", "keywords", "has_map", "source",
        "changed_at", "edited_at", "created_at", "rows", "uses",
    )  # fmt: skip
    for one in Dataset.objects.filter(state="published").order_by("slug").values_list(*names):
        (
            slug,
            titles,
            category,
            office,
            licence,
            keywords,
            has_map,
            source,
            changed,
            edited,
            created,
            rows,
            uses,
        ) = one
        formats = tuple(
            name
            for name in FORMATS
            if (name != "geojson" or has_map) and (name != "xlsx" or rows <= MOST_XLSX)
        )
        yield Slim(
            slug, titles, category, office or "", licence, tuple(keywords), formats, source,
            max(filter(None, (changed, edited))), created, rows, uses,
        )  # fmt: skip


def scores(text: str) -> dict[str, float]:
    """How well datasets fit the words, by slug."""
    return {hit.key: hit.score for hit in index.find(plaza.KIND, text[:200])}


def views(slugs: Sequence[str]) -> list[DatasetView]:
    """These datasets, in this order."""
    found = {
        one.slug: view(one)
        for one in Dataset.objects.filter(state="published", slug__in=slugs).select_related("office")
    }
    return [found[slug] for slug in slugs if slug in found]


def offices() -> dict[str, Office]:
    """Every office by its code."""
    return {office.code: office for office in Office.objects.all()}


def category_names(code: str) -> dict[str, str]:
    """A policy field's name in every language of the house."""
    found = {}
    for language in ("ko", "en"):
        with translation.override(language):
            found[language] = category_name(code)
    return found


def search(*, language: str, **wanted: Any) -> tuple[tuple[Card, ...], int]:
    """A page of the plaza's own search: (cards, how many in all)."""
    with translation.override(language):
        found = plaza.find(language=language, **wanted)
    return found.cards, found.total


def card_shape(card: Card, base: str) -> dict[str, Any]:
    """A dataset in lists of the house's own interface."""
    return {
        "slug": card.slug,
        "service_code": card.service_code,
        "title": card.title,
        "summary": card.summary,
        "category": card.category.code,
        "office": card.office.code if card.office else None,
        "licence": {
            "id": card.licence.id,
            "title": card.licence.title,
            "address": card.licence.address or None,
        },
        "origin": card.origin,
        "source": card.source or None,
        "rows_count": card.rows,
        "has_map": card.has_map,
        "formats": list(card.formats),
        "quality": card.score,
        "freshness": card.freshness,
        "changed": card.changed_at,
        "published": card.published_at,
        "page": f"{base}/data/{card.slug}/",
        "rows": f"{base}/api/v1/datasets/{card.slug}/rows",
        "openapi": f"{base}/data/{card.slug}/openapi.json",
    }


def ids(rows: Rows, query: Query) -> list[str]:
    """Stable ids of the records of a page, in its order."""
    return rows.ids(query)


def one(rows: Rows, name: str) -> tuple[Any, ...] | None:
    """The record with this id; None if there is none."""
    if not name.isascii() or not name.isalnum() or len(name) > 128:
        return None
    return rows.one(name)
