"""Fills a home for the figure ``sheet``: a table of the lake and the dataset of it. Run as ``python -m bench._sheet_house N``."""

from __future__ import annotations

import os
import sys


def main(number: int) -> None:
    """Write ``number`` rows as a source would, compact them, publish them."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maru.project.settings")
    import django

    django.setup()
    from django.utils import timezone

    from bench.sheet import BATCH, COLUMNS, KEY, rows
    from maru.platform.ports.lake.contracts import Column, TableSpec
    from maru.services.opendata.engine.contracts import ColumnInfo
    from maru.services.opendata.models import AccessKey, Dataset
    from maru.services.opendata.operations.keys import digest_of
    from maru.services.opendata.operations.refreshing import refresh
    from maru.services.opendata.queries.lake import lake
    from maru.services.opendata.queries.views import stored_columns

    types = {"at": "datetime", "people": "integer", "share": "number"}
    infos = [ColumnInfo(name, types.get(name, "text"), {"ko": name, "en": name}) for name in COLUMNS]  # type: ignore[arg-type]  # literals
    house = lake()
    house.ensure(
        TableSpec(
            "population",
            tuple(Column(one.name, one.type) for one in infos),
            ("at", "dong", "sex", "age"),
            "at",
        )
    )
    for first in range(0, number, BATCH):
        house.append("population", rows(first, min(BATCH, number - first)), delivery=f"batch-{first}")
    house.compact("population")
    made = Dataset.objects.create(
        slug="population",
        service_code="population",
        table="population",
        origin="source",
        source="population",
        titles={"ko": "생활인구", "en": "Living population"},
        category="population",
        licence="KOGL-1",
        columns=stored_columns(infos),
        key=["at", "dong", "sex", "age"],
        time="at",
        state="published",
        published_at=timezone.now(),
    )
    refresh(made, first=True)
    AccessKey.objects.create(purpose="bench", digest=digest_of(KEY), shown=KEY[:6], per_minute=0, per_day=0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
