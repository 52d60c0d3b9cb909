"""Whatever a system does with its key: database, lake, spool, logs and pages do not hold it after a run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pyarrow.parquet as pq
import pytest
from django.apps import apps
from django.test import Client

from maru.commons.sources.models import Source
from maru.commons.sources.tests.collector.test_rounds import row
from maru.commons.sources.tests.collector.world import Trial, World, drawer

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "geheim+schluessel/77=="
PARTS = ("geheim", "schluessel")
OPTIONS = 'rows = "rows"\nnext = "more"\nparams = { k = "{key}" }\npaging = { style = "link", most = 1 }\n'


def everything(home: Path, client: Client) -> Iterator[str]:
    """All that is kept and shown."""
    for model in apps.get_models():
        for values in model._default_manager.values():
            yield f"{model.__name__} {values} {[bytes(one) for one in values.values() if isinstance(one, bytes | memoryview)]}"
    for path in home.rglob("*"):
        if path.is_file() and path.name != "keys.toml":
            yield f"{path.name} {path.read_bytes()!r}"
            if path.suffix == ".parquet":  # packed: the bytes alone would hide it
                yield f"{path.name} {pq.ParquetFile(path).read().to_pylist()}"
    for page in (
        "/sources/",
        "/sources/air/",
        "/sources/air/now/",
        "/api/v1/sources",
        "/api/v1/sources/air",
        "/api/v1/sources/air/latest",
    ):
        answer = client.get(page)
        assert answer.status_code == 200
        yield f"{page} {answer.content.decode()} {answer.headers}"


@pytest.mark.parametrize(
    "written", [KEY, quote(KEY, safe=""), KEY.replace("/", "\\/")], ids=["plain", "encoded", "escaped"]
)
def test_a_system_that_repeats_its_key_everywhere(
    trial: Trial, world: World, home: Path, caplog: Any, capfd: Any, client: Client, written: str
) -> None:
    caplog.set_level("DEBUG")
    (home / "keys.toml").write_text(f'[keys]\nair = "{KEY}"\n')
    (home / "keys.toml").chmod(0o600)
    drawer(home, "air", f"{world.url}/air", more='secret = "air"', options=OPTIONS)

    def answer(path: str) -> tuple[int, dict[str, str], bytes]:
        page = int(parse_qs(urlsplit(path).query).get("page", ["1"])[0])
        rows = [row(f"s{page}", page), row(f"{page} of KEY", page), row("bad KEY", "KEY")]
        said = {
            "rows": rows,
            "more": f"{world.url}/air?page={page + 1}&token=KEY" if page < 3 else None,
            "echo": "KEY",
        }
        return 200, {"ETag": f'"{page}"', "X-Echo": KEY}, json.dumps(said).replace("KEY", written).encode()

    world.answer = answer
    for _round in range(3):
        trial.round()
    cursor = Source.objects.get(name="air").cursor
    pages = [parse_qs(urlsplit(path).query) for path, _headers in world.asked]
    assert [one.get("page", ["1"]) for one in pages] == [["1"], ["2"], ["3"]], (pages, cursor)
    # What the system wrote into its links it gets back as it was.
    assert all(one["k"] == [KEY] for one in pages)
    assert [one.get("token") for one in pages] == [None, [KEY], [KEY]]
    assert Source.objects.get(name="air").records == 6
    world.down = True
    trial.round()
    found = [*everything(home, client), f"log {caplog.text}", f"out {''.join(capfd.readouterr())}"]
    assert [text[:300] for text in found if any(part in text for part in PARTS)] == []
