"""The only way from a request to a voice."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest

from maru.commons.people.devices import known_device
from maru.commons.people.models import Person, Role
from maru.commons.voices.models import Voice
from maru.commons.voices.queries import with_life
from maru.commons.voices.states import State
from maru.platform.access.refusals import NotFound
from maru.platform.access.roles import require_role


def official(request: HttpRequest) -> Person:
    """An officer (or an administrator); refused otherwise."""
    return cast(Person, require_role(request, Role.OFFICER))


def offices_of(person: Person) -> frozenset[int] | None:
    """The offices whose voices this person sees; None means all (administrators)."""
    return None if person.has_role(Role.ADMINISTRATOR) else person.office_ids


def inbox_voice(request: HttpRequest, public_id: str) -> Voice:
    """A voice that lies with an office of this officer. Others do not exist for them."""
    offices = offices_of(official(request))
    found = _find(public_id)
    if found is None or found.office_id is None or found.state == State.HIDDEN:
        raise NotFound
    if offices is not None and found.office_id not in offices:
        raise NotFound
    return found


def readable_voice(request: HttpRequest, public_id: str) -> Voice:
    """A public voice, or one's own in any state."""
    found = _find(public_id)
    if found is None or not (found.is_readable or is_own(request, found)):
        raise NotFound
    return found


def is_own(request: HttpRequest, voice: Voice) -> bool:
    """Whether the reader wrote it."""
    if request.user.is_authenticated and voice.author_id == request.user.pk:
        return True
    device = known_device(request)
    return bool(device) and voice.author_id is None and voice.device == device


def _find(public_id: str) -> Voice | None:
    if "\x00" in public_id:
        return None
    return with_life(Voice.objects.filter(public_id=public_id)).first()
