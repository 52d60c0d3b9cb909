"""What the developers' corner remembers: apps made with the data, courses and consulting hours, wishes for data."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from maru.commons.offices.models import in_language

APP_STATES = [
    ("waiting", _("Waiting for the city")),
    ("published", _("In the showcase")),
    ("refused", _("Not taken")),
]
APP_KINDS = [
    ("web", _("Web page")),
    ("phone", _("Phone app")),
    ("analysis", _("Analysis or picture")),
    ("study", _("Research")),
    ("other", _("Something else")),
]
MEETING_KINDS = [("course", _("Course")), ("hour", _("Consulting hour"))]
WISH_STATES = [
    ("open", _("With the city")),
    ("granted", _("Published")),
    ("declined", _("Cannot be published")),
]


def new_code() -> str:
    """What only the one who booked knows, so that a booking can be given up without an account: 22 characters."""
    return secrets.token_urlsafe(16)


class App(models.Model):
    """Something that somebody made with the city's data. ``datasets`` are their addresses (slugs)."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    summary = models.TextField(max_length=600)
    address = models.URLField(max_length=300)
    kind = models.CharField(max_length=10, choices=APP_KINDS, default="web")
    maker = models.CharField(max_length=60)
    email = models.EmailField(blank=True)
    datasets = models.JSONField(default=list, blank=True)
    state = models.CharField(max_length=10, choices=APP_STATES, default="waiting")
    reason = models.CharField(max_length=300, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    device = models.CharField(max_length=64, blank=True)
    sent_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("app")
        verbose_name_plural = _("apps")
        ordering: ClassVar = ["-sent_at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["state", "-sent_at"], name="app_state")]

    def __str__(self) -> str:
        return f"{self.slug} {self.state}"


class Meeting(models.Model):
    """A course, or an hour with someone who knows the data. ``seats`` are places for people (an hour: 1)."""

    kind = models.CharField(max_length=6, choices=MEETING_KINDS)
    titles = models.JSONField(default=dict)
    summaries = models.JSONField(default=dict, blank=True)
    place = models.CharField(max_length=200)
    starts_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField(default=60)
    seats = models.PositiveSmallIntegerField(default=1)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")
        ordering: ClassVar = ["starts_at", "pk"]
        indexes: ClassVar = [models.Index(fields=["kind", "starts_at"], name="meeting_time")]

    def __str__(self) -> str:
        return f"{self.kind} {self.starts_at:%Y-%m-%d %H:%M}"

    @property
    def title(self) -> str:
        """In the reader's language."""
        return in_language(self.titles)


class Booking(models.Model):
    """A place in a meeting. Name and address are forgotten thirty days after it."""

    code = models.CharField(max_length=22, unique=True, default=new_code)
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="bookings")
    name = models.CharField(max_length=60, blank=True)
    email = models.EmailField(blank=True)
    subject = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(default=timezone.now)
    given_up_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        ordering: ClassVar = ["at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["meeting", "email"],
                condition=models.Q(given_up_at=None) & ~models.Q(email=""),
                name="booked_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.meeting_id} {self.at:%Y-%m-%d}"


class Wish(models.Model):
    """Data that somebody asks the city to publish: a voice with a title, and how many want it too."""

    voice = models.OneToOneField("voices.Voice", on_delete=models.CASCADE, related_name="+")
    number = models.CharField(max_length=12, unique=True)
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=WISH_STATES, default="open")
    dataset = models.CharField(max_length=120, blank=True)
    supporters = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("request for data")
        verbose_name_plural = _("requests for data")
        ordering: ClassVar = ["-supporters", "-pk"]

    def __str__(self) -> str:
        return f"{self.number} {self.state}"


class Support(models.Model):
    """One who wants it too: ``who`` is a digest of person or device that means nothing outside this request."""

    wish = models.ForeignKey(Wish, on_delete=models.CASCADE, related_name="supports")
    who = models.CharField(max_length=32)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("support")
        verbose_name_plural = _("supports")
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["wish", "who"], name="supported_once")]

    def __str__(self) -> str:
        return f"{self.wish_id}"
