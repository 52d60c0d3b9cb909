"""Keys: registered, replaced, ended; their use and that of the interfaces, written in batches and forgotten in time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from maru.platform.access.refusals import Conflict, Invalid, NotFound
from maru.platform.audit.models import Entry
from maru.services.opendata.models import AccessKey, KeyDay, UsageDay
from maru.services.opendata.operations.keys import MOST_KEYS, digest_of, register_key, revoke_key, rotate_key
from maru.services.opendata.operations.usage import add_usage, forget_old_usage
from maru.services.opendata.queries.keys import grants, keys_of
from maru.services.opendata.queries.usage import usage

pytestmark = pytest.mark.django_db
TODAY = timezone.now().date


def test_a_key_is_shown_once_and_kept_nowhere(person: Callable[..., Any]) -> None:
    someone = person()
    made = register_key(person=someone, purpose="  An app \n for bicycles ")
    assert len(made.key) == 32
    stored = AccessKey.objects.get(pk=made.id)
    assert made.key not in str(vars(stored))
    assert stored.purpose == "An app for bicycles"
    assert [one.key for one in keys_of(someone)] == [""]
    assert set(grants([digest_of(made.key), digest_of("other")])) == {digest_of(made.key)}
    entry = Entry.objects.get(act="opendata.register_key")
    assert made.key not in str(entry.details)


def test_purpose_and_number_have_bounds(person: Callable[..., Any]) -> None:
    someone = person()
    for purpose in ("", " \n", "x" * 201):
        with pytest.raises(Invalid):
            register_key(person=someone, purpose=purpose)
    for _each in range(MOST_KEYS):
        register_key(person=someone, purpose="one of many")
    with pytest.raises(Conflict):
        register_key(person=someone, purpose="one too many")
    revoke_key(key_id=keys_of(someone)[0].id, person=someone)
    assert register_key(person=someone, purpose="again room")


def test_a_rotated_key_goes_on_for_a_week(person: Callable[..., Any]) -> None:
    someone = person()
    old = register_key(person=someone, purpose="an app")
    new = rotate_key(key_id=old.id, person=someone)
    assert new.key != old.key
    assert set(grants([digest_of(old.key), digest_of(new.key)])) == {digest_of(old.key), digest_of(new.key)}
    with pytest.raises(Conflict):
        rotate_key(key_id=old.id, person=someone)
    AccessKey.objects.filter(pk=old.id).update(ends_at=timezone.now() - dt.timedelta(seconds=1))
    assert set(grants([digest_of(old.key)])) == set()


def test_a_revoked_key_opens_nothing_and_stays_in_the_list(person: Callable[..., Any]) -> None:
    someone = person()
    made = register_key(person=someone, purpose="an app")
    assert not revoke_key(key_id=made.id, person=someone).live
    assert not revoke_key(key_id=made.id, person=someone).live  # twice changes nothing
    assert grants([digest_of(made.key)]) == {}
    assert Entry.objects.filter(act="opendata.revoke_key").count() == 1
    assert [one.live for one in keys_of(someone)] == [False]
    with pytest.raises(Conflict):
        rotate_key(key_id=made.id, person=someone)


def test_nobody_touches_the_key_of_another(person: Callable[..., Any]) -> None:
    made = register_key(person=person(), purpose="an app")
    stranger = person()
    for act in (rotate_key, revoke_key):
        with pytest.raises(NotFound):
            act(key_id=made.id, person=stranger)
    revoke_key(key_id=made.id, person=None, by="system")


def test_use_adds_up(person: Callable[..., Any]) -> None:
    made = register_key(person=person(), purpose="an app")
    day = TODAY()
    for _each in range(2):
        add_usage(
            counts={(day, "path", "bikes"): (3, 300, 1), (day, "rest", ""): (1, 0, 0)},
            keys={(day, made.id): 4, (day, 10**9): 7},
        )
    assert KeyDay.objects.get().calls == 8
    assert grants([digest_of(made.key)])[digest_of(made.key)].calls_today == 8
    report = usage(days=7)
    assert (report.calls, report.rows, report.refused) == (8, 600, 2)
    assert len(report.days) == 7
    assert report.days[-1].calls == 8
    assert [one.name for one in report.interfaces] == ["path", "rest"]
    assert [(one.name, one.calls) for one in report.datasets] == [("bikes", 6)]
    assert usage(dataset="nothing").calls == 0


def test_old_days_are_forgotten(person: Callable[..., Any]) -> None:
    made = register_key(person=person(), purpose="an app")
    today = TODAY()
    for age in (0, 61, 63, 799, 801):
        day = today - dt.timedelta(days=age)
        add_usage(counts={(day, "path", "x"): (1, 0, 0)}, keys={(day, made.id): 1})
    forget_old_usage()
    assert KeyDay.objects.count() == 2
    assert UsageDay.objects.count() == 4


def test_keys_go_with_their_owner(person: Callable[..., Any]) -> None:
    someone = person()
    register_key(person=someone, purpose="an app")
    someone.delete()
    assert not AccessKey.objects.exists()
