"""How the conversation travels: one JSON shape for events, timed files, exports and the Open API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from maru.services.live.contracts import INTERVAL_S, AnswerView, OpinionView


def iso(moment: datetime) -> str:
    """UTC with milliseconds: ``2026-11-27T08:30:00.250Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_or_none(moment: datetime | None) -> str | None:
    """As ``iso``; None for None."""
    return iso(moment) if moment else None


def second_of(moment: datetime) -> int:
    """The even Unix second that begins the two seconds of ``moment``."""
    return int(moment.timestamp() // INTERVAL_S) * INTERVAL_S


def opinion_event(opinion: OpinionView) -> dict[str, Any]:
    """The payload of an ``opinion`` or ``shown`` event."""
    return {
        "id": opinion.id,
        "name": opinion.name,
        "text": opinion.text,
        "at": iso(opinion.at),
        "moment": iso(opinion.moment),
        "question": opinion.question,
        "votes": opinion.votes,
        "state": opinion.question_state if opinion.question else "",
    }


def opinion_record(opinion: OpinionView) -> dict[str, Any]:
    """An opinion with what became of it, as timed files, exports and the Open API give it."""
    return {
        **opinion_event(opinion),
        "on_air_at": iso_or_none(opinion.on_air_at),
        "answered_at": iso_or_none(opinion.answered_at),
        "answers": [answer_record(answer) for answer in opinion.answers],
    }


def answer_record(answer: AnswerView) -> dict[str, Any]:
    """An office's written answer, its name in every language, for files and events belong to no language."""
    return {
        "office": answer.office.name,
        "office_names": answer.office.names,
        "text": answer.text,
        "at": iso(answer.at),
    }
