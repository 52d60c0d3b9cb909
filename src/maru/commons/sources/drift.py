"""What a change of columns means to people: which alarms are open, and what they decide about a column that was assumed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from maru.commons.sources import aliases
from maru.commons.sources.models import DriftAlarm, Source
from maru.platform.access.refusals import Conflict
from maru.platform.audit.operations import record

if TYPE_CHECKING:
    from maru.commons.people.models import Person


def open_alarms() -> dict[str, set[tuple[str, str]]]:
    """Kind and name of each open alarm, by source."""
    found: dict[str, set[tuple[str, str]]] = {}
    for source, kind, name in DriftAlarm.objects.filter(closed_at=None).values_list(
        "source_id", "kind", "name"
    ):
        found.setdefault(source, set()).add((kind, name))
    return found


def assumed(source: Source) -> list[tuple[str, str]]:
    """Missing outside names of this source with the names that were taken for them, and wait for a decision."""
    found = DriftAlarm.objects.filter(source=source, kind=DriftAlarm.Kind.ASSUMED, closed_at=None)
    return [(one.name, one.becomes) for one in found.order_by("first_at")]


def accept(*, source: Source, column: str, by: Person | None, home: Path) -> str:
    """``column`` is the new name of the field that it was taken for; the field's own name. Raises Conflict if nothing was assumed of it."""
    with transaction.atomic():
        missing = _decided(source, column, "accept", by)
        fields = source.declared.get("fields", [])
        field = next((str(one["name"]) for one in fields if missing in one.get("names", ())), "")
        if not field:
            raise Conflict(_("No column waits for this decision."), code="not_assumed")
        aliases.accept(home, source.name, field, column)
    return field


def reject(*, source: Source, column: str, by: Person | None, home: Path) -> None:
    """``column`` is something else: it is left out, and rows are dead letters until the field is back. Raises Conflict."""
    with transaction.atomic():
        _decided(source, column, "reject", by)
        aliases.reject(home, source.name, column)


def _decided(source: Source, column: str, act: str, by: Person | None) -> str:
    waiting = DriftAlarm.objects.select_for_update().filter(
        source=source, kind=DriftAlarm.Kind.ASSUMED, becomes=column, closed_at=None
    )
    alarm = waiting.first()
    if alarm is None:
        raise Conflict(_("No column waits for this decision."), code="not_assumed")
    alarm.closed_at = timezone.now()
    alarm.save(update_fields=["closed_at"])
    details = {"missing": alarm.name, "column": column}
    record(actor=by, act=f"sources.column_{act}", target=f"sources/{source.pk}", details=details)
    return str(alarm.name)
