"""The life of a broadcast: announced, on air, ended, replay."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Unpack

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from maru.platform.access.refusals import Invalid
from maru.platform.audit.operations import record
from maru.services.live.contracts import Changes
from maru.services.live.engine.contracts import PRESETS, Override, Thresholds
from maru.services.live.models import Broadcast, Programme, Topic, now
from maru.services.live.operations import inputs
from maru.services.live.operations.marks import gathered, mark, mark_questions, target, tell, wake
from maru.services.live.operations.questions import question_event, take_off_air
from maru.services.live.refusals import Taken, WrongState
from maru.services.live.text import by_language, check_address, searchable

if TYPE_CHECKING:
    from maru.commons.people.models import Person

# Below /live/, /studio/ and /media/live/ these mean something else.
RESERVED = frozenset({"programmes", "topics", "calendar", "slates", "new", "embed", "search"})
TITLE = 200
SUMMARY = 2000
_LIMITS = {"silence_dbfs": (-90.0, -10.0)}
_SLOWEST = 3600


def create_broadcast(
    *, slug: str, by: Person | None, backup: bool = False, file_path: str = "", **changes: Unpack[Changes]
) -> Broadcast:
    """Announce a broadcast with its inputs. Raises Invalid (field named) and Taken for a used address.

    ``file_path`` makes the primary input a file that plays instead of an encoder.
    """
    broadcast = Broadcast(slug=check_address(slug, reserved=RESERVED))
    try:
        with transaction.atomic():
            topics = _apply(broadcast, changes)
            if not broadcast.titles:
                raise Invalid("title", _("A broadcast needs a title."), code="empty")
            broadcast.save(force_insert=True)
            if topics is not None:
                broadcast.topics.set(topics)
            index_words(broadcast)
            record(actor=by, act="live.create", target=target(broadcast))
            inputs.add_input(broadcast=broadcast, name="primary", by=by, file_path=file_path)
            if backup:
                inputs.add_input(broadcast=broadcast, name="backup", by=by)
            wake(broadcast)
    except IntegrityError:
        if Broadcast.objects.filter(slug=slug).exists():
            raise Taken(field="slug") from None
        raise
    return broadcast


def edit_broadcast(*, broadcast: Broadcast, by: Person | None, **changes: Unpack[Changes]) -> Broadcast:
    """Change settings, also while on air. Raises Invalid naming the field; then nothing is changed."""
    with transaction.atomic():
        fresh = Broadcast.objects.select_for_update(no_key=True).get(pk=broadcast.pk)
        topics = _apply(fresh, changes)
        if not fresh.titles:
            raise Invalid("title", _("A broadcast needs a title."), code="empty")
        fresh.save()
        if topics is not None:
            fresh.topics.set(topics)
        index_words(fresh)
        record(actor=by, act="live.edit", target=target(fresh), details={"fields": sorted(changes)})
        tell(fresh, ("broadcast", state_event(fresh)))
        wake(fresh)
    _follow(broadcast, fresh)
    return broadcast


def start_broadcast(*, broadcast: Broadcast, by: Person | None) -> Broadcast:
    """On air from now on. Starting again what is on air changes nothing. WrongState after the end."""
    with transaction.atomic():
        fresh = Broadcast.objects.select_for_update(no_key=True).get(pk=broadcast.pk)
        if fresh.state != "live":
            if fresh.state != "scheduled":
                raise WrongState(_("This broadcast has ended or was cancelled; make a new one."))
            fresh.state, fresh.started_at = "live", now()
            fresh.save(update_fields=["state", "started_at"])
            record(actor=by, act="live.start", target=target(fresh))
            tell(fresh, ("broadcast", state_event(fresh)))
            wake(fresh)
    _follow(broadcast, fresh)
    return broadcast


def end_broadcast(*, broadcast: Broadcast, by: Person | None) -> Broadcast:
    """The end; the replay follows by itself. Again changes nothing. WrongState if it never was on air."""
    with transaction.atomic(), gathered():
        fresh = Broadcast.objects.select_for_update(no_key=True).get(pk=broadcast.pk)
        if fresh.state not in {"ended", "replay"}:
            if fresh.state != "live":
                raise WrongState(_("This broadcast is not on air."))
            fresh.state, fresh.ended_at = "ended", now()
            fresh.save(update_fields=["state", "ended_at"])
            inputs.release_ports(fresh)
            record(actor=by, act="live.end", target=target(fresh))
            taken = take_off_air(fresh)
            mark(fresh, [row.moment for row in taken])
            mark_questions(fresh)
            questions = [("question", question_event(row)) for row in taken]
            tell(fresh, *questions, ("broadcast", state_event(fresh)))
            wake(fresh)
    _follow(broadcast, fresh)
    return broadcast


def cancel_broadcast(*, broadcast: Broadcast, by: Person | None) -> Broadcast:
    """It will not take place; the page stays and says so. WrongState once it was on air."""
    with transaction.atomic():
        fresh = Broadcast.objects.select_for_update(no_key=True).get(pk=broadcast.pk)
        if fresh.state not in {"scheduled", "cancelled"}:
            raise WrongState(_("Only a broadcast that has not begun can be cancelled."))
        if fresh.state == "scheduled":
            fresh.state = "cancelled"
            fresh.save(update_fields=["state"])
            inputs.release_ports(fresh)
            record(actor=by, act="live.cancel", target=target(fresh))
            tell(fresh, ("broadcast", state_event(fresh)))
            wake(fresh)
    _follow(broadcast, fresh)
    return broadcast


def note_recording(*, broadcast: Broadcast) -> Broadcast:
    """The downloads are made, or cannot be. Called by the worker; a second time changes nothing."""
    with transaction.atomic():
        fresh = Broadcast.objects.select_for_update(no_key=True).get(pk=broadcast.pk)
        if fresh.recorded_at is None:
            fresh.recorded_at = now()
            fresh.save(update_fields=["recorded_at"])
            tell(fresh, ("broadcast", {**state_event(fresh), "recorded": True}))
    _follow(broadcast, fresh)
    return broadcast


def publish_replay(*, broadcast: Broadcast) -> Broadcast:
    """The timeline is closed: what can be watched now stays. By the worker; a second time changes nothing."""
    with transaction.atomic():
        fresh = Broadcast.objects.select_for_update(no_key=True).get(pk=broadcast.pk)
        if fresh.state == "ended":
            fresh.state, fresh.replay_at = "replay", now()
            fresh.save(update_fields=["state", "replay_at"])
            record(actor=None, act="live.replay", target=target(fresh))
            tell(fresh, ("broadcast", state_event(fresh)))
    _follow(broadcast, fresh)
    return broadcast


def set_override(*, broadcast: Broadcast, override: Override, by: Person | None) -> Broadcast:
    """Put one source on air whatever the watchdog says, or ``auto`` to let it decide. Raises Invalid."""
    if override not in {"auto", "primary", "backup", "slate"}:
        raise Invalid("override", _("There is no such source."))
    with transaction.atomic():
        if override == "backup" and not broadcast.inputs.filter(name="backup").exists():
            raise Invalid("override", _("This broadcast has no backup input."))
        Broadcast.objects.filter(pk=broadcast.pk).update(override=override)
        broadcast.override = override
        record(actor=by, act="live.override", target=target(broadcast), details={"override": override})
        inputs.tell_inputs(broadcast)
        wake(broadcast)
    return broadcast


def index_words(broadcast: Broadcast) -> None:
    """Gather what a search may find: titles, summaries, series, topics, agenda."""
    texts = [*broadcast.titles.values(), *broadcast.summaries.values()]
    if broadcast.programme is not None:
        texts += broadcast.programme.titles.values()
    for names in broadcast.topics.values_list("names", flat=True):
        texts += names.values()
    texts += broadcast.chapters.values_list("title", flat=True)
    broadcast.words = searchable("\n".join(texts))
    broadcast.save(update_fields=["words"])


def state_event(broadcast: Broadcast) -> dict[str, Any]:
    """The payload of a ``broadcast`` event: what pages must know to follow."""
    return {
        "state": broadcast.state,
        "opinions_open": broadcast.opinions_open,
        "slow_mode_s": broadcast.slow_mode_s,
        "moderation": broadcast.moderation,
        "anonymous": broadcast.anonymous,
    }


def _follow(stale: Broadcast, fresh: Broadcast) -> None:
    """The caller's object shows what was saved."""
    for column in Broadcast._meta.concrete_fields:
        setattr(stale, column.attname, getattr(fresh, column.attname))


