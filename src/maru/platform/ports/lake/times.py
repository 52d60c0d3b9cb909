"""Moments as the lake counts them: microseconds since 1970, UTC."""

from __future__ import annotations

import datetime as dt

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_US = dt.timedelta(microseconds=1)


def micros(at: dt.datetime) -> int:
    """Microseconds of a moment; one without a zone is taken as UTC."""
    return ((at if at.tzinfo else at.replace(tzinfo=dt.UTC)) - _EPOCH) // _US


def moment(count: int) -> dt.datetime:
    """The moment of a number of microseconds."""
    return _EPOCH + count * _US
