"""The registry finds the rooms, checks what they declare, and builds the menu."""

from __future__ import annotations

from types import SimpleNamespace

from django.core import checks

from maru.platform.registry import manifests as registry
from maru.platform.registry.manifests import MenuEntry, ServiceManifest, faults_of, in_words, manifests, menu

ROOM = ServiceManifest(
    name="room",
    titles={"en": "Room", "ko": "방"},
    category="watch",
    menu=(
        MenuEntry(titles={"en": "Later", "ko": "나중"}, address="/later/", order=20),
        MenuEntry(titles={"en": "First", "ko": "먼저"}, address="/first/", order=10),
        MenuEntry(titles={"en": "Staff", "ko": "직원"}, address="/staff/", roles=("producer",), order=1),
    ),
)


def test_every_installed_room_is_found_and_complete():
    assert "live" in {manifest.name for manifest in manifests()}
    assert not [fault for fault in checks.run_checks(tags=["maru"]) if fault.level >= checks.ERROR]


def test_the_menu_shows_what_the_roles_open(monkeypatch):
    monkeypatch.setattr(registry, "manifests", lambda: (ROOM,))
    assert [entry["title"] for entry in menu("en")] == ["First", "Later"]
    producer = SimpleNamespace(is_authenticated=True, has_role=lambda role: role == "producer")
    assert [entry["title"] for entry in menu("ko", producer)] == ["직원", "먼저", "나중"]
    stranger = SimpleNamespace(is_authenticated=False, has_role=lambda role: True)
    assert len(menu("en", stranger)) == 2


def test_an_incomplete_manifest_is_told_in_words():
    bad = ServiceManifest(
        name="bad", titles={"en": "Bad"}, category="nothing", uses=("absent",), urls="maru.no.such.urls",
        menu=(MenuEntry(titles={"en": "x"}, address="/x/"),),
    )  # fmt: skip
    told = " / ".join(faults_of(bad, ["bad"], ["en", "ko"]))
    for words in ("category", "no title in ko", "menu /x/ has no title in ko", "absent", "does not exist"):
        assert words in told
    assert not faults_of(ROOM, ["room"], ["en", "ko"])


def test_words_fall_back():
    assert in_words({"ko": "방"}, "en") == "방"
    assert in_words({"en": "Room", "ko": "방"}, "ko-kr") == "방"
    assert in_words({}, "en") == ""
