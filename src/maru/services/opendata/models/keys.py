"""Keys of the public interfaces, and how much is asked for. Of a key only its digest is kept; of an asker nothing."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AccessKey(models.Model):
    """A program's key. ``digest`` is SHA-256 of it, ``shown`` its first characters, by which the owner tells it.

    ``per_minute`` and ``per_day`` are calls; 0 means no limit. ``ends_at``: a rotated key goes on for a while, so that
    programs can be changed without an outage.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="opendata_keys",
    )
    purpose = models.CharField(_("what it is for"), max_length=200)
    digest = models.CharField(max_length=64, unique=True)
    shown = models.CharField(max_length=8)
    per_minute = models.PositiveIntegerField(default=1_200)
    per_day = models.PositiveIntegerField(default=100_000)
    made_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    replaced_by = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replaces"
    )

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("key")
        verbose_name_plural = _("keys")

    def __str__(self) -> str:
        return f"{self.shown}…"

    @property
    def is_live(self) -> bool:
        """Whether it opens anything now."""
        return self.revoked_at is None and (self.ends_at is None or self.ends_at > timezone.now())


class KeyDay(models.Model):
    """Calls of one key on one day (UTC): the quota outlives a restart by it."""

    key = models.ForeignKey(AccessKey, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    calls = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "day"], name="opendata_key_day_once")]
        verbose_name = _("day of a key")
        verbose_name_plural = _("days of keys")

    def __str__(self) -> str:
        return f"{self.day} {self.calls}"


class UsageDay(models.Model):
    """Calls and rows of one interface and dataset on one day (UTC). ``dataset`` is a slug, "" for the catalogue itself."""

    day = models.DateField()
    interface = models.CharField(max_length=12)
    dataset = models.CharField(max_length=80, blank=True)
    calls = models.PositiveBigIntegerField(default=0)
    rows = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(fields=["day", "interface", "dataset"], name="opendata_usage_once")
        ]
        verbose_name = _("day of use")
        verbose_name_plural = _("days of use")

    def __str__(self) -> str:
        return f"{self.day} {self.interface} {self.dataset} {self.calls}"
