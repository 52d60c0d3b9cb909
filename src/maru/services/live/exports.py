"""The whole conversation to take away: CSV for spreadsheets, JSON for programs. Nothing hidden is in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from maru.services.live.contracts import OpinionView
from maru.services.live.models import Broadcast
from maru.services.live.queries.broadcasts import card, chapters
from maru.services.live.queries.conversation import all_opinions
from maru.services.live.queries.numbers import tally
from maru.services.live.wire import iso, iso_or_none, opinion_record

COLUMNS = (
    "id",
    "moment",
    "at",
    "offset_s",
    "name",
    "text",
    "question",
    "state",
    "votes",
    "on_air_at",
    "answered_at",
    "office",
    "answer",
    "answer_at",
)
# Spreadsheets open UTF-8 without this mark as something else, and Korean becomes noise.
_MARK = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(broadcast: Broadcast) -> Iterator[str]:
    """The conversation as CSV (RFC 4180, UTF-8 with mark), in the order of its moments, piece by piece."""
    yield _MARK + _row(COLUMNS)
    for opinion in all_opinions(broadcast):
        yield _row(_cells(broadcast, opinion))


def as_json(broadcast: Broadcast) -> dict[str, Any]:
    """Broadcast, agenda and conversation as one JSON object."""
    here, counts = card(broadcast), tally(broadcast)
    return {
        "broadcast": {
            "slug": here.slug,
            "titles": dict(broadcast.titles),
            "state": here.state,
            "started_at": iso_or_none(here.started_at),
            "ended_at": iso_or_none(here.ended_at),
        },
        "tally": {"asked": counts.asked, "answered": counts.answered, "waiting": counts.waiting},
        "chapters": [
            {"title": part.title, "at": iso_or_none(part.at), "offset_s": part.offset_s}
            for part in chapters(broadcast)
        ],
        "opinions": [opinion_record(opinion) for opinion in all_opinions(broadcast)],
    }


def _cells(broadcast: Broadcast, opinion: OpinionView) -> tuple[str, ...]:
    begun = broadcast.started_at
    last = opinion.answers[-1] if opinion.answers else None
    return (
        opinion.id,
        iso(opinion.moment),
        iso(opinion.at),
        f"{(opinion.moment - begun).total_seconds():.3f}" if begun else "",
        _harmless(opinion.name),
        _harmless(opinion.text),
        "yes" if opinion.question else "no",
        opinion.question_state if opinion.question else "",
        str(opinion.votes),
        iso_or_none(opinion.on_air_at) or "",
        iso_or_none(opinion.answered_at) or "",
        _harmless(opinion.office.name) if opinion.office else "",
        _harmless(last.text) if last else "",
        iso(last.at) if last else "",
    )


def _harmless(text: str) -> str:
    """A cell that begins like a formula gets an apostrophe, so that no spreadsheet runs what a citizen wrote."""
    return f"'{text}" if text.lstrip(" \n").startswith(_FORMULA) else text


def _row(cells: tuple[str, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()
