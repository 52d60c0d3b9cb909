"""The rules of RFC 8216bis as functions from parsed playlists to findings. Each names its section."""

from __future__ import annotations

import re
from collections.abc import Sequence

from maru.services.live.engine.lint_syntax import Finding, Playlist, Tag

MEDIA_ONLY = {
    "EXT-X-TARGETDURATION",
    "EXT-X-MEDIA-SEQUENCE",
    "EXT-X-DISCONTINUITY-SEQUENCE",
    "EXT-X-ENDLIST",
    "EXT-X-PLAYLIST-TYPE",
    "EXT-X-I-FRAMES-ONLY",
    "EXT-X-PART-INF",
    "EXT-X-SERVER-CONTROL",
    "EXTINF",
    "EXT-X-BYTERANGE",
    "EXT-X-DISCONTINUITY",
    "EXT-X-KEY",
    "EXT-X-MAP",
    "EXT-X-PROGRAM-DATE-TIME",
    "EXT-X-GAP",
    "EXT-X-BITRATE",
    "EXT-X-PART",
    "EXT-X-DATERANGE",
    "EXT-X-SKIP",
    "EXT-X-PRELOAD-HINT",
    "EXT-X-RENDITION-REPORT",
}
MULTIVARIANT_ONLY = {
    "EXT-X-MEDIA",
    "EXT-X-STREAM-INF",
    "EXT-X-I-FRAME-STREAM-INF",
    "EXT-X-SESSION-DATA",
    "EXT-X-SESSION-KEY",
    "EXT-X-CONTENT-STEERING",
}
ONCE = {
    "EXT-X-VERSION",
    "EXT-X-INDEPENDENT-SEGMENTS",
    "EXT-X-START",
    "EXT-X-TARGETDURATION",
    "EXT-X-MEDIA-SEQUENCE",
    "EXT-X-DISCONTINUITY-SEQUENCE",
    "EXT-X-ENDLIST",
    "EXT-X-PLAYLIST-TYPE",
    "EXT-X-SERVER-CONTROL",
    "EXT-X-SKIP",
    "EXT-X-CONTENT-STEERING",
}
ATTRIBUTE_TAGS = {
    "EXT-X-MAP",
    "EXT-X-STREAM-INF",
    "EXT-X-MEDIA",
    "EXT-X-SERVER-CONTROL",
    "EXT-X-SKIP",
    "EXT-X-KEY",
    "EXT-X-START",
}
PDT_DRIFT_S = 0.5
_PERMITTED_NEW = {"EXT-X-ENDLIST"}


def check_alone(playlist: Playlist) -> list[Finding]:
    """What one playlist of either kind must satisfy by itself."""
    _common(playlist)
    if playlist.multivariant:
        _multivariant(playlist)
    else:
        _media(playlist)
    return playlist.findings


def _common(playlist: Playlist) -> None:
    for name in ONCE:
        for tag in playlist.named(name)[1:]:
            playlist.find("4.4", tag.line, f"{name} occurs more than once")
    for tag in playlist.tags:
        if tag.name in ATTRIBUTE_TAGS:
            if not tag.well_formed:
                playlist.find("4.2", tag.line, f"{tag.name}: not an attribute list")
            for name in tag.repeated:
                playlist.find("4.2", tag.line, f"{tag.name}: attribute {name} occurs twice")
    mixed = (MEDIA_ONLY if playlist.multivariant else MULTIVARIANT_ONLY) | {"EXTM3U"}
    for tag in playlist.tags[1:]:
        if tag.name in mixed:
            playlist.find("4.1", tag.line, f"{tag.name} has no place in this kind of playlist")


# -- media playlists ------------------------------------------------------------------------------


def _media(playlist: Playlist) -> None:
    target = playlist.integer("EXT-X-TARGETDURATION")
    if target is None:
        playlist.find("4.4.3.1", 0, "no EXT-X-TARGETDURATION, or it is not an integer")
    for name in ("EXT-X-MEDIA-SEQUENCE", "EXT-X-DISCONTINUITY-SEQUENCE"):
        _before_segments(playlist, name)
    _segments(playlist, target)
    _version(playlist)
    _type(playlist)
    _control(playlist, target)
    _dates(playlist)


