"""The rule ``since``: only what is newer than the greatest value that is safely kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from maru.commons.sources.contracts import RawRows
from maru.commons.sources.kits import addresses
from maru.commons.sources.kits.options import Options

_COMPACT = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


@dataclass(frozen=True)
class Since:
    """``field`` "" stands for a source that is always asked for everything."""

    field: str = ""
    parameter: str = ""
    template: str = "{since}"
    start: str = ""
    overlap_s: int = 0
    zone: str = "Asia/Seoul"

    @classmethod
    def of(cls, options: Options, zone: str, **defaults: str) -> Since:
        """From ``[options.since]``; ``defaults`` are a kit's own and hold only if the table is there."""
        table = options.table("since")
        if not table and not defaults.get("field"):
            return cls()
        return cls(
            field=table.text("field", defaults.get("field", "")) or table.required("field"),
            parameter=table.text("parameter", defaults.get("parameter", "")),
            template=table.text("template", defaults.get("template", "{since}")),
            start=table.text("start", defaults.get("start", "")),
            overlap_s=table.number("overlap_s", 0),
            zone=zone,
        )

    def ask_from(self, kept: str) -> str:
        """The value to ask from, "" for no limit."""
        if not self.field:
            return ""
        return _earlier(kept, self.overlap_s) if kept else self.start

    def on(self, address: str, value: str) -> str:
        """The address with the limit in it."""
        if not value or not self.parameter:
            return address
        return addresses.with_query(
            address, {self.parameter: addresses.fill(self.template, {"since": value}, encode=False)}
        )

    def newest(self, kept: str, rows: RawRows) -> str:
        """The greater of what is kept and the rows' greatest value."""
        if not self.field or not len(rows):
            return kept
        if isinstance(rows, pa.Table):
            found = pc.max(rows[self.field]).as_py() if self.field in rows.column_names else None
            values = [] if found is None else [str(found)]
        else:
            values = [str(row[self.field]) for row in rows if row.get(self.field) not in (None, "")]
        return max((kept, *values), key=_order) if values else kept


def _order(text: str) -> tuple[int, float, str]:
    """Numbers by size, instants by time, other texts by their letters."""
    text = text.rpartition("/")[2] or text  # the end of an interval
    try:
        return (1, float(text), "")
    except ValueError:
        pass
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return (0, 0.0, text)
    return (1, (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp(), text)


def _earlier(text: str, seconds: int) -> str:
    """A moment some seconds earlier, written the same way; any other text as it is."""
    if not seconds:
        return text
    text = text.rpartition("/")[2] or text
    back = dt.timedelta(seconds=seconds)
    if text.isdigit() and len(text) in _COMPACT and text[:2] in ("19", "20"):
        form = _COMPACT[len(text)]
        try:
            return (dt.datetime.strptime(text, form).replace(tzinfo=dt.UTC) - back).strftime(form)
        except ValueError:
            return text
    if text.isdigit():
        return str(int(text) - seconds * (1000 if len(text) >= 13 else 1))
    try:
        moment = dt.datetime.fromisoformat(text) - back
    except ValueError:
        return text
    if moment.tzinfo is not None and text.endswith("Z"):
        return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    return moment.isoformat(sep="T" if "T" in text else " ")
