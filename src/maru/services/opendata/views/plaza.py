"""The front of the plaza: search as you type, facets, fields, what is new and what is used most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast, get_args

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from maru.services.opendata.contracts import CATEGORIES, Found, SearchOrder
from maru.services.opendata.queries import catalogue as queries
from maru.services.opendata.queries.views import category_name
from maru.services.opendata.views.asked import Chip
from maru.services.opendata.views.frame import language, swapped

_FACETS = ("category", "office", "format", "map", "licence", "origin", "source")
_SIZE = 20
_MOST_PAGE = 10_000
_FEW = 6


@dataclass(frozen=True)
class Choice:
    """An entry of a facet, and the address with it chosen (or given up)."""

    name: str
    count: int
    chosen: bool
    url: str


@dataclass(frozen=True)
class Facet:
    """A way to narrow the search."""

    title: str
    entries: tuple[Choice, ...]
    open: bool


@dataclass(frozen=True)
class Wanted:
    """What the reader looks for."""

    text: str
    chosen: dict[str, str]
    order: SearchOrder
    page: int
    all: bool

    @property
    def searching(self) -> bool:
        """Whether results are shown, and not the front."""
        return bool(self.text or self.chosen or self.all)

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """The fields that a new search keeps."""
        kept = list(self.chosen.items())
        return kept + ([("order", self.order)] if self.order != "best" else [])

    def address(self, **changes: str) -> str:
        """The query string with single fields changed ("": left out)."""
        given = {"q": self.text, **self.chosen, "order": self.order if self.order != "best" else ""}
        if self.all:
            given["all"] = "1"
        query = QueryDict(mutable=True)
        for name, value in {**given, **changes}.items():
            if value:
                query[name] = value
        return f"?{query.urlencode()}"


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The plaza, or what a search found."""
    asked = _wanted(request.GET)
    found = _find(asked)
    context: dict[str, Any] = {"asked": asked, "found": found}
    context |= _results(asked, found) if asked.searching else _front(asked)
    return swapped(request, "opendata/_found.html", "opendata/home.html", context, target="found")


def _wanted(data: QueryDict) -> Wanted:
    def text(name: str, most: int = 80) -> str:
        return data.get(name, "")[:most].replace("\x00", "").strip()

    page, order = text("page", 8), text("order")
    return Wanted(
        text=text("q", 200),
        chosen={name: value for name in _FACETS if (value := text(name))},
        order=cast(SearchOrder, order) if order in get_args(SearchOrder) else "best",
        page=min(max(1, int(page)), _MOST_PAGE) if page.isascii() and page.isdigit() else 1,
        all=bool(text("all", 1)),
    )


def _find(asked: Wanted) -> Found:
    chosen = {name: value for name, value in asked.chosen.items() if name != "map"}
    return queries.find(
        text=asked.text,
        language=language(),
        has_map=True if asked.chosen.get("map") else None,
        order=asked.order,
        page=asked.page,
        size=_SIZE if asked.searching else 1,
        **chosen,
    )


def _front(asked: Wanted) -> dict[str, Any]:
    counted = {one.code: one.count for one in queries.categories()}
    used = [one for one in queries.find(order="used", size=_FEW).cards if one.uses]
    return {
        "categories": [
            Choice(category_name(code), counted.get(code, 0), False, asked.address(category=code))
            for code in CATEGORIES
        ],
        "newest": queries.newest(limit=_FEW),
        "used": used,
    }


def _results(asked: Wanted, found: Found) -> dict[str, Any]:
    orders: list[tuple[str, str]] = [
        (_("Best match"), asked.address(order="")),
        (_("Newest"), asked.address(order="new")),
        (_("Title"), asked.address(order="title")),
        (_("Most used"), asked.address(order="used")),
    ]
    paginator = Paginator(range(found.total), _SIZE)
    return {
        "facets": _facets(asked, found),
        "chips": _chips(asked, found),
        "order": orders,
        "order_now": asked.address(),
        "pages": paginator.get_page(asked.page),
    }


def _facets(asked: Wanted, found: Found) -> list[Facet]:
    titles = {
        "category": _("Field"),
        "office": _("Office"),
        "format": _("Format"),
        "map": _("Map"),
        "licence": _("Licence"),
        "origin": _("Where it comes from"),
    }
    made = []
    for name, title in titles.items():
        entries = tuple(
            Choice(one.name, one.count, one.chosen, asked.address(**{name: "" if one.chosen else one.code}))
            for one in found.facets.get(name, ())
            if one.count or one.chosen
        )
        if entries:
            made.append(Facet(title, entries, open=name in {"category", "format"} or name in asked.chosen))
    return made


def _chips(asked: Wanted, found: Found) -> list[Chip]:
    names = {(name, one.code): one.name for name, entries in found.facets.items() for one in entries}
    chips = [Chip(_("Words: %(words)s") % {"words": asked.text}, asked.address(q=""))] if asked.text else []
    return chips + [
        Chip(names.get((name, value), _("On a map") if name == "map" else value), asked.address(**{name: ""}))
        for name, value in asked.chosen.items()
    ]
