"""The audit log: one table that only grows, each entry sealed to the one before it.

``Entry`` holds what was done; ``Head`` holds the newest seal in a table of its own, so that cutting off the end is
seen too. Both the models and triggers in the database refuse changes; ``verify.py`` finds what slips by both.
"""

from __future__ import annotations

import uuid
from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

EMPTY = "0" * 64


class AppendOnly(Exception):
    """Someone tried to change or remove an audit entry. A fault of the programme, never a citizen's."""


class EntryQuerySet(models.QuerySet["Entry"]):
    """Refuses every bulk change; entries are written by ``operations.record`` alone."""

    def update(self, **_kwargs: Any) -> NoReturn:
        raise AppendOnly("audit entries are never changed")

    def delete(self) -> NoReturn:
        raise AppendOnly("audit entries are never removed")


class Entry(models.Model):
    """One act: who (``person:12``, ``system``), what, on what, with details, sealed by ``digest``."""

    seq = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField(_("time"), db_index=True)
    actor = models.CharField(_("who"), max_length=100, db_index=True)
    act = models.CharField(_("act"), max_length=100, db_index=True)
    target = models.CharField(_("on what"), max_length=200, db_index=True)
    details = models.JSONField(_("details"), default=dict)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-seq"]

    def __str__(self) -> str:
        return f"{self.seq} {self.actor} {self.act} {self.target}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Only the first save is let through."""
        if not self._state.adding:
            raise AppendOnly("audit entries are never changed")
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise AppendOnly("audit entries are never removed")


class Head(models.Model):
    """The newest seal. One row; its lock puts all writers in one line."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    chain = models.UUIDField(default=uuid.uuid4)
    seq = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, default=EMPTY)

    def __str__(self) -> str:
        return f"{self.seq} {self.digest[:12]}"
