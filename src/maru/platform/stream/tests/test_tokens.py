"""Tickets open one channel, for a time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from maru.platform.stream.tokens import sign, verify

SECRET = "s" * 40


def test_a_ticket_opens_its_channel_until_it_ends() -> None:
    token = sign(SECRET, "staff/live/hall", 60, now=1000)
    assert verify(SECRET, "staff/live/hall", token, now=1000) == 1060
    assert verify(SECRET, "staff/live/hall", token, now=1059.9) == 1060
    assert verify(SECRET, "staff/live/hall", token, now=1060) is None
    assert verify(SECRET, "staff/live/other", token, now=1000) is None
    assert verify("t" * 40, "staff/live/hall", token, now=1000) is None


def test_the_end_cannot_be_moved() -> None:
    _until, _, signature = sign(SECRET, "staff/live/hall", 60, now=1000).partition(".")
    for end in ("2060", "+1060", "1060 ", "١٠٦٠", ""):
        assert verify(SECRET, "staff/live/hall", f"{end}.{signature}", now=1000) is None


@given(st.text(max_size=80))
def test_no_text_is_a_ticket(text: str) -> None:
    assert verify(SECRET, "staff/live/hall", text, now=1000) is None
