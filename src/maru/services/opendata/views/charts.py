"""The chart of a dataset, and the same numbers as a table. What is drawn is chosen by the query string."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any, cast, get_args

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from maru.platform.ports.lake.contracts import LakeFault
from maru.services.opendata import access
from maru.services.opendata.contracts import DatasetView
from maru.services.opendata.engine import charts as engine
from maru.services.opendata.engine.charts import Chart, Drawing
from maru.services.opendata.engine.contracts import Aggregate, ColumnInfo, QueryFault
from maru.services.opendata.queries import datasets as queries
from maru.services.opendata.views import asked as asking
from maru.services.opendata.views.asked import Asked
from maru.services.opendata.views.cells import number_text, text_of
from maru.services.opendata.views.frame import frame_of, language, swapped

_NUMBERS = {"integer", "number"}
_TIMES = {"date", "datetime"}
_FEWEST = 3  # moments that make a line
_LARGE = 10  # from here on two decimals tell numbers apart
_OPEN = 12  # rows of the table twin that need no unfolding


@dataclass(frozen=True)
class Select:
    """A choice above the chart."""

    name: str
    label: str
    value: str
    choices: list[tuple[str, str]]


@dataclass(frozen=True)
class Shown:
    """The chart for the script (``data``) and its numbers for everyone (``heads``, ``rows``)."""

    title: str = ""
    note: str = ""
    heads: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)


@require_safe
def chart(request: HttpRequest, slug: str) -> HttpResponse:
    """The chart, with the sheet's filters."""
    view, context = frame_of(request, slug, "chart")
    wanted = asking.read(request.GET, view.columns)
    drawn = _chosen(view, request.GET)
    shown = Shown()
    if drawn is not None and not wanted.faults:
        drawn, shown = _draw(request, view, drawn, wanted)
    names = ("x", "y", "how", "by", "unit")
    context |= {
        "asked": wanted,
        "selects": _selects(view, drawn) if drawn else [],
        "hidden": wanted.hidden(),
        "chips": wanted.chips(language()),
        "drawing": shown,
        "few": len(shown.rows) <= _OPEN,
        "kept": [(name, request.GET.get(name, "")) for name in names],
    }
    status = 422 if wanted.faults else 200
    return swapped(
        request, "opendata/_chart.html", "opendata/chart.html", context, target="chart", status=status
    )


def _chosen(view: DatasetView, data: QueryDict) -> Chart | None:
    """The chart that fits the data, changed by what the reader chose."""
    first = engine.choose(view.columns, view.time, view.key)
    if first is None:
        return None
    known = {column.name: column for column in view.columns}
    x = known.get(data.get("x", first.x), known[first.x])
    wanted_y = data.get("y", first.y if x.name == first.x else "")
    y = known.get(wanted_y)
    by = known.get(data.get("by", first.by))
    how = data.get("how", first.aggregate)
    aggregate = cast(Aggregate, how) if how in get_args(Aggregate) else "avg"
    if y is None or (y.type not in _NUMBERS and aggregate in {"avg", "sum"}):
        aggregate = "count" if y is None else "count_distinct"
    elif aggregate == "count" and "how" not in data:
        aggregate = "avg"
    unit = data.get("unit", "")
    kind: engine.Kind = (
        "line" if x.type in _TIMES else "histogram" if x.type in _NUMBERS and y is None else "bar"
    )
    return Chart(
        kind=kind,
        x=x.name,
        y=y.name if y and kind != "histogram" else "",
        by=by.name if by and kind == "line" and by.name != x.name else "",
        aggregate=aggregate,
        bucket=next((one for one in engine.BUCKETS if one == unit and kind == "line"), ""),
    )


def _selects(view: DatasetView, drawn: Chart) -> list[Select]:
    def title(column: ColumnInfo) -> str:
        unit = f" ({asking.unit_of(column)})" if asking.unit_of(column) else ""
        return asking.title_of(column, language()) + unit

    plain = [column for column in view.columns if not column.role]
    numbers = [column for column in plain if column.type in _NUMBERS]
    words = [column for column in plain if column.type in {"text", "boolean"}]
    made = [
        Select("x", _("Along"), drawn.x, [(one.name, title(one)) for one in plain]),
        Select(
            "y", _("Show"), drawn.y, [("", _("number of rows")), *((one.name, title(one)) for one in numbers)]
        ),
    ]
    if drawn.y:
        made.append(Select("how", _("As"), drawn.aggregate, list(_how_words().items())))
    if drawn.kind == "line":
        buckets = [("", _("what fits")), *_bucket_words().items()]
        made.append(Select("unit", _("Step"), drawn.bucket, buckets))
        if words:
            made.append(
                Select(
                    "by",
                    _("A line for each"),
                    drawn.by,
                    [("", _("all together")), *((one.name, title(one)) for one in words)],
                )
            )
    return made


