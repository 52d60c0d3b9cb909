"""Counting what is taken. Numbers only: no address, no device."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from maru.services.opendata.contracts import FORMATS
from maru.services.opendata.models import Dataset, Use


def note_download(*, dataset: Dataset | None = None, slug: str = "", format: str) -> None:
    """One file was taken. An unknown dataset or format counts nothing."""
    found = dataset or Dataset.objects.filter(slug=slug).first()
    if found is None or format not in FORMATS:
        return
    with transaction.atomic():
        row, _new = Use.objects.get_or_create(dataset=found, day=timezone.now().date(), format=format)
        Use.objects.filter(pk=row.pk).update(count=F("count") + 1)
        Dataset.objects.filter(pk=found.pk).update(uses=F("uses") + 1)
