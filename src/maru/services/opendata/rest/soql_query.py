"""``$query``: a whole SoQL statement in one parameter, taken apart into the clauses that say the same."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlencode

from maru.services.opendata.rest.http import Request, bad

# Clauses in the order in which a statement has them.
_CLAUSES = {
    "select": "$select",
    "where": "$where",
    "group by": "$group",
    "having": "$having",
    "order by": "$order",
    "limit": "$limit",
    "offset": "$offset",
}
_MOST = 8_000
# A text, a name in backticks, or one of the words that begin a clause.
_PARTS = re.compile(
    r"'(?:[^']|'')*'|`[^`]*`|\b(select|where|group\s+by|having|order\s+by|limit|offset)\b", re.IGNORECASE
)


def expanded(request: Request) -> Request:
    """The request with its ``$query`` in clauses; unchanged without one. Problem 400 if it is no such statement."""
    statement = request.get("$query").strip()
    if not statement:
        return request
    if len(statement) > _MOST:
        bad("$query", "The statement is too long.")
    beside = [pair for pair in request.pairs if pair[0] != "$query"]
    for name, _value in beside:
        if name in _CLAUSES.values() or name == "$q":
            bad("$query", f"{name} stands inside the statement or not at all.")
    return replace(request, query_string=urlencode([*_clauses(statement), *beside]), _pairs=None)


def _clauses(statement: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    begun, at = "", 0
    order = list(_CLAUSES)
    for part in _PARTS.finditer(statement):
        if part[1] is None:
            continue
        word = " ".join(part[1].lower().split())
        if begun and order.index(word) <= order.index(begun):
            bad("$query", f"{word} stands after {begun}.")
        if begun:
            found.append((_CLAUSES[begun], statement[at : part.start()].strip()))
        elif statement[: part.start()].strip():
            bad("$query", "A statement begins with SELECT, WHERE or another clause.")
        begun, at = word, part.end()
    if not begun:
        bad("$query", "A statement begins with SELECT, WHERE or another clause.")
    found.append((_CLAUSES[begun], statement[at:].strip()))
    for name, text in found:
        if not text:
            bad("$query", f"{name} is empty.")
    # All columns is what one gets without naming any.
    return [pair for pair in found if pair != ("$select", "*")]
