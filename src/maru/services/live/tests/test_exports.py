"""What can be taken away: CSV, JSON, calendar."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maru.services.live import exports
from maru.services.live.calendar import calendar, fold
from maru.services.live.contracts import BroadcastCard, Named
from maru.services.live.operations.conversation import write_opinion

START = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_csv_is_read_back(broadcast: Any, client: Any) -> None:
    hall = broadcast()
    texts = ['=HYPERLINK("http://x")', "  +1", "@sum", "-1", 'quote " and , comma', "두 줄\n글", "plain"]
    for text in texts:
        write_opinion(broadcast=hall, text=text, device="d", question=text == "plain")
    response = client.get("/api/v1/broadcasts/hall/conversation.csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    raw = response.content.decode("utf-8")
    assert raw.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(raw.removeprefix("\ufeff"), newline="")))
    assert [row["text"].lstrip("'") for row in rows] == [text.strip() for text in texts]
    assert not any(row["text"].startswith(("=", "+", "-", "@")) for row in rows)
    assert [row["question"] for row in rows][-1] == "yes"
    assert float(rows[0]["offset_s"]) >= 0
    assert tuple(rows[0]) == exports.COLUMNS


@pytest.mark.django_db
def test_json_holds_the_conversation(broadcast: Any, client: Any) -> None:
    hall = broadcast()
    write_opinion(broadcast=hall, text="안녕", device="d")
    found = client.get("/api/v1/broadcasts/hall/conversation.json").json()
    assert found["broadcast"]["slug"] == "hall"
    assert [one["text"] for one in found["opinions"]] == ["안녕"]


def card(**changes: Any) -> BroadcastCard:
    fields: dict[str, Any] = {
        "slug": "hall",
        "title": "Buses; trees, and\nlight",
        "summary": "두 언어로 " * 30,
        "state": "scheduled",
        "starts_at": START,
        "started_at": None,
        "ended_at": None,
        "url": "/live/hall/",
        "poster": "",
        "programme": None,
        "topics": (Named("traffic", "교통"),),
        "duration_s": None,
        "plays": 0,
    }
    return BroadcastCard(**{**fields, **changes})


def test_calendar() -> None:
    text = calendar([card(), card(starts_at=None)], name="Live", base="https://x", domain="x", stamp=START)
    assert text.endswith("END:VCALENDAR\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    whole = text.replace("\r\n ", "")
    assert whole.count("BEGIN:VEVENT") == 1
    assert "SUMMARY:Buses\\; trees\\, and\\nlight\r\n" in whole
    assert "DTSTART:20261127T100000Z\r\n" in whole
    assert "DTEND:20261127T110000Z\r\n" in whole
    assert "URL:https://x/live/hall/\r\n" in whole


@given(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=400))
def test_folding_loses_nothing(line: str) -> None:
    pieces = fold(line)
    assert all(len(piece.encode()) <= 75 for piece in pieces)
    assert pieces[0] + "".join(piece[1:] for piece in pieces[1:]) == line
