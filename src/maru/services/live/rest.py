"""The Open API of the live room, below ``/api/v1/``.

Reading needs nothing. Speaking and voting need what the page needs: an account, or where the producer allows it a
device, known by the cookie that the first answer sets. Staff acts need an account: by token, or by a signed-in
session and its CSRF token.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Query, Router
from ninja.utils import check_csrf

from maru.commons.people.tokens import by_token
from maru.platform.access.refusals import NotAllowed
from maru.services.live import access, exports
from maru.services.live.contracts import Changes, GuideFilters
from maru.services.live.operations import broadcasts as broadcast_operations
from maru.services.live.operations import conversation, moderation, questions
from maru.services.live.queries import broadcasts, numbers, staff
from maru.services.live.queries import conversation as talk
from maru.services.live.shapes import (
    BroadcastDetail,
    BroadcastList,
    BroadcastOut,
    BroadcastSettings,
    InputList,
    InputOut,
    NewBroadcast,
    NewOpinion,
    OpinionList,
    OpinionOut,
    OwnList,
    OwnOut,
    Problem,
    QuestionList,
    QuestionStateIn,
    ReasonIn,
    StatisticsOut,
    TallyOut,
    VoteOut,
    WrittenOut,
)

router = Router(tags=["live"])

Slug = str
Limit = Annotated[int, Query(100, ge=1, le=500)]
_READ: dict[Any, Any] = {401: Problem, 404: Problem, 422: Problem}
_WRITE: dict[Any, Any] = {
    400: Problem,
    401: Problem,
    403: Problem,
    404: Problem,
    409: Problem,
    413: Problem,
    422: Problem,
    429: Problem,
}


# Who is let in, for the description; what lets them in are ``access`` and ``_guard``.
_STAFF: dict[str, Any] = {"security": [{"token": []}, {"session": [], "csrf": []}]}
_ANYONE: dict[str, Any] = {"security": [{}, *_STAFF["security"]]}


def _guard(request: HttpRequest) -> None:
    """A signed-in browser must show that the request is its own; a device's cookie is never sent across sites."""
    if by_token(request):
        return
    if access.person_of(request) is not None and check_csrf(request) is not None:
        raise NotAllowed(code="csrf")


@router.get("/broadcasts", response={200: BroadcastList, **_READ}, summary="List broadcasts")
def list_broadcasts(
    request: HttpRequest,
    q: Annotated[str, Query("", max_length=200)],
    topic: Annotated[str, Query("", max_length=80)],
    programme: Annotated[str, Query("", max_length=80)],
    state: Annotated[Literal["", "scheduled", "live", "ended", "replay"], Query("")],
    limit: Annotated[int, Query(50, ge=1, le=200)],
    offset: Annotated[int, Query(0, ge=0, le=1_000_000)],
) -> BroadcastList:
    """Broadcasts, newest first, narrowed by words, topic, series and state."""
    filters = GuideFilters(text=q, topic=topic, programme=programme)
    total, cards = broadcasts.search(filters, state=state, limit=limit, offset=offset)
    return BroadcastList(
        total=total,
        broadcasts=[
            BroadcastOut(**BroadcastOut.fields_of(card, broadcasts.playlist(card.slug))) for card in cards
        ],
    )


@router.post(
    "/broadcasts",
    response={201: BroadcastDetail, **_WRITE},
    summary="Announce a broadcast (producer)",
    openapi_extra=_STAFF,
)
def create(request: HttpRequest, payload: NewBroadcast) -> tuple[int, BroadcastDetail]:
    """A new broadcast with its inputs; their addresses are at ``/broadcasts/{slug}/inputs``."""
    person = access.producer(request)
    _guard(request)
    made = broadcast_operations.create_broadcast(
        slug=payload.slug, by=person, backup=payload.backup, **_changes(payload)
    )
    return 201, _detail(request, made.slug)


@router.get("/broadcasts/{slug}", response={200: BroadcastDetail, **_READ}, summary="One broadcast")
def read(request: HttpRequest, slug: Slug) -> BroadcastDetail:
    """State, addresses, agenda, downloads, tally."""
    return _detail(request, slug)


@router.patch(
    "/broadcasts/{slug}",
    response={200: BroadcastDetail, **_WRITE},
    summary="Change settings (producer)",
    openapi_extra=_STAFF,
)
def edit(request: HttpRequest, slug: Slug, payload: BroadcastSettings) -> BroadcastDetail:
    """Only what is given changes."""
    found, person = access.produced(request, slug)
    _guard(request)
    broadcast_operations.edit_broadcast(broadcast=found, by=person, **_changes(payload))
    return _detail(request, slug)


