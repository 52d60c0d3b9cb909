"""What the live room hands out: frozen dataclasses, no models, no secrets except where named.

Moments are aware UTC datetimes. ``id`` of an opinion is the public twelve-character id of its voice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypedDict

BroadcastState = Literal["scheduled", "live", "ended", "replay", "cancelled"]
QuestionState = Literal["asked", "on_air", "answered", "passed"]
QuestionOrder = Literal["top", "new", "moment"]

OPINION_CHARACTERS = 500
NICKNAME_CHARACTERS = 30
INTERVAL_S = 2


@dataclass(frozen=True)
class Viewer:
    """Whoever looks or speaks: a signed-in person, a device, or both. ``device`` is a hash, "" if none."""

    person_id: int | None = None
    device: str = ""


NOBODY = Viewer()


@dataclass(frozen=True)
class Named:
    """A code and its name in the active language (a topic, a programme, an office); ``names`` in all."""

    code: str
    name: str
    names: dict[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class AnswerView:
    """What an office answered in writing."""

    office: Named
    text: str
    at: datetime


@dataclass(frozen=True)
class OpinionView:
    """One opinion as the public may see it. ``question_state`` has a meaning only for questions."""

    id: str
    name: str
    text: str
    at: datetime
    moment: datetime
    question: bool
    votes: int
    state: str
    question_state: QuestionState = "asked"
    on_air_at: datetime | None = None
    answered_at: datetime | None = None
    answers: tuple[AnswerView, ...] = ()
    office: Named | None = None
    voted: bool = False


@dataclass(frozen=True)
class OwnOpinion:
    """A writer's own opinion that others do not see, and why."""

    id: str
    text: str
    at: datetime
    state: Literal["held", "hidden"]
    reason: str = ""


@dataclass(frozen=True)
class QueuedOpinion:
    """An opinion as a moderator sees it. ``author`` is a short label that is the same for one writer."""

    opinion: OpinionView
    state: str
    reason: str
    author: str
    author_count: int
    blocked: bool


@dataclass(frozen=True)
class ChapterView:
    """A point of the agenda; ``at`` is None until it is marked; ``offset_s`` counts from the start."""

    id: int
    title: str
    at: datetime | None
    offset_s: float | None = None


@dataclass(frozen=True)
class Download:
    """A file of the recording. ``size`` is in bytes."""

    kind: Literal["mp4", "m4a"]
    url: str
    size: int


@dataclass(frozen=True)
class Tally:
    """How the questions of a broadcast fared; asked = on_air + answered + waiting."""

    asked: int = 0
    answered: int = 0
    answered_on_air: int = 0
    answered_in_writing: int = 0
    on_air: int = 0
    waiting: int = 0
    opinions: int = 0


@dataclass(frozen=True)
class BroadcastCard:
    """A broadcast in a list."""

    slug: str
    title: str
    summary: str
    state: BroadcastState
    starts_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    url: str
    poster: str
    programme: Named | None
    topics: tuple[Named, ...]
    duration_s: float | None
    plays: int


@dataclass(frozen=True)
class BroadcastPage:
    """Everything the player page shows before its scripts take over.

    ``head`` is the last event already contained, to be given to the stream as ``after``.
    ``may_write`` says whether this viewer can write now; ``closed_because`` gives the reason otherwise.
    """

    card: BroadcastCard
    playlist: str
    channel: str
    head: int
    anonymous: bool
    opinions_open: bool
    moderation: Literal["after", "before"]
    slow_mode_s: int
    may_write: bool
    closed_because: str
    chapters: tuple[ChapterView, ...]
    conversation: tuple[OpinionView, ...]
    questions: tuple[OpinionView, ...]
    on_air: OpinionView | None
    own: tuple[OwnOpinion, ...]
    tally: Tally
    downloads: tuple[Download, ...]
    conversation_url: str
    peak: int
    plays: int
    phones_share: float | None


@dataclass(frozen=True)
class ConversationPage:
    """A stretch of the conversation, oldest first. ``next`` is the cursor of the following stretch."""

    opinions: tuple[OpinionView, ...]
    next: str
    more: bool
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class VoteResult:
    """Votes of a question after a vote, and whether this voter's is among them."""

    id: str
    votes: int
    voted: bool


@dataclass(frozen=True)
class Written:
    """What became of a sent opinion. ``held``: only its author and the moderators see it for now.

    ``repeated``: it was already here, sent before under the same token.
    """

    opinion: OpinionView
    held: bool
    repeated: bool = False


