"""What a change of columns means to people: which alarms are open."""

from __future__ import annotations

from maru.commons.sources.models import DriftAlarm


def open_alarms() -> dict[str, set[tuple[str, str]]]:
    """Kind and name of each open alarm, by source."""
    found: dict[str, set[tuple[str, str]]] = {}
    for source, kind, name in DriftAlarm.objects.filter(closed_at=None).values_list(
        "source_id", "kind", "name"
    ):
        found.setdefault(source, set()).add((kind, name))
    return found
