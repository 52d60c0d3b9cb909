"""What one read asks for, one thing after another, and the cursor that lets it go on after a break.

Options of every kit that asks:

``each``
    A table of lists, ``each = { place = ["강남역", "명동"] }``: one round per value (several: every combination). ``{place}`` stands for
    it in addresses, arguments and parameters. One value that fails does not stop the others: it becomes a dead letter.
``add``
    Names of ``each``, or ``day``, that are added to every row as columns.
``days``
    One round per day, for sources that are asked by date: ``name`` (placeholder, ``day``), ``format`` (``%Y%m%d``), ``start``
    (ISO date of the first), ``lag`` (days until a day is published, 0), ``again`` (days that are asked again for corrections, 0), ``most``
    (days a read takes, 31), ``patience`` (a day that gives nothing is asked for again so many days long, 7; the days after it are read all the
    same).
``since``
    Only what is new: ``parameter`` (or the placeholder ``{since}``), ``field`` (column whose greatest value is kept), ``template``
    (text with ``{since}``), ``start`` (the first value; without it the first question has no limit), ``overlap_s`` (seconds to go
    back, for late records).
``grows``
    true: the list only grows at its end; only what is behind the last row is asked for (styles page and offset).
``paging.most``
    Pages a read takes at most; the next read goes on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import pyarrow as pa

from maru.commons.sources.contracts import (
    JSON,
    Answer,
    DeadRow,
    Declaration,
    Delivery,
    Fetch,
    RawRows,
    SourceFault,
)
from maru.commons.sources.kits import paging
from maru.commons.sources.kits.days import Days
from maru.commons.sources.kits.envelopes import Envelope, settle
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.since import Since

MOST_ROWS = 1_000_000  # of a source that is delivered whole
_STOPS_ALL = frozenset(("refused_key", "quota", "unreachable", "timeout", "configuration"))
# Validators that match nothing: what is delivered whole must be asked for whole.
_WHOLE = {"If-None-Match": '"-"', "If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}

Values = Mapping[str, str]


@dataclass(frozen=True)
class Call:
    """How a kit asks and reads. ``address`` gets the values of a round; ``send`` may be given for other ways than GET."""

    address: Callable[[Values], str]
    read: Callable[[bytes, str], Envelope]
    pager: paging.Pager = field(default_factory=paging.Once)
    headers: Mapping[str, str] = field(default_factory=dict)
    send: Callable[[str, Values], Answer] | None = None
    settle: Callable[[Answer], Envelope] | None = None  # where headers count too


@dataclass
class State:
    """The cursor, taken apart."""

    since: str = ""
    newest: str = ""
    day: str = ""
    round: int = 0
    at: JSON = None
    seen: dict[str, int] = field(default_factory=dict)
    pages: int = 1

    @classmethod
    def of(cls, cursor: JSON) -> State:
        """From a cursor; one that nobody can read counts as none."""
        if not isinstance(cursor, dict):
            return cls()
        state = cls(at=cursor.get("at"))
        for name, kind in _KINDS.items():
            if isinstance(cursor.get(name), kind):
                setattr(state, name, cursor[name])
        return state

    def cursor(self) -> JSON:
        """The cursor of this state; None for a state in which nothing has to be kept."""
        fresh = State()
        found = {name: value for name, value in vars(self).items() if value != getattr(fresh, name)}
        return found or None


_KINDS: dict[str, type] = {"since": str, "newest": str, "day": str, "round": int, "seen": dict, "pages": int}


def ask(declaration: Declaration, cursor: JSON, fetch: Fetch, call: Call) -> Iterator[Delivery]:
    """All deliveries of one read. Raises SourceFault."""
    return _Reading(declaration, cursor, fetch, call).deliveries()


class _Reading:
    def __init__(self, declaration: Declaration, cursor: JSON, fetch: Fetch, call: Call) -> None:
        self.declaration, self.fetch, self.call = declaration, fetch, call
        options = Options.of(declaration)
        self.state = State.of(cursor)
        self.since = Since.of(options, declaration.zone)
        self.grows = options.flag("grows")
        self.add = options.texts("add")
        self.eaches = _combinations(options)
        self.days = Days.of(options)
        self.most = options.table("paging").number("most", paging.MOST_PAGES)
        self.whole: list[JSON] | None = None
        if declaration.complete:  # what is delivered whole is never resumed in its middle
            self.whole, self.state.round, self.state.at = [], 0, None
        self.broken = False  # whether something of the whole is missing
        self.dead: list[DeadRow] = []
        self.faults: list[SourceFault] = []
        self.good = self.came = 0
        self.saved = cursor
        self.day: dt.date | None = None
        self.final = False  # whether the present day is the last of this read
        self.awaited = False  # whether a day before the present one may still come: it is asked for again

    def deliveries(self) -> Iterator[Delivery]:
        """Day by day, round by round, page by page."""
        days: Sequence[dt.date | None] = [None]
        if self.days is not None:
            days = self.days.due(self.state.day, self.declaration.zone)
        try:
            for self.day in days:
                self.final = self.day == days[-1]
                before = self.came
                yield from self._day()
                if self.state.at is not None:
                    # As many pages as one read may take: the next read goes on here, but not on a day that is still
                    # awaited, where this page would be another one.
                    if self.awaited:
                        self.state.at, self.state.round = None, 0
                    break
                if self.day is None or self.days is None:
                    continue
                if self.came == before and not self.days.given_up(self.day, self.declaration.zone):
                    self.awaited = True
                if not self.awaited:
                    self.state.day = max(self.day.isoformat(), self.state.day)
            if self.faults and not self.good:
                raise self.faults[0]
        except SourceFault:
            if self.awaited:
                self.state.at, self.state.round = None, 0
            # What was finished need not be asked again; what is delivered whole must be.
            if self.whole is None and self.state.cursor() != self.saved:
                yield Delivery(rows=[], cursor=self.state.cursor())
            raise
        yield from self._end()

    def _day(self) -> Iterator[Delivery]:
        first = self.state.round if self.state.round < len(self.eaches) else 0
        for index in range(first, len(self.eaches)):
            values = dict(self.eaches[index])
            if self.day is not None and self.days is not None:
                values[self.days.name] = self.day.strftime(self.days.format)
            if asked := self.since.ask_from(self.state.since):
                values["since"] = asked
            self.state.round = index
            try:
                yield from self._round(str(index), values)
                self.good += 1
            except SourceFault as fault:
                if fault.code in _STOPS_ALL or len(self.eaches) == 1:
                    raise
                self._note(fault, values)
                self.state.at = None
            if self.state.at is not None:
                return
        self.state.round = 0

    def _note(self, fault: SourceFault, values: Values) -> None:
        self.faults.append(fault)
        said = ", ".join(f"{name}={value}" for name, value in values.items())
        self.dead.append(DeadRow(fault.raw, f"{said}: {fault.code}: {fault.detail}"))
        self.broken = True

    def _round(self, index: str, values: Values) -> Iterator[Delivery]:
        seen = self.state.seen.get(index, 0) if self.grows else 0
        position, skip = self.state.at, 0
        if position is None and seen:
            position, skip = _last_known(self.call.pager, seen)
        for page in self._pages(values, position):
            envelope = page.envelope
            if skip and envelope is not None and _begun_anew(envelope, seen):
                self.state.seen.pop(index, None)
                self.state.at = None
                yield from self._round(index, values)
                return
            self.state.at = page.following
            if envelope is None:
                self.broken = True
                continue
            rows, skip = envelope.rows[skip:], 0
            self.came += len(rows)
            if self.grows:
                self.state.seen[index] = seen = seen + len(rows)
            yield from self._page(envelope, self._stamped(rows, values))

    def _pages(self, values: Values, position: JSON) -> Iterator[paging.Page]:
        call, headers = self.call, dict(self.call.headers)
        if self.whole is not None and (len(self.eaches) > 1 or self.state.pages > 1):
            headers = {**_WHOLE, **headers}

        def send(address: str, page: Values) -> Answer:
            if call.send is not None:
                return call.send(address, {**values, **page})
            return self.fetch.get(address, headers=headers)

        read = call.settle or (lambda answer: settle(answer, call.read))
        address = self.since.on(call.address(values), values.get("since", ""))
        pages = paging.walk(
            send, read, call.pager, address, position=position, known_pages=self.state.pages, most=self.most
        )
        for page in pages:
            if page.following is None and isinstance(page.position, int) and not self.grows:
                self.state.pages = _pages_of(page, call.pager)
            yield page

    def _page(self, envelope: Envelope, rows: RawRows) -> Iterator[Delivery]:
        self.state.newest = self.since.newest(self.state.newest, rows)
        if self.whole is not None:
            self.broken |= envelope.partial
            self.whole.extend(rows.to_pylist() if isinstance(rows, pa.Table) else rows)
            self.dead.extend(envelope.dead)
            if len(self.whole) > MOST_ROWS:
                raise SourceFault("too_large", f"more than {MOST_ROWS:,} rows at once")
        elif len(rows) or envelope.dead:
            self.saved = self._reached()
            yield Delivery(rows=rows, cursor=self.saved, dead=envelope.dead, total=envelope.total)

    def _reached(self) -> JSON:
        """The cursor behind the page at hand: behind a round's last page it names what comes next."""
        state = replace(self.state, seen=dict(self.state.seen))
        if self.awaited:
            # The next read begins with the day that is awaited, not in the middle of this one.
            state.at, state.round = None, 0
        elif state.at is None:
            state.round += 1
            if state.round == len(self.eaches):
                state.round = 0
                if self.day is not None:
                    state.day = max(self.day.isoformat(), state.day)
                if self.final:
                    state.since, state.newest = state.newest or state.since, ""
        return state.cursor()

    def _end(self) -> Iterator[Delivery]:
        if self.state.at is None:
            self.state.since, self.state.newest = self.state.newest or self.state.since, ""
        last = self.state.cursor()
        dead = tuple(self.dead)
        if self.whole is not None and self.good and (self.whole or dead or not self.broken):
            complete = not self.broken and self.state.at is None
            yield Delivery(rows=self.whole, cursor=last, dead=dead, complete=complete, total=len(self.whole))
        elif dead or last != self.saved:
            yield Delivery(rows=[], cursor=last, dead=dead)

    def _stamped(self, rows: RawRows, values: Values) -> RawRows:
        if not self.add or isinstance(rows, pa.Table):
            return rows
        added = {name: values[name] for name in self.add if name in values}
        return [{**added, **row} for row in rows]


def _pages_of(page: paging.Page, pager: paging.Pager) -> int:
    """How many pages may hold something the next time, seen from the last one: if it is full, one more."""
    size = int(getattr(pager, "size", 0))
    index = int(page.position) if isinstance(pager, paging.Pages) or not size else int(page.position) // size
    full = bool(size) and (page.envelope is None or len(page.envelope.rows) >= size)
    return max(1, index + 1 + full)


def _last_known(pager: paging.Pager, seen: int) -> tuple[int, int]:
    """Where a list that grows is read on, and how many rows there are known: at least one, to see whether it is still the
    same list."""
    size = int(getattr(pager, "size", 0))
    if isinstance(pager, paging.Pages):
        index = (seen - 1) // size
        return index, seen - index * size
    return seen - 1, 1


def _begun_anew(envelope: Envelope, seen: int) -> bool:
    return not len(envelope.rows) or (envelope.total is not None and envelope.total < seen)


def _combinations(options: Options) -> Sequence[Mapping[str, str]]:
    table = options.table("each")
    lists = [table.texts(name) for name in table.values]
    if any(not values for values in lists):
        raise SourceFault("configuration", "options.each has an empty list")
    return [dict(zip(table.values, values, strict=True)) for values in product(*lists)] or [{}]
