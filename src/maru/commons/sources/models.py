"""Sources, their health, the newest value of each series, and what could not be read.

Texts that hold JSON (``cursor``, ``validators``, ``labels``) are text columns on purpose: the collector writes them
hundreds of times a second by plain SQL that is the same on SQLite and PostgreSQL, and nobody searches inside.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from maru.commons.offices.models import Office, in_language


class State(models.TextChoices):
    """How a source is, from best to worst; ``paused`` is a decision of people."""

    OK = "ok", _("alive")
    WAITING = "waiting", _("not asked yet")
    STALE = "stale", _("late")
    BROKEN = "broken", _("broken")
    PAUSED = "paused", _("paused")


class Grade(models.TextChoices):
    """What the machine found a source to be worth, see ``grades.py``."""

    NONE = "", _("no grade yet")
    BRONZE = "bronze", _("bronze")
    SILVER = "silver", _("silver")
    GOLD = "gold", _("gold")


class Source(models.Model):
    """One outside system, as declared (the first half) and as it fares (the second, written by the collector)."""

    name = models.CharField(_("name"), primary_key=True, max_length=80)
    drawer = models.CharField(max_length=80)
    digest = models.CharField(max_length=64)
    declared = models.JSONField(default=dict)
    names = models.JSONField(default=dict)
    summaries = models.JSONField(default=dict)
    office = models.ForeignKey(Office, on_delete=models.SET_NULL, null=True, related_name="+")
    office_code = models.CharField(max_length=60, blank=True)
    category = models.CharField(max_length=20, db_index=True)
    kind = models.CharField(max_length=30)
    mode = models.CharField(max_length=10)
    provider = models.CharField(max_length=80, blank=True)
    every_s = models.FloatField(default=0.0)
    fresh_s = models.FloatField(default=0.0)
    own = models.BooleanField(_("added in this home"), default=False)
    gone = models.BooleanField(_("no longer declared"), default=False)
    added_at = models.DateTimeField(default=timezone.now)

    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING, db_index=True)
    paused = models.BooleanField(default=False)
    wanted = models.CharField(_("what people asked the collector to do"), max_length=20, blank=True)
    last_ok_at = models.DateTimeField(null=True)
    last_value_at = models.DateTimeField(null=True)
    last_try_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    open_until = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=20, blank=True)
    error_detail = models.CharField(max_length=500, blank=True)
    error_at = models.DateTimeField(null=True)
    cursor = models.TextField(default="null")
    validators = models.TextField(default="{}")
    records = models.BigIntegerField(default=0)
    corrected = models.BigIntegerField(default=0)
    dead = models.BigIntegerField(default=0)
    drift = models.PositiveIntegerField(default=0)
    grade = models.CharField(max_length=10, choices=Grade.choices, blank=True, default=Grade.NONE)
    rules = models.JSONField(default=list)
    live_checked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = ["name"]

    def __str__(self) -> str:
        return in_language(self.names) or self.name

    @property
    def cursor_value(self) -> Any:
        """The cursor as the kit gave it."""
        return json.loads(self.cursor or "null")


class Latest(models.Model):
    """The newest value of one series. ``key`` joins the values that tell series apart; ``seen`` is when it came."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    series = models.CharField(max_length=60)
    key = models.CharField(max_length=200)
    labels = models.TextField(default="{}")
    number = models.FloatField(null=True)
    text = models.CharField(max_length=200, blank=True)
    unit = models.CharField(max_length=30, blank=True)
    at = models.DateTimeField()
    seen = models.DateTimeField()

    class Meta:
        verbose_name = _("latest value")
        verbose_name_plural = _("latest values")
        constraints = [
            models.UniqueConstraint(fields=["source", "series", "key"], name="latest_one_per_series")
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.series} {self.key}"


class DeadLetter(models.Model):
    """What a source sent and nobody could read: the bytes as they came, and why. The same bytes are one letter."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=32)
    raw = models.BinaryField()
    reason = models.CharField(max_length=300)
    field = models.CharField(max_length=60, blank=True)
    seen = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField(db_index=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("dead letter")
        verbose_name_plural = _("dead letters")
        constraints = [models.UniqueConstraint(fields=["source", "digest"], name="letter_once")]
        ordering = ["-last_at"]

    def __str__(self) -> str:
        return f"{self.source_id} {self.reason}"


class DriftAlarm(models.Model):
    """The outside system changed its columns. Open until it delivers again as declared, or the declaration follows."""

    class Kind(models.TextChoices):
        """What happened to the column."""

        NEW = "new", _("new column")
        GONE = "gone", _("column gone")
        RENAMED = "renamed", _("column renamed")
        SHRUNK = "shrunk", _("delivery much smaller than before")
        ASSUMED = "assumed", _("column taken for one that is missing")

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=120)
    becomes = models.CharField(max_length=120, blank=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("drift alarm")
        verbose_name_plural = _("drift alarms")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "kind", "name"], condition=models.Q(closed_at=None), name="drift_open_once"
            )
        ]
        ordering = ["-last_at"]

    def __str__(self) -> str:
        return f"{self.source_id} {self.kind} {self.name}"


class Run(models.Model):
    """One attempt that gave something or failed; the newest ones of each source are kept."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    seconds = models.FloatField(default=0.0)
    requests = models.PositiveIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    corrected = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    gone = models.PositiveIntegerField(default=0)
    dead = models.PositiveIntegerField(default=0)
    code = models.CharField(max_length=20, blank=True)
    detail = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        indexes = [models.Index(fields=["source", "-at"], name="run_newest")]
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.source_id} {self.at:%Y-%m-%d %H:%M:%S}"


class Hour(models.Model):
    """One hour of a source: what arrived, and how many of the watched seconds it was late."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    hour = models.DateTimeField()
    runs = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    added = models.BigIntegerField(default=0)
    corrected = models.BigIntegerField(default=0)
    dead = models.BigIntegerField(default=0)
    watched_s = models.FloatField(default=0.0)
    late_s = models.FloatField(default=0.0)

    class Meta:
        verbose_name = _("hour")
        verbose_name_plural = _("hours")
        constraints = [models.UniqueConstraint(fields=["source", "hour"], name="hour_once")]

    def __str__(self) -> str:
        return f"{self.source_id} {self.hour:%Y-%m-%d %H}"


class ProviderDay(models.Model):
    """How many requests a provider was asked on one day of its own calendar: quotas hold over restarts."""

    provider = models.CharField(max_length=80)
    day = models.DateField()
    used = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("use of a provider")
        verbose_name_plural = _("uses of providers")
        constraints = [models.UniqueConstraint(fields=["provider", "day"], name="provider_day_once")]

    def __str__(self) -> str:
        return f"{self.provider} {self.day}"
