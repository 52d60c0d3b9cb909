"""The catalogue: all sources, what they hold and how they are. Read once a second at most, whoever asks."""

from __future__ import annotations

import datetime as dt
import threading
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from maru.commons.offices.models import in_language
from maru.commons.sources import words
from maru.commons.sources.contracts_pages import Card, Catalogue, Choice, Filters
from maru.commons.sources.models import Hour, Source

_FRESH_S = 1.0
_FIELDS = (
    "name", "names", "summaries", "office__names", "office_code", "category", "kind", "mode", "state",
    "last_value_at", "last_ok_at", "fresh_s", "records", "dead", "drift", "error", "grade", "own",
)  # fmt: skip
_WORST_FIRST = {"broken": 0, "stale": 1, "waiting": 2, "paused": 3, "ok": 4}
_NEVER_S = float("inf")


@dataclass(frozen=True)
class _Read:
    rows: tuple[dict[str, Any], ...]
    last_hour: int
    at: float


_lock = threading.Lock()
_last = _Read((), 0, 0.0)


def catalogue(filters: Filters | None = None) -> Catalogue:
    """The sources asked for, in the language of the page. At most a second old."""
    filters = filters or Filters()
    read = _rows()
    now = timezone.now()
    every = [card_of(row, now) for row in read.rows]
    found = [card for card in every if _fits(card, filters)]
    found.sort(key=ORDERS.get(filters.order, ORDERS["title"]))
    return Catalogue(
        cards=tuple(found),
        total=len(every),
        shown=len(found),
        states=_choices(every, lambda card: (card.state, card.state_title), words.STATES),
        categories=_choices(every, lambda card: (card.category, card.category_title)),
        offices=_choices(every, lambda card: (card.office_code, card.office)),
        grades=_choices(every, lambda card: (card.grade, card.grade_title), words.GRADES),
        records=sum(card.records for card in every),
        alive=sum(card.state == "ok" for card in every),
        last_hour=read.last_hour,
    )


def ages() -> dict[str, Any]:
    """How every source is, as small as can be: ``{"at": unix time, "sources": {name: [state, unix time of last value or
    None, records]}}``. For pages that follow."""
    return {
        "at": round(time.time(), 1),
        "sources": {
            row["name"]: [row["state"], _unix(_value_at(row)), row["records"]] for row in _rows().rows
        },
    }


def card_of(row: dict[str, Any], now: dt.datetime) -> Card:
    """One row of ``Source.objects.values`` as a card."""
    value_at = _value_at(row)
    age_s = max(0.0, (now - value_at).total_seconds()) if value_at else None
    fresh_s = float(row["fresh_s"])
    return Card(
        name=row["name"],
        title=in_language(row["names"]) or row["name"],
        summary=in_language(row["summaries"]),
        office_code=row["office_code"],
        office=in_language(row["office__names"] or {}) or row["office_code"],
        category=row["category"],
        category_title=words.of(words.CATEGORIES, row["category"]),
        kind=row["kind"],
        mode=row["mode"],
        state=row["state"],
        state_title=words.of(words.STATES, row["state"]),
        tone=words.STATE_TONES.get(row["state"], "neutral"),
        last_value_at=value_at,
        age_s=age_s,
        age=words.age(age_s),
        fresh_s=fresh_s,
        share=_share(age_s, fresh_s),
        records=row["records"],
        dead=row["dead"],
        drift=row["drift"],
        error=row["error"],
        error_title=words.of(words.ERRORS, row["error"]) if row["error"] else "",
        grade=row["grade"],
        grade_title=words.of(words.GRADES, row["grade"]),
        own=row["own"],
        words=" ".join(
            (*row["names"].values(), *row["summaries"].values(), *(row["office__names"] or {}).values())
        ),
    )


def fields() -> tuple[str, ...]:
    """What ``card_of`` needs of a row."""
    return _FIELDS


def forget() -> None:
    """Read anew at the next question: something was changed here and now."""
    global _last
    with _lock:
        _last = _Read((), 0, 0.0)


ORDERS: dict[str, Callable[[Card], Any]] = {
    "title": lambda card: card.title,
    "age": lambda card: (-(card.age_s if card.age_s is not None else _NEVER_S), card.title),
    "state": lambda card: (_WORST_FIRST.get(card.state, 9), not card.error, not card.drift, card.title),
    "records": lambda card: (-card.records, card.title),
    "dead": lambda card: (-card.dead, card.title),
}


def _rows() -> _Read:
    global _last
    with _lock:
        if time.monotonic() - _last.at > _FRESH_S:
            rows = tuple(Source.objects.filter(gone=False).order_by("name").values(*_FIELDS))
            _last = _Read(rows, _arrived_last_hour(), time.monotonic())
        return _last


def _arrived_last_hour() -> int:
    """Of the present hour and as much of the one before as makes sixty minutes."""
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    sums = dict(
        Hour.objects.filter(hour__gte=hour - dt.timedelta(hours=1))
        .order_by()
        .values_list("hour")
        .annotate(n=Sum("added"))
    )
    passed = (now - hour).total_seconds() / 3600
    return int(sums.get(hour, 0) + sums.get(hour - dt.timedelta(hours=1), 0) * (1 - passed))


def _value_at(row: dict[str, Any]) -> dt.datetime | None:
    found: dt.datetime | None = row["last_value_at"] or row["last_ok_at"]
    return found


def _unix(moment: dt.datetime | None) -> int | None:
    return int(moment.timestamp()) if moment else None


def _share(age_s: float | None, fresh_s: float) -> int:
    if age_s is None or not fresh_s:
        return 0
    return min(100, int(100 * age_s / fresh_s))


def _fits(card: Card, filters: Filters) -> bool:
    for wanted, has in (
        (filters.state, card.state),
        (filters.category, card.category),
        (filters.office, card.office_code),
        (filters.grade, card.grade or "none"),
    ):
        if wanted and wanted != has:
            return False
    if not filters.text:
        return True
    text = _plain(f"{card.words} {card.category_title} {card.name} {card.kind}")
    return all(word in text for word in _plain(filters.text).split())


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _choices(
    cards: Iterable[Card], of: Callable[[Card], tuple[str, str]], order: Iterable[str] | None = None
) -> tuple[Choice, ...]:
    counts = Counter(of(card) for card in cards)
    choices = [Choice(code or "none", title, count) for (code, title), count in counts.items()]
    if order is not None:
        place = {code or "none": number for number, code in enumerate(order)}
        return tuple(sorted(choices, key=lambda choice: place.get(choice.code, 99)))
    return tuple(sorted(choices, key=lambda choice: choice.title))
