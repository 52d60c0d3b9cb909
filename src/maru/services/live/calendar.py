"""The programme guide as iCalendar (RFC 5545), so that a citizen's own calendar knows what comes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from maru.services.live.contracts import BroadcastCard

# A broadcast without an end yet is shown as an hour; its real end replaces it.
_USUAL = timedelta(hours=1)
_STATUS = {"cancelled": "CANCELLED"}
_LINE = 75


def calendar(cards: Iterable[BroadcastCard], *, name: str, base: str, domain: str, stamp: datetime) -> str:
    """The calendar as text. ``base`` is the house's address without a final slash; ``domain`` makes ids unique.

    Times are UTC: every calendar shows them in its own zone, and no zone table can be out of date.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Maru//Live//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ]
    for card in cards:
        lines += _event(card, base, domain, stamp)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in fold(line))


def fold(line: str) -> list[str]:
    """A content line in pieces of at most 75 bytes; no character is cut in two."""
    pieces: list[str] = []
    piece, size = "", 0
    for letter in line:
        width = len(letter.encode())
        if size + width > _LINE:
            pieces.append(piece)
            piece, size = " ", 1
        piece += letter
        size += width
    return [*pieces, piece]


def _event(card: BroadcastCard, base: str, domain: str, stamp: datetime) -> list[str]:
    begins = card.started_at or card.starts_at
    if begins is None:
        return []
    ends = card.ended_at or begins + _USUAL
    address = f"{base}{card.url}"
    lines = [
        "BEGIN:VEVENT",
        f"UID:live-{card.slug}@{domain}",
        f"DTSTAMP:{_time(stamp)}",
        f"DTSTART:{_time(begins)}",
        f"DTEND:{_time(max(ends, begins + timedelta(seconds=1)))}",
        f"SUMMARY:{_text(card.title)}",
        f"URL:{address}",
        f"DESCRIPTION:{_text(chr(10).join(part for part in (card.summary, address) if part))}",
        f"STATUS:{_STATUS.get(card.state, 'CONFIRMED')}",
    ]
    if card.topics:
        lines.append("CATEGORIES:" + ",".join(_text(topic.name) for topic in card.topics))
    return [*lines, "END:VEVENT"]


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(words: str) -> str:
    """Escaped as RFC 5545 3.3.11 asks."""
    plain = words.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return plain.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")
