"""Captions: what is taken, what is left out, and that whatever is refused names its line."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maru.platform.access.refusals import Invalid, Refusal, TooLarge
from maru.services.live import webvtt
from maru.services.live.webvtt import Cue

GOOD = """WEBVTT - Town hall
Kind: captions
Language: ko

STYLE
::cue { color: yellow }

NOTE a remark
of two lines

1
00:01.000 --> 00:04.500 align:start position:10%
<v 시장>안녕하세요.</v>
R&D 예산 <i>이야기</i>

00:04.500 --> 01:00:00.250 region:left line:-1
둘째 &amp; <00:05.000><c.loud>끝</c>


NOTE last
"""


def wrong(text: str) -> str:
    with pytest.raises(Invalid) as caught:
        webvtt.parse(text.encode())
    assert caught.value.field == "file"
    return str(caught.value.message)


def cue(timing: str = "00:01.000 --> 00:02.000", text: str = "word") -> str:
    return f"WEBVTT\n\n{timing}\n{text}\n"


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_good_file_is_read_and_written_anew(ends: str, mark: str) -> None:
    cues = webvtt.parse((mark + GOOD).replace("\n", ends).encode())
    assert cues == (
        Cue(1.0, 4.5, "<v 시장>안녕하세요.</v>\nR&amp;D 예산 <i>이야기</i>", "align:start position:10%"),
        Cue(4.5, 3600.25, "둘째 &amp; <00:05.000><c.loud>끝</c>", "line:-1"),
    )
    written = webvtt.compose(cues).decode()
    assert written.startswith("WEBVTT\n\n00:00:01.000 --> 00:00:04.500 align:start position:10%\n")
    assert "STYLE" not in written and "NOTE" not in written
    assert webvtt.parse(written.encode()) == cues


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "begins with the word"),
        ("1\n00:00:01,000 --> 00:00:02,000\nSRT\n", 1, "begins with the word"),
        ("WEBVTTX\n", 1, "begins with the word"),
        ("WEBVTT\n00:01.000 --> 00:02.000\nword\n", 2, "empty line"),
        (cue("00:00:01,000 --> 00:00:02,000"), 3, "times are written"),
        (cue("00:01.000-->00:02.000"), 3, "times are written"),
        (cue("00:61.000 --> 01:02.000"), 3, "times are written"),
        (cue("1:00:01.000 --> 1:00:02.000"), 3, "times are written"),
        (cue("00:02.000 --> 00:02.000"), 3, "ends after"),
        (cue("00:03.000 --> 00:02.000"), 3, "ends after"),
        (cue("00:05.000 --> 00:06.000") + "\n00:04.000 --> 00:07.000\nback\n", 6, "order"),
        (cue(text="word\n00:03.000 --> 00:04.000\nnext"), 5, "empty line"),
        (cue("00:01.000 --> 00:02.000 align:loud"), 3, "not known: align:loud"),
        (cue("00:01.000 --> 00:02.000 size:101%"), 3, "not known: size:101%"),
        (cue("00:01.000 --> 00:02.000 size:50% size:60%"), 3, "given twice"),
        (cue(text="a < b"), 4, "has no"),
        (cue(text="<script>alert(1)</script>"), 4, "not known: <script>"),
        (cue(text="<b onclick=x>word</b>"), 4, "not known"),
        (cue(text="<v>nobody</v>"), 4, "not known: <v>"),
        (cue(text="<b><i>word</b></i>"), 3, "ends nothing: </b>"),
        (cue(text="word</i>"), 3, "ends nothing: </i>"),
        (cue(text="<00:09.000>late"), 4, "outside"),
        (cue(text="bell \x07"), 4, "cannot be shown"),
        (cue(text="x" * 1001), 3, "at most 1000"),
        ("WEBVTT\n\nname without times\n", 4, "begins with its times"),
    ],
)
def test_what_is_not_right_is_named_by_its_line(text: str, line: int, reason: str) -> None:
    message = wrong(text)
    assert message.startswith(f"Line {line}: "), message
    assert reason in message


def test_other_encodings_are_refused() -> None:
    with pytest.raises(Invalid) as caught:
        webvtt.parse("WEBVTT\n\n00:01.000 --> 00:02.000\n한글\n".encode("cp949"))
    assert str(caught.value.message).startswith("Line 4: this is not UTF-8")


@pytest.mark.parametrize("text", ["WEBVTT", "WEBVTT\n\nNOTE nothing\n", cue(text=" ")])
def test_a_file_without_captions_is_refused(text: str) -> None:
    assert "no caption" in wrong(text)


def test_limits() -> None:
    head, line = b"WEBVTT\n\n", b"00:01.000 --> 00:02.000\nx\n\n"
    with pytest.raises(TooLarge):
        webvtt.parse(head + line * 20_001)
    exact = head + b"NOTE " + b"x" * (webvtt.MOST_BYTES - len(head) - len(line) - 7) + b"\n\n" + line
    assert len(exact) == webvtt.MOST_BYTES
    assert len(webvtt.parse(exact)) == 1
    with pytest.raises(TooLarge):
        webvtt.parse(exact + b"\n")


LINES = st.lists(
    st.sampled_from(
        [
            "WEBVTT",
            "",
            "NOTE x",
            "STYLE",
            "00:01.000 --> 00:02.000",
            "00:03.000 --> 00:09.000 line:0",
            "<b>a</b>",
            "<",
            "-->",
            "가",
            "&",
        ]
    ),
    max_size=12,
)


@given(LINES)
def test_whatever_is_taken_can_be_read_again(lines: list[str]) -> None:
    try:
        cues = webvtt.parse("\n".join(["WEBVTT", "", *lines]).encode())
    except Refusal:
        return
    written = webvtt.compose(cues)
    assert webvtt.parse(written) == cues
    assert not re.search(rb"-->.*-->", written)


@given(st.binary(max_size=200))
def test_noise_is_refused_and_never_a_fault(noise: bytes) -> None:
    with pytest.raises(Refusal):
        webvtt.parse(b"WEBVTT\n\n\n" + noise.replace(b"-->", b""))
