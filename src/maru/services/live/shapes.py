"""The JSON of the Open API: what comes in and what goes out. Times are ISO 8601 in UTC, durations seconds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AfterValidator, Field, StringConstraints

from maru.services.live.contracts import (
    BroadcastCard,
    BroadcastPage,
    BroadcastState,
    ChapterView,
    OpinionView,
    OwnOpinion,
    Statistics,
    Tally,
)
from maru.services.live.wire import opinion_record


def _with_zone(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("the time needs its time zone")
    return moment


Moment = Annotated[datetime, AfterValidator(_with_zone)]
# What is longer is refused before it is looked at; the real limits are those of the operations.
Text = Annotated[str, StringConstraints(max_length=20_000)]
Words = Annotated[dict[str, Annotated[str, StringConstraints(max_length=5_000)]], Field(max_length=20)]
Code = Annotated[str, StringConstraints(max_length=80)]


class Trouble(Schema):
    """What is wrong. ``code`` is for machines, ``message`` for people, ``field`` names the input if one is meant."""

    code: str
    message: str
    field: str | None = None
    retry_after: int | None = None


class Problem(Schema):
    """The one shape of every refusal."""

    error: Trouble


class NamedOut(Schema):
    """A code and its name in the language of the request."""

    code: str
    name: str


class ChapterOut(Schema):
    """A point of the agenda; ``at`` is null until it is marked."""

    id: int
    title: str
    at: datetime | None
    offset_s: float | None

    @staticmethod
    def of(view: ChapterView) -> ChapterOut:
        return ChapterOut(id=view.id, title=view.title, at=view.at, offset_s=view.offset_s)


class TallyOut(Schema):
    """How the questions fared."""

    asked: int
    answered: int
    answered_on_air: int
    answered_in_writing: int
    on_air: int
    waiting: int

    @staticmethod
    def of(tally: Tally) -> TallyOut:
        return TallyOut(
            asked=tally.asked,
            answered=tally.answered,
            answered_on_air=tally.answered_on_air,
            answered_in_writing=tally.answered_in_writing,
            on_air=tally.on_air,
            waiting=tally.waiting,
        )


class BroadcastOut(Schema):
    """A broadcast in a list."""

    slug: str
    title: str
    summary: str
    state: BroadcastState
    starts_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    duration_s: float | None
    page: str
    playlist: str
    poster: str
    programme: NamedOut | None
    topics: list[NamedOut]
    plays: int

    @staticmethod
    def fields_of(card: BroadcastCard, playlist: str) -> dict[str, Any]:
        named = card.programme
        return {
            "slug": card.slug,
            "title": card.title,
            "summary": card.summary,
            "state": card.state,
            "starts_at": card.starts_at,
            "started_at": card.started_at,
            "ended_at": card.ended_at,
            "duration_s": card.duration_s,
            "page": card.url,
            "playlist": playlist,
            "poster": card.poster,
            "programme": NamedOut(code=named.code, name=named.name) if named else None,
            "topics": [NamedOut(code=topic.code, name=topic.name) for topic in card.topics],
            "plays": card.plays,
        }


class DownloadOut(Schema):
    """A file of the recording; ``size`` in bytes."""

    kind: Literal["mp4", "m4a"]
    url: str
    size: int


class BroadcastDetail(BroadcastOut):
    """One broadcast, with what a player and a conversation need. ``events`` is the channel of the event stream."""

    events: str
    conversation: str
    anonymous: bool
    opinions_open: bool
    moderation: Literal["after", "before"]
    slow_mode_s: int
    chapters: list[ChapterOut]
    downloads: list[DownloadOut]
    tally: TallyOut

    @staticmethod
    def of(page: BroadcastPage) -> BroadcastDetail:
        return BroadcastDetail(
            **BroadcastOut.fields_of(page.card, page.playlist),
            events=page.channel,
            conversation=page.conversation_url,
            anonymous=page.anonymous,
            opinions_open=page.opinions_open,
            moderation=page.moderation,
            slow_mode_s=page.slow_mode_s,
            chapters=[ChapterOut.of(part) for part in page.chapters],
            downloads=[DownloadOut(kind=d.kind, url=d.url, size=d.size) for d in page.downloads],
            tally=TallyOut.of(page.tally),
        )


class BroadcastList(Schema):
    """A portion of the list; ``total`` counts all of it."""

    total: int
    broadcasts: list[BroadcastOut]


class BroadcastSettings(Schema):
    """What a producer may change; what is left out stays as it is."""

    titles: Words | None = None
    summaries: Words | None = None
    programme: Code | None = None
    topics: Annotated[list[Code], Field(max_length=50)] | None = None
    starts_at: Moment | None = None
    preset: Code | None = None
    thresholds: Annotated[dict[Code, float], Field(max_length=20)] | None = None
    moderation: Literal["after", "before"] | None = None
    slow_mode_s: Annotated[int, Field(ge=0, le=3600)] | None = None
    anonymous: bool | None = None
    opinions_open: bool | None = None


class NewBroadcast(BroadcastSettings):
    """A broadcast to announce. ``titles`` maps language codes to titles."""

    slug: Code
    titles: Words
    backup: bool = False


class InputOut(Schema):
    """Where an encoder sends to: secret."""

    name: Literal["primary", "backup"]
    rtmp: str
    srt: str
    state: str
    revoked: bool


class InputList(Schema):
    """The inputs of a broadcast."""

    inputs: list[InputOut]


class AnswerOut(Schema):
    """A written answer of an office."""

    office: str
    office_names: dict[str, str]
    text: str
    at: datetime


class OpinionOut(Schema):
    """One opinion. ``moment`` is the time of the picture it was said about; ``state`` is "" unless it is a question."""

    id: str
    name: str
    text: str
    at: datetime
    moment: datetime
    question: bool
    votes: int
    state: Literal["", "asked", "on_air", "answered", "passed"]
    on_air_at: datetime | None
    answered_at: datetime | None
    answers: list[AnswerOut]
    voted: bool

    @staticmethod
    def of(view: OpinionView) -> OpinionOut:
        return OpinionOut(**opinion_record(view), voted=view.voted)


class OpinionList(Schema):
    """A stretch of the conversation, oldest first. Give ``next`` as ``after`` to read on."""

    opinions: list[OpinionOut]
    next: str
    more: bool
    hidden: list[str]


class QuestionList(Schema):
    """Questions of a broadcast."""

    questions: list[OpinionOut]
    tally: TallyOut


class NewOpinion(Schema):
    """What a citizen says: 500 characters. ``moment`` is the PROGRAM-DATE-TIME of the picture seen.

    ``idempotency`` is a token of your own: sending it again never makes a second opinion.
    """

    text: Text
    nickname: Annotated[str, StringConstraints(max_length=1_000)] = ""
    question: bool = False
    moment: Moment | None = None
    idempotency: Annotated[str, StringConstraints(max_length=64)] = ""


class WrittenOut(Schema):
    """``held``: a moderator reads it before others do. ``repeated``: it was here already."""

    opinion: OpinionOut
    held: bool
    repeated: bool


class OwnOut(Schema):
    """An opinion of the asker that others cannot read, and why."""

    id: str
    text: str
    at: datetime
    state: Literal["held", "hidden"]
    reason: str

    @staticmethod
    def of(view: OwnOpinion) -> OwnOut:
        return OwnOut(id=view.id, text=view.text, at=view.at, state=view.state, reason=view.reason)


class OwnList(Schema):
    """The asker's own held and hidden opinions."""

    opinions: list[OwnOut]


