"""The conversation as files: two seconds of it in each, named by the time of the picture.

``media/live/SLUG/conversation/``
    ``1795768200-v3.json``  what was said in these two seconds; never changed, a change makes the next version
    ``index.json``          the version of every two seconds, and the ids of what was taken away
    ``latest.json``         the last minute, for readers whose event stream fails

A file says what the database says; ``Interval.wanted`` tells in the same transaction as the change that a new version
is due. Writing is idempotent: a crash at any point leaves work that the next round does again.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db.models import F

from maru.services.live.contracts import INTERVAL_S
from maru.services.live.models import Broadcast, Interval, now
from maru.services.live.queries import conversation as talk
from maru.services.live.queries.broadcasts import folder
from maru.services.live.wire import iso, opinion_record, second_of

LATEST = timedelta(seconds=60)
_AT_ONCE = 500
# Broadcasts whose files were written, but not their index. Lost with the process, which rebuilds when it starts.
_index_due: set[int] = set()
_NAME = re.compile(r"(\d+)-v(\d+)\.json")


@dataclass(frozen=True)
class Due:
    """One file to be written: its second and the version it must have at least."""

    pk: int
    second: int
    version: int


def write_due() -> int:
    """Write what is due in all broadcasts; returns the number of files. Called every second by the worker."""
    rows = Interval.objects.filter(written__lt=F("wanted")).order_by().values_list("broadcast_id", flat=True)
    wanted = {*rows.distinct(), *_index_due}
    return sum(write_broadcast(broadcast) for broadcast in Broadcast.objects.filter(pk__in=wanted))


def write_broadcast(broadcast: Broadcast) -> int:
    """Write the due files of one broadcast, then index and latest, then remove what they replace."""
    written = 0
    while due := _due(broadcast):
        # A full disk may stop any step: the index is owed until it is written.
        _index_due.add(broadcast.pk)
        _write_files(broadcast, due)
        written += len(due)
    if broadcast.pk in _index_due:
        write_index(broadcast)
        _index_due.discard(broadcast.pk)
    return written


def rebuild(broadcast: Broadcast) -> int:
    """Write every file that is missing or due, and remove what belongs to nothing: after a crash, or a lost disk."""
    present = _present(broadcast)
    lost = [
        row.pk
        for row in broadcast.intervals.filter(written=F("wanted"))
        if row.written not in present.get(row.second, ())
    ]
    for start in range(0, len(lost), _AT_ONCE):
        Interval.objects.filter(pk__in=lost[start : start + _AT_ONCE]).update(written=0)
    for draft in _folder(broadcast).glob(".*.draft"):
        draft.unlink(missing_ok=True)
    _index_due.add(broadcast.pk)
    return write_broadcast(broadcast)


def write_index(broadcast: Broadcast) -> None:
    """``index.json`` and ``latest.json`` as the database stands; then old versions are removed."""
    # Only what is on disk: a reader must never be sent to a file that is not there yet.
    versions = dict(
        broadcast.intervals.filter(written__gt=0).order_by("second").values_list("second", "written")
    )
    index = {
        "interval": INTERVAL_S,
        "files": {str(second): version for second, version in versions.items()},
        "hidden": list(talk.hidden_ids(broadcast)),
    }
    here = _folder(broadcast)
    _write(here / "index.json", index)
    _write_latest(broadcast, here)
    _sweep(broadcast, versions)


def refresh_latest() -> None:
    """While on air ``latest.json`` moves on also when nobody speaks. Called every few seconds by the worker."""
    for broadcast in Broadcast.objects.filter(state="live"):
        _write_latest(broadcast, _folder(broadcast))


def rebuild_open() -> int:
    """Once when the worker starts: all files of all broadcasts that have a conversation."""
    spoken = Interval.objects.order_by().values_list("broadcast_id", flat=True).distinct()
    return sum(rebuild(broadcast) for broadcast in Broadcast.objects.filter(pk__in=list(spoken)))


def _due(broadcast: Broadcast) -> list[Due]:
    rows = broadcast.intervals.filter(written__lt=F("wanted")).order_by("second")[:_AT_ONCE]
    return [Due(row.pk, row.second, row.wanted) for row in rows]


def _write_files(broadcast: Broadcast, due: list[Due]) -> None:
    """The version is read before the opinions: a change in between makes one more version, never one too few."""
    here = _folder(broadcast)
    opinions = _opinions_of(broadcast, [one.second for one in due])
    for one in due:
        start = datetime.fromtimestamp(one.second, UTC)
        said = {"start": iso(start), "duration": INTERVAL_S, "opinions": opinions.get(one.second, [])}
        _write(here / f"{one.second}-v{one.version}.json", said)
    for one in due:
        Interval.objects.filter(pk=one.pk, written__lt=one.version).update(written=one.version)


def _opinions_of(broadcast: Broadcast, seconds: list[int]) -> dict[int, list[dict[str, Any]]]:
    first = datetime.fromtimestamp(min(seconds), UTC)
    last = datetime.fromtimestamp(max(seconds) + INTERVAL_S, UTC)
    rows = talk.readable(broadcast).filter(moment__gte=first, moment__lt=last).order_by("moment", "pk")
    wanted = set(seconds)
    found: dict[int, list[dict[str, Any]]] = {}
    for view in talk.views(row for row in rows if second_of(row.moment) in wanted):
        found.setdefault(second_of(view.moment), []).append(opinion_record(view))
    return found


def _write_latest(broadcast: Broadcast, here: Path) -> None:
    present = now()
    since = present - LATEST
    # By publication, not by moment: what a moderator lets in late is news too.
    fresh = talk.readable(broadcast).filter(voice__published_at__gte=since).order_by("moment", "pk")
    changed = broadcast.intervals.filter(changed_at__gte=since, written__gt=0).order_by("second")
    on_air = talk.on_air(broadcast)
    latest = {
        "at": iso(present),
        "since": iso(since),
        "interval": INTERVAL_S,
        "state": broadcast.state,
        "on_air": on_air.id if on_air else None,
        "opinions": [opinion_record(view) for view in talk.views(fresh)],
        "files": {str(second): version for second, version in changed.values_list("second", "written")},
        "hidden": list(talk.hidden_ids(broadcast)),
    }
    _write(here / "latest.json", latest)


def _sweep(broadcast: Broadcast, versions: dict[int, int]) -> None:
    """Remove all versions but the newest: what was hidden must be gone from the disk too."""
    here = _folder(broadcast)
    for second, found in _present(broadcast).items():
        for version in found:
            if version < versions.get(second, 0) or second not in versions:
                (here / f"{second}-v{version}.json").unlink(missing_ok=True)


def _present(broadcast: Broadcast) -> dict[int, set[int]]:
    """The versions on disk of every second."""
    found: dict[int, set[int]] = {}
    for name in _names(_folder(broadcast)):
        match = _NAME.fullmatch(name)
        if match:
            found.setdefault(int(match[1]), set()).add(int(match[2]))
    return found


def _names(here: Path) -> Iterable[str]:
    """Names of the files that hold something: a power cut may leave empty ones."""
    if not here.is_dir():
        return []
    return [entry.name for entry in os.scandir(here) if entry.is_file() and entry.stat().st_size]


def _folder(broadcast: Broadcast) -> Path:
    return folder(broadcast.slug) / "conversation"


def _write(path: Path, data: dict[str, Any]) -> None:
    """Whole or not at all: written beside, flushed, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(data, file, ensure_ascii=False, separators=(",", ":"))
    draft.replace(path)
