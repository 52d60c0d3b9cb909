"""The map of a dataset; its points come from the GeoJSON file by what lies in sight. The same places stand as a list below."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from maru.platform.access.refusals import NotFound
from maru.platform.ports.lake.contracts import LakeFault
from maru.services.opendata import access
from maru.services.opendata.contracts import DatasetView
from maru.services.opendata.engine.charts import newest_telling
from maru.services.opendata.engine.contracts import QueryFault
from maru.services.opendata.queries import datasets as queries
from maru.services.opendata.views import asked as asking
from maru.services.opendata.views.cells import rows_of
from maru.services.opendata.views.frame import frame_of, heads, language
from maru.services.opendata.views.orders import in_order

MOST_FEATURES = 5_000
_LIST = 25


@require_safe
def map_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The map with the sheet's filters, and its list twin."""
    view, context = frame_of(request, slug, "map")
    if not view.card.has_map:
        raise NotFound(_("This dataset has no places."))
    data, newest = _asked_or_newest(request, view)
    wanted = asking.read(data, view.columns)
    wanted.size = _LIST
    rows: list[Any] = []
    total = 0
    if not wanted.faults:
        found, _view = queries.sheet_of(slug, viewer=access.reader(request), as_of=wanted.as_of)
        try:
            page = found.page(in_order(wanted.query(), view))
            total = page.total
            rows = rows_of(page.rows, page.columns, [""] * len(page.columns))
        except QueryFault as fault:
            wanted.faults[fault.field] = fault.reason
    times = {one.name for one in view.columns if one.type == "datetime"}
    address = reverse("opendata:file", args=[slug, slug, "geojson"])
    query = wanted.address(page=None, after=None, size=None, facet=None)
    context |= {
        "chips": asking.read(request.GET, view.columns).chips(language()),
        "newest": newest,
        "earlier_url": asking.read(request.GET, view.columns).address() + _since(view) if newest else "",
        "rows": rows,
        "total": total,
        "columns": heads(view, wanted.shown),
        "pages": Paginator(range(total), _LIST).get_page(wanted.page),
        "data": {
            "address": address + (query if query != "?" else ""),
            "most": MOST_FEATURES,
            "bounds": list(view.bounds) if view.bounds else None,
            "columns": [
                {"name": one.name, "title": one.title, "unit": one.unit, "time": one.name in times}
                for one in heads(view)
            ],
            "lang": get_language() or settings.LANGUAGE_CODE,
            "timeZone": getattr(timezone.get_current_timezone(), "key", "UTC"),
            "words": {
                "title": _("Map"),
                "nearer": _("Nearer"),
                "farther": _("Farther"),
                "all": _("{n} places are drawn."),
                "part": _("{n} of {total} places are drawn; come nearer to see the others."),
                "failed": _("The places could not be fetched. The list below says the same."),
            },
        },
    }
    return render(request, "opendata/map.html", context, status=422 if wanted.faults else 200)


def _asked_or_newest(request: HttpRequest, view: DatasetView) -> tuple[QueryDict, dt.datetime | None]:
    """What is asked for; of places that are told again and again, the newest telling, if no time is asked for."""
    data: QueryDict = request.GET
    asked = any(name == view.time or name.startswith(f"{view.time}.") for name in data)
    if asked or "as_of" in data or view.time not in view.key:
        return data, None
    try:
        rows, _view = queries.sheet_of(view.slug, viewer=access.reader(request))
        newest = newest_telling(rows, view.time)
    except LakeFault:
        return data, None
    if newest is None:
        return data, None
    narrowed = QueryDict(data.urlencode(), mutable=True)
    narrowed[f"{view.time}.from"] = asking.raw_of(newest)
    return narrowed, newest


def _since(view: DatasetView) -> str:
    since = asking.raw_of(view.since) if view.since else "1900-01-01"
    return f"&{urlencode({f'{view.time}.from': since})}"
