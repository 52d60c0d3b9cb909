"""A dataset's overview, history and programs' corner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from maru.platform.access.refusals import NotFound
from maru.platform.ports.lake.contracts import LakeFault
from maru.services.opendata import access
from maru.services.opendata.contracts import Differences, EditionView
from maru.services.opendata.engine.contracts import ColumnInfo, Query, RowChange
from maru.services.opendata.forms import FollowForm
from maru.services.opendata.queries import corner
from maru.services.opendata.queries import datasets as queries
from maru.services.opendata.views.asked import title_of
from maru.services.opendata.views.cells import rows_of, text_of
from maru.services.opendata.views.examples import examples
from maru.services.opendata.views.frame import citation, frame, frame_of, language
from maru.services.opendata.views.orders import in_order

_PREVIEW = 8
_EDITIONS = 100
_CHANGES = 100


@dataclass(frozen=True)
class EditionRow:
    """A version and where one can look at it."""

    edition: EditionView
    difference_url: str
    sheet_url: str


@dataclass(frozen=True)
class ChangedCell:
    """A value before and after."""

    before: str
    after: str
    changed: bool


@dataclass(frozen=True)
class ChangedRow:
    """A record that differs."""

    kind: str
    kind_title: str
    cells: list[ChangedCell]


@require_safe
def overview(request: HttpRequest, slug: str) -> HttpResponse:
    """What the dataset is."""
    return render(request, "opendata/dataset.html", overview_context(request, slug))


def overview_context(request: HttpRequest, slug: str, follow: FollowForm | None = None) -> dict[str, Any]:
    """Everything on the overview; ``follow`` holds what was typed into its form."""
    viewer = access.reader(request)
    page = queries.dataset(slug, viewer=viewer)
    context = frame(page.view, page.source, "", questions=page.questions + page.defects)
    card = page.view.card
    return context | {
        "page": page,
        "may_edit": page.may_edit,
        "preview": _preview(request, slug) if card.state in {"published", "draft"} else [],
        "origin_name": page.source.title if page.source else "",
        "origin_url": page.source.address if page.source else "",
        "defect_tone": "warn" if page.open_defects else "",
        "follow": follow or FollowForm(auto_id="follow_%s"),
        "apps": corner.apps(dataset=slug, limit=10),
        "use": page.use[-10:],
        "citation": citation(request, card),
    }


def _preview(request: HttpRequest, slug: str) -> list[Any]:
    try:
        rows, view = queries.sheet_of(slug, viewer=access.reader(request))
    except LakeFault:
        return []
    page = rows.page(in_order(Query(limit=_PREVIEW, total=False), view))
    return rows_of(page.rows, page.columns, [""] * len(page.columns))


@require_safe
def api(request: HttpRequest, slug: str) -> HttpResponse:
    """The dataset for programs: examples to copy, and its fields."""
    view, context = frame_of(request, slug, "api")
    base = request.build_absolute_uri("/").rstrip("/")
    return render(request, "opendata/api.html", context | {"examples": examples(view, base=base)})


@require_safe
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """The versions; with ``from`` and ``to`` also what differs between two of them."""
    _view, context = frame_of(request, slug, "history")
    viewer = access.reader(request)
    editions = queries.history(slug, viewer=viewer, limit=_EDITIONS)
    found = _difference(request, slug)
    changes = [_change(row, found.columns) for row in found.rows] if found else []
    context |= {
        "editions": _rows(slug, editions),
        "difference": found,
        "difference_columns": [title_of(one, language()) for one in found.columns] if found else [],
        "changes": changes,
        "cut": bool(found)
        and found is not None
        and found.added + found.corrected + found.gone > len(changes),
    }
    return render(request, "opendata/history.html", context)


def _difference(request: HttpRequest, slug: str) -> Differences | None:
    old, new = request.GET.get("from", ""), request.GET.get("to", "")
    if not (old and new):
        return None
    if not all(text.isascii() and text.isdigit() and len(text) < 16 for text in (old, new)):
        raise NotFound(_("There is no such version."))
    try:
        rows, _view = queries.sheet_of(slug, viewer=access.reader(request))
        if max(int(old), int(new)) > rows.version:
            raise NotFound(_("There is no such version."))
        return queries.differences(
            slug,
            from_version=int(old),
            to_version=int(new),
            limit=_CHANGES,
            viewer=access.reader(request),
        )
    except LakeFault:
        raise NotFound(_("There is no such version; old ones are cleared away after a while.")) from None


def _rows(slug: str, editions: tuple[EditionView, ...]) -> list[EditionRow]:
    sheet = reverse("opendata:sheet", args=[slug])
    made = []
    for number, edition in enumerate(editions):
        before = editions[number + 1] if number + 1 < len(editions) else None
        differs = before is not None and before.version != edition.version
        moment = timezone.localtime(edition.at).replace(tzinfo=None).isoformat(timespec="seconds")
        made.append(
            EditionRow(
                edition,
                f"?from={before.version}&to={edition.version}" if before and differs else "",
                f"{sheet}?as_of={moment}",
            )
        )
    return made


def _change(row: RowChange, columns: tuple[ColumnInfo, ...]) -> ChangedRow:
    words = {"added": _("added"), "corrected": _("corrected"), "gone": _("gone")}
    shown = row.after if row.after is not None else row.before or {}
    cells = [
        ChangedCell(
            before=text_of((row.before or {}).get(column.name), column) or "–",
            after=text_of(shown.get(column.name), column) or "–",
            changed=column.name in row.changed,
        )
        for column in columns
    ]
    return ChangedRow(row.kind, words[row.kind], cells)
