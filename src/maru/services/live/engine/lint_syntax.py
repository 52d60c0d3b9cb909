"""Reading HLS playlists for the linter: every line keeps its number, nothing is guessed or repaired."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s][^,]*)(?:,|$)')


@dataclass(frozen=True)
class Finding:
    """One breach of a rule. ``line`` is 1-based, 0 for the whole; ``severity`` is error or warning."""

    rule: str
    line: int
    text: str
    severity: str = "error"
    where: str = ""


@dataclass
class Tag:
    """A tag line: name without ``#``, the text after the colon, and its attributes if it has any."""

    name: str
    value: str
    line: int

    @property
    def attributes(self) -> dict[str, str]:
        """Attribute values, quotes removed."""
        return {name: text.strip('"') for name, text in _ATTRIBUTE.findall(self.value)}

    @property
    def quoted(self) -> set[str]:
        """Names of the attributes that stand in quotes."""
        return {name for name, text in _ATTRIBUTE.findall(self.value) if text.startswith('"')}

    @property
    def well_formed(self) -> bool:
        """Whether the whole value is an attribute list."""
        return bool(self.value) and _ATTRIBUTE.sub("", self.value) == "" and not self.value.endswith(",")

    @property
    def repeated(self) -> list[str]:
        """Attribute names that occur twice."""
        names = [name for name, _ in _ATTRIBUTE.findall(self.value)]
        return sorted({name for name in names if names.count(name) > 1})


@dataclass
class MediaSegment:
    """A segment with the tags that apply to it. ``pdt`` is Unix seconds."""

    uri: str
    line: int
    seq: int = 0
    dsn: int = 0
    duration: float | None = None
    discontinuity: bool = False
    gap: bool = False
    pdt: float | None = None
    map_uri: str | None = None
    map_line: int = 0


