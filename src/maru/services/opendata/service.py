"""What the Open Data Plaza gives the whole house."""

from __future__ import annotations

import importlib.util

from maru.platform.access.bodies import LargeBody
from maru.platform.registry.manifests import (
    MenuEntry,
    Mounted,
    Permission,
    Retention,
    ServiceManifest,
)

_PAGES = "maru.services.opendata.urls"
_FRONT = "maru.services.opendata.rest.asgi:application"
# Programs' interfaces; ``rest/routes.py`` says which answers what, and a test that both lists agree.
_MOUNTS = (
    "/openapi/",
    "/api/v1/datasets",
    "/api/3/",
    "/api/action/",
    "/resource/",
    "/ogc",
    "/catalog.jsonld",
    "/catalog.ttl",
    "/data.json",
)

MANIFEST = ServiceManifest(
    name="opendata",
    titles={"en": "Open data", "ko": "열린데이터"},
    summaries={
        "en": "Every number the city holds: read, search, draw, take away, call.",
        "ko": "시가 가진 모든 숫자를 읽고, 찾고, 그리고, 내려받고, 호출합니다.",
    },
    category="data",
    urls=_PAGES if importlib.util.find_spec(_PAGES) else "",
    cards=("maru.services.opendata.cards:on_home",),
    indicators=("opendata.datasets", "opendata.quality", "opendata.open_defects"),
    search=("opendata.datasets",),
    feeds=("opendata.changes",),
    events=("dataset",),
    permissions=(
        Permission("opendata.publish", ("officer",)),
        Permission("opendata.describe", ("officer",)),
        Permission("opendata.decide", ("officer",)),
        Permission("opendata.withdraw", ("officer",)),
        Permission("opendata.show_app", ("officer",)),
        Permission("opendata.add_meeting", ("officer",)),
        Permission("opendata.decide_request", ("officer",)),
    ),
    notices=("opendata.changes",),
    mounts=tuple(Mounted(prefix, _FRONT) for prefix in _MOUNTS),
    large_bodies=(
        # A file of 64 MB, and the other fields of the form.
        LargeBody(r"/data/desk/(?:upload|sets/[\w-]+/rows)/", 65 * 1024 * 1024, ("officer", "administrator")),
    ),
    retention=(
        Retention(
            what={
                "en": "Device or person behind a question or a report",
                "ko": "질문이나 신고를 쓴 기기 또는 사람",
            },
            days=365,
            reason={
                "en": "To slow down and block who harms the conversation; the words themselves are public record.",
                "ko": "대화를 해치는 사람을 늦추고 막기 위해서입니다. 말한 내용은 공개 기록입니다.",
            },
        ),
        Retention(
            what={"en": "E-mail address that was never confirmed", "ko": "확인되지 않은 전자우편 주소"},
            days=7,
            reason={
                "en": "To send one mail that asks whether changes are really to be told there.",
                "ko": "변경 알림을 정말 받을지 묻는 전자우편 한 통을 보내기 위해서입니다.",
            },
        ),
        Retention(
            what={"en": "Uploaded file that waits for a decision", "ko": "결정을 기다리는 올린 파일"},
            days=90,
            reason={
                "en": "Until a person has decided whether it may be published; then it is deleted.",
                "ko": "공개해도 되는지 사람이 결정할 때까지 보관하고 결정 뒤에는 지웁니다.",
            },
        ),
        Retention(
            what={
                "en": "Name and e-mail address of who booked a course or a consulting hour, after its date",
                "ko": "강좌나 상담을 예약한 사람의 이름과 전자우편 주소, 일정이 지난 뒤",
            },
            days=30,
            reason={
                "en": "To know who comes, and to write if it is cancelled.",
                "ko": "누가 오는지 알고, 취소되면 알리기 위해서입니다.",
            },
        ),
    ),
    menu=(
        MenuEntry(titles={"en": "Open data", "ko": "열린데이터"}, address="/data/", icon="chart", order=20),
        MenuEntry(
            titles={"en": "Data desk", "ko": "데이터 데스크"},
            address="/data/desk/",
            icon="upload",
            roles=("officer", "administrator"),
            order=210,
        ),
    ),
)
