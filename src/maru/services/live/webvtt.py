"""Captions as WebVTT, read strictly and written anew: only what was understood is ever served.

Taken: cues in order with their settings and the markup of the standard. Left out: comments, styles, regions,
identifiers, headers. Anything else is refused with the number of its line, because a caption that a browser
drops in silence is missed only by those who need it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from django.utils.translation import gettext as _

from maru.platform.access.refusals import Invalid, TooLarge

MOST_BYTES = 1024 * 1024
MOST_CUES = 20_000
MOST_CUE_CHARACTERS = 1_000
FIELD = "file"
_ARROW = "-->"
_TIME = re.compile(r"(?:(\d{2,3}):)?([0-5]\d):([0-5]\d)\.(\d{3})")
_TIMING = re.compile(rf"({_TIME.pattern})[ \t]+-->[ \t]+({_TIME.pattern})(?:[ \t]+(.*))?")
_PERCENT = r"(?:100(?:\.0+)?|\d{1,2}(?:\.\d+)?)%"
_SETTINGS = {
    "vertical": re.compile(r"rl|lr"),
    "line": re.compile(rf"(?:-?\d{{1,3}}|{_PERCENT})(?:,(?:start|center|end))?"),
    "position": re.compile(rf"{_PERCENT}(?:,(?:line-left|center|line-right))?"),
    "size": re.compile(_PERCENT),
    "align": re.compile(r"start|center|end|left|right"),
    "region": re.compile(r"\S+"),
}
_TAG = re.compile(r"<([^<>]*)(>?)")
_OPENS = re.compile(r"(?:(?:c|i|b|u|ruby|rt)(?:\.[^\s.&<>]+)*|(?:v|lang)(?:\.[^\s.&<>]+)*[ \t]+[^&<>]+)")
_CLOSES = re.compile(r"/(?:c|i|b|u|ruby|rt|v|lang)")
_BARE = re.compile(r"&(?!(?:[A-Za-z][A-Za-z0-9]{1,31}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});)")


@dataclass(frozen=True)
class Cue:
    """What is shown from ``start`` to ``end`` (seconds since the beginning of the recording)."""

    start: float
    end: float
    text: str
    settings: str = ""


def parse(data: bytes) -> tuple[Cue, ...]:
    """The cues of a WebVTT file. Raises TooLarge above 1 MB, Invalid naming the line that is not right."""
    if len(data) > MOST_BYTES:
        raise TooLarge(_("At most 1 MB, please."), field=FIELD)
    lines = _lines(data)
    number = _after_header(lines)
    cues: list[Cue] = []
    while number < len(lines):
        block = _block(lines, number)
        if block and not _is_aside(block[0]):
            cue = _cue(block, number, cues[-1].start if cues else 0.0)
            if cue.text:
                cues.append(cue)
        number += len(block) + 1
    if not cues:
        raise Invalid(FIELD, _("There is no caption in this file."), code="empty")
    if len(cues) > MOST_CUES:
        raise TooLarge(_("At most %(n)d captions, please.") % {"n": MOST_CUES}, field=FIELD)
    return tuple(cues)


def compose(cues: tuple[Cue, ...]) -> bytes:
    """A WebVTT file of these cues, UTF-8."""
    parts = ["WEBVTT\n"]
    for cue in cues:
        timing = f"{_clock(cue.start)} {_ARROW} {_clock(cue.end)} {cue.settings}".rstrip()
        parts.append(f"{timing}\n{cue.text}\n")
    return "\n".join(parts).encode()


def _lines(data: bytes) -> list[str]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        before = data[: fault.start].count(b"\n")
        raise _wrong(before + 1, _("this is not UTF-8. Save the file as UTF-8.")) from fault
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines):
        if any(unicodedata.category(letter) == "Cc" and letter != "\t" for letter in line):
            raise _wrong(number + 1, _("there is a character that cannot be shown."))
    return lines


def _after_header(lines: list[str]) -> int:
    """Index of the first line behind the header and the empty line that ends it."""
    if not re.fullmatch(r"WEBVTT(?:[ \t].*)?", lines[0]):
        raise _wrong(1, _("a WebVTT file begins with the word WEBVTT."))
    for number, line in enumerate(lines):
        if _ARROW in line:
            raise _wrong(number + 1, _("an empty line is missing before the first caption."))
        if not line:
            return number + 1
    return len(lines)


def _block(lines: list[str], number: int) -> list[str]:
    end = number
    while end < len(lines) and lines[end]:
        end += 1
    return lines[number:end]


def _is_aside(first: str) -> bool:
    """Comments, styles and regions say nothing to a reader."""
    return _ARROW not in first and re.fullmatch(r"(?:NOTE|STYLE|REGION)(?:[ \t].*)?", first) is not None


def _cue(block: list[str], number: int, earliest: float) -> Cue:
    """``number`` is the index of the block's first line, for messages."""
    place = 0 if _ARROW in block[0] else 1
    if place == len(block) or _ARROW not in block[place]:
        raise _wrong(
            number + place + 1, _("a caption begins with its times, such as 00:01.000 --> 00:04.000.")
        )
    line = number + place + 1
    start, end, settings = _timing(block[place].strip(" \t"), line)
    if end <= start:
        raise _wrong(line, _("a caption ends after it begins."))
    if start < earliest:
        raise _wrong(line, _("captions stand in the order of their beginnings."))
    texts = [_text(one, line + 1 + offset, start, end) for offset, one in enumerate(block[place + 1 :])]
    text = "\n".join(texts) if any(one.strip() for one in texts) else ""
    if len(text) > MOST_CUE_CHARACTERS:
        raise _wrong(line, _("a caption has at most %(n)d characters.") % {"n": MOST_CUE_CHARACTERS})
    _check_closed(text, line)
    return Cue(start, end, text, settings)


