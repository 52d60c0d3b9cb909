"""HLS playlists as text, composed from the timeline, and their atomic publication.

The live list carries no EXT-X-PLAYLIST-TYPE at any time: EVENT would forbid dropping the waiting slate,
and adding VOD at the end is a change that section 6.2.1 of RFC 8216bis does not allow. ENDLIST alone
makes the same list seekable as a whole.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from maru.services.live.engine.contracts import Rendition
from maru.services.live.engine.timeline import Entry, Timeline

TARGET_S = 2
HOLD_BACK_S = 3 * TARGET_S
SKIP_S = 6 * TARGET_S  # the least that RFC 8216bis allows for CAN-SKIP-UNTIL
MAX_FPS = 30
# x264's buffer lets two seconds exceed the mean; fMP4 boxes add a little. The linter checks the claim.
_PEAK_FACTOR = 1.5
_BOX_KBPS = 12


def width_of(height: int) -> int:
    """The even width of a 16:9 picture."""
    return math.ceil(height * 16 / 9 / 2) * 2


def codecs_of(init: bytes) -> str:
    """The RFC 6381 names of what an init segment announces; H.264 and AAC-LC are what Maru encodes."""
    names = []
    at = init.find(b"avcC")
    if at >= 0 and len(init) >= at + 8:
        names.append(f"avc1.{init[at + 5 : at + 8].hex()}")
    if b"mp4a" in init:
        names.append("mp4a.40.2")
    return ",".join(names)


def multivariant(preset: Sequence[Rendition], codecs: dict[str, str]) -> str:
    """The one address of a broadcast: every rung as a variant stream, sound alone as one of its own."""
    lines = ["#EXTM3U", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for rung in preset:
        mean = (rung.video_kbps + rung.audio_kbps + _BOX_KBPS) * 1000
        peak = int((rung.video_kbps * _PEAK_FACTOR + rung.audio_kbps * 1.2 + _BOX_KBPS) * 1000)
        attributes = [
            f"BANDWIDTH={max(peak, mean)}",
            f"AVERAGE-BANDWIDTH={mean}",
            f'CODECS="{codecs.get(rung.name) or _usual_codecs(rung)}"',
        ]
        if rung.height:
            attributes += [
                f"RESOLUTION={width_of(rung.height)}x{rung.height}",
                f"FRAME-RATE={MAX_FPS}.000",
                "CLOSED-CAPTIONS=NONE",
            ]
        lines += ["#EXT-X-STREAM-INF:" + ",".join(attributes), f"{rung.name}.m3u8"]
    return "\n".join(lines) + "\n"


def _usual_codecs(rung: Rendition) -> str:
    if not rung.height:
        return "mp4a.40.2"
    level = "28" if rung.height > 720 else "1f" if rung.height > 480 else "1e"
    return f"avc1.6400{level},mp4a.40.2"


def file_for(files: dict[str, str], rung: Rendition, preset: Sequence[Rendition]) -> str:
    """The file that plays on a rung: its own, else the best below it, else the least above it."""
    own = files.get(rung.name)
    if own:
        return own
    present = [other for other in preset if other.name in files and bool(other.height) == bool(rung.height)]
    present = present or [other for other in preset if other.name in files]
    below = [other for other in present if other.height <= rung.height]
    best = max(below, key=lambda r: r.height) if below else min(present, key=lambda r: r.height)
    return files[best.name]


def date(moment: float) -> str:
    """ISO 8601, UTC, milliseconds."""
    text = datetime.fromtimestamp(round(moment, 3), UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


class MediaList:
    """One rendition's playlist. Keeps the text of what was composed: appending costs one entry."""

    def __init__(self, rung: Rendition, preset: Sequence[Rendition]) -> None:
        self.rung = rung
        self.preset = preset
        self._first_seq = -1
        self._texts: list[str] = []
        self._maps: list[str] = []

    def compose(self, entries: Sequence[Entry], *, ended: bool) -> str:
        """The whole list."""
        self._follow(entries)
        return self._head(entries, 7) + "".join(self._texts) + ("#EXT-X-ENDLIST\n" if ended else "")

    def compose_delta(self, entries: Sequence[Entry]) -> str:
        """The list with all but its last SKIP_S seconds replaced by EXT-X-SKIP."""
        self._follow(entries)
        end = entries[-1].end if entries else 0.0
        # Media time, not the calendar: a jump of the date does not bring an entry nearer to the end.
        kept, span = 0, 0.0
        while kept < len(entries) and span < SKIP_S:
            kept += 1
            span += entries[-kept].duration
        skipped = len(entries) - kept
        if skipped < 1 or not end:
            return self.compose(entries, ended=False)
        head = self._head(entries, 9) + f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}\n"
        first = self._texts[skipped]
        if "#EXT-X-MAP" not in first:
            first = f'#EXT-X-MAP:URI="{self._maps[skipped]}"\n' + first
        return head + first + "".join(self._texts[skipped + 1 :])

    def _head(self, entries: Sequence[Entry], version: int) -> str:
        first = entries[0] if entries else None
        sequence = first.seq if first else 0
        discontinuities = first.dsn - first.discontinuity if first else 0
        return (
            f"#EXTM3U\n#EXT-X-VERSION:{version}\n#EXT-X-INDEPENDENT-SEGMENTS\n"
            f"#EXT-X-TARGETDURATION:{TARGET_S}\n"
            f"#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL={SKIP_S}.0,HOLD-BACK={HOLD_BACK_S}.0\n"
            f"#EXT-X-MEDIA-SEQUENCE:{sequence}\n#EXT-X-DISCONTINUITY-SEQUENCE:{discontinuities}\n"
        )

    def _follow(self, entries: Sequence[Entry]) -> None:
        first = entries[0].seq if entries else -1
        if first != self._first_seq:
            self._first_seq = first
            self._texts, self._maps = [], []
        for entry in entries[len(self._texts) :]:
            uri = file_for(entry.files, self.rung, self.preset)
            header = str(PurePosixPath(uri).parent / "init.mp4")
            lines = ["#EXT-X-DISCONTINUITY\n"] if entry.discontinuity else []
            if entry.discontinuity or not self._maps or self._maps[-1] != header:
                lines.append(f'#EXT-X-MAP:URI="{header}"\n')
            lines.append(
                f"#EXT-X-PROGRAM-DATE-TIME:{date(entry.pdt)}\n#EXTINF:{entry.duration:.5f},\n{uri}\n"
            )
            self._texts.append("".join(lines))
            self._maps.append(header)


