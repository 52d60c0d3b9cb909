"""The life of a broadcast: announced, on air, ended, replay; its inputs and its agenda."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from maru.platform.access.refusals import Conflict, Invalid, NotFound
from maru.platform.audit.models import Entry
from maru.services.live import access, tasks
from maru.services.live.contracts import GuideFilters
from maru.services.live.engine.contracts import Report
from maru.services.live.models import Broadcast, Input, Programme, Topic, now
from maru.services.live.operations import agenda, broadcasts, inputs, reports
from maru.services.live.operations.audience import note_audience
from maru.services.live.queries import broadcasts as queries
from maru.services.live.queries import numbers, staff

pytestmark = pytest.mark.django_db


def acts() -> list[str]:
    return list(Entry.objects.order_by("seq").values_list("act", flat=True))


def test_a_whole_life(broadcast: Any, person: Any, events: Any) -> None:
    producer = person("producer")
    hall = broadcasts.create_broadcast(slug="hall", by=producer, titles={"en": "Hall"})
    for _twice in range(2):
        broadcasts.start_broadcast(broadcast=hall, by=producer)
    assert hall.state == "live"
    assert hall.started_at is not None
    for _twice in range(2):
        broadcasts.end_broadcast(broadcast=hall, by=producer)
    assert hall.state == "ended"
    with pytest.raises(Conflict):
        broadcasts.start_broadcast(broadcast=hall, by=producer)
    broadcasts.publish_replay(broadcast=hall)
    broadcasts.publish_replay(broadcast=hall)
    assert Broadcast.objects.get().state == "replay"
    assert [a for a in acts() if a in {"live.create", "live.start", "live.end", "live.replay"}] == [
        "live.create",
        "live.start",
        "live.end",
        "live.replay",
    ]
    states = [payload["state"] for kind, payload in events("live/hall") if kind == "broadcast"]
    assert states == ["live", "ended", "replay"]


def test_cancelling(broadcast: Any) -> None:
    hall = broadcast(live=False)
    broadcasts.cancel_broadcast(broadcast=hall, by=None)
    assert hall.state == "cancelled"
    with pytest.raises(Conflict):
        broadcasts.start_broadcast(broadcast=hall, by=None)
    with pytest.raises(Conflict):
        broadcasts.cancel_broadcast(broadcast=broadcast("on-air"), by=None)


@pytest.mark.parametrize(
    "slug", ["", "A", "가나", "a b", "-a", "a-", "programmes", "slates", "a/b", "a" * 81, "a\n"]
)
def test_bad_addresses(db: None, slug: str) -> None:
    with pytest.raises(Invalid) as refusal:
        broadcasts.create_broadcast(slug=slug, by=None, titles={"en": "T"})
    assert refusal.value.field == "slug"
    assert not Broadcast.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"titles": {}}, "title"),
        ({"titles": {"xx": "T"}}, "titles"),
        ({"titles": {"en": "T" * 201}}, "titles"),
        ({"preset": "huge"}, "preset"),
        ({"thresholds": {"loss_s": -1}}, "thresholds"),
        ({"thresholds": {"nonsense": 1}}, "thresholds"),
        ({"moderation": "never"}, "moderation"),
        ({"slow_mode_s": 3601}, "slow_mode_s"),
        ({"topics": ["nothing"]}, "topics"),
        ({"programme": "nothing"}, "programme"),
        ({"starts_at": now().replace(tzinfo=None)}, "starts_at"),
        ({"starts_at": now().replace(year=9999)}, "starts_at"),
    ],
)
def test_bad_settings_change_nothing(broadcast: Any, changes: dict[str, Any], field: str) -> None:
    hall = broadcast()
    before = Broadcast.objects.values().get()
    with pytest.raises(Invalid) as refusal:
        broadcasts.edit_broadcast(broadcast=hall, by=None, **changes)
    assert refusal.value.field == field
    assert Broadcast.objects.values().get() == before


def test_ports_and_keys(broadcast: Any, settings: Any) -> None:
    settings.MARU = replace(settings.MARU, srt_ports=(9000, 9002))
    first = broadcast("first", backup=True)
    second = broadcast("second", backup=True)
    ports = [one.srt for one in staff.inputs(first) + staff.inputs(second)]
    assert [":900" in port for port in ports] == [True, True, True, False]  # the fourth has only RTMP
    keys = set(Input.objects.values_list("key", flat=True))
    assert len(keys) == 4
    assert all(len(key) == 24 and key.isalnum() for key in keys)
    view = staff.inputs(first)[0]
    assert view.rtmp == f"{view.rtmp_server}/{view.key}"
    assert view.srt.endswith(f"?passphrase={view.key}&pbkeylen=16")
    broadcasts.end_broadcast(broadcast=first, by=None)
    assert Input.objects.exclude(srt_port=None).count() == 1
    third = broadcast("third", live=False)
    assert staff.inputs(third)[0].srt


def test_rotating_and_revoking(broadcast: Any) -> None:
    hall = broadcast()
    old = staff.inputs(hall)[0].key
    inputs.revoke_key(broadcast=hall, name="primary", by=None)
    assert staff.inputs(hall)[0].revoked
    inputs.rotate_key(broadcast=hall, name="primary", by=None)
    assert not staff.inputs(hall)[0].revoked
    assert staff.inputs(hall)[0].key != old
    with pytest.raises(NotFound):
        inputs.rotate_key(broadcast=hall, name="backup", by=None)
    with pytest.raises(Conflict):
        inputs.add_input(broadcast=hall, name="primary", by=None)
    assert "backup" in {one.name for one in [inputs.add_input(broadcast=hall, name="backup", by=None)]}


def test_override(broadcast: Any, events: Any) -> None:
    hall = broadcast()
    with pytest.raises(Invalid):
        broadcasts.set_override(broadcast=hall, override="backup", by=None)
    broadcasts.set_override(broadcast=hall, override="slate", by=None)
    assert events("staff/live/hall")[-1][1]["override"] == "slate"
    with pytest.raises(Invalid):
        broadcasts.set_override(broadcast=hall, override="other", by=None)  # type: ignore[arg-type]


def test_the_agenda(broadcast: Any, events: Any) -> None:
    hall = broadcast(live=False)
    first = agenda.add_chapter(broadcast=hall, title=" Welcome ", by=None)
    second = agenda.add_chapter(broadcast=hall, title="Buses", by=None)
    with pytest.raises(Conflict):
        agenda.mark_chapter(chapter=first, by=None)
    broadcasts.start_broadcast(broadcast=hall, by=None)
    second = access.chapter(hall, second.pk)
    agenda.mark_chapter(chapter=second, by=None)
    assert events("live/hall")[-1][1]["title"] == "Buses"
    assert [part.title for part in queries.chapters(hall)] == ["Buses", "Welcome"]
    assert queries.chapters(hall)[0].offset_s is not None
    agenda.unmark_chapter(chapter=second, by=None)
    agenda.rename_chapter(chapter=first, title="Hello", by=None)
    agenda.remove_chapter(chapter=second, by=None)
    assert [part.title for part in queries.chapters(hall)] == ["Hello"]


def test_reports_reach_log_and_studio(broadcast: Any, events: Any) -> None:
    hall = broadcast(backup=True)

    def report(kind: Any, at: float | None = None, **more: Any) -> Any:
        return reports.note_report(report=Report("hall", at or time.time(), kind, **more))

    report("connected", input="primary")
    assert Input.objects.get(name="primary").state == "connected"
    report("fault", input="primary", reason="silence")
    report("switch", source_from="primary", source_to="backup", reason="silence")
    kinds = [kind for kind, _ in events("staff/live/hall")]
    assert kinds[-2:] == ["log", "inputs"]
    last = events("staff/live/hall")[-1][1]
    assert (last["on_air"], last["primary"]["state"]) == ("backup", "faulty")
    assert [line.kind for line in staff.log(hall)] == ["switch", "fault", "connected"]
    report("lost", input="primary", reason="no data")
    assert Input.objects.get(name="primary").connected_at is None
    assert reports.note_report(report=Report("nowhere", 1.0, "alarm")) is None


def test_wrong_keys_are_told_once(broadcast: Any) -> None:
    hall = broadcast()
    for second in range(30):
        reports.note_report(report=Report("", 1_000_000.0 + second, "refused_key", reason="unknown key"))
    assert hall.log.filter(kind="refused_key").count() == 3


def test_audience(broadcast: Any) -> None:
    hall = broadcast()
    note_audience(broadcast=hall, viewers=3, phones=2, joins=5)
    note_audience(broadcast=hall, viewers=9, phones=2, joins=9)  # too soon for a sample, but a peak
    hall.audience.update(at=now() - timedelta(seconds=20))
    note_audience(broadcast=hall, viewers=1, phones=1, joins=12)
    hall.audience.update(at=now() - timedelta(seconds=20))
    note_audience(broadcast=hall, viewers=0, phones=0, joins=2)  # the counter began anew
    hall.refresh_from_db()
    assert (hall.peak, hall.plays) == (9, 14)
    figures = numbers.statistics(hall)
    assert figures.phones_share == pytest.approx(0.75, abs=0.06)
    assert figures.now == 0
    note_audience(broadcast=hall, viewers=0, phones=0, joins=2)
    assert hall.audience.count() == 3


def test_the_worker_publishes_the_replay(broadcast: Any, media: Any) -> None:
    hall = broadcast()
    broadcasts.end_broadcast(broadcast=hall, by=None)
    tasks.make_recordings()
    tasks.publish_replays()
    assert Broadcast.objects.get().state == "ended"  # the timeline is still open
    reports.note_report(report=Report("hall", time.time(), "ended"))
    tasks.make_recordings()
    tasks.publish_replays()
    found = Broadcast.objects.get()
    assert found.state == "replay"
    assert found.recorded_at is not None
    (media / "live" / "hall").mkdir(parents=True, exist_ok=True)
    (media / "live" / "hall" / "sound.m4a").write_bytes(b"sound")
    assert [(one.kind, one.size) for one in queries.downloads(found)] == [("m4a", 5)]


def test_a_recording_that_fails_does_not_hold_the_replay(
    broadcast: Any, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MARU = replace(settings.MARU, home=tmp_path)
    hall = broadcast()
    broadcasts.end_broadcast(broadcast=hall, by=None)
    reports.note_report(report=Report("hall", time.time(), "ended"))
    journal = tmp_path / "live" / "hall" / "timeline.jsonl"
    journal.parent.mkdir(parents=True)
    journal.touch()

    def fail(*_words: Any) -> None:
        raise tasks.recording.RecordingFailed("broken")

    monkeypatch.setattr(tasks.recording, "finish", fail)
    monkeypatch.setattr(tasks, "_PAUSE_S", 0.0)
    tasks.make_recordings()
    Broadcast.objects.update(ended_at=now() - timedelta(seconds=41))
    tasks.publish_replays()
    assert Broadcast.objects.get().state == "replay"
    for _again in range(2):
        tasks.make_recordings()
    assert Broadcast.objects.get().recorded_at is not None
    assert hall.log.filter(kind="alarm").count() == 1


def test_the_guide(broadcast: Any) -> None:
    Topic.objects.create(code="traffic", names={"en": "Traffic", "ko": "교통"})
    Programme.objects.create(slug="story", titles={"en": "The story", "ko": "이야기"})
    broadcast(
        "bus", titles={"ko": "밤의 버스", "en": "Buses at Night"}, topics=["traffic"], programme="story"
    )
    broadcast("tree", live=False, titles={"ko": "나무"}, starts_at=now() + timedelta(days=1))
    past = broadcast("past", titles={"en": "Past"})
    broadcasts.end_broadcast(broadcast=past, by=None)
    broadcasts.cancel_broadcast(broadcast=broadcast("off", live=False), by=None)

    def slugs(**filters: str) -> list[list[str]]:
        guide = queries.guide(GuideFilters(**filters))
        return [[card.slug for card in cards] for cards in (guide.on_air, guide.upcoming, guide.replays)]

    assert slugs() == [["bus"], ["tree"], ["past"]]
    assert slugs(text="night BUSES") == [["bus"], [], []]
    assert slugs(text="버스") == [["bus"], [], []]
    assert slugs(text="교통") == [["bus"], [], []]
    assert slugs(text="이야기") == [["bus"], [], []]
    assert slugs(text="100%") == [[], [], []]
    assert slugs(text="\x00zzz") == [[], [], []]
    assert slugs(topic="traffic") == [["bus"], [], []]
    assert slugs(programme="story") == [["bus"], [], []]


def test_query_budgets(broadcast: Any, say: Any, client: Any, queries: Any) -> None:
    """The number of queries does not depend on how much was said."""
    from maru.services.live.queries import broadcasts as read

    hall = broadcast()
    for number in range(9):
        say(client, "hall", f"question {number}", question=number % 2 == 0)
    viewer = access.Viewer(device="d")
    with queries(14):
        read.broadcast_page(access.broadcast("hall"), viewer)
    with queries(12):
        staff.host_screen(hall)
    with queries(8):
        staff.moderation_queue(hall)
    with queries(9):
        read.guide()
    with queries(6):
        client.get("/api/v1/broadcasts/hall/opinions")
