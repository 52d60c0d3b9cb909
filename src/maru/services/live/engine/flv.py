"""RTMP messages as FLV tags: no decoding, only time made continuous and the header told the truth."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Literal

from maru.services.live.engine import amf

Track = Literal["audio", "video"]
JUMP_MS = 1000
WAIT_MS = 1000  # how long the header waits for a second track
WAIT_BYTES = 2**20
AUDIO_TAG, VIDEO_TAG, SCRIPT_TAG = 8, 9, 18
_KEPT_METADATA = {
    "width", "height", "framerate", "fps", "videocodecid", "videodatarate", "audiocodecid", "audiodatarate",
    "audiosamplerate", "audiosamplesize", "audiochannels", "stereo", "encoder",
}  # fmt: skip


@dataclass(slots=True)
class _TrackTime:
    last_in: int
    last_out: int
    offset: int


@dataclass(slots=True)
class SteadyClock:
    """Makes the times an encoder sends start at 0 and run on, whatever its own clock does.

    A step of more than JUMP_MS, or backwards, is replaced by the time that really passed, unless just that
    time passed (frames were lost on the way: then the gap is true and stays). When one track has jumped, the
    other follows with the same shift, so that sound and picture stay together. All times are milliseconds.
    """

    tracks: dict[Track, _TrackTime] = field(default_factory=dict)
    latest: int = 0
    latest_at: float = 0.0
    jumps: int = 0

    def out(self, track: Track, stamp: int, now: float) -> int:
        """What to write for a message of ``track`` sent with ``stamp``, received at monotonic ``now``."""
        state = self.tracks.get(track)
        passed = max(0, round((now - self.latest_at) * 1000))
        if state is None:
            state = self.tracks[track] = _TrackTime(stamp, 0, self._first_offset(stamp))
        else:
            step = stamp - state.last_in
            true_gap = step > JUMP_MS and abs(step - passed) <= JUMP_MS
            if not (-JUMP_MS // 20 <= step <= JUMP_MS or true_gap):
                state.offset = self._new_offset(track, state, stamp, passed)
        state.last_in = stamp
        state.last_out = max(state.last_out, stamp + state.offset)
        if state.last_out >= self.latest:
            self.latest = state.last_out
        self.latest_at = now
        return state.last_out

    def _other(self, track: Track | None) -> _TrackTime | None:
        return next((state for name, state in self.tracks.items() if name != track), None)

    def _first_offset(self, stamp: int) -> int:
        other = self._other(None)
        if other is None:
            return -stamp
        if abs(stamp + other.offset - other.last_out) <= JUMP_MS:
            return other.offset
        return other.last_out - stamp

    def _new_offset(self, track: Track, state: _TrackTime, stamp: int, passed: int) -> int:
        self.jumps += 1
        other = self._other(track)
        if other is not None and other.offset != state.offset:
            led = stamp + other.offset
            if abs(led - self.latest) <= JUMP_MS and led >= state.last_out - JUMP_MS:
                return other.offset
        return self.latest + max(1, passed) - stamp


def tag(kind: int, stamp: int, payload: bytes) -> bytes:
    """One FLV tag with its back pointer. ``stamp`` is milliseconds, modulo 2**32."""
    stamp &= 0xFFFFFFFF
    size = len(payload)
    head = bytes([kind]) + size.to_bytes(3, "big") + (stamp & 0xFFFFFF).to_bytes(3, "big")
    return b"".join((head, bytes([stamp >> 24]), b"\0\0\0", payload, (size + 11).to_bytes(4, "big")))


def header(audio: bool, video: bool) -> bytes:
    """The FLV file header; ffmpeg waits for each track that it announces."""
    return b"FLV\x01" + bytes([4 * audio + video]) + b"\0\0\0\x09\0\0\0\0"


def is_keyframe(payload: bytes) -> bool:
    """Whether a video message begins a group of pictures (plain and Enhanced RTMP)."""
    return bool(payload) and (payload[0] >> 4) & 7 == 1


def is_configuration(track: Track, payload: bytes) -> bool:
    """Whether a message holds no media but the decoder's configuration (plain and Enhanced RTMP)."""
    if len(payload) < 2:
        return True
    first = payload[0]
    if track == "video":
        if first & 0x80:
            return first & 0x0F in (0, 4, 5)
        return first & 0x0F in (7, 12) and payload[1] == 0
    if first >> 4 == 9:
        return first & 0x0F in (0, 5)
    return first >> 4 == 10 and payload[1] == 0


def metadata(values: list[amf.AmfValue]) -> bytes | None:
    """The payload of a script tag from an onMetaData message; None when it is another message.

    Only plain facts about the tracks are handed on: a seek index or a duration of a stranger's making is not.
    """
    names = [value for value in values if isinstance(value, str)]
    facts = next((value for value in values if isinstance(value, dict)), None)
    if "onMetaData" not in names or facts is None:
        return None
    kept: dict[str, amf.AmfValue] = {
        name: value[:64] if isinstance(value, str) else value
        for name, value in facts.items()
        if name in _KEPT_METADATA and isinstance(value, int | float | str)
    }
    return amf.encode_value("onMetaData") + amf.encode_value(kept, ecma=True)


@dataclass(slots=True)
class Piece:
    """Bytes for the queue. ``opens`` marks where a decoder can begin; ``keep`` what must never be dropped."""

    data: bytes
    opens: bool
    keep: bool


class FlvWriter:
    """Turns the messages of one publisher into pieces of an FLV file.

    The first pieces wait until both tracks were seen or WAIT_MS (or WAIT_BYTES) passed, so that the file header
    announces just the tracks that exist.
    """

    def __init__(self) -> None:
        self.clock = SteadyClock()
        self._script: bytes | None = None
        self._held: list[Piece] | None = []
        self._seen: set[Track] = set()
        self._held_bytes = 0
        self._first = 0.0

    def describe(self, values: list[amf.AmfValue]) -> list[Piece]:
        """Take a data message."""
        payload = metadata(values)
        if payload is None:
            return []
        return self._release([Piece(tag(SCRIPT_TAG, self.clock.latest, payload), False, True)])

    def write(self, track: Track, stamp: int, payload: bytes, now: float | None = None) -> list[Piece]:
        """Take an audio or video message; ``now`` is monotonic seconds."""
        now = time.monotonic() if now is None else now
        configures = is_configuration(track, payload)
        if not payload:
            return []
        self._first = self._first or now
        self._seen.add(track)
        out = self.clock.out(track, stamp, now)
        kind = VIDEO_TAG if track == "video" else AUDIO_TAG
        opens = not configures and (track == "audio" or is_keyframe(payload))
        return self._release([Piece(tag(kind, out, payload), opens, configures)], now)

    def _release(self, pieces: list[Piece], now: float | None = None) -> list[Piece]:
        if self._held is None:
            return pieces
        self._held += pieces
        waited = now is not None and (now - self._first) * 1000 >= WAIT_MS
        self._held_bytes += sum(len(piece.data) for piece in pieces)
        much = self._held_bytes > WAIT_BYTES
        if len(self._seen) < 2 and self.clock.latest < WAIT_MS and not waited and not much:
            return []
        ready = [Piece(header("audio" in self._seen, "video" in self._seen), False, True), *self._held]
        self._held = None
        return ready

    def finish(self) -> list[Piece]:
        """What is still held when the encoder leaves within the first second."""
        held, self._held = self._held, None
        if not held or not self._seen:
            return []
        return [Piece(header("audio" in self._seen, "video" in self._seen), False, True), *held]

    @property
    def has_video(self) -> bool:
        """Whether a picture was seen yet."""
        return "video" in self._seen