class Playlists:
    """All playlists of one broadcast in its media folder."""

    def __init__(self, folder: Path, preset: Sequence[Rendition]) -> None:
        self.folder = folder
        self.preset = tuple(preset)
        self._lists = [MediaList(rung, self.preset) for rung in self.preset]

    def publish_multivariant(self, codecs: dict[str, str]) -> None:
        """Write ``index.m3u8``. Raises OSError with the former file untouched."""
        write_together(self.folder, {"index.m3u8": multivariant(self.preset, codecs)})

    def publish(self, timeline: Timeline) -> None:
        """Write every rendition's list, consistent with each other. Raises OSError, former lists stay."""
        entries, ended = timeline.listed(), timeline.ended_at is not None
        texts: dict[str, str] = {}
        for part in self._lists:
            texts[f"{part.rung.name}.m3u8"] = part.compose(entries, ended=ended)
            # After the end a delta must be ignored: the whole list stands in its place.
            texts[f"{part.rung.name}.delta.m3u8"] = (
                texts[f"{part.rung.name}.m3u8"] if ended else part.compose_delta(entries)
            )
        write_together(self.folder, texts)


def write_together(folder: Path, texts: dict[str, str]) -> None:
    """Write several small files: first all drafts, then all renames, so that none is ever half new.

    Raises OSError when a draft cannot be written; nothing is renamed then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drafts = [(folder / f".{name}.{os.getpid()}.draft", folder / name) for name in texts]
    try:
        for (draft, _), text in zip(drafts, texts.values(), strict=True):
            draft.write_text(text, encoding="utf-8")
        for draft, place in drafts:
            draft.replace(place)
    finally:
        _remove(draft for draft, _ in drafts)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink(missing_ok=True)
