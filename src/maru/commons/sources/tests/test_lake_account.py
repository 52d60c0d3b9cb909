"""Whoever takes records out of the lake by hand leaves an entry in the audit log, without the values."""

from __future__ import annotations

import argparse
from pathlib import Path

import pyarrow as pa
import pytest

from maru.platform.audit.models import Entry
from maru.platform.ports.environment import load
from maru.platform.ports.lake.commands import register
from maru.platform.ports.lake.contracts import Column, TableSpec
from maru.platform.ports.lake.store import FileLake

pytestmark = pytest.mark.django_db


def test_erasing_and_retaining_are_accounted_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARU_LAKE", str(tmp_path))
    lake = FileLake(tmp_path)
    lake.ensure(TableSpec("people", (Column("id", "text"), Column("phone", "text", personal=True)), ("id",)))
    lake.append("people", pa.table({"id": ["1", "2"], "phone": ["010", "011"]}))

    def run(*words: str) -> int:
        parser = argparse.ArgumentParser()
        register(parser.add_subparsers(), [])
        options = parser.parse_args(["lake", *words])
        options.environment = load()
        return int(options.run(options))

    assert run("erase", "people", "--where", "phone=010") == 0
    assert run("retain", "people", "--before", "2000-01-01") == 0
    assert run("erase", "nothing", "--where", "phone=010") == 1
    entries = list(Entry.objects.order_by("pk").values_list("act", "target", "details"))
    assert entries == [
        ("lake.erase", "lake/people", {"columns": ["phone"], "records": 1}),
        ("lake.retain", "lake/people", {"before": "2000-01-01T00:00:00", "records": 0}),
    ]
