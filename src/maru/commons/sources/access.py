"""The only way from a request to a source, and who may act on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.utils.translation import gettext as _

from maru.commons.people.models import Role
from maru.commons.sources.models import DeadLetter, Source
from maru.platform.access.limits import declare, limit
from maru.platform.access.refusals import NotAllowed, NotFound
from maru.platform.access.roles import require_role, require_second_factor

if TYPE_CHECKING:
    from maru.commons.people.models import Person

# What comes with a wrong signature is counted by address; what is signed is not.
UNSIGNED = declare("sources.unsigned", times=20, seconds=60, per_address=20)


def source(name: str) -> Source:
    """Any source that is declared: all are public. NotFound otherwise."""
    found = (
        None
        if "\x00" in name
        else Source.objects.filter(name=name, gone=False).select_related("office").first()
    )
    if found is None:
        raise NotFound(_("There is no such source."))
    return found


def kept_source(request: HttpRequest, name: str) -> tuple[Source, Person]:
    """A source for one who looks after it: an officer of its office, or an administrator."""
    person: Person = require_role(request, Role.OFFICER)
    found = source(name)
    if not keeps(person, found.office_id):
        raise NotAllowed(_("Another office looks after this source."))
    return found, person


def may_keep(request: HttpRequest, office_id: int | None) -> bool:
    """Whether to show the acts of staff: the same rule as ``kept_source``, without a refusal."""
    person = getattr(request, "user", None)
    if person is None or not person.is_authenticated:
        return False
    try:
        require_second_factor(person)
    except NotAllowed:
        return False
    return keeps(person, office_id)


def keeps(person: Person, office_id: int | None) -> bool:
    """Whether this person looks after the sources of that office. A source of no office belongs to administrators."""
    if office_id is None:
        return person.has_role(Role.ADMINISTRATOR)
    return person.has_role(Role.OFFICER, office_id)


def letter(found: Source, key: int) -> DeadLetter:
    """One dead letter of that source. NotFound otherwise."""
    row = DeadLetter.objects.filter(source=found, pk=key).first()
    if row is None:
        raise NotFound
    return row


def count_unsigned(request: HttpRequest) -> None:
    """Count one delivery whose signature is wrong; TooMany above the limit."""
    limit(request, UNSIGNED.name)
