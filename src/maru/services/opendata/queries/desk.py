"""What the officials' desk shows: datasets of their offices, held files, open questions and reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.translation import gettext as _

from maru.commons.people.models import Role
from maru.services.opendata.contracts import NOBODY, DeskRow, Finding, HeldView, RemarkView
from maru.services.opendata.models import Remark, Upload
from maru.services.opendata.queries import remarks

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from maru.commons.people.models import Person

_MOST = 500


@dataclass(frozen=True)
class DeskRemark:
    """A question or report and the dataset it is about."""

    remark: RemarkView
    slug: str
    title: str


def offices_of(person: Person) -> frozenset[int] | None:
    """The offices whose datasets this person looks after; None: all."""
    return None if person.has_role(Role.ADMINISTRATOR) else person.office_ids


def rows(*, office_ids: frozenset[int] | None) -> tuple[DeskRow, ...]:
    """Their datasets, those where something waits first."""
    return remarks.desk(office_ids=office_ids, limit=_MOST)


def held(*, office_ids: frozenset[int] | None) -> tuple[HeldView, ...]:
    """Files of these offices that wait for a decision, the oldest first."""
    found = Upload.objects.filter(state="waiting").select_related("dataset", "by").order_by("pk")
    if office_ids is not None:
        found = found.filter(Q(dataset__office_id__in=office_ids) | Q(dataset__office=None))
    return tuple(held_view(one) for one in found[:_MOST])


def held_view(one: Upload) -> HeldView:
    """A held file with what was found in it, masked."""
    return HeldView(
        slug=one.dataset.slug,
        title=one.dataset.title,
        file_name=one.file_name,
        size=one.size,
        rows=one.rows,
        faults=one.faults,
        by=one.by.nickname if one.by else "",
        at=one.at,
        state=one.state,  # type: ignore[arg-type]  # one of UPLOAD_STATES
        findings=tuple(_finding(kept) for kept in one.findings),
        decided_at=one.decided_at,
        reason=one.reason,
    )


def open_remarks(*, office_ids: frozenset[int] | None, limit: int = 200) -> tuple[DeskRemark, ...]:
    """Questions and reports about their datasets that nobody has answered, the oldest first."""
    found: QuerySet[Remark] = Remark.objects.filter(voice__state__in=remarks.OPEN).select_related("dataset")
    if office_ids is not None:
        found = found.filter(Q(dataset__office_id__in=office_ids) | Q(voice__office_id__in=office_ids))
    made = []
    for one in found.select_related("voice").order_by("pk")[:limit]:
        view = remarks.remark(one.voice.public_id, viewer=NOBODY)
        if view is not None:
            made.append(DeskRemark(view, one.dataset.slug, one.dataset.title))
    return tuple(made)


def kind_title(kind: str) -> str:
    """What a kind of personal data is called."""
    return {
        "resident_number": _("Resident registration number"),
        "foreigner_number": _("Foreigner registration number"),
        "mobile_phone": _("Mobile phone number"),
        "phone": _("Telephone number"),
        "email": _("E-mail address"),
        "card_number": _("Payment card number"),
        "account_number": _("Bank account number"),
        "passport": _("Passport number"),
        "driving_licence": _("Driving licence number"),
        "name": _("Name of a person"),
    }.get(kind, kind)


def _finding(kept: dict[str, Any]) -> Finding:
    return Finding(
        column=kept["column"],
        kind=kept["kind"],
        title=kind_title(kept["kind"]),
        count=kept["count"],
        share=kept["share"],
        examples=tuple(kept.get("examples") or ()),
        certain=kept["certain"],
    )
