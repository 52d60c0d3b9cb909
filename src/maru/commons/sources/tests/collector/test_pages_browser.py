"""The pages in a real browser: ages run, rows are narrowed while one types, nothing keeps a reader out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect, sync_playwright

from maru.commons.sources.models import Hour, Latest, Source
from maru.commons.sources.operations import sources as operations
from maru.commons.sources.queries.catalogue import forget
from maru.commons.sources.tests.collector.world import drawer
from tests.journeys.axe import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        one = browser.new_page(locale="en", viewport={"width": 390, "height": 800})
        faults: list[str] = []
        one.on("pageerror", lambda fault: faults.append(str(fault)))
        yield one
        browser.close()
        assert faults == []


def test_readers_follow_the_sources(page: Any, live_server: Any, home: Path, office: Any) -> None:
    operations.register(
        {name: drawer(home, name, "https://a.example/") for name in ("air", "water", "noise")}
    )
    now = timezone.now()
    Source.objects.update(state="ok", last_ok_at=now, last_value_at=now - dt.timedelta(seconds=5), records=12)
    Source.objects.filter(name="air").update(
        rules=[["declared", "done", ""], ["promise", "todo", "young"]], error="timeout", error_detail="x"
    )
    Latest.objects.create(
        source_id="air", series="value", key="a", number=3.25, unit="ug/m3", at=now, seen=now
    )
    Hour.objects.create(source_id="air", hour=now.replace(minute=0, second=0, microsecond=0), added=7)
    forget()
    page.goto(f"{live_server.url}/sources/")
    assert violations(page) == []
    age = page.locator("#s-air time")
    before = age.inner_text()
    expect(age).not_to_have_text(before)
    page.locator("#q").type("water")
    expect(page.locator("#sources tbody tr:visible")).to_have_count(1)
    expect(page.locator("#sources-shown")).to_have_text("1 shown")
    Source.objects.filter(name="water").update(state="stale")
    expect(page.locator("#s-water .tag")).to_have_text("Late", timeout=15_000)
    page.goto(f"{live_server.url}/sources/air/")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
