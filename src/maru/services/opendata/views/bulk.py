"""Everything at once: the page of the nightly file, and its unchanging address."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from maru.platform.access.refusals import NotFound
from maru.services.opendata.queries.bulk import read_index


@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """What the file holds, how large it is, how to check it."""
    address = request.build_absolute_uri("latest.zip")
    return render(request, "opendata/bulk.html", {"bulk": read_index(), "command": f"curl -LO {address}"})


@never_cache
@require_safe
def latest(_request: HttpRequest) -> HttpResponse:
    """To the file of the last night, for programs that come every day."""
    found = read_index()
    if found is None:
        raise NotFound(_("The first file is made tonight."))
    answer = HttpResponseRedirect(found.address)
    answer["Access-Control-Allow-Origin"] = "*"
    return answer
