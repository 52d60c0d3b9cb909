"""A dataset as a file: whole or filtered as the sheet is, as it is now or was on a date; streamed, never held."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from maru.platform.access.limits import party_of
from maru.platform.access.refusals import Invalid, NotFound
from maru.platform.ports.lake.contracts import LakeFault
from maru.services.opendata import access
from maru.services.opendata.contracts import FORMATS, DatasetView, Format
from maru.services.opendata.engine.contracts import QueryFault
from maru.services.opendata.engine.exports import CONTENT_TYPES, MOST_XLSX_ROWS, export
from maru.services.opendata.engine.features import features
from maru.services.opendata.engine.gate import Full, gate
from maru.services.opendata.engine.sheets import Sheet
from maru.services.opendata.etags import matches
from maru.services.opendata.operations.uses import note_download
from maru.services.opendata.queries import datasets as queries
from maru.services.opendata.views import asked as asking
from maru.services.opendata.views.asked import Asked
from maru.services.opendata.views.frame import citation, frame_of
from maru.services.opendata.views.maps import MOST_FEATURES

_END = object()
_SMALL = 5_000  # rows of a dataset whose files are made in a moment


@dataclass(frozen=True)
class FileChoice:
    """A format one can take."""

    name: str
    ending: str
    use: str
    url: str


@require_safe
def shelf(request: HttpRequest, slug: str) -> HttpResponse:
    """The formats, what each is good for, and the dataset as of a date."""
    view, context = frame_of(request, slug, "files")
    uses = {
        "csv": _("Spreadsheets and nearly every program; UTF-8"),
        "json": _("Programs; one object a row"),
        "parquet": _("Analysis: small, typed, fast (DuckDB, pandas, Spark)"),
        "xlsx": _("Excel and LibreOffice"),
        "geojson": _("Maps; WGS 84"),
    }
    names = {"csv": "CSV", "json": "JSON", "parquet": "Parquet", "xlsx": "Excel (XLSX)", "geojson": "GeoJSON"}
    context |= {
        "files": [
            FileChoice(names[one], one, uses[one], reverse("opendata:file", args=[slug, slug, one]))
            for one in view.card.formats
        ],
        "citation": citation(request, view.card),
    }
    return render(request, "opendata/files.html", context)


@require_safe
def as_of(request: HttpRequest, slug: str) -> HttpResponse:
    """From the form of the page to the address of the file."""
    view = queries.view_of(slug, viewer=access.reader(request))
    ending = request.GET.get("format", "csv")
    if ending not in view.card.formats:
        raise Invalid("format", _("This dataset is not given in this format."))
    wanted = asking.read(request.GET, view.columns)
    if wanted.faults or not wanted.as_of_text:
        raise Invalid("as_of", wanted.faults.get("as_of") or _("Please choose a date."))
    query = wanted.address(page=None, after=None, facet=None)
    return HttpResponseRedirect(reverse("opendata:file", args=[slug, slug, ending]) + query)


@require_safe
def file(request: HttpRequest, slug: str, name: str, ending: str) -> HttpResponseBase:
    """The file. 400 names the field that cannot be read; 404 for a format in which the dataset is not given."""
    if name != slug or ending not in FORMATS:
        raise NotFound
    view = queries.view_of(slug, viewer=access.reader(request))
    if ending not in view.card.formats:
        raise NotFound(_("This dataset is not given in this format."))
    wanted = asking.read(request.GET, view.columns)
    if wanted.faults:
        return _fault(*next(iter(wanted.faults.items())))
    try:
        rows, view = queries.sheet_of(slug, viewer=access.reader(request), as_of=wanted.as_of)
        if ending == "geojson" and "limit" in request.GET:
            return _in_sight(request, rows, wanted)
        return _whole(request, rows, view, wanted, ending)
    except QueryFault as fault:
        return _fault(fault.field, fault.reason)
    except LakeFault:
        return _fault("as_of", _("There is no version of that date."))


def _whole(
    request: HttpRequest, rows: Sheet, view: DatasetView, wanted: Asked, ending: Format
) -> HttpResponseBase:
    etag = quote_etag(f"{view.slug}-{rows.version}-{ending}-{hash_of(request)}")
    if matches(request.headers.get("If-None-Match", ""), etag):
        return HttpResponse(status=304, headers={"ETag": etag})
    if request.method != "HEAD":
        access.limit_files(request)
    if ending == "xlsx" and rows.count(wanted.where) > MOST_XLSX_ROWS:
        return _fault("format", _("Excel takes 1,048,575 rows; please filter, or take another format."))
    query = wanted.everything()
    pieces = export(ending, rows.stream(query), wanted.shown, bom="bom" in request.GET)
    if rows.rows > _SMALL and request.method != "HEAD":
        try:
            pieces = gate.through(party_of(request), pieces)
        except Full:
            return _busy()
    # The first piece is made now, so that a query that cannot run is an answer and not a broken file.
    first = b"" if request.method == "HEAD" else next(pieces, b"")
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse(content_type=CONTENT_TYPES[ending])
    elif isinstance(request, ASGIRequest):
        response = StreamingHttpResponse(_slowly(first, pieces), content_type=CONTENT_TYPES[ending])
    else:
        response = StreamingHttpResponse(_at_once(first, pieces), content_type=CONTENT_TYPES[ending])
    stem = f"{view.slug}-{wanted.as_of_text[:10]}" if wanted.as_of_text else view.slug
    response["Content-Disposition"] = f'attachment; filename="{stem}.{ending}"'
    response["ETag"] = etag
    response["Cache-Control"] = "no-cache"
    response["Access-Control-Allow-Origin"] = "*"
    response["X-Data-Version"] = str(rows.version)
    if request.method != "HEAD":
        note_download(slug=view.slug, format=ending)
    return response


def _in_sight(request: HttpRequest, rows: Sheet, wanted: Asked) -> HttpResponse:
    """What a map shows: at most ``limit`` features, and how many there are in all."""
    text = request.GET["limit"]
    limit = (
        min(int(text), MOST_FEATURES)
        if text.isascii() and text.isdigit() and len(text) < 8
        else MOST_FEATURES
    )
    wanted.page, wanted.after = 1, ""
    page = rows.page(wanted.query(limit=max(1, limit)))
    body = {
        "type": "FeatureCollection",
        "features": list(features(page.columns, page.rows)),
        "numberMatched": page.total,
        "numberReturned": len(page.rows),
    }
    response = HttpResponse(orjson.dumps(body), content_type=CONTENT_TYPES["geojson"])
    response["Cache-Control"] = "no-cache"
    response["Access-Control-Allow-Origin"] = "*"
    return response


def hash_of(request: HttpRequest) -> str:
    """A short name for the query string."""
    return hashlib.blake2b(request.META.get("QUERY_STRING", "").encode(), digest_size=6).hexdigest()


def _fault(field: str, reason: str) -> JsonResponse:
    return JsonResponse({"error": {"code": "invalid", "message": reason, "field": field}}, status=400)


def _busy() -> JsonResponse:
    message = _("Many large files are being made; please come back in a moment.")
    answer = JsonResponse({"error": {"code": "busy", "message": message}}, status=503)
    answer["Retry-After"] = "10"
    return answer


def _at_once(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from pieces


async def _slowly(first: bytes, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """A thread makes each piece: the server's loop never waits for the lake, and holds one piece at most."""

    def following() -> Any:
        return next(pieces, _END)

    yield first
    while True:
        piece = await sync_to_async(following, thread_sensitive=False)()
        if piece is _END:
            return
        yield piece
