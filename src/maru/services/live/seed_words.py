"""The words of the demonstration, as data."""

from __future__ import annotations

from typing import Any

Words = dict[str, str]

TOPICS: dict[str, Words] = {
    "traffic": {"ko": "교통", "en": "Traffic"},
    "welfare": {"ko": "복지", "en": "Welfare"},
    "environment": {"ko": "환경", "en": "Environment"},
    "housing": {"ko": "주거", "en": "Housing"},
    "culture": {"ko": "문화", "en": "Culture"},
    "safety": {"ko": "안전", "en": "Safety"},
}
PROGRAMMES: dict[str, tuple[Words, Words]] = {
    "mayors-story": (
        {"ko": "시장의 이야기", "en": "The mayor's story"},
        {
            "ko": "시장이 시민의 질문에 그 자리에서 답합니다.",
            "en": "The mayor answers citizens' questions on the spot.",
        },
    ),
    "council-hour": (
        {"ko": "정책 한 시간", "en": "The policy hour"},
        {
            "ko": "담당 부서가 한 가지 정책을 시민과 함께 들여다봅니다.",
            "en": "An office looks at one policy together with citizens.",
        },
    ),
    "neighbourhood": (
        {"ko": "우리 동네 마루", "en": "Neighbourhood hall"},
        {"ko": "구마다 돌아가며 여는 작은 공청회.", "en": "A small hearing, in another district each time."},
    ),
}
ON_AIR: dict[str, Any] = {
    "titles": {"ko": "열린 마루: 시민과 함께 여는 저녁", "en": "Open hall: an evening with citizens"},
    "summaries": {
        "ko": "버스, 돌봄, 나무. 지금 묻고, 지금 듣습니다.",
        "en": "Buses, care, trees. Ask now, hear now.",
    },
    "programme": "mayors-story",
    "topics": ["traffic", "welfare", "environment"],
    "chapters": [
        "여는 말 · Welcome",
        "밤에도 다니는 버스 · Buses at night",
        "이웃이 돌보는 동네 · Neighbours who care",
        "그늘 만들기 · Making shade",
        "닫는 말 · Closing words",
    ],
}
UPCOMING: tuple[dict[str, Any], ...] = (
    {
        "slug": "night-bus-hearing",
        "in_days": 2,
        "titles": {"ko": "심야버스 노선, 함께 그리기", "en": "Drawing the night bus lines together"},
        "summaries": {
            "ko": "새 노선 다섯 개의 초안을 봅니다.",
            "en": "We look at the drafts of five new lines.",
        },
        "programme": "council-hour",
        "topics": ["traffic"],
        "chapters": ["초안 설명 · The drafts", "질문 · Questions"],
    },
    {
        "slug": "care-at-home",
        "in_days": 5,
        "titles": {"ko": "집에서 받는 돌봄", "en": "Care at home"},
        "summaries": {"ko": "찾아가는 간호와 식사.", "en": "Nurses and meals that come to you."},
        "programme": "council-hour",
        "topics": ["welfare"],
        "chapters": ["지금 · Today", "내년 · Next year"],
    },
    {
        "slug": "river-park-evening",
        "in_days": 9,
        "titles": {"ko": "강변 공원의 밤", "en": "An evening in the river park"},
        "summaries": {"ko": "불빛은 얼마나 밝아야 할까요?", "en": "How bright should the lights be?"},
        "programme": "neighbourhood",
        "topics": ["environment", "safety"],
        "chapters": ["걸으며 보기 · A walk", "이야기 · Talk"],
    },
)
PAST: tuple[dict[str, Any], ...] = (
    {
        "slug": "inauguration",
        "days_ago": 30,
        "titles": {"ko": "온라인 취임식", "en": "The online inauguration"},
        "summaries": {"ko": "집무실에서 여는 40분.", "en": "Forty minutes from the mayor's office."},
        "programme": "mayors-story",
        "topics": ["welfare", "culture"],
        "chapters": [
            "집무실 둘러보기 · A tour",
            "취임사 · The address",
            "시민과의 대화 · Talk with citizens",
        ],
        "peak": 7512,
        "plays": 122660,
    },
    {
        "slug": "winter-heating",
        "days_ago": 12,
        "titles": {"ko": "따뜻한 겨울 나기", "en": "Getting through the winter warm"},
        "summaries": {"ko": "난방비 지원을 묻고 답합니다.", "en": "Questions about help with heating."},
        "programme": "council-hour",
        "topics": ["welfare", "housing"],
        "chapters": ["누가 받나 · Who gets help", "신청하기 · How to apply", "질문 · Questions"],
        "peak": 1834,
        "plays": 20412,
    },
    {
        "slug": "bicycle-lanes",
        "days_ago": 4,
        "titles": {"ko": "자전거길을 잇다", "en": "Joining up the cycle lanes"},
        "summaries": {"ko": "끊긴 곳 열두 군데.", "en": "Twelve places where the lane ends."},
        "programme": "neighbourhood",
        "topics": ["traffic", "environment"],
        "chapters": ["지도 · The map", "공사 순서 · What comes first", "질문 · Questions"],
        "peak": 967,
        "plays": 8120,
    },
)
BLOCKED = (("ko", "시발"), ("ko", "개새끼"), ("en", "fuck"), ("en", "asshole"))
NICKNAMES: dict[str, tuple[str, ...]] = {
    "ko": (
        "한강바람",
        "은평주민",
        "버스기사",
        "두아이엄마",
        "자전거출근",
        "마루지기",
        "늦은퇴근",
        "동네책방",
        "열일곱",
    ),
    "en": ("riverside", "nightshift", "new here", "two kids", "cyclist", "teacher", "bus 103"),
}
# language, text, whether it is a question
SAID: tuple[tuple[str, str, bool], ...] = (
    ("ko", "화면 잘 보입니다. 반갑습니다!", False),
    ("ko", "심야버스가 우리 동네까지는 언제 오나요?", True),
    ("ko", "저상버스 배차가 너무 뜸해요. 휠체어로 40분을 기다렸습니다.", False),
    ("ko", "초등학교 앞 신호등, 초록불이 너무 짧지 않나요?", True),
    ("en", "Will the minutes of this meeting be translated for foreign residents?", True),
    ("ko", "혼자 사시는 어르신 안부 확인은 어떻게 신청하나요?", True),
    ("ko", "말만 하지 말고 예산도 같이 보여 주세요 🙏", False),
    ("en", "Thank you for doing this in the evening. I could never come at noon.", False),
    ("ko", "미세먼지 심한 날 공사장 물 뿌리기, 누가 확인하나요?", True),
    ("ko", "아이들이 놀 그늘이 없습니다. 나무를 더 심어 주세요 🌳", False),
    ("ko", "전세 사기 상담을 주말에도 받을 수 있을까요?", True),
    ("en", "Can we have bike racks at every subway entrance?", True),
    ("ko", "자막이 있어서 소리 없이도 볼 수 있네요. 고맙습니다.", False),
    ("ko", "골목길 가로등이 석 달째 꺼져 있어요.", False),
    ("ko", "청년 월세 지원, 내년에도 이어지나요?", True),
    ("ko", "시장님 뒤에 있는 책은 무슨 책인가요? ㅎㅎ", False),
    ("en", "The lake path floods after every heavy rain. Who takes care of it?", True),
    ("ko", "도서관 월요일 휴관을 번갈아 하면 어떨까요?", True),
    ("ko", "답변 정말 시원합니다 👏👏", False),
    ("ko", "쓰레기 수거 시간이 바뀐 걸 몰랐어요. 문자로 알려 주세요.", False),
    ("ko", "공공 와이파이가 시장 안쪽에서는 안 잡힙니다.", False),
    ("en", "First time I see my city answer me by name. Keep going!", False),
    ("ko", "재건축 이주 기간에 학교는 어떻게 배정되나요?", True),
    ("ko", "반려견 산책로에 물 마시는 곳을 만들어 주세요 🐶", False),
)
REPLIES = (
    "물어 주셔서 고맙습니다. 현장을 확인했고, 다음 달 말까지 고치겠습니다. 끝나면 이 글 아래에 다시 알리겠습니다.",
    "올해 예산에 들어 있습니다. 신청은 주민센터와 누리집에서 받으며, 주말에는 전화로 도와드립니다.",
    "Thank you for asking. We have put it on the list for the spring works and will report here when it is done.",
)
