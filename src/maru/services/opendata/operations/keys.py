"""Keys of the public interfaces: registered, rotated, revoked. The key itself is shown once and kept nowhere."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from maru.platform.access.refusals import Conflict, Invalid, NotFound
from maru.platform.audit.operations import record
from maru.services.opendata.contracts_keys import KeyView
from maru.services.opendata.models.keys import AccessKey
from maru.services.opendata.queries.keys import view_of

if TYPE_CHECKING:
    from maru.commons.people.models import Person

MOST_KEYS = 10
# A rotated key still opens for so long: programs in the field are changed one by one.
GRACE = timedelta(days=7)
PER_MINUTE = 1_200
PER_DAY = 100_000


def digest_of(key: str) -> str:
    """What is stored of a key. 128 random bits need no slow hash."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def register_key(
    *,
    person: Person | None,
    purpose: str,
    per_minute: int = PER_MINUTE,
    per_day: int = PER_DAY,
    by: Person | str | None = None,
) -> KeyView:
    """A new key for a person's program; ``person`` None for one of the city itself. ``key`` of the view is shown only now.

    Limits of 0 mean none. Raises Invalid (field "purpose"), Conflict above ``MOST_KEYS`` live keys.
    """
    purpose = " ".join(purpose.split())
    if not purpose:
        raise Invalid("purpose", _("Say in a few words what the key is for."))
    if len(purpose) > 200:
        raise Invalid("purpose", _("This is longer than 200 characters."))
    with transaction.atomic():
        if person is not None:
            live = [one for one in AccessKey.objects.select_for_update().filter(person=person) if one.is_live]
            if len(live) >= MOST_KEYS:
                raise Conflict(_("You have as many keys as one person may have. Revoke one first."))
        made, key = _make(person=person, purpose=purpose, per_minute=per_minute, per_day=per_day)
        record(actor=by or person, act="opendata.register_key", target=f"opendata/key/{made.pk}")
    return view_of(made, key=key)


def rotate_key(*, key_id: int, person: Person | None, by: Person | str | None = None) -> KeyView:
    """A new key in place of a live one, which goes on for a week. Raises NotFound, Conflict if it is revoked or replaced."""
    with transaction.atomic():
        old = _owned(key_id, person)
        if not old.is_live or old.replaced_by_id is not None:
            raise Conflict(_("This key is revoked or replaced already."))
        made, key = _make(
            person=old.person, purpose=old.purpose, per_minute=old.per_minute, per_day=old.per_day
        )
        old.replaced_by = made
        old.ends_at = timezone.now() + GRACE
        old.save(update_fields=["replaced_by", "ends_at"])
        details = {"replaced_by": made.pk}
        record(
            actor=by or person, act="opendata.rotate_key", target=f"opendata/key/{old.pk}", details=details
        )
    return view_of(made, key=key)


def revoke_key(*, key_id: int, person: Person | None, by: Person | str | None = None) -> KeyView:
    """The key opens nothing any more, within a second in every process. Revoking twice changes nothing. Raises NotFound."""
    with transaction.atomic():
        found = _owned(key_id, person)
        if found.revoked_at is None:
            found.revoked_at = timezone.now()
            found.save(update_fields=["revoked_at"])
            record(actor=by or person, act="opendata.revoke_key", target=f"opendata/key/{found.pk}")
    return view_of(found)


def _make(*, person: Person | None, purpose: str, per_minute: int, per_day: int) -> tuple[AccessKey, str]:
    key = secrets.token_hex(16)
    made = AccessKey.objects.create(
        person=person,
        purpose=purpose,
        digest=digest_of(key),
        shown=key[:6],
        per_minute=per_minute,
        per_day=per_day,
    )
    return made, key


def _owned(key_id: int, person: Person | None) -> AccessKey:
    """``person`` None: staff or the command line, who may touch every key."""
    keys = AccessKey.objects.select_for_update(of=("self",))
    found = keys.filter(pk=key_id, **({} if person is None else {"person": person})).first()
    if found is None:
        raise NotFound(_("There is no such key."))
    return found
