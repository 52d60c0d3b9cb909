"""What the parts of the broadcast engine hand to each other: plain frozen dataclasses, no Django.

Times named ``start`` or ``at`` are Unix seconds (UTC, float); durations are seconds; rates are kb/s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

InputName = Literal["primary", "backup"]
SourceKind = Literal["primary", "backup", "slate", "soon"]
Override = Literal["auto", "primary", "backup", "slate"]
StationState = Literal["scheduled", "live", "ended"]
SEGMENT_SECONDS = 2.0


@dataclass(frozen=True)
class Rendition:
    """One rung of the ladder. ``height`` 0 means sound only."""

    name: str
    height: int
    video_kbps: int
    audio_kbps: int


_720P = Rendition("720p", 720, 2800, 96)
_360P = Rendition("360p", 360, 730, 96)
_234P = Rendition("234p", 234, 145, 64)
_SOUND = Rendition("audio", 0, 0, 64)
PRESETS: dict[str, tuple[Rendition, ...]] = {
    "default": (_720P, _360P, _234P, _SOUND),
    "full": (Rendition("1080p", 1080, 4500, 128), _720P, _360P, _234P, _SOUND),
    "light": (_360P, _234P, _SOUND),
}


@dataclass(frozen=True)
class Thresholds:
    """When a signal counts as broken. 0 switches a check off."""

    loss_s: float = 1.5
    silence_s: float = 2.0
    silence_dbfs: float = -50.0
    black_s: float = 1.0
    freeze_s: float = 2.0
    recover_s: float = 3.0


@dataclass(frozen=True)
class InputSpec:
    """One place where an encoder may connect. ``key`` is the secret an encoder sends."""

    broadcast: str
    name: InputName
    kind: Literal["push", "file"]
    key: str
    srt_port: int | None = None
    file_path: str = ""
    revoked: bool = False


@dataclass(frozen=True)
class SlateWords:
    """What a slate says, already in the city's languages (two lines at most)."""

    city: str
    soon: str
    back: str


@dataclass(frozen=True)
class StationSpec:
    """All that a station must know of its broadcast; compared on each poll to find what changed."""

    slug: str
    title: str
    state: StationState
    inputs: tuple[InputSpec, ...]
    preset: str
    thresholds: Thresholds
    override: Override
    words: SlateWords


@dataclass(frozen=True)
class SourceInfo:
    """What an encoder sends, found by probing its first second. fps 0.0 means unknown."""

    has_video: bool
    has_audio: bool
    width: int = 0
    height: int = 0
    fps: float = 0.0
    video_codec: str = ""
    audio_codec: str = ""
    channels: int = 0
    sample_rate: int = 0


@dataclass(frozen=True)
class SegmentSet:
    """The same two seconds in every rendition the source allows.

    ``files`` maps rendition name to the file's path relative to the broadcast's media folder
    (or to the media root's ``live`` folder for slates). ``session`` names the encoder run.
    """

    session: str
    number: int
    start: float
    duration: float
    files: dict[str, str]


@dataclass(frozen=True)
class Signal:
    """A detector saw a fault begin or end. ``at`` is the wall time at which the fault itself began or ended."""

    kind: Literal["silence", "black", "freeze"]
    begins: bool
    at: float


@dataclass(frozen=True)
class Report:
    """Something the producer must see and the log must keep."""

    broadcast: str
    at: float
    kind: Literal[
        "connected",
        "lost",
        "fault",
        "recovered",
        "switch",
        "refused_key",
        "disk",
        "alarm",
        "started",
        "ended",
        "override",
    ]
    input: str = ""
    source_from: str = ""
    source_to: str = ""
    reason: str = ""
    detail: dict[str, object] = field(default_factory=dict)


class Publication(Protocol):
    """One connection of an encoder, as bytes that ffmpeg understands."""

    # Read-only here, so that one publication may stand before another (plain attributes satisfy it too).
    @property
    def input(self) -> InputSpec: ...
    @property
    def protocol(self) -> Literal["rtmp", "srt", "file"]: ...
    @property
    def container(self) -> Literal["flv", "mpegts", "auto"]: ...
    @property
    def began(self) -> float:
        """Wall time of the first media byte; 0.0 before it."""
        ...

    @property
    def last_media(self) -> float:
        """``time.monotonic()`` of the latest media byte."""
        ...

    @property
    def last_video(self) -> float | None:
        """The same for the picture where the protocol tells; None: unknown."""
        ...

    @property
    def last_audio(self) -> float | None:
        """The same for the sound."""
        ...

    @property
    def peer(self) -> str: ...

    async def read(self) -> bytes:
        """The next bytes; b"" once the encoder has left."""
        ...

    async def close(self, reason: str) -> None: ...
