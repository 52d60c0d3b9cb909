"""The file with all datasets: whole, checked by its digest, and gone as soon as something of it is withdrawn."""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.test import Client
from django.utils import timezone

from maru.services.opendata import commands, tasks
from maru.services.opendata.models import Dataset
from maru.services.opendata.operations import bulk, describing
from maru.services.opendata.queries.bulk import INDEX, folder, read_index

pytestmark = pytest.mark.django_db


def test_it_holds_the_rows_without_what_is_personal(bikes: Dataset) -> None:
    path = bulk.make()
    with zipfile.ZipFile(path) as packed:
        assert packed.testzip() is None
        index = json.loads(packed.read("index.json"))
        table = pq.read_table(io.BytesIO(packed.read("data/bikes.parquet")))
        assert "Parquet" in packed.read("README.txt").decode()
    assert [one["slug"] for one in index["datasets"]] == ["bikes"]
    assert index["datasets"][0]["rows"] == table.num_rows == 10
    assert index["datasets"][0]["licence"]["id"]
    assert "keeper" not in table.column_names
    found = read_index()
    assert found is not None
    assert found.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (found.datasets, found.rows, found.size) == (1, 10, path.stat().st_size)


def test_once_a_night(bikes: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bulk.make_if_due() is True
    assert bulk.make_if_due() is False
    later = timezone.now() + timedelta(days=1)
    monkeypatch.setattr("maru.services.opendata.operations.bulk.timezone.now", lambda: later)
    first = read_index()
    assert bulk.make_if_due() is True
    second = read_index()
    assert first is not None
    assert second is not None
    assert first.name != second.name
    assert {path.name for path in folder().iterdir()} == {second.name, INDEX}
    assert "opendata bulk" in {work.name for work in tasks.PERIODIC}


def test_nothing_published_makes_no_file(db: None) -> None:
    assert bulk.make_if_due() is False
    assert read_index() is None


def test_a_withdrawal_takes_it_away(bikes: Dataset, django_capture_on_commit_callbacks: Any) -> None:
    path = bulk.make()
    with django_capture_on_commit_callbacks(execute=True):
        describing.withdraw(dataset=bikes, reason="Wrong figures", by=None)
    assert not path.exists()
    assert read_index() is None


def test_what_is_withdrawn_while_it_is_packed_is_not_in_it(
    bikes: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = bulk._pack

    def withdrawn_meanwhile(packed: Any, dataset: Dataset) -> Any:
        made = pack(packed, dataset)
        Dataset.objects.filter(pk=dataset.pk).update(state="withdrawn")
        return made

    monkeypatch.setattr(bulk, "_pack", withdrawn_meanwhile)
    with zipfile.ZipFile(bulk.make()) as packed:
        assert packed.namelist() == ["README.txt", "index.json"]


def test_a_crash_leaves_the_old_one(bikes: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    old = bulk.make().read_bytes()

    def fail(*_args: Any) -> Any:
        raise OSError("the disk is full")

    monkeypatch.setattr(bulk, "_pack", fail)
    with pytest.raises(OSError, match="full"):
        bulk.make()
    found = read_index()
    assert found is not None
    assert (folder() / found.name).read_bytes() == old


def test_two_at_the_same_time_do_not_write_to_one_file(
    bikes: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker's night begins while somebody has typed the command."""
    pack, others = bulk._pack, []

    def interrupted(packed: Any, dataset: Dataset) -> Any:
        monkeypatch.setattr(bulk, "_pack", pack)
        others.append(hashlib.sha256(bulk.make().read_bytes()).hexdigest())
        return pack(packed, dataset)

    monkeypatch.setattr(bulk, "_pack", interrupted)
    path = bulk.make()
    found = read_index()
    assert others and found is not None
    assert zipfile.ZipFile(path).testzip() is None
    assert hashlib.sha256(path.read_bytes()).hexdigest() == found.digest
    assert {one.name for one in folder().iterdir()} == {path.name, INDEX}


def test_what_a_crash_left_is_taken_away(bikes: Dataset) -> None:
    folder().mkdir(parents=True, exist_ok=True)
    left, young = folder() / ".a.zip.0.part", folder() / ".a.zip.1.part"
    for path in (left, young):
        path.write_bytes(b"half")
    os.utime(left, (0, 0))
    bulk.make()
    assert young.exists() and not left.exists()


@pytest.mark.parametrize("language", ["en", "ko"])
def test_its_page_and_its_address(client: Client, bikes: Dataset, language: str) -> None:
    client.cookies["maru_language"] = language
    waiting = client.get("/data/bulk/")
    assert waiting.status_code == 200
    assert client.get("/data/bulk/latest.zip").status_code == 404
    path = bulk.make()
    shown = client.get("/data/bulk/").content.decode()
    assert path.name in shown
    assert hashlib.sha256(path.read_bytes()).hexdigest() in shown
    assert client.get("/data/bulk/latest.zip")["Location"] == f"/media/bulk/{path.name}"
    assert "/data/bulk/" in client.get("/developers/").content.decode()


def test_the_command(bikes: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    commands.register(parser.add_subparsers(), [])
    options = parser.parse_args(["data", "bulk", "--json"])
    assert options.run(options) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["datasets"], shown["rows"]) == (1, 10)
    assert Path(shown["file"]).exists()
