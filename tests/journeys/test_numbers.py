"""A newcomer and the numbers: 290 sources alive, one's plug pulled, a dataset read in every way, a source of their own."""

from __future__ import annotations

import http.server
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import ckanapi
import httpx
import pytest
from playwright.sync_api import Page, expect

from bench.house import House, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
PULLED = "noise_levels"
BIKES = "cycling-bikes"


class Demonstration(House):
    """``maru serve --demo`` without its picture: pages, worker, collector and the outside world, each its own process."""

    parts: list[subprocess.Popen[bytes]]

    def start(self) -> None:
        outside = f"http://127.0.0.1:{self.port + 2}"
        self.environ |= {"MARU_OUTSIDE": outside, "MARU_DEMO": "1"}
        self.outside = outside
        self.home.mkdir(parents=True)
        log = self.log.open("ab")

        def run(*words: str) -> subprocess.Popen[bytes]:
            return subprocess.Popen([sys.executable, "-m", *words], env=self.environ, stdout=log, stderr=log)

        world = ("maru.simulator.outside", "--port", str(self.port + 2), "--home", str(self.home / "outside"))
        self.parts = [run(*world, "--records", "30000", "--house", self.url)]
        subprocess.run(
            [sys.executable, "-m", "maru.project.cli", "prepare", "--demo"], env=self.environ, check=True
        )
        self.parts += [run("maru.project.cli", part) for part in ("web", "worker", "collector")]
        until("the pages answer", lambda: httpx.get(f"{self.url}/sources/").status_code == 200, 60)

    def stop(self) -> float:
        for part in self.parts:
            part.send_signal(signal.SIGTERM)
        for part in self.parts:
            part.wait(20)
        return 0.0

    def sources(self) -> dict[str, Any]:
        """Every source by name, as the Open API shows it."""
        found = httpx.get(f"{self.url}/api/v1/sources", timeout=30).json()["sources"]
        return {one["name"]: one for one in found}

    def pull(self, name: str, act: str) -> None:
        """Do something to a system of the outside world."""
        answer = httpx.post(f"{self.outside}/control/{name}", json={"do": act})
        assert answer.status_code < 400, answer.text


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    one = Demonstration(
        tmp_path_factory.mktemp("numbers") / "home",
        MARU_DATABASE="sqlite",
        MARU_BUS="unix",
        MARU_CACHE="memory",
    )
    try:
        one.start()
        until(
            "nine in ten of the sources are alive",
            lambda: sum(source["state"] == "ok" for source in one.sources().values()) > 260,
            150,
        )
        yield one
    finally:
        one.stop()


def test_290_sources_are_alive_with_their_ages(house: Demonstration, page: Page) -> None:
    sources = house.sources()
    assert len(sources) == 290
    assert all(source["age_s"] is not None for source in sources.values() if source["state"] == "ok")
    page.goto(f"{house.url}/sources/?q=noise")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_role("link", name=sources[PULLED]["title"], exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(sources[PULLED]["title"])


def test_a_pulled_plug_is_seen_and_heals(house: Demonstration) -> None:
    house.pull(PULLED, "plug")
    until("it is not well any more", lambda: house.sources()[PULLED]["state"] in {"stale", "broken"}, 120)
    assert PULLED in house.maru("source", "list", "--json")
    house.pull(PULLED, "recover")
    until("it is well again", lambda: house.sources()[PULLED]["state"] == "ok", 120)


def test_a_dataset_as_sheet_chart_and_map(house: Demonstration, page: Page) -> None:
    page.goto(f"{house.url}/data/?q=bike")
    page.locator(f'a[href="/data/{BIKES}/"]').first.click()
    page.goto(f"{house.url}/data/{BIKES}/sheet/?sort=-bikes")
    expect(page.locator("table tbody tr").first).to_be_visible()
    page.goto(f"{house.url}/data/{BIKES}/chart/")
    expect(page.locator("canvas").first).to_be_visible()
    page.goto(f"{house.url}/data/{BIKES}/map/")
    expect(page.locator("canvas").first).to_be_visible(timeout=30_000)


def test_programs_call_it(house: Demonstration) -> None:
    rows = subprocess.run(
        ["curl", "-sf", f"{house.url}/api/v1/datasets/{BIKES}/rows?limit=5"], capture_output=True, check=True
    )
    assert len(json.loads(rows.stdout)["rows"]) == 5
    city = ckanapi.RemoteCKAN(house.url)
    assert BIKES in city.action.package_list(limit=1000)
    package = city.action.package_show(id=BIKES)
    found = city.action.datastore_search(resource_id=package["resources"][0]["id"], limit=3)
    assert len(found["records"]) == 3
    # A program of 2015, which knows nothing but the host, the key and the path.
    page = json.loads(httpx.get(f"{house.url}/openapi/sample/json/bikeList/1/5/").text)
    assert page["rentBikeStatus"]["RESULT"]["CODE"] == "INFO-000"
    assert len(page["rentBikeStatus"]["row"]) == 5
    assert all(int(row["parkingBikeTotCnt"]) >= 0 for row in page["rentBikeStatus"]["row"])


class _File(http.server.BaseHTTPRequestHandler):
    BODY = "관리번호,이름,위도,경도,설치일,좌석수\n" + "\n".join(
        f"B-{number:03d},쉼터 {number},36.4{number % 10},130.9{number % 10},2026-03-{number % 28 + 1:02d},{number % 7}"
        for number in range(120)
    )

    def do_GET(self) -> None:
        body = self.BODY.encode("cp949")
        self.send_response(200)
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Be silent."""


def test_a_source_of_ones_own_from_an_address(house: Demonstration, page: Page) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _File)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/benches.csv"
    words = ("--name", "parks_benches", "--title-en", "Benches", "--title-ko", "쉼터", "--every", "10")
    try:
        house.maru("source", "new", address, *words)
        until("it is alive", lambda: house.sources().get("parks_benches", {}).get("records") == 120, 90)
    finally:
        server.shutdown()
    folder = house.home / "connectors" / "parks_benches"
    assert (folder / "connector.toml").exists()
    assert not list(folder.glob("*.py"))
    page.goto(f"{house.url}/sources/parks_benches/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Benches")
