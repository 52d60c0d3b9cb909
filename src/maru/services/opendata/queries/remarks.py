"""Questions and defect reports of a dataset, as the public and their writers see them."""

from __future__ import annotations

from typing import Literal

from django.db.models import Count, Prefetch, Q, QuerySet

from maru.commons.voices.models import Answer
from maru.commons.voices.queries import WAITING
from maru.commons.voices.states import READABLE, State
from maru.services.opendata import access
from maru.services.opendata.contracts import NOBODY, AnswerView, DeskRow, RemarkView, Viewer
from maru.services.opendata.models import Dataset, Remark
from maru.services.opendata.queries.views import card, office_named

OPEN = (State.PUBLISHED, *WAITING)


def remarks(
    slug: str,
    *,
    viewer: Viewer = NOBODY,
    kind: Literal["", "question", "defect"] = "",
    page: int = 1,
    size: int = 20,
) -> tuple[tuple[RemarkView, ...], int]:
    """What was asked and reported, newest first, and how many; the viewer's own also while held or hidden."""
    found = access.dataset(slug, viewer)
    readable = Q(voice__state__in=READABLE)
    own = Q(pk__in=[])
    if viewer.person_id is not None:
        own = Q(voice__author_id=viewer.person_id)
    elif viewer.device:
        own = Q(voice__author=None, voice__device=viewer.device)
    rows = Remark.objects.filter(readable | own, dataset=found)
    if kind:
        rows = rows.filter(kind=kind)
    start = (max(1, page) - 1) * size
    shown = _with_voice(rows.order_by("-pk"))[start : start + size]
    return tuple(_view(one, viewer) for one in shown), rows.count()


def remark(public_id: str, *, viewer: Viewer = NOBODY) -> RemarkView | None:
    """One remark by the id of its voice; None if this viewer may not read it."""
    if "\x00" in public_id:
        return None
    one = _with_voice(Remark.objects.filter(voice__public_id=public_id)).first()
    if one is None or not (one.voice.is_readable or _is_own(one, viewer)):
        return None
    return _view(one, viewer)


def tallies(found: Dataset) -> dict[str, int]:
    """``questions``, ``defects``, ``open_defects`` that everyone may read."""
    counted = Remark.objects.filter(dataset=found, voice__state__in=READABLE).aggregate(
        questions=Count("pk", filter=Q(kind="question")),
        defects=Count("pk", filter=Q(kind="defect")),
        open_defects=Count("pk", filter=Q(kind="defect", voice__state__in=OPEN)),
    )
    return {name: int(value) for name, value in counted.items()}


def desk(
    *, office_ids: frozenset[int] | None, state: str = "", text: str = "", limit: int = 200
) -> tuple[DeskRow, ...]:
    """The datasets of these offices (None: all) with what waits there, most first."""
    rows = Dataset.objects.select_related("office")
    if office_ids is not None:
        rows = rows.filter(Q(office_id__in=office_ids) | Q(office=None))
    if state:
        rows = rows.filter(state=state)
    if text.strip():
        rows = rows.filter(
            Q(slug__icontains=text) | Q(source__icontains=text) | Q(service_code__icontains=text)
        )
    waiting = Q(remarks__voice__state__in=OPEN)
    counted = rows.annotate(
        asked=Count("remarks", filter=waiting & Q(remarks__kind="question"), distinct=True),
        broken=Count("remarks", filter=waiting & Q(remarks__kind="defect"), distinct=True),
        held_files=Count("uploads", filter=Q(uploads__state="waiting"), distinct=True),
    ).order_by("-held_files", "-broken", "-asked", "-edited_at")[:limit]
    return tuple(DeskRow(card(one), one.asked, one.broken, bool(one.held_files)) for one in counted)


def _with_voice(rows: QuerySet[Remark]) -> QuerySet[Remark]:
    answers = Prefetch("voice__answers", queryset=Answer.objects.select_related("office"))
    return rows.select_related("voice", "voice__office").prefetch_related(answers)


def _is_own(one: Remark, viewer: Viewer) -> bool:
    if viewer.person_id is not None:
        return one.voice.author_id == viewer.person_id
    return bool(viewer.device) and one.voice.author_id is None and one.voice.device == viewer.device


def _view(one: Remark, viewer: Viewer) -> RemarkView:
    voice = one.voice
    own = _is_own(one, viewer)
    return RemarkView(
        id=voice.public_id,
        kind=one.kind,  # type: ignore[arg-type]  # one of KINDS
        text=voice.text,
        name=voice.nickname,
        state=voice.state,
        state_name=str(State(voice.state).label),
        at=voice.created_at,
        office=office_named(voice.office),
        due_at=voice.due_at,
        column=one.column,
        answers=tuple(
            AnswerView(office_named(answer.office), answer.text, answer.at) for answer in voice.answers.all()
        ),
        own=own,
        hidden_reason=voice.hidden_reason if own else "",
    )
