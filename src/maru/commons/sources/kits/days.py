"""The rule ``days``: sources that are asked by date, and publish some days later."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from maru.commons.sources.contracts import SourceFault
from maru.commons.sources.kits.options import Options


@dataclass(frozen=True)
class Days:
    """The rule ``days``."""

    name: str
    format: str
    start: dt.date
    lag: int
    again: int
    most: int
    patience: int

    @classmethod
    def of(cls, options: Options) -> Days | None:
        """None for a source that is not asked by date."""
        table = options.table("days")
        if not table:
            return None
        try:
            start = dt.date.fromisoformat(table.required("start"))
        except ValueError as fault:
            raise SourceFault("configuration", "options.days.start must be an ISO date") from fault
        return cls(
            name=table.text("name", "day"),
            format=table.text("format", "%Y%m%d"),
            start=start,
            lag=table.number("lag", 0),
            again=table.number("again", 0),
            most=table.number("most", 31),
            patience=table.number("patience", 7),
        )

    def due(self, last: str, zone: str) -> list[dt.date]:
        """The days to ask for after the last one that was finished."""
        newest = _today(zone) - dt.timedelta(days=self.lag)
        first = self.start
        if last:
            try:
                first = max(first, dt.date.fromisoformat(last) + dt.timedelta(days=1 - self.again))
            except ValueError:
                first = self.start
        spread = min((newest - first).days + 1, self.most + self.again)
        return [first + dt.timedelta(days=index) for index in range(spread)]

    def given_up(self, day: dt.date, zone: str) -> bool:
        """Whether nothing more is to be expected of a day."""
        return day < _today(zone) - dt.timedelta(days=self.patience)


def _today(zone: str) -> dt.date:
    return dt.datetime.now(ZoneInfo(zone)).date()
