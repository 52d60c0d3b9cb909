"""Put things into the index, take them out, find them. Writing belongs into the transaction that changes the thing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import orjson
from django.db import connection, transaction

from maru.platform.ports.search.models import Indexed
from maru.platform.ports.search.tokens import asked, indexed

MOST_BODY = 20_000  # characters kept of one text: more says little about what it is
_BATCH = 400


@dataclass(frozen=True)
class Entry:
    """A thing to be found: ``title`` counts ten times as much as ``text``."""

    key: str
    title: str
    text: str = ""


class Hit(NamedTuple):
    """A thing found; a higher ``score`` fits better. Scores of different databases cannot be compared."""

    key: str
    score: float


def put(kind: str, entries: Iterable[Entry]) -> int:
    """Index each entry, in place of what stood under its key. Returns how many."""
    rows = {
        entry.key: Indexed(
            kind=kind, key=entry.key, title=indexed(entry.title), body=indexed(entry.text[:MOST_BODY])
        )
        for entry in entries
    }
    keys = list(rows)
    with transaction.atomic():
        for at in range(0, len(keys), _BATCH):
            _drop(kind, keys[at : at + _BATCH])
            made = Indexed.objects.bulk_create([rows[key] for key in keys[at : at + _BATCH]])
            if connection.vendor == "sqlite":
                with connection.cursor() as cursor:
                    cursor.executemany(
                        "INSERT INTO search_words (rowid, kind, title, body) VALUES (%s, %s, %s, %s)",
                        [(one.pk, kind, one.title, one.body) for one in made],
                    )
    return len(keys)


def drop(kind: str, keys: Sequence[str] | None = None) -> None:
    """Take these keys out of the index; None: everything of the kind."""
    with transaction.atomic():
        if keys is None:
            keys = list(Indexed.objects.filter(kind=kind).values_list("key", flat=True))
        for at in range(0, len(keys), _BATCH):
            _drop(kind, keys[at : at + _BATCH])


def find(kind: str, query: str, limit: int = 10_000) -> list[Hit]:
    """What holds every word of the query, best first. A query without a word finds nothing."""
    words = asked(query)
    if not words:
        return []
    statement, match = _sqlite(words) if connection.vendor == "sqlite" else _postgres(words)
    with connection.cursor() as cursor:
        cursor.execute(statement, [match, kind, limit])
        if connection.vendor != "sqlite":
            return list(map(Hit._make, cursor.fetchall()))
        hits = [Hit(key, score) for key, score in orjson.loads(cursor.fetchone()[0])]
    return sorted(hits, key=lambda hit: (-hit.score, hit.key))


def _drop(kind: str, keys: Sequence[str]) -> None:
    found = Indexed.objects.filter(kind=kind, key__in=keys)
    if connection.vendor == "sqlite":
        gone = list(found.values_list("pk", flat=True))
        with connection.cursor() as cursor:
            cursor.executemany("DELETE FROM search_words WHERE rowid = %s", [(one,) for one in gone])
    found.delete()


def _sqlite(words: list[tuple[list[str], bool]]) -> tuple[str, str]:
    # Tokens are letters and digits alone, so that quoting them is enough.
    match = " AND ".join(f'"{" ".join(tokens)}"{" *" if beginning else ""}' for tokens, beginning in words)
    # All hits in one row: between two rows SQLite's driver lets another thread run, thousands of times where many find much.
    statement = (
        "SELECT json_group_array(json_array(key, score)) FROM ("
        "SELECT i.key AS key, -bm25(search_words, 0.0, 10.0, 1.0) AS score FROM search_words "
        "JOIN search_indexed i ON i.id = search_words.rowid "
        "WHERE search_words MATCH %s AND i.kind = %s ORDER BY score DESC, i.key LIMIT %s)"
    )
    return statement, match


def _postgres(words: list[tuple[list[str], bool]]) -> tuple[str, str]:
    match = " & ".join(
        "(" + " <-> ".join(f"'{token}'" for token in tokens) + (":*" if beginning else "") + ")"
        for tokens, beginning in words
    )
    statement = (
        "SELECT key, ts_rank('{0.1, 0.1, 0.2, 1.0}', words, asked) AS score FROM search_indexed, "
        "to_tsquery('simple', %s) AS asked WHERE words @@ asked AND kind = %s ORDER BY score DESC, key LIMIT %s"
    )
    return statement, match
