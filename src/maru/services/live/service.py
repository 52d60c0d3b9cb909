"""What the live room gives the whole house."""

from __future__ import annotations

from maru.platform.registry.manifests import (
    DatasetOffer,
    MenuEntry,
    OfferedColumn,
    Permission,
    Retention,
    ServiceManifest,
)

_CONVERSATION = DatasetOffer(
    name="conversation",
    titles={"en": "What citizens said in broadcasts", "ko": "방송에서 시민이 한 말"},
    summaries={
        "en": "Every opinion and question in a live broadcast that may be read, with votes and the answer of the office. Without names.",
        "ko": "생방송에서 시민이 쓴 의견과 질문 가운데 공개된 것 모두와 공감 수, 담당 부서의 답변입니다. 이름은 없습니다.",
    },
    category="administration",
    office="citizens-participation",
    columns=(
        OfferedColumn("id", "text", {"en": "Id", "ko": "번호"}),
        OfferedColumn("broadcast", "text", {"en": "Broadcast", "ko": "방송"}),
        OfferedColumn("title", "text", {"en": "Title of the broadcast", "ko": "방송 제목"}),
        OfferedColumn("moment", "datetime", {"en": "Moment of the picture", "ko": "화면 시각"}),
        OfferedColumn("text", "text", {"en": "Text", "ko": "내용"}),
        OfferedColumn("question", "boolean", {"en": "Is a question", "ko": "질문 여부"}),
        OfferedColumn("state", "text", {"en": "State of the question", "ko": "질문 상태"}),
        OfferedColumn("votes", "integer", {"en": "Votes", "ko": "공감"}, "votes"),
        OfferedColumn("office", "text", {"en": "Office", "ko": "담당 부서"}),
        OfferedColumn("answered_at", "datetime", {"en": "Answered at", "ko": "답변 시각"}),
        OfferedColumn("answer", "text", {"en": "Answer", "ko": "답변"}),
    ),
    key=("id",),
    rows="maru.services.live.offers:conversation",
    licence="KOGL-1",
)

MANIFEST = ServiceManifest(
    name="live",
    titles={"en": "Live", "ko": "생방송"},
    summaries={
        "en": "Watch the city at work, speak, ask, and be answered.",
        "ko": "시의 일을 지켜보고, 말하고, 묻고, 답을 듣습니다.",
    },
    category="watch",
    urls="maru.services.live.urls",
    indicators=("live.questions_waiting", "live.viewers"),
    datasets=(_CONVERSATION,),
    search=("live.broadcasts",),
    cards=("maru.services.live.cards:on_home",),
    feeds=("live.calendar",),
    events=(
        "opinion",
        "hidden",
        "shown",
        "votes",
        "question",
        "broadcast",
        "chapter",
        "answer",
        "held",
        "decided",
        "log",
        "inputs",
    ),
    permissions=(
        Permission("live.create", ("producer",)),
        Permission("live.edit", ("producer",)),
        Permission("live.shelves", ("producer",)),
        Permission("live.captions", ("producer",)),
        Permission("live.start", ("producer",)),
        Permission("live.end", ("producer",)),
        Permission("live.question", ("producer", "moderator")),
        Permission("live.hide", ("moderator", "producer")),
        Permission("live.route", ("producer",)),
    ),
    retention=(
        Retention(
            what={"en": "Device or person behind an opinion", "ko": "의견을 쓴 기기 또는 사람"},
            days=365,
            reason={
                "en": "To slow down and block who harms the conversation; the words themselves are public record.",
                "ko": "대화를 해치는 사람을 늦추고 막기 위해서입니다. 말한 내용은 공개 기록입니다.",
            },
        ),
    ),
    menu=(
        MenuEntry(titles={"en": "Live", "ko": "생방송"}, address="/live/", icon="live", order=10),
        MenuEntry(
            titles={"en": "Studio", "ko": "스튜디오"},
            address="/studio/",
            icon="camera",
            roles=("producer", "moderator"),
            order=200,
        ),
    ),
)
