"""The published datasets as arrays in memory: 8,255 of them are filtered and counted in a millisecond.

Described anew or published: seen at once, for the stamp is asked each time. Row counts and dates of the data, by which lists
are only ordered, may be ten seconds old.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db.models import Count, Max

from maru.commons.offices.models import Office
from maru.services.opendata.contracts import FORMATS
from maru.services.opendata.models import Dataset
from maru.services.opendata.queries.views import MOST_XLSX

AGE_S = 10.0
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Field:
    """One facet: the code of each dataset, as numbers into ``values``."""

    values: tuple[str, ...]
    codes: npt.NDArray[np.int32]

    def mask(self, value: str) -> Mask:
        """Where the field has this value."""
        if value not in self.values:
            return np.zeros(len(self.codes), dtype=bool)
        return np.asarray(self.codes == self.values.index(value), dtype=bool)

    def counts(self, among: Mask) -> list[tuple[str, int]]:
        """(value, how many) of the datasets that are left, most first; "" left out."""
        found = np.bincount(self.codes[among], minlength=len(self.values))
        pairs = [(value, int(n)) for value, n in zip(self.values, found, strict=True) if n and value]
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


class Fits:
    """How well each dataset fits the words that were asked last: who turns pages or narrows by facets asks them again.

    Words change with a description alone, and so does the shelf that this belongs to.
    """

    MOST = 200

    def __init__(self) -> None:
        self._known: OrderedDict[str, npt.NDArray[np.float64]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, text: str) -> npt.NDArray[np.float64] | None:
        """What is known of these words."""
        with self._lock:
            found = self._known.get(text)
            if found is not None:
                self._known.move_to_end(text)
            return found

    def put(self, text: str, found: npt.NDArray[np.float64]) -> None:
        """Remember it; what was not asked for longest goes."""
        with self._lock:
            self._known[text] = found
            while len(self._known) > self.MOST:
                self._known.popitem(last=False)


@dataclass(frozen=True)
class Shelf:
    """All published datasets, by position."""

    pks: npt.NDArray[np.int64]
    position: dict[str, int]
    fields: dict[str, Field]
    formats: dict[str, Mask]
    titles: dict[str, tuple[str, ...]]
    changed: npt.NDArray[np.float64]
    rows: npt.NDArray[np.int64]
    uses: npt.NDArray[np.int64]
    offices: dict[str, dict[str, str]]
    stamp: tuple[Any, ...]
    made: float
    fits: Fits

    def __len__(self) -> int:
        return len(self.pks)


_lock = threading.Lock()
_shelf: Shelf | None = None


def shelf() -> Shelf:
    """The shelf as it is. One small query if nothing changed."""
    global _shelf
    counted = Dataset.objects.filter(state="published").aggregate(n=Count("pk"), at=Max("edited_at"))
    stamp = (counted["n"], counted["at"])
    known = _shelf
    if known is not None and known.stamp == stamp and time.monotonic() - known.made < AGE_S:
        return known
    # Numbers that are a little old serve as well as those of now: nobody waits for who reads them anew.
    same = known is not None and known.stamp == stamp
    if not _lock.acquire(blocking=not same):
        assert known is not None
        return known
    try:
        known = _shelf
        if known is not None and known.stamp == stamp and time.monotonic() - known.made < AGE_S:
            return known
        _shelf = _load(stamp) if known is None or known.stamp != stamp else _counted(known)
        return _shelf
    finally:
        _lock.release()


def _load(stamp: tuple[Any, ...]) -> Shelf:
    names = (
        "pk", "slug", "category", "office__code", "licence", "source", "origin", "has_map", "titles",
        "changed_at", "rows", "uses",
    )  # fmt: skip
    found = list(Dataset.objects.filter(state="published").order_by("pk").values_list(*names))
    columns: list[Sequence[Any]] = list(zip(*found, strict=True)) if found else [[] for _name in names]
    pks, slugs, category, office, licence, source, origin, has_map, titles, changed, rows, uses = columns
    count = np.array(rows, dtype=np.int64)
    on_map = np.array(has_map, dtype=bool)
    every = np.ones(len(pks), dtype=bool)
    formats = dict.fromkeys(FORMATS, every) | {"geojson": on_map, "xlsx": count <= MOST_XLSX}
    return Shelf(
        pks=np.array(pks, dtype=np.int64),
        position={slug: place for place, slug in enumerate(slugs)},
        fields={
            "category": _field(category),
            "office": _field(office),
            "licence": _field(licence),
            "source": _field(source),
            "origin": _field(origin),
            "map": _field("yes" if one else "" for one in has_map),
        },
        formats=formats,
        titles={language: tuple(_title(words, language) for words in titles) for language in ("ko", "en")},
        changed=np.array([_seconds(one) for one in changed], dtype=np.float64),
        rows=count,
        uses=np.array(uses, dtype=np.int64),
        offices=dict(Office.objects.values_list("code", "names")),
        stamp=stamp,
        made=time.monotonic(),
        fits=Fits(),
    )


def _counted(known: Shelf) -> Shelf:
    """The same shelf with the numbers of now. The texts, which take most of the time to read, are as they were."""
    found = Dataset.objects.filter(state="published").values_list("pk", "changed_at", "rows", "uses")
    fresh = {pk: rest for pk, *rest in found}
    if fresh.keys() != set(known.pks.tolist()):
        return _load(known.stamp)
    changed, rows, uses = (
        zip(*(fresh[pk] for pk in known.pks.tolist()), strict=True) if fresh else ((), (), ())
    )
    count = np.array(rows, dtype=np.int64)
    return replace(
        known,
        formats=known.formats | {"xlsx": count <= MOST_XLSX},
        changed=np.array([_seconds(one) for one in changed], dtype=np.float64),
        rows=count,
        uses=np.array(uses, dtype=np.int64),
        made=time.monotonic(),
    )


def _field(given: Iterable[str | None]) -> Field:
    values = [value or "" for value in given]
    known = tuple(sorted(set(values)))
    numbers = {value: number for number, value in enumerate(known)}
    return Field(known, np.array([numbers[value] for value in values], dtype=np.int32))


def _title(words: dict[str, str], language: str) -> str:
    return (words.get(language) or next(iter(words.values()), "")).casefold()


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0
