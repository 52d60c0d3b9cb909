"""The sheet of a dataset: order, filters, values with exact counts, pages as deep as the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from maru.platform.ports.lake.contracts import LakeFault
from maru.services.opendata import access
from maru.services.opendata.contracts import DatasetView
from maru.services.opendata.engine.contracts import ColumnInfo, Page, QueryFault
from maru.services.opendata.engine.sheets import Sheet
from maru.services.opendata.queries import datasets as queries
from maru.services.opendata.views import asked as asking
from maru.services.opendata.views.asked import Asked
from maru.services.opendata.views.cells import rows_of, text_of
from maru.services.opendata.views.frame import frame_of, language, swapped
from maru.services.opendata.views.orders import in_order, usual_order

_VALUES = 20


@dataclass(frozen=True)
class SheetHead:
    """A column's head: where a press on it leads."""

    title: str
    unit: str
    number: bool
    sorted: str
    sort_url: str
    panel_url: str
    open: bool


@dataclass(frozen=True)
class PanelField:
    """A field of a column's filter."""

    id: str
    name: str
    label: str
    type: str
    value: str


@dataclass(frozen=True)
class PanelValue:
    """A value of a column and how many rows have it."""

    text: str
    count: int
    chosen: bool
    url: str


@dataclass(frozen=True)
class Panel:
    """Everything one can do with one column."""

    title: str
    unit: str
    sorted: str
    up_url: str
    down_url: str
    close_url: str
    fields: tuple[PanelField, ...]
    hidden: list[tuple[str, str]]
    empty_name: str
    empty: bool
    values: tuple[PanelValue, ...]
    more: bool


@dataclass(frozen=True)
class Choice:
    """A column to show or not."""

    name: str
    title: str
    shown: bool


