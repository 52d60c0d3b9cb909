"""Rules that hold for all numbers: schedules, limits, states, signatures."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maru.commons.sources import schedule, signatures
from maru.commons.sources.contracts import SourceFault
from maru.commons.sources.limits import OPEN_S, OPENS_AFTER, Limits
from maru.commons.sources.models import State

SECONDS = st.floats(1, 86_400)


@given(
    SECONDS,
    SECONDS,
    st.integers(1, 500),
    st.sampled_from(["timeout", "server", "refused_key"]),
    st.integers(),
)
def test_waiting_grows_with_failures_and_has_an_end(
    every: float, fresh: float, failures: int, code: str, seed: int
) -> None:
    chance = random.Random(seed).random
    wait = schedule.after_failure(every, fresh, failures, code, None, chance)
    most = min(schedule.LONGEST_RETRY_S, max(every, fresh / 2, schedule.FIRST_RETRY_S))
    assert 0.5 <= wait <= 1.25 * most + 0.5
    assert schedule.after_failure(every, fresh, failures, code, 77.0, chance) >= 77.0


@given(SECONDS, st.integers())
def test_nobody_is_asked_much_more_often_than_agreed(every: float, seed: int) -> None:
    assert 0.95 * every <= schedule.after_success(every, random.Random(seed).random) <= every


@given(st.floats(0, 1e6), SECONDS, st.integers(0, 50))
def test_a_value_within_its_promise_is_alive_whatever_fails(age: float, fresh: float, failures: int) -> None:
    state = schedule.state_of(
        paused=False, now=2e9, fresh_at=2e9 - age, fresh_s=fresh, failures=failures, since=0
    )
    assert (state == State.OK) == (2e9 - (2e9 - age) <= fresh)
    assert state != State.BROKEN or failures


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0
        self.day = dt.date(2026, 5, 1)

    def limits(self) -> Limits:
        return Limits(clock=lambda: self.now, today=lambda: self.day, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@given(st.integers(1, 30), st.lists(st.floats(0, 20), max_size=80))
def test_no_minute_sees_more_than_its_limit(per_minute: int, pauses: list[float]) -> None:
    clock = Clock()
    limits = clock.limits()
    limits.declare("p", per_minute, 0)
    taken: list[float] = []
    for pause in pauses:
        clock.now += pause
        try:
            limits.take("p")
        except SourceFault as fault:
            assert fault.code == "quota" and fault.retry_after_s
            continue
        taken.append(clock.now)
    for start in taken:
        assert sum(start <= one < start + 59.999 for one in taken) <= per_minute


def test_a_daily_quota_holds_over_a_restart_and_ends_with_the_day() -> None:
    clock = Clock()
    limits = clock.limits()
    limits.declare("p", 0, 3)
    limits.declare("p", 0, 10)  # the strictest word counts
    limits.remember("p", clock.day, 1)
    limits.take("p")
    limits.take("p")
    with pytest.raises(SourceFault) as refused:
        limits.take("p")
    assert refused.value.code == "quota"
    assert limits.used() == {"p": (clock.day, 3)}
    clock.day += dt.timedelta(days=1)
    limits.take("p")


def test_a_provider_that_is_down_is_left_alone_and_tried_by_one() -> None:
    clock = Clock()
    limits = clock.limits()
    for _ in range(OPENS_AFTER):
        assert limits.open_for("p") == 0
        limits.failed("p")
    assert limits.open_for("p") == pytest.approx(OPEN_S)
    clock.now += OPEN_S + 1
    assert limits.open_for("p") == 0  # the one that tries
    assert limits.open_for("p") > 0  # the others wait
    limits.failed("p")
    assert limits.open_for("p") == pytest.approx(2 * OPEN_S)
    clock.now += 2 * OPEN_S + 1
    assert limits.open_for("p") == 0
    limits.worked("p")
    assert limits.open_for("p") == limits.open_for("p") == 0


@given(st.binary(max_size=200), st.text("abcdef0123456789", min_size=8))
def test_only_the_right_signature_opens(body: bytes, secret: str) -> None:
    good = signatures.sign(secret, body)
    assert signatures.is_signed(secret, body, {"x-maru-signature": good})
    assert signatures.is_signed(secret, body, {"x-hub-signature-256": good})
    assert not signatures.is_signed(secret, body + b"x", {"x-maru-signature": good})
    assert not signatures.is_signed(secret + "x", body, {"x-maru-signature": good})
    assert not signatures.is_signed(secret, body, {})
    timed = signatures.sign(secret, body, "1000")
    headers = {"x-maru-signature": timed, "x-maru-timestamp": "1000"}
    assert signatures.is_signed(secret, body, headers, now=1100)
    assert not signatures.is_signed(secret, body, headers, now=2000)
    assert not signatures.is_signed(secret, body, {**headers, "x-maru-timestamp": "nan"}, now=1100)


def test_an_old_delivery_cannot_leave_its_time_behind() -> None:
    """The header taken away and written before the body, the same signature would fit."""
    body = b'{"id": 1}'
    timed = signatures.sign("secret", body, "1764241200")
    assert not signatures.is_signed("secret", b"1764241200." + body, {"x-maru-signature": timed})
    numbers = b"1764241200.25,3\n"
    assert signatures.is_signed("secret", numbers, {"x-maru-signature": signatures.sign("secret", numbers)})