def _before_segments(playlist: Playlist, name: str) -> None:
    first = min((segment.line for segment in playlist.segments), default=None)
    for tag in playlist.named(name):
        if playlist.integer(name) is None:
            playlist.find("4.4.3", tag.line, f"{name} is not a decimal integer")
        early = [t.line for t in playlist.named("EXT-X-DISCONTINUITY")] if "DISC" in name else []
        limits = [*early, *([first] if first else [])]
        if limits and tag.line > min(limits):
            playlist.find("4.4.3", tag.line, f"{name} must come before the first segment")


def _segments(playlist: Playlist, target: int | None) -> None:
    for segment in playlist.segments:
        if segment.duration is None:
            playlist.find("4.4.4.1", segment.line, "a segment without EXTINF")
        elif target is not None and int(segment.duration + 0.5) > target:
            text = f"segment of {segment.duration} s is longer than the target of {target} s"
            playlist.find("4.4.3.1", segment.line, text)
        elif segment.duration == 0:
            playlist.find("4.4.4.1", segment.line, "a segment without duration", "warning")
        if re.search(r"\.(m4s|mp4|m4v|m4a|cmf[vat])$", segment.uri.split("?")[0]) and not segment.map_uri:
            playlist.find("3.1.2", segment.line, "fragmented MP4 without EXT-X-MAP")
    seen: dict[str, int] = {}
    for segment in playlist.segments:
        if segment.map_line:
            seen.setdefault(segment.map_uri or "", segment.map_line)
    for before, after in zip(playlist.segments, playlist.segments[1:], strict=False):
        if after.map_uri != before.map_uri and not after.discontinuity:
            playlist.find(
                "6.2.1", after.map_line or after.line, "EXT-X-MAP changes without EXT-X-DISCONTINUITY"
            )


def _version(playlist: Playlist) -> None:
    version = playlist.integer("EXT-X-VERSION") or 1
    needed, why = 1, ""
    if any(segment.duration and segment.duration % 1 for segment in playlist.segments):
        needed, why = 3, "fractional durations"
    if playlist.named("EXT-X-MAP"):
        needed, why = 6, "EXT-X-MAP"
    skip = playlist.named("EXT-X-SKIP")
    if skip:
        needed, why = 9, "EXT-X-SKIP"
        if "RECENTLY-REMOVED-DATERANGES" in skip[0].attributes:
            needed, why = 10, "RECENTLY-REMOVED-DATERANGES"
    if version < needed:
        playlist.find("8", 0, f"EXT-X-VERSION is {version}, {why} need {needed}")


def _type(playlist: Playlist) -> None:
    tags = playlist.named("EXT-X-PLAYLIST-TYPE")
    if tags and tags[0].value not in ("EVENT", "VOD"):
        playlist.find("4.4.3.5", tags[0].line, f"unknown playlist type {tags[0].value!r}")
    if tags and tags[0].value == "VOD" and not playlist.ended:
        playlist.find("6.2.1", tags[0].line, "a VOD playlist without EXT-X-ENDLIST")
    sequence = playlist.integer("EXT-X-MEDIA-SEQUENCE") or 0
    if tags and sequence > 0:
        playlist.find("6.2.2", tags[0].line, "segments were removed from a typed playlist", "warning")


def _control(playlist: Playlist, target: int | None) -> None:
    for tag in playlist.named("EXT-X-SERVER-CONTROL"):
        for name, factor in (("CAN-SKIP-UNTIL", 6), ("HOLD-BACK", 3)):
            text = tag.attributes.get(name)
            if text is None:
                continue
            if not re.fullmatch(r"\d+(\.\d+)?", text):
                playlist.find("4.4.3.8", tag.line, f"{name} is not a decimal number")
            elif target is not None and float(text) < factor * target:
                playlist.find("4.4.3.8", tag.line, f"{name} is less than {factor} target durations")
        if "CAN-SKIP-DATERANGES" in tag.attributes and "CAN-SKIP-UNTIL" not in tag.attributes:
            playlist.find("4.4.3.8", tag.line, "CAN-SKIP-DATERANGES without CAN-SKIP-UNTIL")
    for tag in playlist.named("EXT-X-SKIP"):
        if not tag.attributes.get("SKIPPED-SEGMENTS", "").isdigit():
            playlist.find("4.4.5.2", tag.line, "EXT-X-SKIP without SKIPPED-SEGMENTS")
        if playlist.segments and tag.line > playlist.segments[0].line:
            playlist.find("4.4.5.2", tag.line, "EXT-X-SKIP must come before the segments")


