"""Datasets: what is published, its history, what waits for a decision, how often it was taken."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from maru.commons.offices.models import in_language

STATES = [
    ("draft", _("Draft")),
    ("held", _("Held")),
    ("published", _("Published")),
    ("withdrawn", _("Withdrawn")),
]
ORIGINS = [("source", _("Source")), ("upload", _("Upload")), ("offer", _("Service"))]
UPLOAD_STATES = [
    ("waiting", _("Waits for a decision")),
    ("released", _("Released")),
    ("masked", _("Released without the columns named")),
    ("rejected", _("Rejected")),
]


class Dataset(models.Model):
    """One dataset. ``slug`` never changes; ``service_code`` is its name in Seoul's path grammar.

    ``columns`` is a list of mappings with the fields of ``ColumnInfo``; ``shape`` holds what was measured on the rows:
    ``bounds``, ``since``, ``until``.
    """

    slug = models.SlugField(_("address"), max_length=80, unique=True)
    service_code = models.CharField(max_length=80, unique=True)
    table = models.CharField(max_length=120, unique=True)
    origin = models.CharField(max_length=6, choices=ORIGINS)
    source = models.CharField(max_length=120, blank=True, db_index=True)
    titles: models.JSONField[Any, Any] = models.JSONField(default=dict)
    summaries: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)
    keywords: models.JSONField[Any, Any] = models.JSONField(default=list, blank=True)
    category = models.CharField(max_length=20, db_index=True)
    office = models.ForeignKey(
        "offices.Office", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    licence = models.CharField(max_length=60)
    licence_title = models.CharField(max_length=200, blank=True)
    licence_address = models.URLField(max_length=300, blank=True)
    columns: models.JSONField[Any, Any] = models.JSONField(default=list)
    key: models.JSONField[Any, Any] = models.JSONField(default=list)
    time = models.CharField(max_length=80, blank=True)
    has_map = models.BooleanField(default=False)
    cadence_s = models.FloatField(default=0)
    state = models.CharField(max_length=10, choices=STATES, default="draft", db_index=True)
    version = models.PositiveBigIntegerField(default=0)
    rows = models.PositiveBigIntegerField(default=0)
    shape: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)
    quality: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)
    score = models.PositiveSmallIntegerField(default=0)
    uses = models.PositiveBigIntegerField(default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    edited_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["slug"]
        indexes = [
            models.Index(fields=["state", "-changed_at"], name="opendata_state_changed"),
            models.Index(fields=["state", "-edited_at"], name="opendata_state_edited"),
        ]
        verbose_name = _("dataset")
        verbose_name_plural = _("datasets")

    def __str__(self) -> str:
        return self.slug

    @property
    def title(self) -> str:
        """The title in the active language."""
        return in_language(self.titles)

    @property
    def summary(self) -> str:
        """The summary in the active language."""
        return in_language(self.summaries)

    @property
    def about(self) -> str:
        """What voices about it are about; also its address, between slashes."""
        return f"data/{self.slug}"


class Edition(models.Model):
    """A version of the data worth showing: the lake's version and what came since the edition before.

    A living source commits every second; editions are at most one an hour, so that a history can be read.
    ``kind`` beside ``data`` tells of the dataset itself.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="editions")
    kind = models.CharField(
        max_length=10,
        choices=[
            ("published", _("Published")),
            ("data", _("New data")),
            ("described", _("Described anew")),
            ("withdrawn", _("Withdrawn")),
        ],
    )
    version = models.PositiveBigIntegerField()
    at = models.DateTimeField(default=timezone.now)
    rows = models.PositiveBigIntegerField(default=0)
    added = models.PositiveBigIntegerField(default=0)
    corrected = models.PositiveBigIntegerField(default=0)
    gone = models.PositiveBigIntegerField(default=0)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["dataset", "-id"], name="opendata_edition_of")]
        verbose_name = _("edition")
        verbose_name_plural = _("editions")

    def __str__(self) -> str:
        return f"{self.dataset_id} v{self.version}"


class Upload(models.Model):
    """A file that an official brought. It stays in the home, outside the media folder, until it is decided; then it is deleted.

    ``findings`` is a list of mappings with the fields of ``contracts.Finding``; their examples are masked.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="uploads")
    file = models.CharField(max_length=120)
    file_name = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField(default=0)
    rows = models.PositiveBigIntegerField(default=0)
    faults = models.PositiveIntegerField(default=0)
    findings: models.JSONField[Any, Any] = models.JSONField(default=list)
    masked: models.JSONField[Any, Any] = models.JSONField(default=list, blank=True)
    complete = models.BooleanField(default=True)
    state = models.CharField(max_length=10, choices=UPLOAD_STATES, default="waiting", db_index=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")

    def __str__(self) -> str:
        return self.file_name


class Use(models.Model):
    """How often a dataset was taken as a file on one day, by format. Numbers only."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="use")
    day = models.DateField()
    format = models.CharField(max_length=10)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "day", "format"], name="opendata_use_once"),
        ]
        verbose_name = _("use")
        verbose_name_plural = _("uses")

    def __str__(self) -> str:
        return f"{self.day} {self.format} {self.count}"
