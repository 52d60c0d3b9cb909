"""What keeps the hall civil: words that are held back, and blocks of a device or an account."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class BlockedWord(models.Model):
    """A word in one language; ``normal`` is what texts are compared with (see ``normal_form``)."""

    language = models.CharField(_("language"), max_length=10)
    word = models.CharField(_("word"), max_length=60)
    normal = models.CharField(max_length=200, editable=False)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("blocked word")
        verbose_name_plural = _("blocked words")
        ordering = ["language", "word"]
        constraints = [models.UniqueConstraint(fields=["language", "normal"], name="one_blocked_word")]

    def __str__(self) -> str:
        return self.word


class Block(models.Model):
    """A device (its hash) or a person (their key) that may not write, until a time or for good."""

    class Kind(models.TextChoices):
        """Whom the block names."""

        DEVICE = "device", _("device")
        PERSON = "person", _("account")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    value = models.CharField(max_length=64)
    reason = models.CharField(_("reason"), max_length=300)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("block")
        verbose_name_plural = _("blocks")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["kind", "value"], name="block_whom")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value[:12]}"
