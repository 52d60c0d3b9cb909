"""Reading keys: for their owners, and for the front that lets programs in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from maru.services.opendata.contracts_keys import KeyGrant, KeyView
from maru.services.opendata.models.keys import AccessKey, KeyDay

if TYPE_CHECKING:
    from maru.commons.people.models import Person


def keys_of(person: Person) -> list[KeyView]:
    """A person's keys, newest first, revoked ones too, with the calls of today."""
    found = list(AccessKey.objects.filter(person=person))
    today = dict(
        KeyDay.objects.filter(key__in=found, day=timezone.now().date()).values_list("key_id", "calls")
    )
    return [view_of(one, calls_today=today.get(one.pk, 0)) for one in found]


def view_of(one: AccessKey, *, key: str = "", calls_today: int = 0) -> KeyView:
    """A key as its owner sees it."""
    return KeyView(
        id=one.pk,
        shown=one.shown,
        purpose=one.purpose,
        per_minute=one.per_minute,
        per_day=one.per_day,
        made_at=one.made_at,
        ends_at=one.ends_at,
        revoked_at=one.revoked_at,
        live=one.is_live,
        calls_today=calls_today,
        key=key,
    )


def grants(digests: Iterable[str]) -> dict[str, KeyGrant]:
    """What the live ones among these digests allow, in two queries whatever their number."""
    now = timezone.now()
    wanted = list(digests)
    live = AccessKey.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), digest__in=wanted, revoked_at=None)
    found = {one.digest: one for one in live}
    ids = [one.pk for one in found.values()]
    today = dict(KeyDay.objects.filter(key__in=ids, day=now.date()).values_list("key_id", "calls"))
    return {
        digest: KeyGrant(one.pk, one.per_minute, one.per_day, today.get(one.pk, 0), one.ends_at)
        for digest, one in found.items()
    }