def _timing(text: str, line: int) -> tuple[float, float, str]:
    match = _TIMING.fullmatch(text)
    if match is None:
        raise _wrong(line, _("times are written as 00:01.000 --> 00:04.000 or 01:02:03.000."))
    kept = [one for one in (match[11] or "").split() if _setting(one, line)]
    names = [one.split(":")[0] for one in kept]
    if len(set(names)) < len(names):
        raise _wrong(line, _("a setting is given twice."))
    return _seconds(match[1]), _seconds(match[6]), " ".join(kept)


def _setting(text: str, line: int) -> bool:
    """Whether the setting is kept: regions are not. Invalid if it is none of the standard's."""
    name, _colon, value = text.partition(":")
    pattern = _SETTINGS.get(name)
    if pattern is None or not pattern.fullmatch(value):
        raise _wrong(line, _("this setting is not known: %(setting)s") % {"setting": text[:40]})
    return name != "region"


def _text(text: str, line: int, start: float, end: float) -> str:
    if _ARROW in text:
        raise _wrong(line, _("an empty line is missing before this caption."))
    for match in _TAG.finditer(text):
        inside = match[1]
        if not match[2]:
            raise _wrong(line, _("a “<” has no “>”. Write &lt; for the sign itself."))
        if _TIME.fullmatch(inside):
            if not start < _seconds(inside) < end:
                raise _wrong(line, _("a time inside a caption lies outside of it."))
        elif not (_OPENS.fullmatch(inside) or _CLOSES.fullmatch(inside)):
            raise _wrong(line, _("this mark is not known: %(mark)s") % {"mark": match[0][:40]})
    return _BARE.sub("&amp;", text)


def _check_closed(text: str, line: int) -> None:
    """Marks end in the reverse order of their beginnings; those still open end with the caption."""
    open_marks: list[str] = []
    for match in _TAG.finditer(text):
        inside = match[1]
        name = re.split(r"[. \t]", inside.removeprefix("/"))[0]
        if inside.startswith("/"):
            if not open_marks or open_marks.pop() != name:
                raise _wrong(line, _("this mark ends nothing: %(mark)s") % {"mark": match[0][:40]})
        elif not _TIME.fullmatch(inside):
            open_marks.append(name)


def _seconds(text: str) -> float:
    match = _TIME.fullmatch(text)
    assert match is not None
    hours, minutes, seconds, thousandths = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000


def _clock(seconds: float) -> str:
    whole = round(seconds * 1000)
    minutes, rest = divmod(whole, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def _wrong(line: int, reason: str) -> Invalid:
    return Invalid(
        FIELD, _("Line %(line)d: %(reason)s") % {"line": line, "reason": reason}, code="bad_captions"
    )
