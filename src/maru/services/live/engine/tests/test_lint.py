"""Good playlists pass; each bad one breaks one rule and is told so at the right line."""

from __future__ import annotations

import argparse
from pathlib import Path

import m3u8
import pytest

from maru.services.live.engine.lint import lint, lint_command, lint_text
from maru.services.live.engine.lint_rules import check_reload, check_together
from maru.services.live.engine.lint_syntax import parse

MEDIA = """#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=12.0,HOLD-BACK=6.0
#EXT-X-MEDIA-SEQUENCE:10
#EXT-X-DISCONTINUITY-SEQUENCE:1
#EXT-X-MAP:URI="src/a/360p/init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2016-11-16T02:00:00.000Z
#EXTINF:2.00000,
src/a/360p/000001.m4s
#EXT-X-PROGRAM-DATE-TIME:2016-11-16T02:00:02.000Z
#EXTINF:1.50000,
src/a/360p/000002.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="src/b/360p/init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2016-11-16T02:00:06.000Z
#EXTINF:2.00000,
src/b/360p/000007.m4s
#EXT-X-PROGRAM-DATE-TIME:2016-11-16T02:00:08.000Z
#EXTINF:2.00000,
src/b/360p/000008.m4s
"""
TOP = """#EXTM3U
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=900000,AVERAGE-BANDWIDTH=800000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=30.000
360p.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=80000,AVERAGE-BANDWIDTH=70000,CODECS="mp4a.40.2"
audio.m3u8
"""


def test_good_playlists_pass() -> None:
    assert lint_text(MEDIA) == []
    assert lint_text(TOP) == []
    assert len(m3u8.loads(MEDIA).segments) == 4
    assert len(m3u8.loads(TOP).playlists) == 2


BAD_MEDIA = [
    ("#EXTM3U\n", "\n", "4.4.1.1", 1),
    ("#EXT-X-TARGETDURATION:2", "#EXT-X-TARGETDURATION:2.5", "4.4.3.1", 0),
    ("#EXT-X-TARGETDURATION:2", "#EXT-X-TARGETDURATION:1", "4.4.3.1", 11),
    ("#EXT-X-TARGETDURATION:2", "#EXT-X-TARGETDURATION:2\n#EXT-X-TARGETDURATION:2", "4.4", 5),
    ("#EXT-X-VERSION:7", "#EXT-X-VERSION:5", "8", 0),
    ("#EXTINF:1.50000,", "#EXTINF:2.50000,", "4.4.3.1", 14),
    ("#EXTINF:1.50000,", "#EXTINF:1.50000", "4.4.4.1", 13),
    ("#EXTINF:1.50000,", "#EXTINF:-1,", "4.4.4.1", 13),
    ("#EXTINF:1.50000,\n", "", "4.4.4.1", 13),
    ('#EXT-X-MAP:URI="src/a/360p/init.mp4"\n', "", "3.1.2", 10),
    ('#EXT-X-MAP:URI="src/a/360p/init.mp4"', "#EXT-X-MAP:URI=src/a/360p/init.mp4", "4.4.4.5", 8),
    ("#EXT-X-DISCONTINUITY\n", "", "6.2.1", 15),
    ("2016-11-16T02:00:02.000Z", "2016-11-16T02:00:02.000", "4.4.4.6", 12),
    ("2016-11-16T02:00:02.000Z", "2016-11-16T02:00:03.000Z", "6.2.1", 14),
    ("2016-11-16T02:00:06.000Z", "2016-11-16T02:00:01.000Z", "6.2.1", 19),
    ("CAN-SKIP-UNTIL=12.0", "CAN-SKIP-UNTIL=8.0", "4.4.3.8", 5),
    ("HOLD-BACK=6.0", "HOLD-BACK=4.0", "4.4.3.8", 5),
    ("HOLD-BACK=6.0", "HOLD-BACK=6.0,HOLD-BACK=6.0", "4.2", 5),
    ("#EXT-X-MEDIA-SEQUENCE:10", "#EXT-X-MEDIA-SEQUENCE:ten", "4.4.3", 6),
    ("#EXT-X-MEDIA-SEQUENCE:10", "#EXT-X-MEDIA-SEQUENCE:10\n#EXT-X-PLAYLIST-TYPE:LIVE", "4.4.3.5", 7),
    ("#EXT-X-MEDIA-SEQUENCE:10", "#EXT-X-MEDIA-SEQUENCE:10\n#EXT-X-PLAYLIST-TYPE:VOD", "6.2.1", 7),
    ("#EXT-X-MEDIA-SEQUENCE:10", '#EXT-X-MEDIA-SEQUENCE:10\n#EXT-X-SESSION-DATA:DATA-ID="a"', "4.1", 7),
    ("#EXTINF:1.50000,", " #EXTINF:1.50000,", "4.1", 13),
    ("src/b/360p/000008.m4s\n", "", "4.4.4", 21),
]


@pytest.mark.parametrize(("old", "new", "rule", "line"), BAD_MEDIA)
def test_a_bad_media_playlist_is_told_by_rule_and_line(old: str, new: str, rule: str, line: int) -> None:
    assert old in MEDIA
    found = [(finding.rule, finding.line) for finding in lint_text(MEDIA.replace(old, new, 1))]
    assert (rule, line) in found


