"""What the sources give the whole house: a public catalogue, and the acts of those who look after them."""

from __future__ import annotations

from maru.platform.access.bodies import MOST_OF_ANYONE, LargeBody
from maru.platform.registry.manifests import MenuEntry, Permission, Retention, ServiceManifest

# Days that a dead letter and the notes of a run are kept. Letters may hold what is personal.
LETTER_DAYS = 90
RUN_DAYS = 14

MANIFEST = ServiceManifest(
    name="sources",
    titles={"en": "Sources", "ko": "데이터 출처"},
    summaries={
        "en": "Every outside system the city draws on: whose it is, how old its last value is, what went wrong.",
        "ko": "시가 값을 받는 모든 시스템: 누가 맡는지, 마지막 값이 얼마나 오래되었는지, 무엇이 잘못되었는지.",
    },
    category="data",
    urls="maru.commons.sources.urls",
    events=("source",),
    cards=("maru.commons.sources.cards:on_home",),
    search=("sources.sources",),
    permissions=(
        Permission("sources.pause", ("officer", "administrator")),
        Permission("sources.resume", ("officer", "administrator")),
        Permission("sources.run", ("officer", "administrator")),
        Permission("sources.retry", ("officer", "administrator")),
        Permission("sources.letters", ("officer", "administrator")),
    ),
    retention=(
        Retention(
            what={"en": "Records that could not be read", "ko": "읽지 못한 기록"},
            days=LETTER_DAYS,
            reason={
                "en": "To read them again once the source's description is right.",
                "ko": "출처의 설명을 고친 뒤 다시 읽기 위해서입니다.",
            },
        ),
    ),
    # What systems push, signed: at once as much as a kit would read of an answer of usual size.
    large_bodies=(LargeBody(r"/sources/[\w-]+/deliver/", MOST_OF_ANYONE, ()),),
    menu=(
        MenuEntry(titles={"en": "Sources", "ko": "데이터 출처"}, address="/sources/", icon="plug", order=60),
    ),
)