@dataclass(frozen=True)
class HostScreen:
    """What the host reads beside the camera."""

    card: BroadcastCard
    channel: str
    head: int
    on_air: OpinionView | None
    top: tuple[OpinionView, ...]
    newest: tuple[OpinionView, ...]
    done: tuple[OpinionView, ...]
    tally: Tally
    chapters: tuple[ChapterView, ...]


@dataclass(frozen=True)
class ModerationQueue:
    """What waits for a moderator, what was said lately, what is hidden."""

    card: BroadcastCard
    channel: str
    staff_channel: str
    head: int
    moderation: Literal["after", "before"]
    slow_mode_s: int
    held: tuple[QueuedOpinion, ...]
    recent: tuple[QueuedOpinion, ...]
    hidden: tuple[QueuedOpinion, ...]


@dataclass(frozen=True)
class InputView:
    """An encoder's place with its secret address: for producers only."""

    name: Literal["primary", "backup"]
    kind: Literal["push", "file"]
    key: str
    rtmp: str
    rtmp_server: str
    srt: str
    file_path: str
    revoked: bool
    state: str
    connected_at: datetime | None


@dataclass(frozen=True)
class LogView:
    """One line of the signal's log."""

    id: int
    at: datetime
    kind: str
    input: str
    source_from: str
    source_to: str
    reason: str
    detail: dict[str, Any] = field(default_factory=dict)


class Changes(TypedDict, total=False):
    """What a producer may set. ``programme`` is a slug ("" for none), ``topics`` are codes.

    ``poster`` is a ``files.StoredFile`` or None.
    """

    titles: dict[str, str]
    summaries: dict[str, str]
    programme: str
    topics: list[str]
    starts_at: datetime | None
    preset: str
    thresholds: dict[str, float]
    moderation: Literal["after", "before"]
    slow_mode_s: int
    anonymous: bool
    opinions_open: bool
    poster: Any


@dataclass(frozen=True)
class Settings:
    """What the producer may change. ``thresholds`` in seconds (``silence_dbfs`` in dBFS)."""

    titles: dict[str, str]
    summaries: dict[str, str]
    programme: str
    topics: tuple[str, ...]
    starts_at: datetime | None
    preset: str
    thresholds: dict[str, float]
    moderation: Literal["after", "before"]
    slow_mode_s: int
    anonymous: bool
    opinions_open: bool


@dataclass(frozen=True)
class Studio:
    """The producer's desk."""

    card: BroadcastCard
    playlist: str
    channel: str
    staff_channel: str
    head: int
    override: Literal["auto", "primary", "backup", "slate"]
    inputs: tuple[InputView, ...]
    log: tuple[LogView, ...]
    chapters: tuple[ChapterView, ...]
    settings: Settings
    tally: Tally
    statistics: Statistics


@dataclass(frozen=True)
class AudiencePoint:
    """Viewers at one time."""

    at: datetime
    now: int
    phones: int


@dataclass(frozen=True)
class Statistics:
    """Numbers of one broadcast. ``phones_share`` is between 0 and 1, None while nobody has watched."""

    slug: str
    state: BroadcastState
    now: int
    phones_now: int
    peak: int
    plays: int
    phones_share: float | None
    opinions: int
    questions: int
    votes: int
    writers: int
    tally: Tally
    measured_at: datetime | None
    curve: tuple[AudiencePoint, ...] = ()


@dataclass(frozen=True)
class GuideFilters:
    """What the guide is narrowed to. Empty text means no restriction."""

    text: str = ""
    topic: str = ""
    programme: str = ""


@dataclass(frozen=True)
class Guide:
    """The programme guide: on air first, then what comes (soonest first), then replays (newest first)."""

    on_air: tuple[BroadcastCard, ...]
    upcoming: tuple[BroadcastCard, ...]
    replays: tuple[BroadcastCard, ...]
    topics: tuple[Named, ...]
    programmes: tuple[Named, ...]
    filters: GuideFilters
    total_replays: int = 0


@dataclass(frozen=True)
class ProgrammePage:
    """One series and its broadcasts."""

    slug: str
    title: str
    summary: str
    guide: Guide


@dataclass(frozen=True)
class Status:
    """The machine-readable state of a broadcast, as the command line prints it."""

    slug: str
    title: str
    state: BroadcastState
    page: str
    playlist: str
    inputs: tuple[InputView, ...]
    override: str
    on_air: str
    started_at: datetime | None
    ended_at: datetime | None
    replay_at: datetime | None
    viewers: int
    peak: int
    opinions: int
