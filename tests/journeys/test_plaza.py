"""The Open Data Plaza in a real browser: search as one types, sheet by keyboard, chart, map, and no accessibility fault."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from maru.platform.testing.fixtures import relax_second_factor
from maru.services.opendata.models import Dataset
from maru.services.opendata.operations import corner, uploads, wishes
from tests.journeys.axe import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SET = "/data/bikes/"
PAGES = (
    "/data/",
    "/data/?q=bike",
    "/data/?q=zeppelin",
    SET,
    f"{SET}sheet/",
    f"{SET}sheet/?facet=district&sort=-bikes&bikes.from=2",
    f"{SET}sheet/?bikes.from=many",
    f"{SET}chart/",
    f"{SET}map/",
    f"{SET}files/",
    f"{SET}api/",
    f"{SET}history/",
    f"{SET}questions/",
    "/data/requests/",
    "/developers/",
    "/developers/apps/",
    "/developers/apps/new/",
    "/developers/courses/",
)
STAFF = (
    "/data/desk/",
    "/data/desk/publish/",
    "/data/desk/upload/",
    "/data/desk/remarks/",
    "/data/desk/requests/",
    "/data/desk/apps/",
    "/data/desk/courses/",
    "/data/desk/sets/bikes/",
    "/data/desk/held/people/",
)
LIMIT_BYTES = 150_000


@pytest.fixture(autouse=True)
def plaza(settings: Any, tmp_path: Path, transactional_db: None) -> Iterator[Dataset]:
    """A lake of its own with one dataset, an app, a course and a request."""
    settings.MARU = replace(settings.MARU, home=tmp_path, lake=tmp_path / "lake")
    made = uploads.publish_upload(
        body=rows(240),
        file_name="bikes.csv",
        by=None,
        slug="bikes",
        titles={"en": "Bike stations", "ko": "자전거 대여소"},
        summaries={"en": "Bikes left at each station", "ko": "대여소마다 남은 자전거"},
        category="transport",
    )
    app = corner.submit_app(
        name="Bike map", summary="Shows bikes.", address="https://example.org/", kind="web", maker="Kim"
    )
    app.state = "published"
    app.save()
    corner.announce_meeting(
        kind="course",
        titles={"en": "First steps", "ko": "첫걸음"},
        place="Room 1",
        starts_at=datetime.now(UTC) + timedelta(days=3),
        minutes=60,
        seats=5,
        by=None,
    )
    wishes.ask_for_data(title="Street trees", text="Each one.", device="d")
    uploads.publish_upload(
        body="이름,전화\n홍길동,010-1234-5678\n".encode(),
        file_name="people.csv",
        by=None,
        slug="people",
        titles={"en": "People", "ko": "사람"},
        category="welfare",
    )
    yield made


def rows(count: int) -> bytes:
    """Stations with an hour each."""
    out = io.StringIO()
    out.write("station,district,bikes,longitude,latitude,seen_at\n")
    for number in range(count):
        at = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(hours=number)
        district = ("Garam", "Noeul", "Mireu")[number % 3]
        out.write(
            f"ST-{number:03d},{district},{number % 20},{130.8 + number % 17 / 100:.3f},{36.3 + number % 13 / 100:.3f},"
            f"{at:%Y-%m-%d %H:%M:%S}\n"
        )
    return out.getvalue().encode()


@pytest.mark.parametrize("part", [0, 1, 2, 3])
@pytest.mark.parametrize("look", ["light ko 1280", "dark en 320"])
def test_no_page_has_an_accessibility_fault_or_scrolls_sideways(
    page: Page, live_server: Any, settings: Any, person: Callable[..., Any], look: str, part: int
) -> None:
    theme, language, width = look.split()
    page.set_viewport_size({"width": int(width), "height": 800})
    cookies = {"maru_language": language, "maru_theme": theme}
    if part == 3:
        relax_second_factor(settings)
        staff = Client()
        staff.force_login(person("administrator"), backend="django.contrib.auth.backends.ModelBackend")
        cookies["sessionid"] = staff.cookies["sessionid"].value
    page.context.add_cookies(
        [{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items()]
    )
    for path in [PAGES[0::3], PAGES[1::3], PAGES[2::3], STAFF][part]:
        page.goto(live_server.url + path)
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.locator("h1")).to_be_visible()
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= int(width), path


def test_search_finds_while_one_types_and_the_address_follows(page: Page, live_server: Any) -> None:
    page.goto(f"{live_server.url}/data/")
    box = page.get_by_label("Search titles, descriptions and columns")
    box.press_sequentially("bike")
    expect(page.locator("#found h2").first).to_have_text("1 dataset")
    expect(box).to_be_focused()
    expect(page).to_have_url(f"{live_server.url}/data/?q=bike")
    expect(page.locator("[data-announce]")).to_have_text("1 dataset")
    page.locator("#found").get_by_role("link", name="Transport").click()
    expect(page).to_have_url(f"{live_server.url}/data/?q=bike&category=transport")
    box.fill("zeppelin")
    expect(page.get_by_text("No dataset was found.")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("link", name="Bike stations")).to_be_visible()


def test_the_sheet_sorts_filters_and_pages_without_loading_anew(page: Page, live_server: Any) -> None:
    page.goto(f"{live_server.url}{SET}sheet/")
    page.evaluate("window.same = true")
    page.get_by_role("link", name="bikes", exact=True).click()
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("bikes")
    page.get_by_role("link", name="Values and filter of district").click()
    page.locator("#sheet .facet__link", has_text="Noeul").click()
    expect(page.locator(".sheet__count strong")).to_have_text("80")
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_label("Page, of 2")).to_have_value("2")
    expect(page.locator("#sheet tbody tr")).to_have_count(30)
    page.locator(".chip").click()
    expect(page.locator(".sheet__count strong")).to_have_text("240")
    page.go_back()
    expect(page.locator(".sheet__count strong")).to_have_text("80")
    assert page.evaluate("window.same"), "the page was loaded anew"


def test_the_sheet_by_keyboard(page: Page, live_server: Any) -> None:
    page.goto(f"{live_server.url}{SET}sheet/?sort=station")
    page.locator("[data-sheet]").focus()
    page.keyboard.press("Enter")
    for key in ("ArrowRight", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator("#sheet tbody tr:nth-child(3) td:nth-child(2)")).to_be_focused()
    page.keyboard.press("Control+End")
    expect(page.locator("#sheet tbody tr:last-child td:last-child")).to_be_focused()
    page.keyboard.press("PageDown")
    expect(page.get_by_label("Page, of 5")).to_have_value("2")
    expect(page.locator("#sheet tbody tr:first-child td:first-child")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("th[aria-sort]")).to_be_visible()


def test_everything_works_without_scripts(browser: Browser, live_server: Any) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{live_server.url}/data/")
    page.get_by_label("Search titles, descriptions and columns").fill("bike")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Bike stations").click()
    page.get_by_role("link", name="Open the sheet").click()
    page.get_by_role("link", name="Values and filter of bikes").click()
    page.get_by_label("From").fill("18")
    page.locator("#sheet .column").get_by_role("button", name="Filter").click()
    expect(page.locator(".sheet__count strong")).to_have_text("24")
    page.get_by_text("Choose columns").click()
    for name in ("district", "bikes", "longitude", "latitude", "seen_at"):
        page.get_by_role("checkbox", name=name, exact=True).uncheck()
    page.get_by_role("button", name="Show these").click()
    expect(page.locator("#sheet thead th")).to_have_count(1)
    page.get_by_role("link", name="Chart").click()
    expect(page.get_by_text("The same as a table")).to_be_visible()
    context.close()


def test_the_chart_is_drawn_and_drawn_anew(page: Page, live_server: Any) -> None:
    page.goto(f"{live_server.url}{SET}chart/")
    expect(page.locator("[data-chart] canvas")).to_be_visible()
    page.get_by_label("Along").select_option("district")
    expect(page.get_by_text("The same as a table")).to_be_visible()
    expect(page.locator("tbody th", has_text="Garam")).to_be_visible()
    expect(page.locator("[data-chart] canvas")).to_be_visible()
    inked = page.evaluate(
        """() => { const c = document.querySelector("[data-chart] canvas");
        const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
        return d.some((value, index) => index % 4 === 3 && value > 0); }"""
    )
    assert inked


def test_the_map_comes_when_it_is_seen_and_fetches_what_lies_in_sight(page: Page, live_server: Any) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{live_server.url}{SET}map/")
    place = page.locator("[data-map]")
    expect(place).to_have_attribute("data-features", "240")
    expect(page.locator("[data-map-says]")).to_have_text("240 places are drawn.")
    expect(page.locator("#places ~ .table tbody tr, section .table tbody tr").first).to_be_visible()
    foreign = [url for url in asked if not url.startswith((live_server.url, "blob:", "data:"))]
    assert foreign == []


def test_a_page_weighs_little_before_media(page: Page, live_server: Any) -> None:
    for path in PAGES:
        page.goto(live_server.url + path, wait_until="load")
        sizes = page.evaluate("performance.getEntries().map((one) => [one.name, one.encodedBodySize ?? 0])")
        weight = sum(
            size
            for name, size in sizes
            if "maplibre" not in name and "/_mapview-" not in name and ".geojson" not in name
        )
        assert weight < LIMIT_BYTES, (path, sizes)


def test_examples_are_copied(page: Page, live_server: Any) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{live_server.url}{SET}api/")
    page.get_by_role("button", name="Copy").first.click()
    assert "/openapi/sample/json/" in page.evaluate("navigator.clipboard.readText()")
