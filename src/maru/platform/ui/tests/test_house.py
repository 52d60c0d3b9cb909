"""The house's own pages: home, switches, manifest, the built front end, menus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import Client, RequestFactory

from maru.platform.registry.manifests import MenuEntry, ServiceManifest
from maru.platform.ui import house, showcase
from maru.platform.ui.themes import theme_of
from maru.platform.ui.vite import FrontEndNotBuilt, entry

MANIFEST = {
    "src/main.ts": {"file": "assets/main-1.js", "isEntry": True, "css": ["assets/main-2.css"]},
    "src/live/page.ts": {"file": "assets/page-3.js", "imports": ["_shared.js", "src/main.ts"]},
    "_shared.js": {"file": "assets/shared-4.js", "css": ["assets/shared-5.css"], "imports": ["src/main.ts"]},
}


@pytest.fixture
def build(tmp_path: Path) -> Path:
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST), encoding="utf-8")
    return tmp_path


def test_an_entry_names_its_script_styles_and_preloads_once(build: Path) -> None:
    found = entry("src/live/page.ts", build)
    assert found.scripts == ("assets/page-3.js",)
    assert set(found.preloads) == {"assets/shared-4.js", "assets/main-1.js"}
    assert len(found.preloads) == 2
    assert set(found.styles) == {"assets/shared-5.css", "assets/main-2.css"}


def test_a_missing_build_says_how_to_build(tmp_path: Path) -> None:
    with pytest.raises(FrontEndNotBuilt, match="make build"):
        entry("src/main.ts", tmp_path)


def test_an_unknown_entry_says_which_there_are(build: Path) -> None:
    with pytest.raises(FrontEndNotBuilt, match=r"src/live/page\.ts, src/main\.ts"):
        entry("src/none.ts", build)


@pytest.mark.parametrize(
    ("query", "cookie", "theme"),
    [
        ("", "", "auto"),
        ("", "dark", "dark"),
        ("wall", "dark", "wall"),
        ("pink", "dark", "dark"),
        ("", "pink", "auto"),
    ],
)
def test_the_theme_is_the_query_s_then_the_cookie_s_then_the_system_s(
    query: str, cookie: str, theme: str
) -> None:
    request = RequestFactory().get("/", {"theme": query})
    request.COOKIES["maru_theme"] = cookie
    assert theme_of(request) == theme


def test_no_request_no_theme() -> None:
    assert theme_of(None) == "auto"


@pytest.mark.parametrize(
    ("name", "value", "cookie"), [("language", "ko", "maru_language"), ("theme", "dark", "maru_theme")]
)
def test_a_switch_sets_a_cookie_and_returns(client: Client, name: str, value: str, cookie: str) -> None:
    response = client.get(f"/{name}/", {"to": value, "next": "/design/?a=1"})
    assert response.status_code == 302
    assert response["Location"] == "/design/?a=1"
    assert response.cookies[cookie].value == value


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
@pytest.mark.parametrize("name", ["language", "theme"])
def test_a_switch_never_leads_to_another_house(client: Client, name: str, target: str) -> None:
    response = client.get(f"/{name}/", {"to": "nonsense", "next": target})
    assert response["Location"] == "/"
    assert not response.cookies


def test_the_web_manifest_is_json_in_the_reader_s_language(client: Client) -> None:
    response = client.get("/manifest.webmanifest", headers={"accept-language": "ko"})
    assert response["Content-Type"] == "application/manifest+json"
    assert response.json()["name"] == "열린 마루"


def test_crawlers_stay_out_of_staff_rooms(client: Client) -> None:
    assert "Disallow: /studio/" in client.get("/robots.txt").content.decode()


class Officer:
    is_authenticated = True

    def has_role(self, role: str) -> bool:
        return role == "producer"


@pytest.fixture
def one_service(monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = ServiceManifest(
        name="live",
        titles={"en": "Live", "ko": "생방송"},
        category="watch",
        menu=(
            MenuEntry(titles={"en": "Live", "ko": "생방송"}, address="/live/", icon="live", order=1),
            MenuEntry(titles={"en": "Studio", "ko": "방송실"}, address="/studio/", roles=("producer",)),
        ),
        cards=(f"{__name__}:second_section", f"{__name__}:first_section", f"{__name__}:no_section", "a name"),
    )
    monkeypatch.setattr(house, "manifests", lambda: (manifest,))


def first_section(request: HttpRequest) -> house.HomeSection:
    return house.HomeSection("first.html", order=1)


def second_section(request: HttpRequest) -> house.HomeSection:
    return house.HomeSection("second.html", order=2)


def no_section(request: HttpRequest) -> None:
    return None


def _request(path: str, person: Any) -> HttpRequest:
    request = RequestFactory().get(path)
    request.user = person
    return request


@pytest.mark.usefixtures("one_service")
def test_a_citizen_sees_no_room_of_the_staff() -> None:
    request = _request("/live/budget/", AnonymousUser())
    assert [(item.url, item.current) for item in house.menu_items("main", request)] == [("/live/", True)]
    assert house.menu_items("staff", request) == []


@pytest.mark.usefixtures("one_service")
def test_staff_see_the_rooms_their_roles_open() -> None:
    found = house.menu_items("staff", _request("/studio/", Officer()))
    assert [item.url for item in found] == ["/studio/"]


@pytest.mark.usefixtures("one_service")
def test_services_give_the_home_page_its_sections_in_order() -> None:
    sections = house.home_sections(RequestFactory().get("/"))
    assert [section.template for section in sections] == ["first.html", "second.html"]
    assert [(room.title, room.url) for room in house.rooms()] == [("Live", "/live/")]


@pytest.mark.django_db
def test_the_home_page_opens_for_everyone(client: Client) -> None:
    response = client.get("/")
    assert response.status_code == 200
    assert b'href="#main"' in response.content


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_design_page_shows_every_example(client: Client, language: str) -> None:
    html = client.get("/design/", {"lang": language, "theme": "dark"}).content.decode()
    assert f'<html lang="{language}" data-theme="dark"' in html
    for name, _title in showcase.EXAMPLES:
        assert f'id="{name}"' in html


def test_every_showcase_template_is_shown() -> None:
    assert {path.stem for path in showcase.FOLDER.glob("*.html")} == {
        name for name, _title in showcase.EXAMPLES
    }
