"""Reading offices."""

from __future__ import annotations

from maru.commons.offices.models import Office


def answering() -> tuple[Office, ...]:
    """The offices that answer citizens, in the order of the city file."""
    return tuple(Office.objects.filter(answers=True))
