"""What a source is and what crosses between its parts: declaration, fetch, delivery. Plain Python, no Django.

The path of a number: a kit asks the outside system through a Fetch and yields Deliveries of raw rows; ``records``
turns raw rows into typed columns by the declaration's fields; the runner puts them into the lake, keeps what cannot
be read as dead letters, and only then saves the cursor. So whatever is cut off in between is asked for again, and a
repeated delivery changes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

import pyarrow as pa

Words = Mapping[str, str]
JSON = Any  # what json.loads gives
Type = Literal["text", "integer", "number", "boolean", "date", "datetime"]
Role = Literal["", "longitude", "latitude", "x", "y"]
# One row as the outside system gave it: names as they came, values mostly text. A kit that reads columns anyway may
# give an Arrow table instead of a list of mappings.
RawRows: TypeAlias = Sequence[Mapping[str, Any]] | pa.Table


@dataclass(frozen=True)
class FieldRule:
    """One column of a record. ``names`` are the outside names in order of preference; the first one present counts.

    ``nulls`` are texts that mean "no value" in this column, beside "" and the kit's own. ``unit`` is a UCUM or plain unit, for
    people. ``low`` and ``high`` are the values a sound record can have (ends included), None for no end.
    """

    name: str
    names: tuple[str, ...]
    type: Type = "text"
    titles: Words = field(default_factory=dict)
    unit: str = ""
    required: bool = False
    role: Role = ""
    nulls: tuple[str, ...] = ("-",)
    format: str = ""  # of a date or datetime: strptime, "unix", "unix_ms" or "" for the usual ones
    factor: float = 1.0
    low: float | None = None
    high: float | None = None
    personal: bool = False


@dataclass(frozen=True)
class SeriesRule:
    """How records become observations: the value column, the columns that tell series apart, and the time's column."""

    name: str
    value: str
    by: tuple[str, ...]
    titles: Words = field(default_factory=dict)


@dataclass(frozen=True)
class Schedule:
    """How often and how much may be asked. ``term`` quotes the provider's rule that sets it."""

    every_s: float
    term: str
    timeout_s: float = 20.0
    per_minute: int = 0  # 0: no limit known
    daily_quota: int = 0


@dataclass(frozen=True)
class Licence:
    """``id`` as SPDX or KOGL name it."""

    id: str
    title: str
    address: str = ""


@dataclass(frozen=True)
class Declaration:
    """One source: everything its ``connector.toml`` says. ``name`` is ``<office>_<system>``, or of one of its systems."""

    name: str
    drawer: str
    names: Words
    summaries: Words
    office: str
    owner: str
    category: str
    kind: str
    mode: Literal["poll", "push", "file"]
    address: str
    schedule: Schedule
    licence: Licence
    personal: Literal["none", "pseudonymous", "personal"]
    fresh_s: float
    fields: tuple[FieldRule, ...]
    key: tuple[str, ...]
    time: str = ""  # column of the record's own time; "": the time of arrival
    zone: str = "UTC"
    crs: str = "EPSG:4326"
    series: tuple[SeriesRule, ...] = ()
    feeds: tuple[str, ...] = ()
    provider: str = ""  # quotas and keys are shared by provider
    secret: str = ""  # name of the key in the home's keys.toml
    complete: bool = False  # each delivery is the whole state: what is missing in it is gone
    options: Mapping[str, JSON] = field(default_factory=dict)  # the kit's own
    folder: Path | None = None
    code: bool = False  # has a read.py


class SourceFault(Exception):
    """The outside system did not give what it should. ``code`` is one of CODES; ``detail`` never holds a key."""

    CODES = (
        "unreachable", "timeout", "refused_key", "quota", "empty", "bad_request", "server", "malformed",
        "not_found", "too_large", "configuration",
    )  # fmt: skip

    def __init__(
        self, code: str, detail: str, *, raw: bytes = b"", retry_after_s: float | None = None
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.raw = raw
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class Answer:
    """What one request gave. ``address`` is masked: fit for logs and screens."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    address: str
    received_at: dt.datetime

    @property
    def not_modified(self) -> bool:
        """The provider says that nothing changed."""
        return self.status == 304


class Fetch(Protocol):
    """How a kit asks: the runner's limits, time-outs, masks, conditional headers and keys stand behind it.

    ``{key}`` in an address is replaced by the secret; ``params`` may hold it as well. Raises SourceFault. The address
    may be http(s), and for the folder kits a path under the home or an sftp address (``listing`` and ``get`` work on both).
    """

    def get(
        self,
        address: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """GET; an error status other than 304 is given back, not raised, since bodies tell more than statuses."""

    def post(
        self, address: str, body: bytes, *, content_type: str, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """POST, for SOAP and searches."""

    def listing(self, address: str) -> Sequence[tuple[str, int, float]]:
        """Files of a folder: (name, bytes, unix time of change), sorted by name."""


@dataclass(frozen=True)
class DeadRow:
    """What could not be read: the raw bytes (at most 64 KiB kept) and the reason, with the field where known."""

    raw: bytes
    reason: str
    field: str = ""


@dataclass(frozen=True)
class Delivery:
    """Rows that belong together, and where to go on from when they are safe.

    ``cursor`` replaces the source's cursor (JSON) once this delivery is committed. ``complete`` says that the rows are the
    whole present state. ``total`` is what the provider says it has, None if it does not say.
    """

    rows: RawRows
    cursor: JSON = None
    dead: tuple[DeadRow, ...] = ()
    complete: bool = False
    total: int | None = None


class Kit(Protocol):
    """A reader of one kind of system. ``read`` for what is asked, ``parse`` for one body alone (push, fixtures)."""

    def read(self, declaration: Declaration, cursor: JSON, fetch: Fetch) -> Iterator[Delivery]:
        """Yield deliveries from the cursor on (None: from the beginning); nothing new: yield nothing."""

    def parse(self, declaration: Declaration, body: bytes, content_type: str = "") -> Delivery:
        """Read one body. Raises SourceFault for an answer that is an error of the provider or no answer at all."""


@dataclass(frozen=True)
class Drift:
    """How a delivery differs from the declaration: ``new`` names nobody declared, ``gone`` declared ones not there any
    more, ``renamed`` (old, new) where an alias took over, ``assumed`` (old, new) where an unknown name was taken for a required one
    that is gone, until a person decides."""

    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    assumed: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.gone or self.renamed or self.assumed)


@dataclass(frozen=True)
class Records:
    """Typed columns in the order of the declaration's fields (Arrow; datetimes are UTC, microseconds), and the rest."""

    table: pa.Table
    dead: tuple[DeadRow, ...] = ()
    drift: Drift = field(default_factory=Drift)
