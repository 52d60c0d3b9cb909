"""What the worker repeats for the live room: timed files, audience, replays."""

from __future__ import annotations

import threading
from datetime import timedelta

import structlog
from django.conf import settings

from maru.platform.events.periodic import Periodic
from maru.platform.stream import audience as stream_audience
from maru.services.live import timed_files
from maru.services.live.models import Broadcast, now
from maru.services.live.operations.audience import note_audience
from maru.services.live.operations.broadcasts import publish_replay
from maru.services.live.queries.broadcasts import folder

log = structlog.get_logger("maru.live")

# The media process closes the timeline about a second after the end and says so in the log. If it is not running,
# what is there is all there will be.
_PATIENCE = timedelta(seconds=20)
_started = threading.Event()


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


def make_replays() -> None:
    """Ended broadcasts whose timeline is closed get their downloads and become replays."""
    for broadcast in Broadcast.objects.filter(state="ended"):
        if is_closed(broadcast):
            make_replay(broadcast)


def is_closed(broadcast: Broadcast) -> bool:
    """Whether nothing will be added to the timeline any more."""
    ended = broadcast.ended_at
    if ended is None or now() - ended > _PATIENCE:
        return True
    return broadcast.log.filter(kind="ended", at__gte=ended - timedelta(seconds=5)).exists()


def make_replay(broadcast: Broadcast) -> None:
    """Join the segments to downloads, then say that the replay is there. A crash in between repeats it all."""
    journal = settings.MARU.home / "live" / broadcast.slug / "timeline.jsonl"
    if journal.exists():
        from maru.services.live.engine import recording

        recording.finish(settings.MARU.ffmpeg, journal, folder(broadcast.slug))
    publish_replay(broadcast=broadcast)


PERIODIC = (
    Periodic("live conversation", 1.0, write_conversation),
    Periodic("live latest", 5.0, refresh_conversation),
    Periodic("live audience", 2.0, read_audience),
    Periodic("live replays", 2.0, make_replays),
)
