"""Datasets follow their tables: version, rows, history, quality. Repeating it changes nothing."""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from maru.commons.offices.city import current_city
from maru.platform.ports.lake.contracts import ARROW, Column, LakeFault, TableSpec
from maru.services.opendata.engine import quality
from maru.services.opendata.engine.contracts import QueryFault
from maru.services.opendata.engine.sheets import forget
from maru.services.opendata.models import Dataset, Edition
from maru.services.opendata.operations.marks import NOTICE_EVERY, note
from maru.services.opendata.queries.datasets import sheet
from maru.services.opendata.queries.lake import lake
from maru.services.opendata.queries.origins import offer
from maru.services.opendata.queries.views import column_infos, formats_of

CHECK_EVERY = dt.timedelta(minutes=30)
CHECKS_AT_ONCE = 5  # each reads all rows of a dataset: one round must not keep the others waiting
_OF_DATA = ("published", "data")
# Degrees around the centres of the districts in which a place of the city may lie.
_MARGIN = 0.25
LINE = "row_number"  # the key of an upload that has none of its own


def refresh_all() -> int:
    """Take over what is new of every published dataset; how many had something new. Few statements, for it runs often."""
    newest = Edition.objects.filter(dataset=OuterRef("pk"), kind__in=_OF_DATA).order_by("-pk")
    found = Dataset.objects.filter(state="published").select_related("office")
    found = found.annotate(
        told_at=Subquery(newest.values("at")[:1]), told_kind=Subquery(newest.values("kind")[:1])
    )
    changed, unchecked = [], []
    for dataset in found.order_by("checked_at"):
        was_empty = not dataset.rows
        if _follow(dataset):
            changed.append(dataset)
        if _is_due(dataset) or (was_empty and dataset.rows):
            unchecked.append(dataset)
    Dataset.objects.bulk_update(changed, ["version", "rows", "changed_at"], batch_size=100)
    for dataset in changed:
        if dataset.told_kind != "data" or timezone.now() - dataset.told_at >= NOTICE_EVERY:
            with transaction.atomic():
                _write_history(dataset)
    for dataset in unchecked[:CHECKS_AT_ONCE]:
        check_quality(dataset)
    return len(changed)


def refresh(dataset: Dataset, *, check: bool = False, first: bool = False) -> Dataset:
    """Take over what the lake says; ``check`` the quality also if it was checked lately. ``first``: it was just published."""
    if _follow(dataset):
        dataset.save(update_fields=["version", "rows", "changed_at"])
    if check or _is_due(dataset):
        check_quality(dataset)
    with transaction.atomic():
        if first:
            note(dataset, "published", added=dataset.rows, at=timezone.now())
        else:
            _write_history(dataset)
    return dataset


def _follow(dataset: Dataset) -> bool:
    """Set version, rows and date from the lake, without saving; whether they changed."""
    try:
        snapshot = lake().snapshot(dataset.table)
    except LakeFault:  # nothing has come yet, or it cannot be read now: the page shows what it showed
        return False
    version = snapshot.changed or snapshot.version
    if version == dataset.version:
        return False
    dataset.version, dataset.rows = version, snapshot.rows
    dataset.changed_at = snapshot.at or dataset.changed_at
    return True


def _is_due(dataset: Dataset) -> bool:
    return dataset.checked_at is None or timezone.now() - dataset.checked_at > CHECK_EVERY


def check_quality(dataset: Dataset) -> None:
    """Measure the rows and judge; a table that cannot be read now keeps its score."""
    now = timezone.now()
    try:
        facts = quality.measure(sheet(dataset), tuple(dataset.key), dataset.time, city_box())
    except (QueryFault, LakeFault):
        return
    about = quality.About(
        titles=dataset.titles,
        summaries=dataset.summaries,
        columns=column_infos(dataset.columns),
        key=tuple(dataset.key),
        licence=dataset.licence,
        cadence_s=dataset.cadence_s,
        changed_at=dataset.changed_at,
        formats=formats_of(dataset),
        made_key=list(dataset.key) == [LINE],
    )
    checks = [one for one in quality.judge(about, facts, now) if one.most]
    dataset.score = quality.score(checks)
    dataset.quality = {
        "criteria": [
            {"code": one.code, "points": one.points, "most": one.most, "details": dict(one.details)}
            for one in checks
        ]
    }
    dataset.shape = _shape(facts)
    dataset.checked_at = now
    Dataset.objects.filter(pk=dataset.pk).update(
        score=dataset.score, quality=dataset.quality, shape=dataset.shape, checked_at=now
    )


def city_box() -> tuple[float, float, float, float]:
    """West, south, east, north of where places of this city lie; the whole world if its districts have no centres."""
    centres = [one.centre for one in current_city().districts if one.centre]
    if not centres:
        return (-180.0, -90.0, 180.0, 90.0)
    latitudes, longitudes = [one[0] for one in centres], [one[1] for one in centres]
    return (
        min(longitudes) - _MARGIN,
        min(latitudes) - _MARGIN,
        max(longitudes) + _MARGIN,
        max(latitudes) + _MARGIN,
    )


def store_offer(dataset: Dataset) -> None:
    """Take over the rows that a service offers: what it no longer gives is gone."""
    offered = offer(dataset.source)
    if offered is None:
        return
    module, _colon, function = offered.rows.partition(":")
    rows: list[Mapping[str, Any]] = list(getattr(importlib.import_module(module), function)())
    table = pa.table(
        {one.name: pa.array([row.get(one.name) for row in rows], ARROW[one.type]) for one in offered.columns}
    )
    spec = TableSpec(
        dataset.table,
        tuple(Column(one.name, one.type) for one in offered.columns),  # type: ignore[arg-type]  # the lake's types
        tuple(offered.key),
        partition="none",
    )
    lake().ensure(spec)
    lake().append(dataset.table, table, complete=True)


def store_offers() -> int:
    """Take over the rows of every published offer; how many."""
    found = Dataset.objects.filter(state="published", origin="offer")
    for dataset in found:
        store_offer(dataset)
    return len(found)


def forget_rows(dataset: Dataset) -> None:
    """Readers of this process see nothing of it any more, not even from memory."""
    forget(dataset.table)


def _write_history(dataset: Dataset) -> None:
    """A new edition, at most one in NOTICE_EVERY, with all that came since the last one."""
    last = Edition.objects.filter(dataset=dataset, kind__in=_OF_DATA).first()
    if last is None or last.version == dataset.version or dataset.version == 0:
        return
    if timezone.now() - last.at < NOTICE_EVERY and last.kind == "data":
        return
    since = lake().changes(dataset.table, last.version, dataset.version, 0)
    note(
        dataset,
        "data",
        at=dataset.changed_at,
        added=since.added,
        corrected=since.corrected,
        gone=since.gone,
    )


def _shape(facts: quality.Facts) -> dict[str, Any]:
    return {
        "bounds": list(facts.bounds) if facts.bounds else None,
        "since": facts.since.isoformat() if facts.since else None,
        "until": facts.until.isoformat() if facts.until else None,
        "distinct": dict(facts.distinct),
    }