@router.post(
    "/broadcasts/{slug}/start",
    response={200: BroadcastDetail, **_WRITE},
    summary="Go on air (producer)",
    openapi_extra=_STAFF,
)
def start(request: HttpRequest, slug: Slug) -> BroadcastDetail:
    """Starting what is on air changes nothing."""
    found, person = access.produced(request, slug)
    _guard(request)
    broadcast_operations.start_broadcast(broadcast=found, by=person)
    return _detail(request, slug)


@router.post(
    "/broadcasts/{slug}/end",
    response={200: BroadcastDetail, **_WRITE},
    summary="End (producer)",
    openapi_extra=_STAFF,
)
def end(request: HttpRequest, slug: Slug) -> BroadcastDetail:
    """The replay follows within a minute."""
    found, person = access.produced(request, slug)
    _guard(request)
    broadcast_operations.end_broadcast(broadcast=found, by=person)
    return _detail(request, slug)


@router.get(
    "/broadcasts/{slug}/inputs",
    response={200: InputList, **_WRITE},
    summary="Encoder addresses (producer)",
    openapi_extra=_STAFF,
)
def inputs(request: HttpRequest, slug: Slug) -> InputList:
    """Where encoders send to. These addresses are secret."""
    found, _person = access.produced(request, slug)
    return InputList(
        inputs=[
            InputOut(name=one.name, rtmp=one.rtmp, srt=one.srt, state=one.state, revoked=one.revoked)
            for one in staff.inputs(found)
        ]
    )


@router.get(
    "/broadcasts/{slug}/opinions", response={200: OpinionList, **_READ}, summary="Read the conversation"
)
def opinions(
    request: HttpRequest, slug: Slug, limit: Limit, after: Annotated[str, Query("", max_length=40)]
) -> OpinionList:
    """In the order of arrival; hidden opinions are named in ``hidden`` so that copies can remove them."""
    page = talk.conversation(access.broadcast(slug), after=after, limit=limit, viewer=access.reader(request))
    return OpinionList(
        opinions=[OpinionOut.of(view) for view in page.opinions],
        next=page.next,
        more=page.more,
        hidden=list(page.hidden),
    )


@router.post(
    "/broadcasts/{slug}/opinions",
    response={201: WrittenOut, **_WRITE},
    summary="Speak",
    openapi_extra=_ANYONE,
)
def write(request: HttpRequest, slug: Slug, payload: NewOpinion) -> tuple[int, WrittenOut]:
    """An opinion or a question. Stored when the answer arrives; 201 also for a repeated token."""
    found = access.broadcast(slug)
    _guard(request)
    access.limit_writing(request)
    speaker = access.speaker(request)
    written = conversation.write_opinion(
        broadcast=found,
        text=payload.text,
        nickname=payload.nickname,
        person=access.person_of(request),
        device=speaker.device,
        question=payload.question,
        moment=payload.moment,
        idempotency=payload.idempotency,
    )
    return 201, WrittenOut(
        opinion=OpinionOut.of(written.opinion), held=written.held, repeated=written.repeated
    )


@router.get(
    "/broadcasts/{slug}/opinions/mine",
    response={200: OwnList, **_READ},
    summary="Own hidden opinions",
    openapi_extra=_ANYONE,
)
def mine(request: HttpRequest, slug: Slug) -> OwnList:
    """What the asker said and others cannot read, with the reason."""
    own = talk.own(access.broadcast(slug), access.reader(request))
    return OwnList(opinions=[OwnOut.of(view) for view in own])


@router.post(
    "/broadcasts/{slug}/opinions/{opinion}/hide",
    response={200: OpinionOut, **_WRITE},
    summary="Hide (moderator)",
    openapi_extra=_STAFF,
)
def hide(request: HttpRequest, slug: Slug, opinion: str, payload: ReasonIn) -> OpinionOut:
    """Gone for readers within seconds; the author sees the reason."""
    found, person = access.moderated(request, slug)
    _guard(request)
    hidden = moderation.hide_opinion(
        opinion=access.any_opinion(found, opinion), reason=payload.reason, by=person
    )
    return OpinionOut.of(talk.one(hidden))


