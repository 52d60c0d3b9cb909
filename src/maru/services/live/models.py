"""What the live room remembers: broadcasts, the conversation in them, and their log.

Times are UTC and cut to milliseconds, because that is what events and timed files carry: an opinion
must fall into the same two seconds whether it is read from the database or from a file.
"""

from __future__ import annotations

import secrets
import string
from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from maru.commons.offices.models import in_language

STATES = [
    ("scheduled", _("Scheduled")),
    ("live", _("On air")),
    ("ended", _("Ended")),
    ("replay", _("Replay")),
    ("cancelled", _("Cancelled")),
]
OVERRIDES = [
    ("auto", _("Automatic")),
    ("primary", _("Primary")),
    ("backup", _("Backup")),
    ("slate", _("Slate")),
]
MODERATION = [("after", _("After publication")), ("before", _("Before publication"))]
QUESTION_STATES = [
    ("asked", _("Asked")),
    ("on_air", _("On air now")),
    ("answered", _("Answered on air")),
    ("passed", _("Passed on to an office")),
]
INPUT_STATES = [("idle", _("Waiting")), ("connected", _("Connected")), ("faulty", _("Faulty"))]
LOG_KINDS = (
    "connected",
    "lost",
    "fault",
    "recovered",
    "switch",
    "refused_key",
    "disk",
    "alarm",
    "started",
    "ended",
    "override",
)


def now() -> datetime:
    """The present moment, UTC, cut to whole milliseconds."""
    return cut(timezone.now())


def cut(moment: datetime) -> datetime:
    """The same moment without its microseconds."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def new_key() -> str:
    """A stream key: 24 letters and digits (143 bits), long enough to be an SRT passphrase (10 to 79)."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _letter in range(24))


class Programme(models.Model):
    """A series of broadcasts, such as "The mayor's story"."""

    slug = models.SlugField(_("address"), max_length=80, unique=True)
    titles = models.JSONField(default=dict)
    summaries = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering: ClassVar = ["slug"]
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The title in the active language."""
        return in_language(self.titles)

    @property
    def summary(self) -> str:
        """The summary in the active language."""
        return in_language(self.summaries)


class Topic(models.Model):
    """What a broadcast is about, such as traffic or welfare."""

    code = models.SlugField(max_length=40, unique=True)
    names = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["code"]
        verbose_name = _("topic")
        verbose_name_plural = _("topics")

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the active language."""
        return in_language(self.names)


class Broadcast(models.Model):
    """One live event, from its announcement to its replay, under one address."""

    slug = models.SlugField(_("address"), max_length=80, unique=True)
    titles = models.JSONField(default=dict)
    summaries = models.JSONField(default=dict, blank=True)
    programme = models.ForeignKey(
        Programme, null=True, blank=True, on_delete=models.SET_NULL, related_name="broadcasts"
    )
    topics = models.ManyToManyField(Topic, blank=True, related_name="broadcasts")
    state = models.CharField(max_length=10, choices=STATES, default="scheduled")
    starts_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    replay_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    preset = models.CharField(max_length=20, default="default")
    thresholds = models.JSONField(default=dict, blank=True)
    override = models.CharField(max_length=10, choices=OVERRIDES, default="auto")
    moderation = models.CharField(max_length=6, choices=MODERATION, default="after")
    slow_mode_s = models.PositiveIntegerField(default=0)
    anonymous = models.BooleanField(default=True)
    opinions_open = models.BooleanField(default=True)
    poster = models.ForeignKey(
        "files.StoredFile", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    peak = models.PositiveIntegerField(default=0)
    plays = models.PositiveBigIntegerField(default=0)
    phones = models.PositiveBigIntegerField(default=0)
    routed_at = models.DateTimeField(null=True, blank=True)
    # All words a search may find, in small letters: JSON columns are not searched alike by every database.
    words = models.TextField(blank=True, editable=False)

    class Meta:
        ordering: ClassVar = ["-starts_at", "-id"]
        indexes: ClassVar = [models.Index(fields=["state", "starts_at"], name="live_broadcast_state")]
        verbose_name = _("broadcast")
        verbose_name_plural = _("broadcasts")

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
    def channel(self) -> str:
        """The public event channel."""
        return f"live/{self.slug}"

    @property
    def staff_channel(self) -> str:
        """The event channel of studio and moderators."""
        return f"staff/live/{self.slug}"


class Input(models.Model):
    """One place where an encoder may connect, or a file that plays instead of one."""

    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE, related_name="inputs")
    name = models.CharField(max_length=10, choices=[("primary", _("Primary")), ("backup", _("Backup"))])
    kind = models.CharField(
        max_length=4, choices=[("push", _("Encoder")), ("file", _("File"))], default="push"
    )
    key = models.CharField(max_length=64, unique=True, default=new_key)
    srt_port = models.PositiveIntegerField(null=True, blank=True)
    file_path = models.CharField(max_length=500, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=INPUT_STATES, default="idle")
    connected_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["broadcast", "-name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["broadcast", "name"], name="live_input_once"),
            models.UniqueConstraint(
                fields=["srt_port"], condition=models.Q(srt_port__isnull=False), name="live_port_once"
            ),
        ]
        verbose_name = _("input")
        verbose_name_plural = _("inputs")

    def __str__(self) -> str:
        return f"{self.broadcast_id}:{self.name}"


