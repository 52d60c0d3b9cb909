"""What the worker repeats for the live room: timed files, audience, replays."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import structlog
from django.conf import settings

from maru.platform.events.periodic import Periodic
from maru.platform.stream import audience as stream_audience
from maru.services.live import timed_files
from maru.services.live.engine import recording
from maru.services.live.engine.contracts import Report
from maru.services.live.models import Broadcast, now
from maru.services.live.operations.audience import note_audience
from maru.services.live.operations.broadcasts import note_recording, publish_replay
from maru.services.live.operations.erasure import forget_old_writers
from maru.services.live.operations.reports import note_report
from maru.services.live.queries.broadcasts import folder
from maru.services.live.service import MANIFEST

log = structlog.get_logger("maru.live")

# The media process closes the timeline about a second after the end and says so in the log. If it is not running,
# what is there is all there will be.
_PATIENCE = timedelta(seconds=20)
# The replay is promised within a minute; downloads of a broadcast with many sources may take longer than that.
_REPLAY_AT_LAST = timedelta(seconds=40)
_TRIES = 3
_PAUSE_S = 20.0
_started = threading.Event()
_failures: dict[int, int] = {}
_again_at: dict[int, float] = {}


def write_conversation() -> None:
    """Write the timed files that are due; the first time, also what a crash or a lost disk has left out."""
    if _started.is_set():
        timed_files.write_due()
    else:
        timed_files.rebuild_open()
        _started.set()


def refresh_conversation() -> None:
    """``latest.json`` of what is on air moves on with the time."""
    timed_files.refresh_latest()


def read_audience() -> None:
    """Take over the stream's counts of those who watch now."""
    counts = stream_audience.read(settings.MARU.home)
    slugs = {
        channel.removeprefix("live/"): count
        for channel, count in counts.items()
        if channel.startswith("live/")
    }
    for broadcast in Broadcast.objects.filter(
        slug__in=slugs, state__in=["scheduled", "live", "ended", "replay"]
    ):
        count = slugs[broadcast.slug]
        note_audience(broadcast=broadcast, viewers=count.now, phones=count.phones, joins=count.joins)


def make_recordings() -> None:
    """Closed timelines become downloads, one after the other."""
    for broadcast in Broadcast.objects.filter(state__in=["ended", "replay"], recorded_at=None).order_by(
        "ended_at"
    ):
        if is_closed(broadcast) and time.monotonic() >= _again_at.get(broadcast.pk, 0.0):
            _make_recording(broadcast)


def publish_replays() -> None:
    """Ended broadcasts become replays when their downloads are there, or after 40 seconds without them."""
    for broadcast in Broadcast.objects.filter(state="ended"):
        late = broadcast.ended_at is None or now() - broadcast.ended_at > _REPLAY_AT_LAST
        if is_closed(broadcast) and (broadcast.recorded_at is not None or late):
            publish_replay(broadcast=broadcast)


def is_closed(broadcast: Broadcast) -> bool:
    """Whether nothing will be added to the timeline any more."""
    ended = broadcast.ended_at
    if ended is None or now() - ended > _PATIENCE:
        return True
    return broadcast.log.filter(kind="ended", at__gte=ended - timedelta(seconds=5)).exists()


def _make_recording(broadcast: Broadcast) -> None:
    """Join the segments. A crash in between repeats it all; what fails three times is given up, and said."""
    journal = settings.MARU.home / "live" / broadcast.slug / "timeline.jsonl"
    marked = broadcast.chapters.exclude(started_at=None).order_by("started_at")
    marks = [recording.Mark(row.title, row.started_at.timestamp()) for row in marked if row.started_at]
    try:
        if journal.exists():
            folder(broadcast.slug).mkdir(parents=True, exist_ok=True)
            recording.finish(settings.MARU.ffmpeg, journal, folder(broadcast.slug), marks, broadcast.title)
    except (recording.RecordingFailed, OSError) as fault:
        _failures[broadcast.pk] = _failures.get(broadcast.pk, 0) + 1
        _again_at[broadcast.pk] = time.monotonic() + _PAUSE_S
        log.exception("recording failed", broadcast=broadcast.slug, times=_failures[broadcast.pk])
        if _failures[broadcast.pk] < _TRIES:
            return
        note_report(
            report=Report(
                broadcast=broadcast.slug,
                at=time.time(),
                kind="alarm",
                reason=f"no downloads could be made: {fault}",
            )
        )
    note_recording(broadcast=broadcast)


def forget_writers() -> None:
    """Keep the manifest's promise: after its days, nobody can tell who wrote or voted."""
    for promise in MANIFEST.retention:
        forget_old_writers(before=now() - timedelta(days=promise.days))


PERIODIC = (
    Periodic("live conversation", 1.0, write_conversation),
    Periodic("live latest", 5.0, refresh_conversation),
    Periodic("live audience", 2.0, read_audience),
    Periodic("live recordings", 1.0, make_recordings),
    Periodic("live replays", 1.0, publish_replays),
    Periodic("live retention", 3600.0, forget_writers),
)
