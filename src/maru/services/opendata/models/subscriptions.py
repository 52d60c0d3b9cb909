"""Who wants to hear of changes, and what is still to be told."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from maru.services.opendata.models.datasets import Dataset

KINDS = [("email", _("E-mail")), ("webhook", _("Webhook"))]


def new_token() -> str:
    """43 characters, 256 bits: whoever holds it may end the subscription."""
    return secrets.token_urlsafe(32)


class Subscription(models.Model):
    """One wish to hear of one dataset. An e-mail address counts only after it was confirmed.

    ``failures`` in a row slow a webhook down; after too many it is paused and says so to its owner.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="subscriptions")
    kind = models.CharField(max_length=7, choices=KINDS)
    address = models.CharField(max_length=500)
    token = models.CharField(max_length=64, unique=True, default=new_token)
    secret = models.CharField(max_length=64, default=new_token)
    language = models.CharField(max_length=10, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    paused_at = models.DateTimeField(null=True, blank=True)
    last_fault = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "kind", "address"], name="opendata_subscription_once"),
        ]
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Notice(models.Model):
    """One thing to tell one subscriber. Kept until it is told, or given up after the last try."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="notices")
    payload: models.JSONField[Any, Any] = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    claimed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["next_at"], name="opendata_notice_due")]
        verbose_name = _("notice")
        verbose_name_plural = _("notices")

    def __str__(self) -> str:
        return f"{self.subscription_id} #{self.pk}"