class Chapter(models.Model):
    """One point of the agenda; ``started_at`` is set when the producer marks it."""

    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE, related_name="chapters")
    title = models.CharField(max_length=200)
    position = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["position", "id"]
        verbose_name = _("chapter")
        verbose_name_plural = _("chapters")

    def __str__(self) -> str:
        return self.title


class Captions(models.Model):
    """What is said, as text beside the picture, in one language. The file lies in the media folder.

    ``version`` rises with each file, also over a removal: an address never means two files.
    """

    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE, related_name="captions")
    language = models.CharField(max_length=10)
    version = models.PositiveIntegerField(default=0)
    shown = models.BooleanField(default=False)
    cues = models.PositiveIntegerField(default=0)
    size = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(default=now)

    class Meta:
        ordering: ClassVar = ["language"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["broadcast", "language"], name="live_captions_once"),
        ]
        verbose_name = _("captions")
        verbose_name_plural = _("captions")

    def __str__(self) -> str:
        return f"{self.language}-v{self.version}"


class Opinion(models.Model):
    """What a citizen says in a broadcast. Text, author and publication are those of its voice."""

    voice = models.OneToOneField("voices.Voice", on_delete=models.CASCADE, related_name="+")
    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE, related_name="opinions")
    moment = models.DateTimeField()
    question = models.BooleanField(default=False)
    question_state = models.CharField(max_length=8, choices=QUESTION_STATES, default="asked")
    votes = models.PositiveIntegerField(default=0)
    on_air_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    # A keyed digest of person or device, another one in each broadcast: it can slow a writer down
    # or refuse a second vote, but it cannot be followed from one broadcast to the next.
    writer = models.CharField(max_length=40)
    idempotency = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [
            models.Index(fields=["broadcast", "moment"], name="live_opinion_moment"),
            models.Index(fields=["broadcast", "writer", "id"], name="live_opinion_writer"),
            models.Index(fields=["broadcast", "question", "-votes"], name="live_opinion_votes"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["broadcast", "writer", "idempotency"],
                condition=~models.Q(idempotency=""),
                name="live_opinion_once",
            ),
            models.UniqueConstraint(
                fields=["broadcast"],
                condition=models.Q(question_state="on_air"),
                name="live_opinion_one_on_air",
            ),
        ]
        verbose_name = _("opinion")
        verbose_name_plural = _("opinions")

    def __str__(self) -> str:
        return str(self.pk)


class Vote(models.Model):
    """One person's or device's support of a question; both are keyed digests."""

    opinion = models.ForeignKey(Opinion, on_delete=models.CASCADE, related_name="ballots")
    voter = models.CharField(max_length=40)
    device = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["opinion", "voter"], name="live_vote_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["opinion", "device"], name="live_vote_device")]
        verbose_name = _("vote")
        verbose_name_plural = _("votes")

    def __str__(self) -> str:
        return str(self.pk)


class Interval(models.Model):
    """Two seconds of conversation and the version of their file.

    ``wanted`` rises in the transaction that changes what the file must say; ``written`` follows when
    the file is on disk. A crash between the two leaves ``written < wanted``, which is found again.
    """

    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE, related_name="intervals")
    second = models.BigIntegerField()
    wanted = models.PositiveIntegerField(default=0)
    written = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(default=now)

    class Meta:
        ordering: ClassVar = ["second"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["broadcast", "second"], name="live_interval_once"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["broadcast"],
                condition=models.Q(written__lt=models.F("wanted")),
                name="live_interval_dirty",
            ),
        ]
        verbose_name = _("interval")
        verbose_name_plural = _("intervals")

    def __str__(self) -> str:
        return f"{self.second}-v{self.wanted}"


class LogEntry(models.Model):
    """What happened to the signal: connections, faults, switches. Never changed."""

    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE, related_name="log")
    at = models.DateTimeField(default=now)
    kind = models.CharField(max_length=16)
    input = models.CharField(max_length=10, blank=True)
    source_from = models.CharField(max_length=10, blank=True)
    source_to = models.CharField(max_length=10, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    detail: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        indexes: ClassVar = [models.Index(fields=["broadcast", "-at"], name="live_log_at")]
        verbose_name = _("log entry")
        verbose_name_plural = _("log entries")

    def __str__(self) -> str:
        return f"{self.kind} {self.at.isoformat()}"


class AudienceSample(models.Model):
    """How many watched at one time. Numbers only, never an address."""

    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE, related_name="audience")
    at = models.DateTimeField(default=now)
    now = models.PositiveIntegerField(default=0)
    phones = models.PositiveIntegerField(default=0)
    joins = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["at"]
        indexes: ClassVar = [models.Index(fields=["broadcast", "at"], name="live_audience_at")]
        verbose_name = _("audience sample")
        verbose_name_plural = _("audience samples")

    def __str__(self) -> str:
        return f"{self.now} {self.at.isoformat()}"
