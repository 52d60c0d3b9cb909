"""What follows every change of a dataset, in its transaction: index of words, history, event, notices."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from maru.commons.offices.models import Office
from maru.platform.events.outbox import emit
from maru.platform.ports.search import index
from maru.services.opendata.contracts import CATEGORIES
from maru.services.opendata.models import Dataset, Edition, Notice, Subscription
from maru.services.opendata.queries.catalogue import KIND

CHANNEL = "data"
# A living source has a new version each second; its readers hear of it once an hour.
NOTICE_EVERY = timedelta(hours=1)
_FIELDS = {
    "health": "보건 health", "administration": "행정 administration", "culture": "문화 관광 culture tourism",
    "industry": "산업 경제 industry economy", "welfare": "복지 welfare", "education": "교육 education",
    "environment": "환경 environment", "safety": "안전 safety", "transport": "교통 transport",
    "housing": "도시 주택 city housing", "population": "인구 가구 population household",
    "science": "과학 기술 science technology",
}  # fmt: skip
assert set(_FIELDS) == set(CATEGORIES)


def index_words(dataset: Dataset) -> None:
    """What a search finds it by; nothing unless it is published."""
    if dataset.state == "published":
        index.put(KIND, [entry(dataset)])
    else:
        index.drop(KIND, [dataset.slug])


def entry(dataset: Dataset) -> index.Entry:
    """Titles in all languages; summaries, columns, keywords, office, source, field. Needs ``office`` selected."""
    words = [*dataset.summaries.values(), *dataset.keywords, dataset.source, dataset.service_code]
    for column in dataset.columns:
        words += [column["name"], column.get("alias") or "", *(column.get("titles") or {}).values()]
    office: Office | None = dataset.office
    if office is not None:
        words += office.names.values()
    words.append(_FIELDS.get(dataset.category, ""))
    return index.Entry(dataset.slug, "\n".join(dataset.titles.values()), "\n".join(words))


def note(
    dataset: Dataset,
    kind: str,
    *,
    at: datetime | None = None,
    text: str = "",
    added: int = 0,
    corrected: int = 0,
    gone: int = 0,
) -> Edition:
    """Write the history, tell the readers of the page, and leave a notice for each subscriber."""
    made = Edition.objects.create(
        dataset=dataset,
        kind=kind,
        version=dataset.version,
        at=at or timezone.now(),
        rows=dataset.rows,
        added=added,
        corrected=corrected,
        gone=gone,
        note=text[:300],
    )
    _leave_notices(dataset, made)
    emit(
        CHANNEL,
        "dataset",
        {"slug": dataset.slug, "change": kind, "version": dataset.version, "rows": dataset.rows},
    )
    return made


def target(dataset: Dataset) -> str:
    """The dataset in the audit log."""
    return f"dataset/{dataset.slug}"


def _leave_notices(dataset: Dataset, edition: Edition) -> None:
    heard = Subscription.objects.filter(dataset=dataset, paused_at=None).exclude(confirmed_at=None)
    # Who still has an unsent notice of this dataset gets that one, with the newest numbers.
    payload = notice_payload(dataset, edition)
    Notice.objects.filter(Q(subscription__in=heard), attempts=0, claimed_until=None).delete()
    Notice.objects.bulk_create([Notice(subscription=one, payload=payload) for one in heard])


def notice_payload(dataset: Dataset, edition: Edition) -> dict[str, Any]:
    """What a subscriber is told: plain JSON."""
    return {
        "dataset": dataset.slug,
        "titles": dict(dataset.titles),
        "change": edition.kind,
        "number": edition.pk,
        "version": edition.version,
        "at": edition.at.isoformat(),
        "rows": edition.rows,
        "added": edition.added,
        "corrected": edition.corrected,
        "gone": edition.gone,
        "note": edition.note,
    }
