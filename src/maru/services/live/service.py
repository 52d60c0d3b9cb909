"""What the live room gives the whole house."""

from __future__ import annotations

from maru.platform.registry.manifests import MenuEntry, Permission, Retention, ServiceManifest

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