@router.post(
    "/broadcasts/{slug}/opinions/{opinion}/show",
    response={200: OpinionOut, **_WRITE},
    summary="Show again (moderator)",
    openapi_extra=_STAFF,
)
def show(request: HttpRequest, slug: Slug, opinion: str) -> OpinionOut:
    """Take a hiding back."""
    found, person = access.moderated(request, slug)
    _guard(request)
    return OpinionOut.of(
        talk.one(moderation.show_opinion(opinion=access.any_opinion(found, opinion), by=person))
    )


@router.get("/broadcasts/{slug}/questions", response={200: QuestionList, **_READ}, summary="Questions")
def list_questions(
    request: HttpRequest,
    slug: Slug,
    limit: Limit,
    order: Annotated[Literal["top", "new", "moment"], Query("top")],
    state: Annotated[Literal["", "asked", "on_air", "answered", "passed"], Query("")],
) -> QuestionList:
    """By votes, age or moment."""
    found = access.broadcast(slug)
    states = (state,) if state else ()
    views = talk.questions(found, order=order, states=states, limit=limit, viewer=access.reader(request))
    return QuestionList(
        questions=[OpinionOut.of(view) for view in views], tally=TallyOut.of(numbers.tally(found))
    )


@router.put(
    "/broadcasts/{slug}/questions/{question}/vote",
    response={200: VoteOut, **_WRITE},
    summary="Support a question",
    openapi_extra=_ANYONE,
)
def vote(request: HttpRequest, slug: Slug, question: str) -> VoteOut:
    """One vote for each person or device; again changes nothing."""
    return _vote(request, slug, question, support=True)


@router.delete(
    "/broadcasts/{slug}/questions/{question}/vote",
    response={200: VoteOut, **_WRITE},
    summary="Take support back",
    openapi_extra=_ANYONE,
)
def unvote(request: HttpRequest, slug: Slug, question: str) -> VoteOut:
    """Without a vote it changes nothing."""
    return _vote(request, slug, question, support=False)


@router.put(
    "/broadcasts/{slug}/questions/{question}/state",
    response={200: OpinionOut, **_WRITE},
    summary="Host (producer, moderator)",
    openapi_extra=_STAFF,
)
def set_state(request: HttpRequest, slug: Slug, question: str, payload: QuestionStateIn) -> OpinionOut:
    """Put on air, mark answered, pass on, take back."""
    found, person = access.hosted(request, slug)
    _guard(request)
    moved = questions.set_question_state(
        opinion=access.any_opinion(found, question), state=payload.state, by=person
    )
    return OpinionOut.of(talk.one(moved))


@router.get("/broadcasts/{slug}/statistics", response={200: StatisticsOut, **_READ}, summary="Figures")
def statistics(request: HttpRequest, slug: Slug) -> StatisticsOut:
    """Viewers now and at most, plays, share of phones, opinions, questions, votes."""
    return StatisticsOut.of(numbers.statistics(access.broadcast(slug)))


@router.get(
    "/broadcasts/{slug}/conversation.json", response={200: dict[str, Any], **_READ}, summary="Export as JSON"
)
def export_json(request: HttpRequest, slug: Slug) -> dict[str, Any]:
    """Broadcast, agenda and the whole conversation, without what is hidden."""
    return exports.as_json(access.broadcast(slug))


@router.get("/broadcasts/{slug}/conversation.csv", response={200: None, **_READ}, summary="Export as CSV")
def export_csv(request: HttpRequest, slug: Slug) -> HttpResponse | StreamingHttpResponse:
    """The whole conversation as a table in UTF-8, without what is hidden."""
    found = access.broadcast(slug)
    response = HttpResponse("".join(exports.as_csv(found)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.slug}-conversation.csv"'
    return response


def _vote(request: HttpRequest, slug: str, question: str, *, support: bool) -> VoteOut:
    opinion = access.public_opinion(access.broadcast(slug), question)
    _guard(request)
    access.limit_voting(request)
    speaker = access.speaker(request)
    act = questions.vote if support else questions.unvote
    result = act(opinion=opinion, person=access.person_of(request), device=speaker.device)
    return VoteOut(id=result.id, votes=result.votes, voted=result.voted)


def _detail(request: HttpRequest, slug: str) -> BroadcastDetail:
    return BroadcastDetail.of(broadcasts.broadcast_page(access.broadcast(slug), access.reader(request)))


def _changes(payload: BroadcastSettings) -> Changes:
    given = payload.model_dump(exclude_unset=True, exclude={"slug", "backup"})
    # Only the starting time may be taken away; null means "not given" for all others.
    return {name: value for name, value in given.items() if value is not None or name == "starts_at"}  # type: ignore[return-value]