def _how_words() -> dict[str, str]:
    return {
        "avg": _("mean"),
        "sum": _("sum"),
        "min": _("smallest"),
        "max": _("largest"),
        "count": _("number of values"),
        "count_distinct": _("different values"),
    }


def _bucket_words() -> dict[str, str]:
    return {"minute": _("minute"), "hour": _("hour"), "day": _("day"), "month": _("month"), "year": _("year")}


def _draw(request: HttpRequest, view: DatasetView, drawn: Chart, wanted: Asked) -> tuple[Chart, Shown]:
    zone = getattr(timezone.get_current_timezone(), "key", "UTC")
    try:
        rows, _view = queries.sheet_of(view.slug, viewer=access.reader(request), as_of=wanted.as_of)
        drawing = engine.draw(rows, drawn, wanted.where, zone)
        if "x" not in request.GET and _has_no_course(drawing):
            other = engine.standing(rows, view.key)
            if other is not None:
                drawn, drawing = other, engine.draw(rows, other, wanted.where, zone)
        return drawn, _shown(drawing, zone)
    except QueryFault as fault:
        wanted.faults[fault.field] = fault.reason
    except LakeFault:
        wanted.faults["as_of"] = _("There is no version of that date.")
    return drawn, Shown()


def _has_no_course(drawing: Drawing) -> bool:
    """Whether a line would be a dot or two."""
    if drawing.chart.kind != "line":
        return False
    return len({x for one in drawing.series for x, _y in one.points}) < _FEWEST


def _shown(drawing: Drawing, zone: str) -> Shown:
    ends: list[Any] = (
        sorted({x for series in drawing.series for x, _y in series.points})
        if drawing.chart.kind == "line"
        else [x for series in drawing.series for x, _y in series.points]
    )
    tables = [dict(series.points) for series in drawing.series]
    unit = (
        ""
        if drawing.chart.aggregate in {"count", "count_distinct"} or drawing.y is None
        else asking.unit_of(drawing.y)
    )
    measure = _measure(drawing)
    lines = [
        {
            "label": series.name or measure,
            "unit": unit or _("rows") if drawing.y is None else unit,
            "values": [_plain(table.get(x)) for x in ends],
        }
        for series, table in zip(drawing.series, tables, strict=True)
    ]
    labels = [_label(x, drawing) for x in ends]
    highest = max((abs(y) for table in tables for y in table.values() if y is not None), default=0)
    places = 2 if highest >= _LARGE else 5
    time = drawing.chart.kind == "line"
    suffix = f" ({unit})" if unit else ""
    return Shown(
        title=_title(drawing, measure),
        note=_("%(n)d more are not drawn.") % {"n": drawing.rest} if drawing.rest else "",
        heads=[asking.title_of(drawing.x, language()), *(f"{line['label']}{suffix}" for line in lines)],
        rows=[
            [
                label,
                *(
                    "–" if table.get(x) is None else number_text(_plain(table[x]) or 0, places=places)
                    for table in tables
                ),
            ]
            for x, label in zip(ends, labels, strict=True)
        ],
        data={
            "x": [_seconds(x) for x in ends] if time else list(range(len(ends))),
            "names": [] if time else labels,
            "time": time,
            "xLabel": asking.title_of(drawing.x, language()),
            "bars": not time,
            "lines": lines,
            "lang": get_language() or settings.LANGUAGE_CODE,
            "timeZone": zone if drawing.x.type == "datetime" else "UTC",
        },
    )


def _measure(drawing: Drawing) -> str:
    if drawing.y is None:
        return _("number of rows")
    how = _how_words()[drawing.chart.aggregate]
    return f"{asking.title_of(drawing.y, language())}, {how}"


def _title(drawing: Drawing, measure: str) -> str:
    x = asking.title_of(drawing.x, language())
    bucket = _bucket_words().get(drawing.chart.bucket, "")
    title = _("%(measure)s by %(step)s") % {"measure": measure, "step": bucket or x}
    return title[:1].upper() + title[1:]


def _label(x: Any, drawing: Drawing) -> str:
    if drawing.chart.kind == "histogram":
        return number_text(float(x), places=2)
    if isinstance(x, dt.datetime) and drawing.chart.bucket in {"day", "month", "year"}:
        local = timezone.localtime(x) if timezone.is_aware(x) else x
        return {"day": f"{local:%Y-%m-%d}", "month": f"{local:%Y-%m}", "year": f"{local:%Y}"}[
            drawing.chart.bucket
        ]
    return text_of(x, replace(drawing.x, unit="")) or _("(empty)")


def _seconds(x: Any) -> float:
    if isinstance(x, dt.datetime):
        return x.timestamp() if timezone.is_aware(x) else x.replace(tzinfo=dt.UTC).timestamp()
    return dt.datetime.combine(x, dt.time.min, dt.UTC).timestamp()


def _plain(value: Any) -> float | int | None:
    if value is None:
        return None
    number = float(value)
    if number != number or abs(number) == float("inf"):
        return None
    return int(number) if number.is_integer() and abs(number) < 1e15 else number
