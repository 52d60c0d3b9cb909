"""Reading the audit log."""

from __future__ import annotations

from django.db.models import QuerySet

from maru.platform.audit.models import Entry


def entries(*, actor: str = "", act: str = "", target: str = "") -> QuerySet[Entry]:
    """Newest first; ``act`` and ``target`` match their beginnings (``live.``, ``live/opening``)."""
    found = Entry.objects.order_by("-seq")
    if actor:
        found = found.filter(actor=actor)
    if act:
        found = found.filter(act__startswith=act)
    if target:
        found = found.filter(target__startswith=target)
    return found
