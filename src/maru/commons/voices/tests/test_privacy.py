"""What stays of a person's voices when the account is deleted."""

from __future__ import annotations

import pytest

from maru.commons.people import operations
from maru.commons.people.models import Person
from maru.commons.voices import operations as voices
from maru.commons.voices.models import Voice
from maru.platform.access.refusals import Invalid

pytestmark = pytest.mark.django_db


def test_an_erased_account_leaves_words_but_no_trace(person):
    someone = person(nickname="Kim")
    voice = voices.receive(
        channel="broadcast",
        about="live/x",
        text="my words",
        state="published",
        author=someone,
        device="d" * 64,
        nickname="Kim",
    )
    with pytest.raises(Invalid):
        operations.erase_person(person=someone, email="other@example.org")
    key = someone.pk
    operations.erase_person(person=someone, email=someone.email.upper())
    voice = Voice.objects.get(pk=voice.pk)
    assert (voice.text, voice.author, voice.device, voice.nickname) == ("my words", None, "", "")
    assert not voice.steps.filter(actor=f"person:{key}").exists()
    assert not Person.objects.filter(pk=key).exists()
