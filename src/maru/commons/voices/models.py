"""Voices: anything a citizen says to the city, by any channel, with every step of its life and every answer."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from maru.commons.voices.states import READABLE, Act, State

TEXT_LENGTH = 4000
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # no 0 o 1 i l: read aloud at a counter


def new_public_id() -> str:
    """12 characters, 59 bits: not guessable in bulk, no order, readable aloud."""
    return "".join(secrets.choice(_ALPHABET) for _letter in range(12))


class Voice(models.Model):
    """One voice. ``channel`` says how it came, ``about`` what it concerns (``live/SLUG``, also its address)."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id)
    channel = models.CharField(max_length=30)
    about = models.CharField(max_length=120)
    text = models.TextField(max_length=TEXT_LENGTH)
    language = models.CharField(max_length=10, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    device = models.CharField(max_length=64, blank=True)
    nickname = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVED)
    hidden_from = models.CharField(max_length=10, choices=State.choices, blank=True)
    hidden_reason = models.CharField(max_length=300, blank=True)
    office = models.ForeignKey(
        "offices.Office", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    hand_offs = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True, blank=True)
    routed_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("voice")
        verbose_name_plural = _("voices")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["about", "state"], name="voice_about_state"),
            models.Index(fields=["office", "state", "due_at"], name="voice_inbox"),
            models.Index(fields=["author", "-created_at"], name="voice_author"),
            models.Index(fields=["device", "-created_at"], name="voice_device"),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} {self.state}"

    @property
    def is_readable(self) -> bool:
        """Whether everyone may read it."""
        return self.state in READABLE


class Step(models.Model):
    """One step of a voice's life: who did what when. ``actor`` is a person's key, ``system`` or ``citizen``."""

    voice = models.ForeignKey(Voice, on_delete=models.CASCADE, related_name="steps")
    act = models.CharField(max_length=10, choices=Act.choices)
    state_from = models.CharField(max_length=10, choices=State.choices, blank=True)
    state_to = models.CharField(max_length=10, choices=State.choices)
    office = models.ForeignKey(
        "offices.Office", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    actor = models.CharField(max_length=100)
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("step")
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.act} → {self.state_to}"


class Answer(models.Model):
    """A written answer of an office, public under the voice."""

    voice = models.ForeignKey(Voice, on_delete=models.CASCADE, related_name="answers")
    office = models.ForeignKey(
        "offices.Office", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    text = models.TextField(max_length=TEXT_LENGTH)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return self.text[:40]
