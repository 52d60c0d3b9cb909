"""The agenda: chapters written before, marked when they begin, read by the player's chapter menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from maru.platform.audit.operations import record
from maru.services.live.models import Broadcast, Chapter, now
from maru.services.live.operations.broadcasts import index_words
from maru.services.live.operations.marks import target, tell, wake
from maru.services.live.refusals import WrongState
from maru.services.live.text import required
from maru.services.live.wire import iso_or_none

if TYPE_CHECKING:
    from maru.commons.people.models import Person

TITLE = 200


def add_chapter(*, broadcast: Broadcast, title: str, by: Person | None, start_now: bool = False) -> Chapter:
    """Add a chapter at the end of the agenda; ``start_now`` marks it too. Raises Invalid, WrongState."""
    words = required(title, limit=TITLE, field="title", lines=False)
    with transaction.atomic():
        last = broadcast.chapters.aggregate(last=Max("position"))["last"]
        chapter = Chapter.objects.create(
            broadcast=broadcast, title=words, position=0 if last is None else last + 1
        )
        index_words(broadcast)
        record(actor=by, act="live.add_chapter", target=target(broadcast), details={"title": words})
        if start_now:
            mark_chapter(chapter=chapter, by=by)
    return chapter


def mark_chapter(*, chapter: Chapter, by: Person | None) -> Chapter:
    """This chapter begins now. Marking it again moves its beginning. WrongState unless on air."""
    broadcast = chapter.broadcast
    if broadcast.state != "live":
        raise WrongState(_("Chapters are marked while the broadcast is on air."))
    with transaction.atomic():
        chapter.started_at = now()
        chapter.save(update_fields=["started_at"])
        record(actor=by, act="live.mark_chapter", target=target(broadcast), details={"title": chapter.title})
        tell(
            broadcast,
            ("chapter", {"id": chapter.pk, "title": chapter.title, "at": iso_or_none(chapter.started_at)}),
        )
        wake(broadcast)
    return chapter


def unmark_chapter(*, chapter: Chapter, by: Person | None) -> Chapter:
    """Take a marking back (a slip of the finger)."""
    with transaction.atomic():
        chapter.started_at = None
        chapter.save(update_fields=["started_at"])
        record(
            actor=by,
            act="live.unmark_chapter",
            target=target(chapter.broadcast),
            details={"title": chapter.title},
        )
        tell(chapter.broadcast, ("chapter", {"id": chapter.pk, "title": chapter.title, "at": None}))
    return chapter


def rename_chapter(*, chapter: Chapter, title: str, by: Person | None) -> Chapter:
    """Correct a chapter's title."""
    words = required(title, limit=TITLE, field="title", lines=False)
    with transaction.atomic():
        chapter.title = words
        chapter.save(update_fields=["title"])
        index_words(chapter.broadcast)
        record(
            actor=by, act="live.rename_chapter", target=target(chapter.broadcast), details={"title": words}
        )
        tell(
            chapter.broadcast,
            ("chapter", {"id": chapter.pk, "title": words, "at": iso_or_none(chapter.started_at)}),
        )
    return chapter


def remove_chapter(*, chapter: Chapter, by: Person | None) -> None:
    """Take a chapter from the agenda."""
    broadcast, number, title = chapter.broadcast, chapter.pk, chapter.title
    with transaction.atomic():
        chapter.delete()
        index_words(broadcast)
        record(actor=by, act="live.remove_chapter", target=target(broadcast), details={"title": title})
        tell(broadcast, ("chapter", {"id": number, "title": "", "at": None, "removed": True}))
