"""The demonstration, the command line and the worker's rounds, on real rows."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from maru.commons.offices.city import current_city
from maru.commons.offices.seeds import plant as plant_offices
from maru.platform.access.refusals import Invalid
from maru.services.opendata import commands, seeds, tasks
from maru.services.opendata.api import dataset_of, datasets_of
from maru.services.opendata.models import Dataset, Remark, Upload
from maru.services.opendata.queries import datasets

pytestmark = pytest.mark.django_db


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    commands.register(parser.add_subparsers(), [])
    options = parser.parse_args(["data", *words])
    return int(options.run(options))


def test_the_demonstration_is_planted_once(declared: str) -> None:
    plant_offices(current_city())
    assert seeds.plant(current_city()) >= 3
    assert seeds.plant(current_city()) == 0
    found = {one.slug: one.state for one in Dataset.objects.all()}
    assert found["city-parks"] == "published"
    assert found["event-applications"] == "held"
    assert found["live-conversation"] == "published"
    assert Upload.objects.filter(state="waiting").count() == 1
    remarks = Remark.objects.count()
    for work in tasks.PERIODIC:
        work.function()
    assert Remark.objects.count() == remarks
    card = dataset_of(source=declared)
    assert card is not None
    assert datasets_of(sources=(declared, "nothing")) == {declared: card}


def test_what_was_said_in_broadcasts_has_no_past_to_look_into(db: None) -> None:
    from django.utils import timezone

    plant_offices(current_city())
    seeds.plant(current_city())
    with pytest.raises(Invalid):
        datasets.sheet_of("live-conversation", as_of=timezone.now())
    found = datasets.differences("live-conversation", from_version=0, to_version=99)
    assert found.rows == ()


def test_the_command_line_publishes_checks_and_withdraws(
    bikes: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "benches.csv"
    path.write_text("id,n\nb1,1\nb2,2\n", encoding="utf-8")
    assert run("publish", "--file", str(path), "--title", "Benches", "--json") == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 2
    assert run("list", "bike", "--json") == 0
    assert [row["slug"] for row in json.loads(capsys.readouterr().out)] == ["bikes"]
    assert run("check", "bikes") == 0
    assert run("withdraw", "benches", "--reason", "old") == 0
    assert run("publish", "--source", "nothing") == 1
    assert run("check", "nothing") == 1


def test_a_file_is_looked_through_without_publishing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], db: Any
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("n,phone\n1,010-1234-5678\n2,\n", encoding="utf-8")
    assert run("look", str(path)) == 1
    shown = capsys.readouterr().out
    assert "mobile_phone" in shown
    assert "1234" not in shown
    assert not Dataset.objects.exists()