def _dates(playlist: Playlist) -> None:
    dated = any(segment.pdt is not None for segment in playlist.segments)
    previous = None
    for segment in playlist.segments:
        if dated and segment.discontinuity and segment.pdt is None:
            text = "no EXT-X-PROGRAM-DATE-TIME after a discontinuity"
            playlist.find("6.2.1", segment.line, text, "warning")
        if previous is not None and previous.pdt is not None and segment.pdt is not None:
            off = segment.pdt - previous.pdt - (previous.duration or 0.0)
            # 1 ms is what the date's own rounding may cost.
            if off < -1.0 or segment.pdt <= previous.pdt - 0.001:
                playlist.find("6.2.1", segment.line, f"the date goes back by {-off:.3f} s")
            elif abs(off) > PDT_DRIFT_S and not segment.discontinuity:
                text = f"the date is {off:+.3f} s off without a discontinuity"
                playlist.find("6.2.1", segment.line, text)
        previous = segment


# -- multivariant playlists --------------------------------------------------------------------------


def _multivariant(playlist: Playlist) -> None:
    if not playlist.variants:
        playlist.find("4.4.6.2", 0, "no variant stream")
    for uri, line in playlist.loose_uris:
        playlist.find("4.4.6.2", line, f"{uri} follows no EXT-X-STREAM-INF")
    groups = {
        (tag.attributes.get("TYPE"), tag.attributes.get("GROUP-ID")) for tag in playlist.named("EXT-X-MEDIA")
    }
    for tag, _, _ in playlist.variants:
        _variant(playlist, tag, groups)
    sized = ["RESOLUTION" in tag.attributes for tag, _, _ in playlist.variants]
    heard = [tag for tag, _, _ in playlist.variants if "CODECS" not in tag.attributes]
    if len(heard) not in (0, len(sized)):
        playlist.find("4.4.6.2", heard[0].line, "CODECS on some variants only", "warning")
    for tag in playlist.named("EXT-X-MEDIA"):
        for name in ("TYPE", "GROUP-ID", "NAME"):
            if name not in tag.attributes:
                playlist.find("4.4.6.1", tag.line, f"EXT-X-MEDIA without {name}")


def _variant(playlist: Playlist, tag: Tag, groups: set[tuple[str | None, str | None]]) -> None:
    have = tag.attributes
    numbers = {name: have.get(name, "") for name in ("BANDWIDTH", "AVERAGE-BANDWIDTH")}
    if not numbers["BANDWIDTH"].isdigit():
        playlist.find("4.4.6.2", tag.line, "EXT-X-STREAM-INF without a whole BANDWIDTH")
    elif numbers["AVERAGE-BANDWIDTH"].isdigit():
        if int(numbers["AVERAGE-BANDWIDTH"]) > int(numbers["BANDWIDTH"]):
            playlist.find("4.4.6.2", tag.line, "AVERAGE-BANDWIDTH above BANDWIDTH")
    elif "AVERAGE-BANDWIDTH" in have:
        playlist.find("4.4.6.2", tag.line, "AVERAGE-BANDWIDTH is not an integer")
    if "CODECS" not in have:
        playlist.find("4.4.6.2", tag.line, "EXT-X-STREAM-INF should carry CODECS", "warning")
    elif "CODECS" not in tag.quoted:
        playlist.find("4.4.6.2", tag.line, "CODECS must stand in quotes")
    video = re.search(r"avc|hvc|hev|av01|vp09", have.get("CODECS", ""))
    if "RESOLUTION" in have and not re.fullmatch(r"\d+x\d+", have["RESOLUTION"]):
        playlist.find("4.2", tag.line, "RESOLUTION is not WIDTHxHEIGHT")
    if video and "RESOLUTION" not in have:
        playlist.find("4.4.6.2", tag.line, "a variant with picture should carry RESOLUTION", "warning")
    if "FRAME-RATE" in have and not re.fullmatch(r"\d+(\.\d{1,3})?", have["FRAME-RATE"]):
        playlist.find("4.4.6.2", tag.line, "FRAME-RATE is not a decimal of three places")
    for kind in ("AUDIO", "VIDEO", "SUBTITLES"):
        if kind in have and (kind, have[kind]) not in groups:
            playlist.find("4.4.6.2", tag.line, f"no EXT-X-MEDIA of group {have[kind]!r} for {kind}")


# -- several playlists -------------------------------------------------------------------------------


def check_together(lists: Sequence[Playlist]) -> list[Finding]:
    """Section 6.2.4: what the media playlists of one presentation must have in common.

    They may have been read a moment apart: only the segments that both hold are compared.
    """
    findings: list[Finding] = []
    if len(lists) < 2:
        return findings
    first = lists[0]
    for other in lists[1:]:
        _pair(first, other, findings)
    return findings


