"""What broadcasts are ordered by: programmes (series) and topics. Searches follow their names at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from maru.platform.access.refusals import Conflict, Invalid
from maru.platform.audit.operations import record
from maru.services.live.models import Broadcast, Programme, Topic
from maru.services.live.operations.broadcasts import SUMMARY, TITLE, index_words
from maru.services.live.refusals import Taken
from maru.services.live.text import by_language, check_address

if TYPE_CHECKING:
    from collections.abc import Iterable

    from maru.commons.people.models import Person

# Below /studio/programmes/ and /studio/topics/.
RESERVED = frozenset({"new"})
TOPIC_CODE = 40
TOPIC_NAME = 80


def create_programme(
    *, slug: str, titles: dict[str, str], by: Person | None, summaries: dict[str, str] | None = None
) -> Programme:
    """A new series. Raises Invalid (slug, titles, summaries) and Taken for a used address."""
    made = Programme(slug=check_address(slug, reserved=RESERVED))
    _set_words(made, titles, summaries or {})
    _save(made, taken=_("There is already a programme with this address."), by=by, act="live.add_programme")
    return made


def edit_programme(
    *,
    programme: Programme,
    slug: str,
    titles: dict[str, str],
    summaries: dict[str, str],
    by: Person | None,
) -> Programme:
    """Change address and words; its broadcasts are found by the new words. Raises Invalid, Taken."""
    former, programme.slug = programme.slug, check_address(slug, reserved=RESERVED)
    _set_words(programme, titles, summaries)
    _save(
        programme,
        taken=_("There is already a programme with this address."),
        by=by,
        act="live.edit_programme",
        former=former,
    )
    return programme


def delete_programme(*, programme: Programme, by: Person | None) -> None:
    """Remove a series that holds no broadcast. Raises Conflict if it holds one."""
    with transaction.atomic():
        fresh = Programme.objects.select_for_update().get(pk=programme.pk)
        if fresh.broadcasts.exists():
            raise Conflict(_("There are broadcasts in this programme. Move them first."), code="not_empty")
        fresh.delete()
        record(actor=by, act="live.delete_programme", target=_target(programme), details=_details(programme))


def create_topic(*, code: str, names: dict[str, str], by: Person | None) -> Topic:
    """A new topic. Raises Invalid (code, names) and Taken for a used code."""
    made = Topic(code=check_address(code, limit=TOPIC_CODE, field="code", reserved=RESERVED))
    made.names = _names(names)
    _save(made, taken=_("There is already a topic with this code."), by=by, act="live.add_topic")
    return made


def edit_topic(*, topic: Topic, code: str, names: dict[str, str], by: Person | None) -> Topic:
    """Change code and names; its broadcasts are found by the new names. Raises Invalid, Taken."""
    former, topic.code = topic.code, check_address(code, limit=TOPIC_CODE, field="code", reserved=RESERVED)
    topic.names = _names(names)
    _save(
        topic,
        taken=_("There is already a topic with this code."),
        by=by,
        act="live.edit_topic",
        former=former,
    )
    return topic


def delete_topic(*, topic: Topic, by: Person | None) -> None:
    """Remove a topic that no broadcast has. Raises Conflict if one has it."""
    with transaction.atomic():
        fresh = Topic.objects.select_for_update().get(pk=topic.pk)
        if fresh.broadcasts.exists():
            raise Conflict(
                _("There are broadcasts with this topic. Take it from them first."), code="not_empty"
            )
        fresh.delete()
        record(actor=by, act="live.delete_topic", target=_target(topic), details=_details(topic))


def _set_words(programme: Programme, titles: dict[str, str], summaries: dict[str, str]) -> None:
    programme.titles = by_language(titles, field="titles", limit=TITLE, lines=False)
    programme.summaries = by_language(summaries, field="summaries", limit=SUMMARY, lines=True)
    if not programme.titles:
        raise Invalid("titles", _("A programme needs a title."), code="empty")


def _names(given: dict[str, str]) -> dict[str, str]:
    names = by_language(given, field="names", limit=TOPIC_NAME, lines=False)
    if not names:
        raise Invalid("names", _("A topic needs a name."), code="empty")
    return names


def _save(row: Programme | Topic, *, taken: str, by: Person | None, act: str, former: str = "") -> None:
    try:
        with transaction.atomic():
            row.save()
            _index(row.broadcasts.all())
            details: dict[str, object] = {**_details(row), **({"former": former} if former else {})}
            record(actor=by, act=act, target=_target(row), details=details)
    except IntegrityError:
        name, value = ("slug", row.slug) if isinstance(row, Programme) else ("code", row.code)
        if type(row).objects.filter(**{name: value}).exclude(pk=row.pk).exists():
            raise Taken(taken, field=name) from None
        raise


def _index(rows: Iterable[Broadcast]) -> None:
    """In one order, as every transaction that locks several broadcasts."""
    for broadcast in sorted(rows, key=lambda row: row.pk):
        index_words(broadcast)


def _target(row: Programme | Topic) -> str:
    return f"live/programmes/{row.slug}" if isinstance(row, Programme) else f"live/topics/{row.code}"


def _details(row: Programme | Topic) -> dict[str, dict[str, str]]:
    return {"titles": row.titles} if isinstance(row, Programme) else {"names": row.names}