def _apply(broadcast: Broadcast, changes: Changes) -> list[Topic] | None:
    """Check all and set; returns the topics to set, None if they were not given."""
    if "titles" in changes:
        broadcast.titles = by_language(changes["titles"], field="titles", limit=TITLE, lines=False)
    if "summaries" in changes:
        broadcast.summaries = by_language(changes["summaries"], field="summaries", limit=SUMMARY, lines=True)
    if "programme" in changes:
        broadcast.programme = _programme(changes["programme"])
    if "starts_at" in changes:
        broadcast.starts_at = _time(changes["starts_at"])
    if "poster" in changes:
        broadcast.poster = changes["poster"]
    _apply_signal(broadcast, changes)
    _apply_conversation(broadcast, changes)
    return _topics(changes["topics"]) if "topics" in changes else None


def _apply_signal(broadcast: Broadcast, changes: Changes) -> None:
    if "preset" in changes:
        if changes["preset"] not in PRESETS:
            raise Invalid("preset", _("There is no such preset."))
        broadcast.preset = changes["preset"]
    if "thresholds" in changes:
        broadcast.thresholds = _thresholds(changes["thresholds"])


def _apply_conversation(broadcast: Broadcast, changes: Changes) -> None:
    if "moderation" in changes:
        if changes["moderation"] not in {"after", "before"}:
            raise Invalid("moderation", _("Either after or before publication."))
        broadcast.moderation = changes["moderation"]
    if "slow_mode_s" in changes:
        if not 0 <= changes["slow_mode_s"] <= _SLOWEST:
            raise Invalid("slow_mode_s", _("Between 0 and 3600 seconds."))
        broadcast.slow_mode_s = changes["slow_mode_s"]
    if "anonymous" in changes:
        broadcast.anonymous = changes["anonymous"]
    if "opinions_open" in changes:
        broadcast.opinions_open = changes["opinions_open"]


