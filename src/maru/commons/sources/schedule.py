"""When a source is asked next, and what state it is in: pure functions of numbers, the rules of the runner.

Times are seconds, moments unix times. ``chance`` gives numbers in [0, 1).
"""

from __future__ import annotations

from collections.abc import Callable

from maru.commons.sources.models import State

FIRST_RETRY_S = 5.0
LONGEST_RETRY_S = 900.0
# A refused key or a wrong declaration does not heal by asking again soon.
_HOPELESS = frozenset({"refused_key", "configuration"})
_HOPELESS_S = 300.0
_BROKEN_AFTER = 5.0  # promises missed in a row until late is called broken
_BROKEN_LEAST_S = 3600.0


def after_success(every_s: float, chance: Callable[[], float]) -> float:
    """Seconds until the next asking: the schedule, less up to 5 % so that sources do not march in step."""
    return every_s * (1.0 - 0.05 * chance())


def after_failure(
    every_s: float,
    fresh_s: float,
    failures: int,
    code: str,
    retry_after_s: float | None,
    chance: Callable[[], float],
) -> float:
    """Seconds until the next try after ``failures`` in a row: doubling, with jitter, never longer than the promise needs.

    A provider that says when to come back is obeyed.
    """
    if retry_after_s is not None and retry_after_s > 0:
        return retry_after_s * (1.0 + 0.1 * chance())
    most = min(LONGEST_RETRY_S, max(every_s, fresh_s / 2, FIRST_RETRY_S))
    first = min(every_s, FIRST_RETRY_S)
    wait = min(most, first * 2.0 ** min(failures - 1, 20))
    if code in _HOPELESS:
        wait = max(wait, min(_HOPELESS_S, most))
    return max(0.5, wait * (0.75 + 0.5 * chance()))


def at_start(next_at: float | None, now: float, every_s: float, chance: Callable[[], float]) -> float:
    """The moment of the first asking after a start: as was planned, or soon, spread over a few seconds."""
    if next_at is not None and next_at > now:
        return min(next_at, now + every_s)
    return now + min(every_s, 2.0) * chance()


def state_of(
    *,
    paused: bool,
    now: float,
    fresh_at: float | None,
    fresh_s: float,
    failures: int,
    since: float,
) -> State:
    """The state of a source whose last value (or last confirmation of its whole state) is of ``fresh_at``.

    Within its promise it is alive, whatever the last attempts gave: the number shown is still good. Beyond it is late;
    who has failed for five promises (at least an hour), or never gave anything and fails, is broken.
    """
    if paused:
        return State.PAUSED
    if fresh_at is None:
        if not failures:
            return State.WAITING
        return State.BROKEN if now - since > min(_BROKEN_LEAST_S, fresh_s) else State.STALE
    age = now - fresh_at
    if age <= fresh_s:
        return State.OK
    if failures and age > max(_BROKEN_AFTER * fresh_s, _BROKEN_LEAST_S):
        return State.BROKEN
    return State.STALE
