"""Bringing the offices of the database into step with the city file."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from maru.commons.offices.city import City, OfficeEntry
from maru.commons.offices.models import Office
from maru.platform.audit.operations import record


@dataclass(frozen=True)
class Loaded:
    """How many offices are new, changed, and no longer in the file (these stay, but are given nothing new)."""

    added: int
    changed: int
    retired: int

    @property
    def nothing(self) -> bool:
        """The database already was as the file says."""
        return not (self.added or self.changed or self.retired)


def load_offices(*, city: City, by: str | None = None) -> Loaded:
    """Make the offices as in ``city``. Codes are kept for ever: voices point at them, so none is removed."""
    with transaction.atomic():
        known = {office.code: office for office in Office.objects.select_for_update()}
        fresh = [_made(entry, number) for number, entry in enumerate(city.offices) if entry.code not in known]
        Office.objects.bulk_create(fresh)
        known.update(
            {office.code: office for office in Office.objects.filter(code__in=[o.code for o in fresh])}
        )
        changed = [
            known[entry.code]
            for i, entry in enumerate(city.offices)
            if _apply(known[entry.code], entry, i, known)
        ]
        gone = [office for code, office in known.items() if office.answers and code not in _codes(city)]
        for office in gone:
            office.answers = False
        Office.objects.bulk_update(
            [*changed, *gone],
            ["names", "parent", "district", "position", "answers", "answer_days"],
            batch_size=100,
        )
        new_codes = {office.code for office in fresh}
        outcome = Loaded(len(fresh), sum(office.code not in new_codes for office in changed), len(gone))
        if not outcome.nothing:
            record(actor=by, act="offices.load", target=f"city/{city.code}", details=vars(outcome))
    return outcome


def _codes(city: City) -> set[str]:
    return {entry.code for entry in city.offices}


def _made(entry: OfficeEntry, number: int) -> Office:
    return Office(
        code=entry.code,
        names=dict(entry.names),
        district=entry.district,
        position=number,
        answers=entry.answers,
        answer_days=entry.answer_days,
    )


def _apply(office: Office, entry: OfficeEntry, number: int, known: dict[str, Office]) -> bool:
    """Set what the file says; whether anything changed."""
    wanted = {
        "names": dict(entry.names),
        "district": entry.district,
        "position": number,
        "answers": entry.answers,
        "answer_days": entry.answer_days,
        "parent_id": known[entry.parent].pk if entry.parent else None,
    }
    changed = False
    for field, value in wanted.items():
        if getattr(office, field) != value:
            setattr(office, field, value)
            changed = True
    return changed
