"""After the days that the manifest promises, nobody can tell who spoke; the words and the counts stay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from maru.commons.voices.models import Voice
from maru.services.live import tasks
from maru.services.live.models import Opinion, Vote, now
from maru.services.live.service import MANIFEST

pytestmark = pytest.mark.django_db


def _age(days: int) -> None:
    then = now() - timedelta(days=days)
    Voice.objects.update(created_at=then)
    Vote.objects.update(at=then)


def _speak(client: Client, broadcast: Any, say: Any) -> str:
    broadcast()
    said = say(client, "hall", "When does the bus come?", question=True, nickname="Rider").json()["opinion"][
        "id"
    ]
    assert Client().put(f"/api/v1/broadcasts/hall/questions/{said}/vote").status_code == 200
    return str(said)


def test_the_writer_is_forgotten_and_the_words_stay(client: Client, broadcast: Any, say: Any) -> None:
    said = _speak(client, broadcast, say)
    _age(MANIFEST.retention[0].days + 1)
    for _again in range(2):
        tasks.forget_writers()
        voice = Voice.objects.get(public_id=said)
        assert (voice.text, voice.nickname, voice.state) == ("When does the bus come?", "Rider", "published")
        assert (voice.device, voice.author_id) == ("", None)
        opinion = Opinion.objects.get(voice=voice)
        assert (opinion.writer, opinion.votes) == ("", 1)
        assert not Vote.objects.exists()


def test_nothing_is_forgotten_before_its_time(client: Client, broadcast: Any, say: Any) -> None:
    said = _speak(client, broadcast, say)
    _age(MANIFEST.retention[0].days - 1)
    tasks.forget_writers()
    assert Voice.objects.get(public_id=said).device != ""
    assert Opinion.objects.get(voice__public_id=said).writer != ""
    assert Vote.objects.count() == 1
