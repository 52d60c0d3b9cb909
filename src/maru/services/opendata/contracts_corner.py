"""What the pages of the developers' corner show. Plain data in the reader's language."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

APP_NAME = 80
APP_SUMMARY = 600
WISH_TITLE = 120
WISH_TEXT = 2_000


@dataclass(frozen=True)
class AppView:
    """An app of the showcase. ``datasets`` are (slug, title); ``email`` only where staff decides."""

    slug: str
    name: str
    summary: str
    address: str
    kind: str
    kind_title: str
    maker: str
    datasets: tuple[tuple[str, str], ...]
    state: str
    state_title: str
    reason: str
    sent_at: dt.datetime
    email: str = ""


@dataclass(frozen=True)
class BookingView:
    """A place in a meeting as staff, or the one who holds its code, sees it."""

    code: str
    name: str
    email: str
    subject: str
    at: dt.datetime
    given_up: bool


@dataclass(frozen=True)
class MeetingView:
    """A course or a consulting hour. ``free`` places are left; ``bookings`` only for staff."""

    id: int
    kind: str
    title: str
    summary: str
    place: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    minutes: int
    seats: int
    free: int
    cancelled: bool
    over: bool
    bookings: tuple[BookingView, ...] = ()

    @property
    def open(self) -> bool:
        """Whether a place can be booked now."""
        return not self.cancelled and not self.over and self.free > 0


@dataclass(frozen=True)
class WishAnswer:
    """What an office wrote."""

    office: str
    text: str
    at: dt.datetime


@dataclass(frozen=True)
class WishView:
    """A request for data. ``due_at`` is the office's own promise, or, while no office has it, the city's to find one.

    ``dataset`` (slug, title) once it is published.
    """

    number: str
    title: str
    text: str
    state: str
    state_title: str
    supporters: int
    supported: bool
    at: dt.datetime
    office: str
    due_at: dt.datetime | None
    late: bool
    answers: tuple[WishAnswer, ...]
    dataset: tuple[str, str] | None
    held: bool = False
