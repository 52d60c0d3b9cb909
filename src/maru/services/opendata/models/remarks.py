"""Questions and defect reports about datasets. Text, author, office and answers are those of the voice."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from maru.services.opendata.models.datasets import Dataset

KINDS = [("question", _("Question")), ("defect", _("Defect"))]


class Remark(models.Model):
    """A voice about a dataset. ``column`` and ``record`` say where a defect is, where the reporter knew."""

    voice = models.OneToOneField("voices.Voice", on_delete=models.CASCADE, related_name="+")
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="remarks")
    kind = models.CharField(max_length=8, choices=KINDS)
    column = models.CharField(max_length=80, blank=True)
    record = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["dataset", "kind", "-id"], name="opendata_remark_of")]
        verbose_name = _("remark")
        verbose_name_plural = _("remarks")

    def __str__(self) -> str:
        return f"{self.kind} {self.voice_id}"
