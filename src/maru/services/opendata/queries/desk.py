"""What the officials' desk shows: datasets of their offices, open questions and reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from maru.commons.people.models import Role
from maru.services.opendata.contracts import NOBODY, DeskRow, RemarkView
from maru.services.opendata.models import Remark
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
