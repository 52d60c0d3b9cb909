"""Files that wait for a decision, and those that were decided."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from maru.services.opendata.contracts import Finding, HeldView
from maru.services.opendata.models import Upload


def held(*, office_ids: frozenset[int] | None, limit: int = 100) -> tuple[HeldView, ...]:
    """What waits in these offices (None: all), the oldest first."""
    rows = Upload.objects.filter(state="waiting").select_related("dataset", "by")
    if office_ids is not None:
        rows = rows.filter(Q(dataset__office_id__in=office_ids) | Q(dataset__office=None))
    return tuple(_view(one) for one in rows.order_by("at")[:limit])


def held_file(slug: str) -> HeldView | None:
    """The last upload of a dataset, whatever became of it; None if there was none."""
    found = Upload.objects.filter(dataset__slug=slug).select_related("dataset", "by").first()
    return None if found is None else _view(found)


def finding_title(kind: str) -> str:
    """What kind of personal data it is."""
    return {
        "resident_number": _("Resident registration numbers"),
        "foreigner_number": _("Foreigner registration numbers"),
        "mobile_phone": _("Mobile phone numbers"),
        "email": _("E-mail addresses"),
        "card_number": _("Card numbers"),
        "passport": _("Passport numbers"),
        "driving_licence": _("Driving licence numbers"),
        "name": _("Names of people"),
    }.get(kind, kind)


def _view(one: Upload) -> HeldView:
    return HeldView(
        slug=one.dataset.slug,
        title=one.dataset.title,
        file_name=one.file_name,
        size=one.size,
        rows=one.rows,
        faults=one.faults,
        by=one.by.nickname or one.by.email if one.by is not None else "",
        at=one.at,
        state=one.state,  # type: ignore[arg-type]  # one of UPLOAD_STATES
        findings=tuple(_finding(found) for found in one.findings),
        decided_at=one.decided_at,
        reason=one.reason,
    )


def _finding(found: dict[str, Any]) -> Finding:
    return Finding(
        column=found["column"],
        kind=found["kind"],
        title=finding_title(found["kind"]),
        count=found["count"],
        share=found["share"],
        examples=tuple(found["examples"]),
        certain=found["certain"],
    )
