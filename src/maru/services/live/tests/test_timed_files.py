"""The files say what the database says, after any sequence of writing, hiding, crashing."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from maru.services.live import timed_files
from maru.services.live.models import Broadcast, Interval, Opinion, now
from maru.services.live.operations import moderation, questions
from maru.services.live.operations.broadcasts import create_broadcast, end_broadcast, start_broadcast
from maru.services.live.operations.conversation import write_opinion
from maru.services.live.queries.broadcasts import folder
from maru.services.live.queries.conversation import all_opinions
from maru.services.live.wire import opinion_record


def read_all(slug: str) -> dict[str, Any]:
    here = folder(slug) / "conversation"
    index = json.loads((here / "index.json").read_text())
    names = {f"{second}-v{version}.json" for second, version in index["files"].items()}
    on_disk = {path.name for path in here.iterdir()} - {"index.json", "latest.json"}
    assert on_disk == names
    opinions = [one for name in sorted(names) for one in json.loads((here / name).read_text())["opinions"]]
    return {"opinions": opinions, "hidden": index["hidden"]}


def assert_same(broadcast: Broadcast) -> None:
    """Files and database agree, and each opinion stands in the file of its moment."""
    found = read_all(broadcast.slug)
    key: Callable[[dict[str, Any]], str] = lambda one: one["id"]  # noqa: E731
    expected = [opinion_record(view) for view in all_opinions(broadcast)]
    assert sorted(found["opinions"], key=key) == sorted(expected, key=key)
    assert not {one["id"] for one in found["opinions"]} & set(found["hidden"])
    for path in (folder(broadcast.slug) / "conversation").glob("*-v*.json"):
        second = int(path.name.split("-")[0])
        for one in json.loads(path.read_text())["opinions"]:
            from datetime import datetime

            assert second <= datetime.fromisoformat(one["moment"]).timestamp() < second + 2


@pytest.mark.django_db
def test_only_what_changed_is_written(broadcast: Any, media: Path) -> None:
    hall = broadcast()
    for seconds in (60, 30, 10):
        write_opinion(
            broadcast=hall, text=f"{seconds} ago", device="d", moment=now() - timedelta(seconds=seconds)
        )
    assert timed_files.write_due() == 3
    assert timed_files.write_due() == 0
    before = {path.name: path.stat().st_mtime_ns for path in (folder("hall") / "conversation").glob("*-v*")}
    moderation.hide_opinion(opinion=Opinion.objects.order_by("pk")[0], reason="r", by=None)
    assert timed_files.write_due() == 1
    after = {path.name: path.stat().st_mtime_ns for path in (folder("hall") / "conversation").glob("*-v*")}
    assert len(set(before.items()) & set(after.items())) == 2
    assert_same(hall)


@pytest.mark.django_db
def test_latest_is_the_last_minute(broadcast: Any) -> None:
    hall = broadcast()
    question = write_opinion(broadcast=hall, text="fresh", device="d", question=True)
    questions.set_question_state(opinion=Opinion.objects.get(), state="on_air", by=None)
    timed_files.write_due()
    latest = json.loads((folder("hall") / "conversation" / "latest.json").read_text())
    assert [one["text"] for one in latest["opinions"]] == ["fresh"]
    assert latest["on_air"] == question.opinion.id
    assert latest["state"] == "live"
    assert len(latest["files"]) == 1


@pytest.mark.django_db
def test_the_end_writes_the_final_votes(broadcast: Any) -> None:
    hall = broadcast()
    write_opinion(broadcast=hall, text="count me", device="d", question=True)
    timed_files.write_due()
    for number in range(3):
        questions.vote(opinion=Opinion.objects.get(), device=f"voter {number}")
    end_broadcast(broadcast=hall, by=None)
    timed_files.write_due()
    assert read_all("hall")["opinions"][0]["votes"] == 3


@pytest.mark.django_db
def test_a_full_disk_owes_the_index(broadcast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    hall = broadcast()
    write_opinion(broadcast=hall, text="words", device="d")
    real = timed_files._write

    def full(path: Path, data: dict[str, Any]) -> None:
        if path.name == "index.json":
            raise OSError(28, "No space left on device")
        real(path, data)

    monkeypatch.setattr(timed_files, "_write", full)
    with pytest.raises(OSError):
        timed_files.write_due()
    monkeypatch.setattr(timed_files, "_write", real)
    timed_files.write_due()
    assert_same(hall)


@pytest.mark.django_db
def test_a_lost_folder_is_made_again(broadcast: Any) -> None:
    hall = broadcast()
    write_opinion(broadcast=hall, text="words", device="d")
    timed_files.write_due()
    shutil.rmtree(folder("hall"))
    assert timed_files.rebuild_open() == 1
    assert_same(hall)


class AnySequence(TestCase):
    """Any order of speaking, hiding, showing, voting, writing, and being killed half-way."""

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(
            st.sampled_from(["say", "ask", "hide", "show", "vote", "write", "crash", "lose"]), max_size=30
        ),
        st.integers(0, 2**16),
    )
    def test_files_are_the_database(self, acts: list[str], seed: int) -> None:
        shutil.rmtree(folder("any"), ignore_errors=True)
        timed_files._index_due.clear()
        hall = create_broadcast(slug="any", by=None, titles={"en": "Any"})
        start_broadcast(broadcast=hall, by=None)
        chance = random.Random(seed)
        for act in acts:
            self._act(act, hall, chance)
        timed_files.rebuild(hall)
        assert_same(hall)

    def _act(self, act: str, hall: Broadcast, chance: random.Random) -> None:
        opinions = list(Opinion.objects.select_related("voice", "broadcast").order_by("pk"))
        if act in {"say", "ask"}:
            moment = now() - timedelta(seconds=chance.uniform(0, 20))
            write_opinion(broadcast=hall, text="words", device="d", question=act == "ask", moment=moment)
        elif act == "write":
            timed_files.write_due()
        elif act == "crash":
            self._crash(hall, chance)
        elif act == "lose":
            for path in folder("any").glob("conversation/*-v*.json"):
                if chance.random() < 0.5:
                    path.unlink()
        elif opinions:
            self._moderate(act, chance.choice(opinions))

    def _moderate(self, act: str, opinion: Opinion) -> None:
        if act == "hide" and opinion.voice.state == "published":
            moderation.hide_opinion(opinion=opinion, reason="r", by=None)
        elif act == "show" and opinion.voice.state == "hidden":
            moderation.show_opinion(opinion=opinion, by=None)

    def _crash(self, hall: Broadcast, chance: random.Random) -> None:
        """Killed after some files were written, before the database or the index knew."""
        due = timed_files._due(hall)
        if due:
            written = dict(Interval.objects.values_list("pk", "written"))
            timed_files._write_files(hall, due)
            for pk, version in written.items():
                if chance.random() < 0.5:
                    Interval.objects.filter(pk=pk).update(written=version)
        timed_files._index_due.clear()