BAD_TOP = [
    ("BANDWIDTH=900000,", "", "4.4.6.2", 3),
    ("BANDWIDTH=900000", "BANDWIDTH=700000", "4.4.6.2", 3),
    ("BANDWIDTH=900000", "BANDWIDTH=fast", "4.4.6.2", 3),
    ('CODECS="mp4a.40.2"', "CODECS=mp4a.40.2", "4.4.6.2", 5),
    ("RESOLUTION=640x360", "RESOLUTION=360p", "4.2", 3),
    ("RESOLUTION=640x360", 'RESOLUTION=640x360,AUDIO="low"', "4.4.6.2", 3),
    ("360p.m3u8\n", "", "4.4.6.2", 4),
    ("audio.m3u8\n", "audio.m3u8\nother.m3u8\n", "4.4.6.2", 7),
    ("audio.m3u8\n", "audio.m3u8\n#EXT-X-ENDLIST\n", "4.1", 7),
]


@pytest.mark.parametrize(("old", "new", "rule", "line"), BAD_TOP)
def test_a_bad_multivariant_playlist_is_told_by_rule_and_line(
    old: str, new: str, rule: str, line: int
) -> None:
    assert old in TOP
    found = [(finding.rule, finding.line) for finding in lint_text(TOP.replace(old, new, 1))]
    assert (rule, line) in found


MORE = "#EXT-X-PROGRAM-DATE-TIME:2016-11-16T02:00:10.000Z\n#EXTINF:2.00000,\nsrc/b/360p/000009.m4s\n"


def test_appending_removing_and_ending_are_permitted() -> None:
    old = parse(MEDIA)
    assert check_reload(old, parse(MEDIA + MORE)) == []
    assert check_reload(old, parse(MEDIA + "#EXT-X-ENDLIST\n")) == []
    lines = MEDIA.splitlines(keepends=True)
    removed = "".join(lines[:8] + lines[11:]).replace("SEQUENCE:10", "SEQUENCE:11") + MORE
    assert check_reload(old, parse(removed)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("#EXT-X-MEDIA-SEQUENCE:10", "#EXT-X-MEDIA-SEQUENCE:9"),
        ("#EXT-X-DISCONTINUITY-SEQUENCE:1", "#EXT-X-DISCONTINUITY-SEQUENCE:0"),
        ("#EXT-X-TARGETDURATION:2", "#EXT-X-TARGETDURATION:3"),
        ("000002.m4s", "000003.m4s"),
        ("#EXTINF:1.50000", "#EXTINF:1.60000"),
        ("02:00:02.000Z", "02:00:02.001Z"),
        ("#EXT-X-MEDIA-SEQUENCE:10", "#EXT-X-MEDIA-SEQUENCE:10\n#EXT-X-PLAYLIST-TYPE:EVENT"),
        (MEDIA[MEDIA.index("#EXT-X-PROGRAM-DATE-TIME:2016-11-16T02:00:08") :], ""),
    ],
)
def test_what_was_published_never_changes(old: str, new: str) -> None:
    assert check_reload(parse(MEDIA), parse(MEDIA.replace(old, new, 1)))


def test_an_ended_playlist_and_a_stuck_one() -> None:
    ended = MEDIA + "#EXT-X-ENDLIST\n"
    assert check_reload(parse(ended), parse(MEDIA))
    assert check_reload(parse(MEDIA), parse(MEDIA), elapsed=7.0)
    assert not check_reload(parse(MEDIA), parse(MEDIA), elapsed=5.0)


def test_renditions_must_agree() -> None:
    other = MEDIA.replace("360p", "audio")
    assert check_together([parse(MEDIA), parse(other)]) == []
    assert check_together([parse(MEDIA), parse(other + MORE)]) == []
    for old, new in [
        ("#EXT-X-DISCONTINUITY-SEQUENCE:1", "#EXT-X-DISCONTINUITY-SEQUENCE:2"),
        ("#EXT-X-TARGETDURATION:2", "#EXT-X-TARGETDURATION:3"),
        ("#EXT-X-MEDIA-SEQUENCE:10", "#EXT-X-MEDIA-SEQUENCE:11"),
        ("#EXT-X-MEDIA-SEQUENCE:10", "#EXT-X-MEDIA-SEQUENCE:99"),
    ]:
        assert check_together([parse(MEDIA), parse(other.replace(old, new))])


def test_a_presentation_on_disk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "index.m3u8").write_text(TOP)
    ended = MEDIA + "#EXT-X-ENDLIST\n"
    for name in ("360p", "audio"):
        (tmp_path / f"{name}.m3u8").write_text(ended.replace("360p", name))
        for session in "ab":
            folder = tmp_path / "src" / session / name
            folder.mkdir(parents=True)
            for file in ("init.mp4", "000001.m4s", "000002.m4s", "000007.m4s", "000008.m4s"):
                (folder / file).write_bytes(b"x" * 9000)
    assert lint(str(tmp_path / "index.m3u8"), segments=True) == []
    assert lint_command(argparse.Namespace(url=str(tmp_path / "index.m3u8"), json=True)) == 0
    (tmp_path / "src/b/audio/000008.m4s").write_bytes(b"x" * 30000)
    (tmp_path / "src/b/360p/000008.m4s").unlink()
    texts = [finding.text for finding in lint(str(tmp_path / "index.m3u8"), segments=True)]
    assert len(texts) == 2 and "exceed" in texts[1]
    assert lint_command(argparse.Namespace(url=str(tmp_path / "nothing.m3u8"), json=False)) == 1
    assert "cannot be loaded" in capsys.readouterr().out


def test_what_is_not_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.m3u8").write_bytes(b"#EXTM3U\n\xff\xfe")
    assert [finding.rule for finding in lint(str(tmp_path / "a.m3u8"))] == ["4.1"]
