"""Limits: so many in any window, for one person, device, or address; addresses never in clear."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from hypothesis import given
from hypothesis import strategies as st

from maru.platform.access.limits import Limit, declare, declared, limit
from maru.platform.access.refusals import TooMany

TEN = declare("test.ten", times=10, seconds=60, per_address=30)


def request(*, device: str = "", address: str = "192.0.2.7", person: int | None = None) -> SimpleNamespace:
    user = SimpleNamespace(is_authenticated=person is not None, pk=person)
    return SimpleNamespace(META={"REMOTE_ADDR": address}, device_known=device, user=user)


def uses(who, times: int, now: float = 1_000_020.0) -> int:
    """How many of ``times`` uses are let through."""
    passed = 0
    for _number in range(times):
        try:
            limit(who, "test.ten", now=lambda: now)
        except TooMany:
            continue
        passed += 1
    return passed


def test_one_device_may_ten_times_a_minute():
    assert uses(request(device="a"), 15) == 10


def test_another_device_at_the_same_address_may_too_until_the_address_is_full():
    assert [uses(request(device=name), 10) for name in "abcd"] == [10, 10, 10, 0]


def test_dropping_the_cookie_does_not_help_past_the_limit_of_the_address():
    assert uses(request(), 100) == 30


def test_a_person_is_counted_by_account_on_every_device():
    assert uses(request(person=7, device="a", address="192.0.2.1"), 6) == 6
    assert uses(request(person=7, device="b", address="192.0.2.2"), 6) == 4


def test_the_window_slides():
    who = "one key"
    assert uses(who, 10, now=1_000_020.0 + 59) == 10  # the very end of one window
    assert uses(who, 10, now=1_000_020.0 + 61) == 0  # a fixed window would let ten more through
    assert 3 <= uses(who, 10, now=1_000_020.0 + 90 + 6) <= 10


def test_the_refusal_says_how_long_to_wait():
    uses("key", 10)
    with pytest.raises(TooMany) as caught:
        limit("key", "test.ten", now=lambda: 1_000_020.0)
    wait = caught.value.retry_after
    assert 1 <= wait <= 66
    assert uses("key", 1, now=1_000_020.0 + wait) == 1
    assert str(caught.value.retry_after) in str(caught.value)


@given(st.integers(1, 20), st.integers(2, 120), st.lists(st.floats(0, 600), max_size=80))
def test_never_twice_the_limit_in_any_window(times, seconds, moments):
    cache.clear()
    name = f"test.{times}.{seconds}"
    declare(name, times=times, seconds=seconds)
    passed = []
    for moment in sorted(moments):
        try:
            limit("key", name, now=lambda moment=moment: moment + 1_000_000)
        except TooMany:
            continue
        passed.append(moment)
    for start in passed:
        assert sum(start <= other < start + seconds for other in passed) < 2 * times + 1


def test_addresses_of_one_network_of_version_six_count_together():
    done = sum(uses(request(address=f"2001:db8:1:2::{number:x}"), 1) for number in range(1, 41))
    assert done == 30
    assert uses(request(address="2001:db8:1:3::1"), 1) == 1
    assert uses(request(address="::ffff:192.0.2.99"), 1) == 1


def test_no_address_is_kept_in_clear(monkeypatch):
    seen: list[str] = []
    for name in ("add", "incr", "set", "get"):
        real = getattr(cache, name)
        monkeypatch.setattr(
            cache,
            name,
            lambda key, *a, _real=real, **k: (seen.append(f"{key} {a} {k}"), _real(key, *a, **k))[1],
        )
    uses(request(device="a", address="192.0.2.77"), 2)
    assert seen
    assert not [words for words in seen if "192.0.2.77" in words]


def test_an_undeclared_limit_is_a_fault_of_the_programme():
    with pytest.raises(KeyError):
        limit("key", "nobody declared this")


def test_a_limit_declared_twice_with_other_numbers_is_a_fault():
    declare("test.ten", times=10, seconds=60, per_address=30)
    with pytest.raises(ValueError, match="twice"):
        declare("test.ten", times=11, seconds=60)
    with pytest.raises(ValueError, match="at least 1"):
        Limit("x", 0, 1, 1)
    assert TEN in declared()


def test_where_a_whole_hall_shares_an_address_only_devices_are_counted(settings):
    networks = tuple(ipaddress.ip_network(text) for text in ("192.0.2.0/28", "2001:db8::/32"))
    settings.MARU = replace(settings.MARU, limits_exempt=networks)
    for number in range(50):
        assert uses(request(device=f"d{number}"), 2) == 2
    assert uses(request(device="a"), 50) == 10
    assert uses(request(), 100) == 30