class VoteOut(Schema):
    """Votes of a question, and whether the asker's is among them."""

    id: str
    votes: int
    voted: bool


class QuestionStateIn(Schema):
    """What the host makes of a question."""

    state: Literal["asked", "on_air", "answered", "passed"]


class ReasonIn(Schema):
    """Why something is hidden; its author reads it."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=300)]


class PointOut(Schema):
    """Viewers at one time."""

    at: datetime
    now: int
    phones: int


class StatisticsOut(Schema):
    """Figures of a broadcast. ``phones_share`` is between 0 and 1. No address is kept anywhere."""

    slug: str
    state: BroadcastState
    now: int
    peak: int
    plays: int
    phones_share: float | None
    opinions: int
    questions: int
    votes: int
    writers: int
    tally: TallyOut
    measured_at: datetime | None
    curve: list[PointOut]

    @staticmethod
    def of(figures: Statistics) -> StatisticsOut:
        return StatisticsOut(
            slug=figures.slug,
            state=figures.state,
            now=figures.now,
            peak=figures.peak,
            plays=figures.plays,
            phones_share=figures.phones_share,
            opinions=figures.opinions,
            questions=figures.questions,
            votes=figures.votes,
            writers=figures.writers,
            tally=TallyOut.of(figures.tally),
            measured_at=figures.measured_at,
            curve=[PointOut(at=point.at, now=point.now, phones=point.phones) for point in figures.curve],
        )