@require_safe
def sheet(request: HttpRequest, slug: str) -> HttpResponse:
    """The sheet as the query string asks for it; 422 when it cannot be read."""
    view, context = frame_of(request, slug, "sheet")
    wanted = asking.read(request.GET, view.columns)
    # An address that asks for page 3 by number and by cursor is answered by the cursor; both say the same.
    rows, page = _page(request, view, wanted)
    total = page.total if page else 0
    last = max(1, -(-total // wanted.size))
    context |= {
        "asked": wanted,
        "fault_list": [(_fault_name(view, name), fault) for name, fault in wanted.faults.items()],
        "total": total,
        "newest_first": not wanted.order and any(one.descending for one in usual_order(view)),
        "pages": last,
        "rows": rows_of(page.rows, page.columns, [""] * len(page.columns)) if page else [],
        "columns": _heads(wanted),
        "all_columns": [
            Choice(one.name, asking.title_of(one, language()), one in wanted.shown) for one in view.columns
        ],
        "chips": wanted.chips(language()),
        "panel": _panel(rows, wanted) if rows and wanted.panel else None,
        "sizes": asking.SIZES,
        "now_url": wanted.address(as_of=None),
        "hidden_but_words": wanted.hidden("q"),
        "hidden_but_page": wanted.hidden("page", "size"),
        "hidden_but_show": wanted.hidden("show"),
        "hidden_but_as_of": wanted.hidden("as_of"),
        "files": _files(view, wanted),
        **_paging(wanted, page, last),
    }
    status = 422 if wanted.faults else 200
    return swapped(
        request, "opendata/_sheet.html", "opendata/sheet.html", context, target="sheet", status=status
    )


def _page(request: HttpRequest, view: DatasetView, wanted: Asked) -> tuple[Sheet | None, Page | None]:
    if wanted.faults:
        return None, None
    try:
        rows, _view = queries.sheet_of(view.slug, viewer=access.reader(request), as_of=wanted.as_of)
        return rows, rows.page(in_order(wanted.query(), view))
    except QueryFault as fault:
        wanted.faults[fault.field] = fault.reason
    except LakeFault:
        wanted.faults["as_of"] = _("There is no version of that date.")
    return None, None


def _fault_name(view: DatasetView, name: str) -> str:
    words = {"as_of": _("As of"), "bbox": _("Area"), "sort": _("Order"), "cursor": _("Page")}
    column = name.rpartition(".")[0] or name
    return words.get(name) or next(
        (asking.title_of(one, language()) for one in view.columns if one.name in {name, column}), name
    )


def _sorted(wanted: Asked, column: str) -> str:
    first = wanted.order[0] if wanted.order else None
    if first is None or first.column != column:
        return ""
    return "descending" if first.descending else "ascending"


def _heads(wanted: Asked) -> list[SheetHead]:
    made = []
    for column in wanted.shown:
        state = _sorted(wanted, column.name)
        following = {"": column.name, "ascending": f"-{column.name}", "descending": None}[state]
        opened = wanted.panel == column.name
        made.append(
            SheetHead(
                title=asking.title_of(column, language()),
                unit=asking.unit_of(column),
                number=column.type in {"integer", "number"},
                sorted=state,
                sort_url=wanted.address(sort=following),
                panel_url=wanted.address(facet=None if opened else column.name),
                open=opened,
            )
        )
    return made


def _panel(rows: Sheet, wanted: Asked) -> Panel | None:
    column = next((one for one in wanted.columns if one.name == wanted.panel), None)
    if column is None:
        return None
    fields = _fields(column, wanted)
    names = [one.name for one in fields] + [f"{column.name}.empty"]
    values, more = _values(rows, column, wanted)
    return Panel(
        title=asking.title_of(column, language()),
        unit=asking.unit_of(column),
        sorted=_sorted(wanted, column.name),
        up_url=wanted.address(sort=column.name),
        down_url=wanted.address(sort=f"-{column.name}"),
        close_url=wanted.address(facet=None),
        fields=fields,
        hidden=wanted.hidden(*names),
        empty_name=f"{column.name}.empty",
        empty=f"{column.name}.empty" in wanted.given,
        values=values,
        more=more,
    )


def _fields(column: ColumnInfo, wanted: Asked) -> tuple[PanelField, ...]:
    kinds = {"integer": "number", "number": "number", "date": "date", "datetime": "datetime-local"}

    def one(suffix: str, label: str, kind: str) -> PanelField:
        name = f"{column.name}.{suffix}"
        return PanelField(f"column-{suffix}", name, label, kind, (wanted.given.get(name) or [""])[0])

    if column.type == "text":
        return (one("has", _("Contains"), "text"),)
    if column.type in kinds:
        kind = kinds[column.type]
        return (one("from", _("From"), kind), one("to", _("To"), kind))
    return ()


def _values(rows: Sheet, column: ColumnInfo, wanted: Asked) -> tuple[tuple[PanelValue, ...], bool]:
    """The most frequent values among the rows that the other columns' filters leave."""
    other = asking.without_column(wanted, column.name)
    found = rows.facet(column.name, other.where, _VALUES + 1)
    # A measurement or a moment has nearly as many values as rows: counting them says nothing.
    if column.type in {"number", "datetime"} and len(found) > _VALUES:
        return (), False
    name = asking.field_name(column.name)
    chosen = wanted.given.get(name, [])
    made = []
    for one in found[:_VALUES]:
        if one.value is None:
            held = f"{column.name}.empty" in wanted.given
            url = (
                wanted.without(f"{column.name}.empty")
                if held
                else wanted.address(**{f"{column.name}.empty": "1"})
            )
            made.append(PanelValue(_("(empty)"), one.count, held, url))
            continue
        raw = asking.raw_of(one.value)
        held = raw in chosen
        url = wanted.without(name, raw) if held else wanted.with_value(column.name, raw)
        made.append(PanelValue(text_of(one.value, column), one.count, held, url))
    return tuple(made), len(found) > _VALUES


def _files(view: DatasetView, wanted: Asked) -> list[tuple[str, str]]:
    query = wanted.address(page=None, after=None, size=None, facet=None)
    return [
        (
            ending.upper(),
            reverse("opendata:file", args=[view.slug, view.slug, ending]) + (query if query != "?" else ""),
        )
        for ending in view.card.formats
    ]


def _paging(wanted: Asked, page: Page | None, last: int) -> dict[str, Any]:
    number = min(wanted.page, last)
    more = page is not None and number < last
    return {
        "previous_url": wanted.address(page=str(number - 1) if number > 2 else None, after=None)
        if number > 1
        else "",
        "next_url": wanted.address(page=str(number + 1), after=page.next or None) if more and page else "",
    }
