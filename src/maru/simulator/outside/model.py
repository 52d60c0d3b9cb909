"""What a simulated system is: its fields, how their values come about, how records follow each other in time.

Nothing is stored: record ``i`` of a system has values and a time that follow from the seed, ``i`` and the clock alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kit = Literal[
    "seoul", "seoul_subway", "seoul_citydata", "topis", "dataportal", "json", "xml", "feed", "gtfs", "gtfs_realtime",
    "gbfs", "sensorthings", "ngsi_ld", "ogc_features", "wfs", "ckan", "dcat", "open311", "table", "excel", "folder",
    "sql", "mqtt", "webhook",
]  # fmt: skip
HOUR = 3600.0
DAY = 24 * HOUR
Type = Literal["text", "integer", "number", "boolean", "date", "datetime"]


@dataclass(frozen=True)
class Make:
    """How a field's text comes about. ``kind``: place (fixed for each thing: id, name, district, lat, lon, x, y, dong, address),
    number (low, high, digits, share of nulls; follows the hour of the day), pick (one of the words), serial (by record),
    at (time by strftime), link (address with the record's number), plain (always the same)."""

    kind: Literal["place", "number", "pick", "serial", "at", "link", "plain"]
    words: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    digits: int = 0
    nulls: float = 0.0
    late_s: float = 0.0


@dataclass(frozen=True)
class Field:
    """One field as the outside writes it. ``wire`` holds its names: the first one is usual, twins of a district may use another."""

    wire: tuple[str, ...]
    column: str
    type: Type
    ko: str
    en: str
    make: Make
    unit: str = ""
    required: bool = False
    role: Literal["", "longitude", "latitude", "x", "y"] = ""
    low: float | None = None
    high: float | None = None
    personal: bool = False


@dataclass(frozen=True)
class Series:
    """Which column is observed, and what tells its series apart."""

    name: str
    value: str
    by: tuple[str, ...]
    ko: str
    en: str


@dataclass(frozen=True)
class System:
    """One outside system.

    Records come in batches of ``batch`` (one for each thing that the system watches; 1 for a system of events), one batch every
    ``interval_s``. ``window`` is how many of the newest records it shows (0: all, back to its first). ``weight`` is its share of the
    history. ``boost``: takes part when the living stream is made faster than natural (only where each record has a name of its
    own). ``address`` is the real provider's, with ``{key}`` where the key stands; ``options`` say more to the reader.
    """

    name: str
    drawer: str
    kit: Kit
    ko: str
    en: str
    about_ko: str
    about_en: str
    office: str
    category: str
    address: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    time: str
    batch: int
    interval_s: float
    window: int = 0
    weight: float = 0.0
    boost: bool = False
    every_s: float = 60.0
    licence: str = "KOGL-1"
    provider: str = ""
    key_name: str = ""  # name of the key in the house's list of keys
    term: str = ""
    personal: Literal["none", "pseudonymous", "personal"] = "none"
    zone: str = "Asia/Seoul"
    crs: str = "EPSG:4326"
    series: tuple[Series, ...] = ()
    traps: tuple[str, ...] = ()
    district: int = -1  # number of the district whose system it is; -1: the city's
    variant: int = 0  # which of the wire names and formats this twin uses
    per_minute: int = 0
    daily_quota: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def mode(self) -> str:
        """How it reaches the house: poll, push or file."""
        if self.kit in ("mqtt", "webhook"):
            return "push"
        return "file" if self.kit in ("folder", "sql") else "poll"

    @property
    def fresh_s(self) -> float:
        """Promise of freshness: a value older than this means that the source is stale."""
        pace = self.interval_s * int(self.options.get("live", 1))
        return max(3 * self.every_s, self.lag_s + pace + 3 * self.every_s, 60.0)

    @property
    def lag_s(self) -> float:
        """How old the time of a record may be when it comes: published late, or its time is written without hours or minutes.
        A whole day ends with the day, so a date is only as late as it is published."""
        if not self.time:
            return 0.0
        column = self.column(self.time)
        form = column.make.words[0] if column.make.kind == "at" else ""
        grain = 0.0
        if column.type == "datetime" and form.startswith("%"):
            grain = HOUR if form.endswith("%H") else DAY if "%H" not in form and "%I" not in form else 0.0
        # Records that come once in such a time come at its beginning.
        return column.make.late_s + (grain if self.interval_s < grain else 0.0)

    def wire(self, column: Field) -> str:
        """The name that this system writes for a field."""
        return column.wire[self.variant % len(column.wire)]

    def column(self, name: str) -> Field:
        """The field of that column. KeyError."""
        for one in self.fields:
            if one.column == name:
                return one
        raise KeyError(name)


def place(what: str) -> Make:
    """Fixed for each thing."""
    return Make("place", (what,))


def number(low: float, high: float, digits: int = 0, nulls: float = 0.0) -> Make:
    """Follows the hour of the day, with noise; a share of ``nulls`` is the format's way to say "no value"."""
    return Make("number", (), low, high, digits, nulls)


def pick(*words: str) -> Make:
    """One of the words."""
    return Make("pick", words)


def serial(prefix: str = "", width: int = 0) -> Make:
    """A name of the record's own, by its number."""
    return Make("serial", (prefix,), digits=width)


def at(form: str, late_s: float = 0.0) -> Make:
    """The record's time by strftime; ``ms`` = ISO with milliseconds, ``unix``, ``unix_ms``, ``24`` = hours from 01 to 24."""
    return Make("at", (form,), late_s=late_s)


def link(pattern: str) -> Make:
    """An address with {i} for the record's number."""
    return Make("link", (pattern,))


def plain(word: str) -> Make:
    """Always the same."""
    return Make("plain", (word,))


def text(wire: str, column: str, ko: str, en: str, make: Make, **more: Any) -> Field:
    """A text field; ``wire`` names are separated by |."""
    return Field(tuple(wire.split("|")), column, "text", ko, en, make, **more)


def whole(wire: str, column: str, ko: str, en: str, make: Make, unit: str = "", **more: Any) -> Field:
    """An integer field."""
    return Field(tuple(wire.split("|")), column, "integer", ko, en, make, unit, **more)


def real(wire: str, column: str, ko: str, en: str, make: Make, unit: str = "", **more: Any) -> Field:
    """A number field."""
    return Field(tuple(wire.split("|")), column, "number", ko, en, make, unit, **more)


def when(wire: str, column: str, ko: str, en: str, make: Make, **more: Any) -> Field:
    """A date and time."""
    return Field(tuple(wire.split("|")), column, "datetime", ko, en, make, required=True, **more)


def day(wire: str, column: str, ko: str, en: str, make: Make, **more: Any) -> Field:
    """A date."""
    return Field(tuple(wire.split("|")), column, "date", ko, en, make, **more)


def code(wire: str, column: str, ko: str, en: str, make: Make) -> Field:
    """A text that must be there because it belongs to the key."""
    return Field(tuple(wire.split("|")), column, "text", ko, en, make, required=True)


def latitude(wire: str) -> Field:
    """Degrees north."""
    return Field(
        tuple(wire.split("|")),
        "latitude",
        "number",
        "위도",
        "Latitude",
        place("lat"),
        "°",
        role="latitude",
        low=-90,
        high=90,
    )


def longitude(wire: str) -> Field:
    """Degrees east."""
    return Field(
        tuple(wire.split("|")),
        "longitude",
        "number",
        "경도",
        "Longitude",
        place("lon"),
        "°",
        role="longitude",
        low=-180,
        high=180,
    )


def flag(wire: str, column: str, ko: str, en: str, make: Make) -> Field:
    """Yes or no."""
    return Field(tuple(wire.split("|")), column, "boolean", ko, en, make)