def _pair(first: Playlist, other: Playlist, findings: list[Finding]) -> None:
    def find(line: int, text: str) -> None:
        findings.append(Finding("6.2.4", line, f"{text} (against {first.where})", "error", other.where))

    for name in ("EXT-X-TARGETDURATION", "EXT-X-PLAYLIST-TYPE", "EXT-X-SERVER-CONTROL"):
        values = [[tag.value for tag in playlist.named(name)] for playlist in (first, other)]
        if values[0] != values[1]:
            find(0, f"{name} differs")
    known = {segment.seq: segment for segment in first.segments}
    common = [segment for segment in other.segments if segment.seq in known]
    if first.segments and other.segments and not common:
        find(0, "no common media sequence numbers")
    target = first.integer("EXT-X-TARGETDURATION") or 0
    if first.ended and other.ended and len(first.segments) != len(other.segments):
        find(0, f"{len(other.segments)} segments instead of {len(first.segments)}")
    for segment in common:
        twin = known[segment.seq]
        if segment.dsn != twin.dsn:
            find(segment.line, f"discontinuity sequence {segment.dsn} instead of {twin.dsn}")
            break
        if (segment.pdt is None) != (twin.pdt is None):
            find(segment.line, "a date on one of the two only")
            break
        if segment.pdt is not None and twin.pdt is not None and abs(segment.pdt - twin.pdt) > target / 2:
            find(segment.line, f"the date differs by {segment.pdt - twin.pdt:+.3f} s")
            break


def check_reload(old: Playlist, new: Playlist, elapsed: float | None = None) -> list[Finding]:
    """Section 6.2.1 and 6.2.2: what may change between two loads of one media playlist."""
    findings: list[Finding] = []

    def find(rule: str, line: int, text: str) -> None:
        findings.append(Finding(rule, line, text, "error", new.where))

    if old.text == new.text:
        target = old.integer("EXT-X-TARGETDURATION") or 0
        # Loads at two moments can be up to twice as far apart as the update between them.
        if elapsed is not None and not old.ended and target and elapsed > 3 * target:
            find("6.2.1", 0, f"nothing new for {elapsed:.1f} s at a target duration of {target} s")
        return findings
    if old.ended:
        find("6.2.1", 0, "a playlist with EXT-X-ENDLIST changed")
    for name in ("EXT-X-TARGETDURATION", "EXT-X-PLAYLIST-TYPE", "EXT-X-SERVER-CONTROL", "EXT-X-VERSION"):
        before, after = old.named(name), new.named(name)
        if [tag.value for tag in before] != [tag.value for tag in after]:
            find("6.2.1", after[0].line if after else 0, f"{name} changed")
    for name in ("EXT-X-MEDIA-SEQUENCE", "EXT-X-DISCONTINUITY-SEQUENCE"):
        if (new.integer(name) or 0) < (old.integer(name) or 0):
            tags = new.named(name)
            find(
                "6.2.2",
                tags[0].line if tags else 0,
                f"{name} fell from {old.integer(name)} to {new.integer(name)}",
            )
    _same_segments(old, new, find)
    return findings


def _same_segments(old: Playlist, new: Playlist, find: object) -> None:
    assert callable(find)
    known = {segment.seq: segment for segment in old.segments}
    for segment in new.segments:
        before = known.get(segment.seq)
        if before is None:
            continue
        for what in ("uri", "duration", "discontinuity", "pdt", "dsn"):
            if getattr(before, what) != getattr(segment, what):
                text = f"{what} of segment {segment.seq} changed from {getattr(before, what)}"
                find("6.2.1", segment.line, text)
        if (before.map_uri or segment.map_uri) and before.map_uri != segment.map_uri:
            find("6.2.1", segment.line, f"EXT-X-MAP of segment {segment.seq} changed")
    if old.segments and new.segments and new.segments[-1].seq < old.segments[-1].seq:
        find("6.2.1", 0, "segments vanished from the end")
    removed = new.segments and old.segments and new.segments[0].seq > old.segments[0].seq
    target = new.integer("EXT-X-TARGETDURATION") or 0
    if removed and not new.ended and new.duration < 3 * target - 0.5 and not new.named("EXT-X-SKIP"):
        find("6.2.2", 0, "segments were removed although less than three target durations remain")
