"""What the composed text says, and that it is written all or not at all."""

from __future__ import annotations

from pathlib import Path

import m3u8
import pytest

from maru.services.live.engine.contracts import PRESETS, SegmentSet
from maru.services.live.engine.lint import lint, lint_text
from maru.services.live.engine.lint_rules import check_reload
from maru.services.live.engine.lint_syntax import parse
from maru.services.live.engine.playlists import (
    MediaList,
    Playlists,
    codecs_of,
    date,
    file_for,
    multivariant,
    write_together,
)
from maru.services.live.engine.timeline import Timeline

T0 = 1_479_261_600.0
PRESET = PRESETS["default"]
NAMES = [rung.name for rung in PRESET]


def segments(
    number: int, session: str = "p", names: list[str] = NAMES, start: float | None = None
) -> SegmentSet:
    files = {name: f"src/{session}/{name}/{number:06d}.m4s" for name in names}
    return SegmentSet(session, number, T0 + 2 * number if start is None else start, 2.0, files)


def test_multivariant_names_every_rung_as_the_rules_ask() -> None:
    text = multivariant(PRESET, {"720p": "avc1.64001f,mp4a.40.2"})
    assert lint_text(text) == []
    read = m3u8.loads(text).playlists
    assert [one.uri for one in read] == [f"{name}.m3u8" for name in NAMES]
    assert read[0].stream_info.resolution == (1280, 720)
    assert read[2].stream_info.resolution == (416, 234)
    assert read[3].stream_info.resolution is None and read[3].stream_info.codecs == "mp4a.40.2"


def test_codecs_are_read_from_the_init_segment() -> None:
    init = b"....avc1....avcC\x01\x64\x00\x1f\xff....mp4a...."
    assert codecs_of(init) == "avc1.64001f,mp4a.40.2"
    assert codecs_of(b"mp4a") == "mp4a.40.2"


@pytest.mark.parametrize(
    ("present", "wanted", "given"),
    [
        (["360p", "234p", "audio"], "720p", "360p"),
        (["720p", "audio"], "360p", "720p"),
        (["234p", "audio"], "360p", "234p"),
        (["720p", "360p"], "audio", "360p"),
        (NAMES, "234p", "234p"),
    ],
)
def test_a_rung_the_source_lacks_is_stood_in_for(present: list[str], wanted: str, given: str) -> None:
    rung = next(one for one in PRESET if one.name == wanted)
    assert file_for({name: name for name in present}, rung, PRESET) == given


def test_lists_grow_by_appending_and_the_delta_matches(tmp_path: Path) -> None:
    timeline, media = Timeline(tmp_path / "t.jsonl"), MediaList(PRESET[1], PRESET)
    before = None
    for number in range(1, 30):
        session = "p" if number < 12 or number > 20 else "b"
        timeline.append(segments(number, session), "primary" if session == "p" else "backup")
        text = media.compose(timeline.listed(), ended=False)
        assert lint_text(text) == []
        if before is not None:
            assert text.startswith(before)
            assert check_reload(parse(before), parse(text)) == []
        before = text
    delta = media.compose_delta(timeline.listed())
    assert lint_text(delta) == []
    assert "SKIPPED-SEGMENTS=23" in delta
    whole, part = parse(before or ""), parse(delta)
    assert [one.uri for one in part.segments] == [one.uri for one in whole.segments[23:]]
    assert [one.seq for one in part.segments] == [one.seq for one in whole.segments[23:]]


def test_dropping_the_waiting_slate_keeps_the_numbers_true(tmp_path: Path) -> None:
    timeline, media = Timeline(tmp_path / "t.jsonl"), MediaList(PRESET[3], PRESET)
    before = None
    for number in range(40):
        one = segments(number % 15 + 1, "soon", start=T0 + 2 * number)
        if number < 31:
            timeline.append_waiting(one)
        else:
            timeline.append(segments(number, "p", start=T0 + 2 * number), "primary")
        text = media.compose(timeline.listed(), ended=False)
        assert lint_text(text) == []
        if before is not None:
            assert check_reload(parse(before), parse(text)) == []
        before = text
    assert "soon" not in (before or "")


def test_everything_is_published_and_closed(tmp_path: Path) -> None:
    timeline, lists = Timeline(tmp_path / "t.jsonl"), Playlists(tmp_path / "show", PRESET)
    lists.publish_multivariant({})
    for number in range(1, 5):
        timeline.append(segments(number), "primary")
    timeline.finish(T0 + 10)
    lists.publish(timeline)
    assert lint(str(tmp_path / "show/index.m3u8")) == []
    assert not list((tmp_path / "show").glob(".*"))
    assert "PLAYLIST-TYPE" not in (tmp_path / "show/720p.m3u8").read_text()
    assert (tmp_path / "show/720p.delta.m3u8").read_text() == (tmp_path / "show/720p.m3u8").read_text()


def test_a_draft_that_fails_leaves_all_lists_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_together(tmp_path, {"a": "1", "b": "1"})
    real = Path.write_text

    def full(self: Path, *args: object, **more: object) -> int:
        if ".b." in self.name:
            raise OSError(28, "No space left on device")
        return real(self, *args, **more)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        write_together(tmp_path, {"a": "2", "b": "2"})
    assert [(tmp_path / name).read_text() for name in "ab"] == ["1", "1"]
    assert len(list(tmp_path.iterdir())) == 2


def test_dates_are_utc_with_milliseconds() -> None:
    assert date(T0 + 0.0004) == "2016-11-16T02:00:00.000Z"
    assert date(T0 + 1.9996) == "2016-11-16T02:00:02.000Z"