def _time(given: datetime | None) -> datetime | None:
    if given is not None and given.tzinfo is None:
        raise Invalid("starts_at", _("The time needs its time zone."))
    # Near the ends of the calendar a change of zone overflows.
    if given is not None and not 1990 <= given.year <= 2200:
        raise Invalid("starts_at", _("This time cannot be used."))
    return given


def _programme(slug: str) -> Programme | None:
    if not slug:
        return None
    found = Programme.objects.filter(slug=slug.replace("\x00", "")).first()
    if found is None:
        raise Invalid("programme", _("There is no such programme."))
    return found


def _topics(codes: list[str]) -> list[Topic]:
    found = {topic.code: topic for topic in Topic.objects.all()}
    if any(code not in found for code in codes):
        raise Invalid("topics", _("There is no such topic."))
    return [found[code] for code in dict.fromkeys(codes)]


def _thresholds(given: dict[str, float]) -> dict[str, float]:
    known = {column.name for column in fields(Thresholds)}
    for name, value in given.items():
        low, high = _LIMITS.get(name, (0.0, 60.0))
        if name not in known or not low <= value <= high:
            raise Invalid("thresholds", _("This threshold cannot be used: %(name)s") % {"name": name[:40]})
    return {name: float(value) for name, value in given.items()}
