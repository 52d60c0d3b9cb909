"""The search of CKAN over the slim index: the part of Solr's query language that clients use, facets, order."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from maru.services.opendata.rest import library
from maru.services.opendata.rest.library import Slim

_PART = re.compile(
    r'(?P<sign>[+-]|NOT\s+)?(?:(?P<field>[\w.]+):)?(?P<value>"[^"]*"|\[[^\]]*\]|\([^()]*\)|[^\s()"]+)'
)
_FIELDS: dict[str, Callable[[Slim], Iterable[str]]] = {
    "name": lambda one: (one.slug,),
    "id": lambda one: (one.slug,),
    "organization": lambda one: (one.office,),
    "owner_org": lambda one: (one.office,),
    "groups": lambda one: (one.category,),
    "tags": lambda one: one.keywords,
    "res_format": lambda one: tuple(name.upper() for name in one.formats),
    "license_id": lambda one: (one.licence,),
    "type": lambda one: ("dataset",),
    "dataset_type": lambda one: ("dataset",),
    "state": lambda one: ("active",),
    "private": lambda one: ("false",),
    "capacity": lambda one: ("public",),
    "source": lambda one: (one.source,),
}
FACETS = ("organization", "groups", "tags", "res_format", "license_id")
_TEXTS = ("title", "notes", "text")
# Each word is one question to the index, each test is asked of every dataset.
_MOST_WORDS = 40
_MOST_TESTS = 40
_ORDERS: dict[str, Callable[[Slim], Any]] = {
    "name": lambda one: one.slug,
    "id": lambda one: one.slug,
    "title": lambda one: (one.titles.get("ko") or one.titles.get("en") or "").casefold(),
    "title_string": lambda one: (one.titles.get("ko") or one.titles.get("en") or "").casefold(),
    "metadata_modified": lambda one: one.modified,
    "metadata_created": lambda one: one.created,
    "views_recent": lambda one: one.uses,
}


class Unreadable(Exception):
    """The query is not one that this search reads; the text says why."""


@dataclass
class Wanted:
    """What a query asks: words, and tests that each dataset passes or not."""

    words: list[str]
    tests: list[Callable[[Slim], bool]]


def read(text: str, wanted: Wanted) -> None:
    """Add what ``q`` or ``fq`` asks. Raises Unreadable."""
    text = text.strip()
    if text in ("", "*", "*:*"):
        return
    if re.search(r"\bOR\b", re.sub(r"\([^()]*\)", "", text)):
        raise Unreadable("OR is read only between values of one field: field:(a OR b).")
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        hit = _PART.match(text, at)
        if hit is None:
            raise Unreadable(f"Cannot read this: {text[at : at + 30]!r}")
        at = hit.end()
        _add(hit["sign"] or "", hit["field"] or "", hit["value"], wanted)
        if len(wanted.words) > _MOST_WORDS or len(wanted.tests) > _MOST_TESTS:
            raise Unreadable(f"At most {_MOST_WORDS} words and {_MOST_TESTS} conditions.")


def _add(sign: str, field: str, value: str, wanted: Wanted) -> None:
    if not field and value in ("AND", "*"):
        return
    negated = sign.strip() in ("-", "NOT")
    if field == "*" or (not field and value == "*:*"):
        return
    if not field or field in _TEXTS:
        words = value.strip('"()').replace("*", " ")
        if negated:
            hits = library.scores(words)
            wanted.tests.append(lambda one: one.slug not in hits)
        else:
            wanted.words.append(words)
        return
    if field in ("metadata_modified", "metadata_created"):
        test = _between(field, value)
    elif field in _FIELDS:
        test = _equal(field, value)
    else:
        raise Unreadable(f"There is no field {field[:40]!r} here.")
    wanted.tests.append((lambda one, test=test: not test(one)) if negated else test)  # type: ignore[misc]


def _equal(field: str, value: str) -> Callable[[Slim], bool]:
    read_field = _FIELDS[field]
    if value == "*" or value == "[* TO *]":
        return lambda one: any(read_field(one))
    inner = value[1:-1] if value.startswith("(") else value
    inner = " ".join(inner.split())
    parts = [part.strip() for part in re.split(r" (?:OR|AND) | (?=\")", inner) if part.strip()]
    every = " AND " in inner
    choices = {part.strip('"').casefold() for part in parts}
    if any("*" in choice for choice in choices):
        wilds = [choice.split("*") for choice in choices]
        return lambda one: any(_fits(wild, text.casefold()) for wild in wilds for text in read_field(one))
    if every:
        return lambda one: choices <= {text.casefold() for text in read_field(one)}
    return lambda one: any(text.casefold() in choices for text in read_field(one))


def _fits(parts: Sequence[str], text: str) -> bool:
    """Whether the text is these parts with anything between them. One pass: an expression of many ``.*`` never ends."""
    first, *middle = parts
    if not middle:
        return text == first
    last = middle.pop()
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


def _between(field: str, value: str) -> Callable[[Slim], bool]:
    hit = re.fullmatch(r"\[(\S+) TO (\S+)\]", value.strip('"'))
    if hit is None:
        raise Unreadable(f"{field} takes a range: [2024-01-01T00:00:00Z TO *].")
    low, high = (_instant(end) for end in hit.groups())

    def test(one: Slim) -> bool:
        moment = one.modified if field == "metadata_modified" else one.created
        return (low is None or moment >= low) and (high is None or moment <= high)

    return test


def _instant(text: str) -> dt.datetime | None:
    if text == "*":
        return None
    now = dt.datetime.now(dt.UTC)
    hit = re.fullmatch(r"NOW(?:([+-])(\d{1,4})(DAY|HOUR|MONTH|YEAR)S?)?(?:/\w+)?", text)
    if hit:
        hours = {"HOUR": 1, "DAY": 24, "MONTH": 730, "YEAR": 8_766}
        shift = dt.timedelta(hours=int(hit[2] or 0) * hours.get(hit[3] or "DAY", 24))
        return now - shift if hit[1] == "-" else now + shift
    try:
        moment = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise Unreadable(f"{text[:40]!r} is not a time.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def run(token: int, wanted: Wanted, order: str) -> list[Slim]:
    """Every dataset that is asked for, in order."""
    best: dict[str, float] = {}
    for at, words in enumerate(wanted.words):
        hits = library.scores(words)
        best = hits if at == 0 else {slug: best[slug] + score for slug, score in hits.items() if slug in best}
    found = [
        one
        for one in library.entries(token)
        if (not wanted.words or one.slug in best) and all(test(one) for test in wanted.tests)
    ]
    for name, descending in reversed(_order(order)):
        if name == "score":
            found.sort(key=lambda one: best.get(one.slug, 0.0), reverse=descending)
        else:
            found.sort(key=_ORDERS[name], reverse=descending)
    return found


def _order(text: str) -> Sequence[tuple[str, bool]]:
    found = []
    for part in text.split(","):
        name, _space, direction = part.strip().partition(" ")
        if not name:
            continue
        if (name != "score" and name not in _ORDERS) or direction.strip().lower() not in ("", "asc", "desc"):
            raise Unreadable(f"Cannot sort by {part.strip()[:40]!r}.")
        found.append((name, direction.strip().lower() == "desc"))
    return found


def facet(found: Iterable[Slim], field: str, limit: int) -> list[tuple[str, int]]:
    """The values of a field among these datasets, most frequent first."""
    if field not in _FIELDS:
        return []
    counts = Counter(value for one in found for value in _FIELDS[field](one) if value)
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ordered[:limit] if limit >= 0 else ordered
