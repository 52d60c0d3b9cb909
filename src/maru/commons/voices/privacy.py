"""What becomes of a person's voices when they delete their account."""

from __future__ import annotations

from maru.commons.people.models import Person
from maru.commons.voices.models import Step, Voice


def forget_author(person: Person) -> None:
    """Published words stay in the public record, but nothing in them leads back to the account."""
    Step.objects.filter(voice__author=person, act="receive").update(actor="citizen")
    Voice.objects.filter(author=person).update(author=None, device="", nickname="")
