"""What a start finds when the collector before it ended between lake and ledger: rows are kept, but nobody has written so.

The rows come back unchanged when the source is asked again, or never, where its window has moved on. So the count of
records is taken from the lake's log at each start, and newest values are made good from the rows that came last.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import pyarrow as pa
import structlog

from maru.commons.sources.runner import latest
from maru.commons.sources.runner.batch import table_spec
from maru.commons.sources.runner.job import Desk
from maru.commons.sources.runner.standing import Standing
from maru.commons.sources.settlements import Settlement
from maru.platform.ports.lake import duck
from maru.platform.ports.lake.contracts import Lake, LakeFault, Snapshot

log = structlog.get_logger("maru.collector")
MOST_ROWS = 200_000  # the newest of what was not written down; older ones are no newest values
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def look(
    standing: Standing, lake: Lake, tables: Collection[str], records: int
) -> tuple[Settlement | None, bool]:
    """What must be written of ``records``, the count that the ledger has (``tables``: those of the lake), and whether rows came after the last word of
    the ledger. Reads the table's log only."""
    try:
        snapshot = lake.snapshot(standing.name) if standing.name in tables else None
    except (LakeFault, OSError):  # a run will say what is wrong with it
        return None, False
    standing.present = snapshot.rows if snapshot else 0
    behind = bool(snapshot and snapshot.at and snapshot.at > (standing.last_ok_at or _EPOCH))
    if standing.present == records:
        return None, behind
    return _settlement(standing, standing.present), behind


def catch_up(standing: Standing, desk: Desk) -> None:
    """Write newest values from the rows that came after the last word of the ledger."""
    try:
        desk.lake.ensure(table_spec(standing.declaration))
        snapshot = desk.lake.snapshot(standing.name)
        rows = _rows(snapshot, desk.lake, standing.last_ok_at or _EPOCH)
    except (LakeFault, OSError):
        log.exception("lake", source=standing.name)
        return
    if snapshot.at is None or not rows.num_rows:
        return
    newest = latest.last_value_at(standing.declaration, rows, snapshot.at)
    if newest and (standing.last_value_at is None or newest > standing.last_value_at):
        standing.last_value_at = newest
    settlement = _settlement(standing, snapshot.rows)
    settlement.latest = latest.newest(standing.declaration, rows, snapshot.at)
    desk.hand_in(settlement)
    log.info("caught up with the lake", source=standing.name, rows=rows.num_rows)


def _rows(snapshot: Snapshot, lake: Lake, after: dt.datetime) -> pa.Table:
    """Oldest first; of one moment the one that came later last."""
    with duck.connection(snapshot.spec.name) as made:
        query = (
            f"SELECT * FROM (SELECT * FROM {lake.current_sql(snapshot)} AS present "  # noqa: S608
            f"WHERE _seen > ? ORDER BY _at DESC, _seen DESC LIMIT {MOST_ROWS}) AS newest ORDER BY _at, _seen"
        )
        return made.sql(query, params=[after]).to_arrow_table()


def _settlement(standing: Standing, records: int) -> Settlement:
    return Settlement(
        source=standing.name, at=dt.datetime.now(dt.UTC), health=standing.health(), records=records
    )
