"""Finding datasets: by words, by facets, by name; and the whole catalogue for those who harvest it."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import numpy.typing as npt
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from maru.commons.offices.models import in_language
from maru.commons.sources.licences import licence_words
from maru.platform.ports.search import index
from maru.services.opendata.contracts import Card, DatasetView, FacetEntry, Found, SearchOrder
from maru.services.opendata.models import Dataset
from maru.services.opendata.models.datasets import ORIGINS
from maru.services.opendata.queries.shelf import Mask, Shelf, shelf
from maru.services.opendata.queries.views import card, category_name, view

KIND = "dataset"
MOST_SIZE = 1_000
MOST_FACET = 30


def find(
    *,
    text: str = "",
    language: str = "",
    category: str = "",
    office: str = "",
    format: str = "",
    licence: str = "",
    source: str = "",
    origin: str = "",
    has_map: bool | None = None,
    order: SearchOrder = "best",
    page: int = 1,
    size: int = 20,
) -> Found:
    """Published datasets that hold every word of ``text`` and fit every filter, a page of them, and the facets.

    A facet counts what choosing its entry would leave with all other filters in force.
    """
    books = shelf()
    chosen = {"category": category, "office": office, "licence": licence, "source": source, "origin": origin}
    masks = {name: books.fields[name].mask(value) for name, value in chosen.items() if value}
    if format:
        masks["format"] = books.formats.get(format, np.zeros(len(books), dtype=bool))
    if has_map is not None:
        masks["map"] = books.fields["map"].mask("yes") == has_map
    best = _matching(books, text)
    if best is not None:
        masks[""] = best > 0
    left = _all(books, masks)
    places = _ordered(books, left, best, order, (language or get_language() or "en").split("-")[0])
    size = max(1, min(size, MOST_SIZE))
    page = max(1, page)
    cards = _cards([int(one) for one in books.pks[places[(page - 1) * size : page * size]]])
    facets = _facets(books, masks, {**chosen, "map": "yes" if has_map else "", "format": format})
    return Found(cards, int(left.sum()), facets, page, size)


def catalogue(
    *, modified_since: datetime | None = None, offset: int = 0, limit: int = 100
) -> tuple[tuple[DatasetView, ...], int]:
    """Published datasets in the order of their slugs, and how many there are; those changed since a time alone if one is given."""
    found = Dataset.objects.filter(state="published")
    if modified_since is not None:
        found = found.filter(Q(changed_at__gte=modified_since) | Q(edited_at__gte=modified_since))
    rows = found.select_related("office").order_by("slug")[offset : offset + max(0, limit)]
    return tuple(view(one) for one in rows), found.count()


def slugs() -> tuple[str, ...]:
    """The slug of every published dataset, sorted."""
    return tuple(Dataset.objects.filter(state="published").order_by("slug").values_list("slug", flat=True))


def by_service_code(code: str) -> DatasetView | None:
    """The published dataset that Seoul's path grammar names so, None if there is none."""
    if "\x00" in code or len(code) > 80:
        return None
    found = Dataset.objects.filter(state="published", service_code=code).select_related("office").first()
    return None if found is None else view(found)


def newest(*, limit: int = 6) -> tuple[Card, ...]:
    """The datasets that were published last."""
    rows = Dataset.objects.filter(state="published").select_related("office")
    return tuple(card(one) for one in rows.order_by(F("published_at").desc(nulls_last=True), "slug")[:limit])


def categories() -> tuple[FacetEntry, ...]:
    """Every policy field that has datasets, with how many."""
    books = shelf()
    found = books.fields["category"].counts(np.ones(len(books), dtype=bool))
    return tuple(FacetEntry(code, category_name(code), count) for code, count in found)


def totals() -> dict[str, int]:
    """``datasets``, ``rows``, ``uses`` of all that is published."""
    books = shelf()
    return {"datasets": len(books), "rows": int(books.rows.sum()), "uses": int(books.uses.sum())}


def _matching(books: Shelf, text: str) -> npt.NDArray[np.float64] | None:
    """How well each dataset fits the words, 0 for not at all; None without words."""
    if not text.strip():
        return None
    words = " ".join(text[:200].casefold().split())
    known = books.fits.get(words)
    if known is not None:
        return known
    best = np.zeros(len(books), dtype=np.float64)
    hits = index.find(KIND, words)
    if hits:
        keys, scores = zip(*hits, strict=True)
        places = np.array([books.position.get(key, -1) for key in keys], dtype=np.int64)
        fits = np.array(scores, dtype=np.float64)
        there = places >= 0
        best[places[there]] = fits[there] - fits.min() + 1.0
    books.fits.put(words, best)
    return best


def _all(books: Shelf, masks: dict[str, Mask], but: str = "-") -> Mask:
    left = np.ones(len(books), dtype=bool)
    for name, mask in masks.items():
        if name != but:
            left = left & mask
    return left


def _ordered(
    books: Shelf, left: Mask, best: npt.NDArray[np.float64] | None, order: SearchOrder, language: str
) -> npt.NDArray[np.int64]:
    places = np.flatnonzero(left)
    if order == "title":
        titles = books.titles.get(language, books.titles["en"])
        return np.array(sorted(places, key=lambda place: titles[place]), dtype=np.int64)
    keys = {"new": books.changed, "rows": books.rows, "used": books.uses}
    if order == "best" and best is not None:
        by = best[places]
    else:
        by = np.asarray(keys.get(order, books.uses))[places].astype(np.float64)
    # Ties in the order of publication, so that pages neither repeat nor skip.
    return np.asarray(places[np.lexsort((books.pks[places], -by))], dtype=np.int64)


def _cards(pks: list[int]) -> tuple[Card, ...]:
    rows = {one.pk: one for one in Dataset.objects.filter(pk__in=pks).select_related("office")}
    return tuple(card(rows[pk]) for pk in pks if pk in rows)


def _facets(
    books: Shelf, masks: dict[str, Mask], chosen: dict[str, str]
) -> dict[str, tuple[FacetEntry, ...]]:
    facets: dict[str, tuple[FacetEntry, ...]] = {}
    for name, field in books.fields.items():
        counts = field.counts(_all(books, masks, but=name))[:MOST_FACET]
        facets[name] = tuple(
            FacetEntry(code, _entry_name(books, name, code), count, chosen.get(name) == code)
            for code, count in counts
        )
    left = _all(books, masks, but="format")
    facets["format"] = tuple(
        FacetEntry(
            code, _entry_name(books, "format", code), int((left & mask).sum()), chosen["format"] == code
        )
        for code, mask in books.formats.items()
        if (left & mask).any()
    )
    return facets


def _entry_name(books: Shelf, facet: str, code: str) -> str:
    if facet == "category":
        return category_name(code)
    if facet == "office":
        return in_language(books.offices.get(code, {})) or code
    if facet == "licence":
        return licence_words(code)
    if facet == "map":
        return _("On a map")
    if facet == "origin":
        return str(dict(ORIGINS).get(code, code))
    if facet == "format":
        return "Parquet" if code == "parquet" else "GeoJSON" if code == "geojson" else code.upper()
    return code
