"""Files people gave the house (posters). Only re-encoded pictures, named by their content."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class StoredFile(models.Model):
    """A picture under ``media/files/``; ``name`` is ``<sha256>.jpg|.png|.webp``, sizes in pixels and bytes."""

    name = models.CharField(max_length=80, unique=True)
    content_type = models.CharField(max_length=40)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    original_name = models.CharField(max_length=200, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> str:
        """Below the media folder."""
        return f"files/{self.name}"

    @property
    def url(self) -> str:
        """Address of the picture; its content never changes, so it may be cached for ever."""
        return f"/media/{self.path}"