@dataclass
class Playlist:
    """A parsed playlist of either kind."""

    text: str
    where: str = ""
    tags: list[Tag] = field(default_factory=list)
    segments: list[MediaSegment] = field(default_factory=list)
    variants: list[tuple[Tag, str, int]] = field(default_factory=list)
    loose_uris: list[tuple[str, int]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def named(self, name: str) -> list[Tag]:
        """All tags of a name."""
        return [tag for tag in self.tags if tag.name == name]

    def integer(self, name: str) -> int | None:
        """The decimal integer of a tag, None if absent or malformed."""
        tags = self.named(name)
        return int(tags[0].value) if tags and tags[0].value.isascii() and tags[0].value.isdigit() else None

    @property
    def multivariant(self) -> bool:
        """Whether it lists variants instead of segments."""
        return any(tag.name in ("EXT-X-STREAM-INF", "EXT-X-MEDIA") for tag in self.tags)

    @property
    def ended(self) -> bool:
        """Whether nothing follows."""
        return bool(self.named("EXT-X-ENDLIST"))

    @property
    def duration(self) -> float:
        """Seconds."""
        return sum(segment.duration or 0.0 for segment in self.segments)

    def find(self, rule: str, line: int, text: str, severity: str = "error") -> None:
        """Note a breach."""
        self.findings.append(Finding(rule, line, text, severity, self.where))


def parse_date(text: str) -> float | None:
    """Unix seconds of an ISO 8601 date with a zone, None if it is not one."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo is not None else None


def parse(text: str, where: str = "") -> Playlist:
    """Read a playlist; what cannot be read becomes a finding."""
    playlist = Playlist(text, where)
    lines = text.split("\n")
    _first_lines(playlist, text, lines)
    reader = _Reader(playlist)
    for number, raw in enumerate(lines, start=1):
        line = raw.removesuffix("\r")
        if not line:
            continue
        if line != line.strip():
            playlist.find("4.1", number, "white space around a line")
            line = line.strip()
        if line.startswith("#EXT"):
            name, _, value = line[1:].partition(":")
            reader.tag(Tag(name, value, number))
        elif not line.startswith("#"):
            reader.uri(line, number)
    reader.finish()
    return playlist


def _first_lines(playlist: Playlist, text: str, lines: list[str]) -> None:
    if text.startswith("\ufeff"):
        playlist.find("4.1", 1, "a byte order mark")
    if lines[0].removesuffix("\r") != "#EXTM3U":
        playlist.find("4.4.1.1", 1, "the first line is not #EXTM3U")
    if any(ord(sign) < 32 and sign not in "\r\n" for sign in text):
        playlist.find("4.1", 0, "control characters")


class _Reader:
    """Applies tags to the segments and variants that follow them."""

    def __init__(self, playlist: Playlist) -> None:
        self.playlist = playlist
        self.next = MediaSegment("", 0)
        self.map: tuple[str, int] | None = None
        self.variant: Tag | None = None
        self.skipped = 0
        self.dsn = 0
        self.pending: Tag | None = None

    def tag(self, tag: Tag) -> None:
        self.playlist.tags.append(tag)
        if self.variant is not None:
            self.playlist.find("4.4.6.2", tag.line, "EXT-X-STREAM-INF is not followed by its URI")
            self.variant = None
        match tag.name:
            case "EXTINF":
                self._duration(tag)
            case "EXT-X-DISCONTINUITY":
                self.next.discontinuity, self.pending = True, tag
                self.dsn += 1
            case "EXT-X-GAP":
                self.next.gap, self.pending = True, tag
            case "EXT-X-PROGRAM-DATE-TIME":
                self.next.pdt, self.pending = parse_date(tag.value), tag
                if self.next.pdt is None:
                    self.playlist.find("4.4.4.6", tag.line, "not an ISO 8601 date with a time zone")
            case "EXT-X-MAP":
                self._map(tag)
            case "EXT-X-SKIP":
                text = tag.attributes.get("SKIPPED-SEGMENTS", "")
                self.skipped = int(text) if text.isdigit() else 0
            case "EXT-X-STREAM-INF":
                self.variant = tag

    def _duration(self, tag: Tag) -> None:
        number, comma, _ = tag.value.partition(",")
        self.pending = tag
        if not comma:
            self.playlist.find("4.4.4.1", tag.line, "EXTINF lacks the comma after the duration")
        if self.next.duration is not None:
            self.playlist.find("4.4.4.1", tag.line, "a second EXTINF for one segment")
        if re.fullmatch(r"\d+(\.\d+)?", number):
            self.next.duration = float(number)
        else:
            self.playlist.find("4.4.4.1", tag.line, f"EXTINF duration {number!r} is not a decimal number")

    def _map(self, tag: Tag) -> None:
        uri = tag.attributes.get("URI", "")
        if not uri or "URI" not in tag.quoted:
            self.playlist.find("4.4.4.5", tag.line, "EXT-X-MAP without a quoted URI")
        self.map = (uri, tag.line)

    def uri(self, uri: str, line: int) -> None:
        if self.variant is not None:
            self.playlist.variants.append((self.variant, uri, line))
            self.variant = None
            return
        segment, self.next, self.pending = self.next, MediaSegment("", 0), None
        if segment.duration is None and self.playlist.multivariant:
            self.playlist.loose_uris.append((uri, line))
            return
        segment.uri, segment.line = uri, line
        if self.map is not None:
            segment.map_uri, segment.map_line = self.map
        segment.dsn = self.dsn
        self.playlist.segments.append(segment)

    def finish(self) -> None:
        if self.variant is not None:
            self.playlist.find("4.4.6.2", self.variant.line, "EXT-X-STREAM-INF is not followed by its URI")
        if self.pending is not None and not self.playlist.multivariant:
            self.playlist.find("4.4.4", self.pending.line, f"{self.pending.name} applies to no segment")
        first = (self.playlist.integer("EXT-X-MEDIA-SEQUENCE") or 0) + self.skipped
        base = self.playlist.integer("EXT-X-DISCONTINUITY-SEQUENCE") or 0
        for place, segment in enumerate(self.playlist.segments):
            segment.seq = first + place
            segment.dsn += base
