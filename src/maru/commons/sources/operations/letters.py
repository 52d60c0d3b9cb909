"""Dead letters: counted, read again when the declaration has learned, removed when they are understood."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

from django.db.models import Count
from django.utils import timezone

from maru.commons.sources.contracts import Declaration, RawRows, SourceFault
from maru.commons.sources.kits.registry import kit_of
from maru.commons.sources.models import DeadLetter, Source
from maru.commons.sources.records import to_records
from maru.commons.sources.runner.batch import table_spec
from maru.platform.ports.lake.contracts import Lake

_AT_ONCE = 200


@dataclass(frozen=True)
class Retried:
    """How many letters were read again and how many could be read now; ``records`` are new in the lake."""

    tried: int
    settled: int
    records: int


def counts() -> dict[str, int]:
    """Unsettled letters of each source."""
    rows = (
        DeadLetter.objects.filter(settled_at=None).order_by().values_list("source_id").annotate(n=Count("pk"))
    )
    return dict(rows)


def retry(source: str, declaration: Declaration, lake: Lake) -> Retried:
    """Read every unsettled letter with the present declaration; rows go to the lake as of when they first came."""
    tried = settled = records = 0
    last = 0
    while True:
        letters = list(
            DeadLetter.objects.filter(source_id=source, settled_at=None, pk__gt=last).order_by("pk")[
                :_AT_ONCE
            ]
        )
        if not letters:
            if records:
                Source.objects.filter(pk=source).update(records=lake.snapshot(source).rows)
            return Retried(tried, settled, records)
        last = letters[-1].pk
        for letter in letters:
            tried += 1
            added = _read(letter, declaration, lake)
            if added is not None:
                settled += 1
                records += added
                DeadLetter.objects.filter(pk=letter.pk).update(settled_at=timezone.now())


def _read(letter: DeadLetter, declaration: Declaration, lake: Lake) -> int | None:
    """Records added, None if it still cannot be read."""
    rows = _rows(bytes(letter.raw), declaration)
    if rows is None:
        return None
    records = to_records(declaration, rows, letter.first_at)
    if records.dead or not records.table.num_rows:
        return None
    lake.ensure(table_spec(declaration))
    commit = lake.append(declaration.name, records.table, seen=dt.datetime.now(dt.UTC))
    return commit.added + commit.corrected


def _rows(raw: bytes, declaration: Declaration) -> RawRows | None:
    """A row as ``records`` wrote it (a JSON object), else whatever the kit makes of the bytes."""
    try:
        row = json.loads(raw)
    except ValueError:
        row = None
    if isinstance(row, dict) and any(name in row for rule in declaration.fields for name in rule.names):
        return [row]
    try:
        delivery = kit_of(declaration).parse(declaration, raw)
    except (SourceFault, ValueError, TypeError, LookupError):
        return None
    return None if delivery.dead else delivery.rows
