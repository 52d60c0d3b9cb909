"""The only way from a request to a broadcast or an opinion, and who may do what there."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from maru.commons.people.devices import device_of, known_device
from maru.commons.voices.limits import VOTE, WRITE_OPINION
from maru.commons.voices.states import READABLE
from maru.platform.access.limits import limit
from maru.platform.access.refusals import NotFound
from maru.platform.access.roles import require_person, require_role
from maru.services.live.contracts import Viewer
from maru.services.live.models import Broadcast, Chapter, Opinion, Programme, Topic

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from maru.commons.people.models import Person


def reader(request: HttpRequest) -> Viewer:
    """Who reads. Sets no cookie."""
    return Viewer(person_id=_person_id(request), device=known_device(request))


def speaker(request: HttpRequest) -> Viewer:
    """Who writes or votes: a browser without a device gets one with the response."""
    return Viewer(person_id=_person_id(request), device=device_of(request))


def person_of(request: HttpRequest) -> Person | None:
    """The signed-in person, if any."""
    user = getattr(request, "user", None)
    return user if user is not None and user.is_authenticated else None


def limit_writing(request: HttpRequest) -> None:
    """Count one opinion; TooMany above the declared limit of one writer or one address."""
    limit(request, WRITE_OPINION.name)


def limit_voting(request: HttpRequest) -> None:
    """Count one vote; TooMany above the declared limit of one voter or one address."""
    limit(request, VOTE.name)


def broadcast(slug: str) -> Broadcast:
    """Any broadcast: all are public. NotFound otherwise."""
    # A slug from outside may hold anything; PostgreSQL refuses NUL in a parameter.
    found = (
        None
        if "\x00" in slug
        else Broadcast.objects.select_related("programme", "poster").filter(slug=slug).first()
    )
    if found is None:
        raise NotFound(_("There is no such broadcast."))
    return found


def programme(slug: str) -> Programme:
    """A series by its address. NotFound otherwise."""
    found = None if "\x00" in slug else Programme.objects.filter(slug=slug).first()
    if found is None:
        raise NotFound(_("There is no such programme."))
    return found


def topic(code: str) -> Topic:
    """A topic by its code. NotFound otherwise."""
    found = None if "\x00" in code else Topic.objects.filter(code=code).first()
    if found is None:
        raise NotFound(_("There is no such topic."))
    return found


def produced(request: HttpRequest, slug: str) -> tuple[Broadcast, Person]:
    """A broadcast for one who may run it: a producer."""
    person = require_role(request, "producer")
    return broadcast(slug), person


def hosted(request: HttpRequest, slug: str) -> tuple[Broadcast, Person]:
    """A broadcast for one who may put questions on air: a producer or a moderator."""
    person = require_role(request, "producer", "moderator")
    return broadcast(slug), person


def moderated(request: HttpRequest, slug: str) -> tuple[Broadcast, Person]:
    """A broadcast for one who may hide and show: a moderator or a producer."""
    person = require_role(request, "moderator", "producer")
    return broadcast(slug), person


def staff(request: HttpRequest) -> Person:
    """The person, if one of those who run broadcasts: a producer or a moderator."""
    person: Person = require_role(request, "producer", "moderator")
    return person


def producer(request: HttpRequest) -> Person:
    """The person, if a producer."""
    person: Person = require_role(request, "producer")
    return person


def answerable(request: HttpRequest, opinion_id: str) -> tuple[Opinion, Person]:
    """An opinion for an officer of the office it was given to (or an administrator)."""
    person: Person = require_person(request)
    opinion = _opinion(Opinion.objects.exclude(voice__office=None), opinion_id)
    require_role(request, "officer")
    if not person.has_role("officer", opinion.voice.office_id):
        raise NotFound(_("There is no such question."))
    return opinion, person


def public_opinion(found: Broadcast, opinion_id: str) -> Opinion:
    """An opinion of ``found`` that everyone may read. NotFound otherwise, also for hidden ones."""
    return _opinion(found.opinions.filter(voice__state__in=READABLE), opinion_id)


def any_opinion(found: Broadcast, opinion_id: str) -> Opinion:
    """An opinion of ``found`` in any state, for staff that ``moderated`` or ``hosted`` has let in."""
    return _opinion(found.opinions.all(), opinion_id)


def chapter(found: Broadcast, chapter_id: int) -> Chapter:
    """A chapter of ``found``. NotFound otherwise."""
    part = found.chapters.filter(pk=chapter_id).first()
    if part is None:
        raise NotFound(_("There is no such chapter."))
    return part


def digest(broadcast_id: int, kind: str, value: str) -> str:
    """A name for a writer that means nothing outside this broadcast: 32 hex digits; "" for no value."""
    if not value:
        return ""
    text = f"{broadcast_id}/{kind}/{value}".encode()
    key = hashlib.sha256(settings.SECRET_KEY.encode()).digest()
    return hashlib.blake2b(text, key=key, digest_size=16).hexdigest()


def writer_of(broadcast_id: int, viewer: Viewer) -> str:
    """The digest of a signed-in person, else of the device; "" for nobody."""
    if viewer.person_id is not None:
        return digest(broadcast_id, "person", str(viewer.person_id))
    return digest(broadcast_id, "device", viewer.device)


def _person_id(request: HttpRequest) -> int | None:
    person = person_of(request)
    return person.pk if person else None


def _opinion(among: QuerySet[Opinion], opinion_id: str) -> Opinion:
    wanted = among.select_related("voice", "voice__office", "broadcast")
    found = None if "\x00" in opinion_id else wanted.filter(voice__public_id=opinion_id).first()
    if found is None:
        raise NotFound(_("There is no such opinion."))
    return found
