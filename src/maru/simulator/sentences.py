"""What the simulated citizens say, in Korean and English; no city and no person is named."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Saying:
    """One thing said."""

    text: str
    question: bool


PLACES = {
    "ko": ("시장 앞", "초등학교 앞", "역 2번 출구", "강변 산책로", "언덕길", "도서관 옆", "보건소 앞", "새 아파트 단지"),
    "en": ("the market", "the primary school", "station exit 2", "the river path", "the hill road", "the library",
           "the health centre", "the new estate"),
}  # fmt: skip
TIMES = {
    "ko": ("출근 시간에", "퇴근 시간에", "밤 10시 이후에", "주말에", "비 오는 날에", "등교 시간에"),
    "en": (
        "in the morning rush",
        "after work",
        "after ten at night",
        "at weekends",
        "when it rains",
        "before school",
    ),
}
QUESTIONS = {
    "ko": (
        "{place} 버스가 {time} 너무 붐비는데 배차를 늘릴 계획이 있나요?",
        "{place} 횡단보도 신호가 어르신에게 너무 짧습니다. 언제 고쳐지나요?",
        "{place}에 그늘이 없습니다. 나무를 심을 수 있을까요?",
        "야간 돌봄 교실은 언제 {place}까지 넓어지나요?",
        "{time} 문을 여는 소아과를 어디에서 찾을 수 있나요?",
        "이 사업의 예산과 집행 내역을 어디에서 볼 수 있나요?",
        "{place} 자전거 도로가 끊겨 있습니다. 이어질까요?",
        "청년 월세 지원을 신청한 지 두 달인데, 결과는 언제 나오나요?",
        "{place} 침수 대책은 올여름 전에 끝나나요?",
        "점자 안내판을 {place}에도 놓아 줄 수 있나요?",
        "재활용 수거일이 자꾸 바뀌는데 알림을 받을 수 있나요?",
        "빈 상가를 주민 공간으로 쓰는 계획은 어디까지 왔나요?",
    ),
    "en": (
        "The bus at {place} is too full {time}. Are more buses planned?",
        "The crossing at {place} is too short for older people. When is it mended?",
        "There is no shade at {place}. Could trees be planted?",
        "When does evening child care reach {place}?",
        "Where do I find a children's doctor {time}?",
        "Where can I see the budget of this project and what was spent?",
        "The cycle lane breaks off at {place}. Will it be joined up?",
        "I applied for the rent grant two months ago. When is it decided?",
        "Will {place} be safe from flooding before this summer?",
        "Could {place} have signs in braille as well?",
        "Collection days keep changing. Can we be told by message?",
        "How far is the plan to open empty shops to the neighbourhood?",
    ),
}
OPINIONS = {
    "ko": (
        "화면도 소리도 잘 나옵니다. 고맙습니다.",
        "처음 참여해 봅니다. 반갑습니다!",
        "{place} 이야기 꼭 다뤄 주세요.",
        "수어 통역도 있으면 더 좋겠습니다.",
        "우리 동네는 {time} 정말 좋아졌어요 👏",
        "설명이 쉬워서 아이와 함께 보고 있습니다.",
        "자료를 파일로도 공개해 주세요.",
        "방금 말씀하신 숫자의 출처가 궁금합니다.",
        "버스 기다리며 휴대전화로 보고 있어요 🚌",
        "지난 방송에서 약속한 내용이 지켜져 기쁩니다.",
        "조금만 천천히 말씀해 주시면 좋겠어요.",
        "{place} 공사가 끝나서 다니기 편해졌습니다.",
        "다음에는 저녁 시간에 해 주세요.",
        "동의합니다. 저도 같은 생각이에요.",
        "현장 근무자분들께 감사드립니다 🙏",
    ),
    "en": (
        "Picture and sound are fine here. Thank you.",
        "First time I take part. Hello everyone!",
        "Please talk about {place} as well.",
        "Sign language would be good, too.",
        "Our street has become so much better {time} 👏",
        "Easy to follow, my daughter watches with me.",
        "Please publish these figures as a file.",
        "Where does that number come from?",
        "Watching on my phone at the bus stop 🚌",
        "Good to see that a promise of last time was kept.",
        "A little slower, please.",
        "The works at {place} are done: much easier now.",
        "Could the next one be in the evening?",
        "I agree with the one before.",
        "Thanks to the people out there working 🙏",
    ),
}
NAMES = {
    "ko": ("느티나무", "아침버스", "두 아이 아빠", "강변러너", "골목길", "보라매", "은행나무", "첫눈", "옥상텃밭",
           "따릉이", "햇살", "밤하늘", "동네책방", "푸른솔", "달빛", "고양이집사", "단팥빵", "우산"),
    "en": ("Maple", "Night shift", "Two kids", "River runner", "Alley cat", "New here", "Teacher", "Grandpa",
           "Window seat", "Bakery", "Umbrella", "Early bird"),
}  # fmt: skip


def say(chance: random.Random, language: str, question_share: float) -> Saying:
    """One sentence in ``language`` (ko or en); a question with that probability."""
    question = chance.random() < question_share
    pattern = chance.choice((QUESTIONS if question else OPINIONS)[language])
    text = pattern.format(place=chance.choice(PLACES[language]), time=chance.choice(TIMES[language]))
    return Saying(text, question)


def name(chance: random.Random, language: str) -> str:
    """A nickname, often with a number behind it."""
    chosen = chance.choice(NAMES[language])
    return f"{chosen} {chance.randint(2, 99)}" if chance.random() < 0.4 else chosen
