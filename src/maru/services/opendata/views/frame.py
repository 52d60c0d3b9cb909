"""What stands around every view of a dataset: its head, where it comes from, the way to its other views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from maru.commons.offices.city import current_city
from maru.services.opendata import access
from maru.services.opendata.contracts import Card, DatasetView, LicenceView, SourceView
from maru.services.opendata.engine.contracts import ColumnInfo
from maru.services.opendata.queries.datasets import source_of
from maru.services.opendata.queries.remarks import tallies
from maru.services.opendata.queries.views import view
from maru.services.opendata.views.asked import title_of, unit_of


@dataclass(frozen=True)
class Tab:
    """A view of the dataset."""

    title: str
    url: str
    current: bool
    count: int = 0


@dataclass(frozen=True)
class Head:
    """A column as pages head it."""

    name: str
    title: str
    unit: str
    type: str
    number: bool
    alias: str
    key: bool


def language() -> str:
    """The reader's language."""
    return (get_language() or "en").split("-")[0]


def frame(shown: DatasetView, source: SourceView | None, part: str, *, questions: int = 0) -> dict[str, Any]:
    """The context of ``dataset_base.html``; ``part`` is the address's last word, "" for the overview."""
    card = shown.card
    titles = {
        "": _("Overview"),
        "sheet": _("Sheet"),
        "chart": _("Chart"),
        "map": _("Map"),
        "files": _("Files"),
        "api": _("API"),
        "history": _("History"),
        "questions": _("Questions"),
    }
    if card.state == "withdrawn":
        titles = {key: titles[key] for key in ("", "history", "questions")}
    elif not card.has_map:
        del titles["map"]
    tabs = [
        Tab(
            title,
            reverse(f"opendata:{name or 'dataset'}", args=[card.slug]),
            name == part,
            questions if name == "questions" else 0,
        )
        for name, title in titles.items()
    ]
    return {
        "card": card,
        "source": source,
        "part": titles.get(part, ""),
        "here": titles.get(part, "") if part else "",
        "views": tabs,
        "columns": heads(shown),
    }


def frame_of(request: HttpRequest, slug: str, part: str) -> tuple[DatasetView, dict[str, Any]]:
    """A dataset that this reader may see, and the frame of one of its views."""
    found = access.dataset(slug, access.reader(request))
    shown, counted = view(found), tallies(found)
    questions = counted["questions"] + counted["defects"]
    return shown, frame(shown, source_of(found), part, questions=questions)


def heads(shown: DatasetView, columns: Sequence[ColumnInfo] | None = None) -> list[Head]:
    """Columns as pages head them."""
    words = type_words()
    return [
        Head(
            name=column.name,
            title=title_of(column, language()),
            unit=unit_of(column),
            type=words.get(column.type, column.type),
            number=column.type in {"integer", "number"},
            alias=column.alias or column.name,
            key=column.name in shown.key,
        )
        for column in (shown.columns if columns is None else columns)
    ]


def type_words() -> dict[str, str]:
    """Types as people call them."""
    return {
        "text": _("text"),
        "integer": _("whole number"),
        "number": _("number"),
        "boolean": _("yes or no"),
        "date": _("date"),
        "datetime": _("time"),
    }


def citation(request: HttpRequest, card: Card) -> str:
    """How to name the dataset in a text."""
    licence: LicenceView = card.licence
    return _(
        "%(city)s, %(office)s%(title)s, version %(version)s, %(address)s (%(licence)s), read on %(day)s."
    ) % {
        "city": current_city().name,
        "office": f"{card.office.name}, " if card.office else "",
        "title": card.title,
        "version": card.version,
        "address": request.build_absolute_uri(reverse("opendata:dataset", args=[card.slug])),
        "licence": licence.name,
        "day": date_format(timezone.localdate(), "DATE_FORMAT"),
    }


def swapped(
    request: HttpRequest, part: str, page: str, context: dict[str, Any], *, target: str, status: int = 200
) -> HttpResponse:
    """The part alone for the script that exchanges it (htmx's headers), else the page around it."""
    htmx = getattr(request, "htmx", None)
    only = htmx is not None and bool(htmx) and htmx.target == target
    response = render(request, part if only else page, context, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response
