"""What the clocks of an input say, fed by hand."""

from __future__ import annotations

from typing import cast

from maru.services.live.engine.contracts import InputSpec, Publication, SegmentSet, Thresholds
from maru.services.live.engine.health import LATE_S, InputHealth

T0 = 1_700_000_000.0


class _Connection:
    protocol, peer = "rtmp", ""
    last_media, last_video, last_audio = 0.0, None, None
    input = InputSpec("show", "primary", "push", "key")


def _set(number: int) -> SegmentSet:
    return SegmentSet("s", number, T0 + 2 * number, 2.0, {})


def _health() -> InputHealth:
    health = InputHealth("primary", Thresholds())
    health.connect(cast(Publication, _Connection()), "s", T0)
    return health


def test_segments_that_come_too_late_are_a_fault_until_the_machine_keeps_pace_again() -> None:
    health = _health()
    assert health.arrived(_set(0), T0 + 3) == []
    assert health.good
    told = health.arrived(_set(1), T0 + 4 + LATE_S + 1)
    assert [(change.kind, change.reason) for change in told] == [("fault", "late")]
    assert health.arrived(_set(2), T0 + 6 + LATE_S + 2) == []
    assert health.arrived(_set(3), T0 + 8 + LATE_S - 1) == []
    assert not health.good
    told = health.arrived(_set(4), T0 + 10 + 1)
    assert [(change.kind, change.reason) for change in told] == [("recovered", "late")]
    assert health.good


def test_a_standing_encoder_that_wakes_up_late_is_told_both() -> None:
    health = _health()
    health.arrived(_set(0), T0 + 3)
    assert [change.reason for change in health.watch(T0 + 30, 0.0)] == ["stalled"]
    told = health.arrived(_set(1), T0 + 31)
    assert {(change.kind, change.reason) for change in told} == {("recovered", "stalled"), ("fault", "late")}
