"""The guide's search: any part of a word, both languages, and what was asked and answered."""

from __future__ import annotations

import unicodedata
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from maru.services.live.operations import agenda, answers, broadcasts, moderation, questions
from maru.services.live.tests.test_pages_public import _row, announce, speak

pytestmark = pytest.mark.django_db


def found(client: Client, words: str) -> list[str]:
    answer = client.get(f"/api/v1/broadcasts?q={quote(words)}").json()
    slugs = sorted(one["slug"] for one in answer["broadcasts"])
    page = client.get(f"/live/?q={quote(words)}").content.decode()
    assert [slug for slug in ("bridge", "budget") if f'href="/live/{slug}/"' in page] == slugs
    return slugs


@pytest.fixture
def hall(db: None) -> Any:
    announce(
        slug="budget",
        titles={"en": "Budget hearing", "ko": "예산 공청회"},
        summaries={"ko": "내년도 살림살이를 함께 봅니다."},
    )
    return announce(
        slug="bridge",
        titles={"en": "Bridge opening", "ko": "다리 개통식"},
        summaries={"en": "Walk across it."},
    )


@pytest.mark.parametrize(
    ("words", "slugs"),
    [
        ("공청", ["budget"]),
        ("청회", ["budget"]),
        ("예산공청", []),
        ("예산 공청", ["budget"]),
        ("공청 예산", ["budget"]),
        ("살림", ["budget"]),
        ("개통", ["bridge"]),
        ("개통 예산", []),
        ("BUDG", ["budget"]),
        ("udge", ["budget"]),
        ("ＢＲＩＤＧＥ", ["bridge"]),
        ("walk", ["bridge"]),
        ("%", []),
        ("_", []),
        ("", ["bridge", "budget"]),
    ],
)
def test_parts_of_words_are_found_in_both_languages(
    hall: Any, client: Client, words: str, slugs: list[str]
) -> None:
    assert found(client, words) == slugs


def test_letters_typed_apart_are_found_together(hall: Any, client: Client) -> None:
    assert found(client, unicodedata.normalize("NFD", "공청")) == ["budget"]


def test_the_agenda_is_found_until_it_is_changed(hall: Any, client: Client) -> None:
    part = agenda.add_chapter(broadcast=hall, title="야간 조명", by=None)
    assert found(client, "조명") == ["bridge"]
    agenda.rename_chapter(chapter=part, title="보행자 길", by=None)
    assert (found(client, "조명"), found(client, "보행")) == ([], ["bridge"])
    agenda.remove_chapter(chapter=part, by=None)
    assert found(client, "보행") == []


def test_what_was_asked_and_answered_is_found(hall: Any, client: Client, office: Any) -> None:
    asked = speak(hall, "자전거도로는 언제 이어지나요?", question=True)
    other = speak(hall, "엘리베이터가 고장났어요. 누가 고치나요?", device="d2", question=True)
    speak(hall, "풍선이 예뻐요", device="d3")
    for words in ("자전거", "엘리베이터", "풍선"):
        assert found(client, words) == [], "nobody has answered yet"
    for state in ("on_air", "answered"):
        questions.set_question_state(opinion=_row(hall, asked), state=state, by=None)
    assert found(client, "자전거도") == ["bridge"]
    assert found(client, "개통 자전거") == ["bridge"], "one word in the title, one in a question"
    broadcasts.end_broadcast(broadcast=hall, by=None)
    answers.route_unanswered(broadcast=hall, office_of={other.id: office}, by=None)
    assert found(client, "엘리베") == []
    answers.answer_opinion(
        opinion=_row(hall, other), office=office, by=None, text="시설팀이 금요일에 고칩니다."
    )
    assert found(client, "엘리베") == found(client, "금요일") == ["bridge"]
    assert found(client, "풍선") == []


def test_what_was_hidden_is_not_found(hall: Any, client: Client) -> None:
    asked = speak(hall, "무례한 질문", question=True)
    for state in ("on_air", "answered"):
        questions.set_question_state(opinion=_row(hall, asked), state=state, by=None)
    assert found(client, "무례") == ["bridge"]
    moderation.hide_opinion(opinion=_row(hall, asked), reason="insult", by=None)
    assert found(client, "무례") == []
