"""Pages of the sources: the catalogue and one source for everyone; letters and acts for those who look after it."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from maru.commons.sources import access, drift, words
from maru.commons.sources.contracts_pages import Filters
from maru.commons.sources.operations import sources as operations
from maru.commons.sources.queries import catalogue as catalogue_queries
from maru.commons.sources.queries import pages
from maru.platform.access.refusals import Invalid

_ACTS = {
    "pause": (operations.pause, lambda: _("It is paused. Nobody asks it until it is resumed.")),
    "resume": (operations.resume, lambda: _("It is asked again from now on.")),
    "run": (operations.ask_now, lambda: _("It is asked within a few seconds.")),
    "retry": (operations.ask_retry, lambda: _("The letters are read again within a few seconds.")),
}


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """All sources, narrowed and ordered by the query string; works without a script."""
    filters = Filters(
        text=request.GET.get("q", "")[:100].replace("\x00", ""),
        state=request.GET.get("state", "")[:20],
        category=request.GET.get("category", "")[:20],
        office=request.GET.get("office", "")[:60],
        grade=request.GET.get("grade", "")[:10],
        order=request.GET.get("order", "title")[:10],
    )
    context = {
        "found": catalogue_queries.catalogue(filters),
        "filters": filters,
        "orders": words.ORDERS.items(),
        "data": {"ages": words.age_units(), "states": _state_words(), "tones": words.STATE_TONES},
    }
    return render(request, "sources/catalogue.html", context)


@require_safe
def ages(request: HttpRequest) -> JsonResponse:
    """How all sources are now, for pages that follow."""
    answer = JsonResponse(catalogue_queries.ages())
    patch_cache_control(answer, public=True, max_age=2)
    return answer


@require_safe
def source(request: HttpRequest, name: str) -> HttpResponse:
    """One source."""
    return render(request, "sources/source.html", _page(request, name))


@require_safe
def now(request: HttpRequest, name: str) -> HttpResponse:
    """The part of its page that moves."""
    return render(request, "sources/_now.html", _page(request, name))


@require_safe
def letters(request: HttpRequest, name: str) -> HttpResponse:
    """What it sent and nobody could read, for those who look after it."""
    found, _person = access.kept_source(request, name)
    context = {
        "page": pages.source_page(found),
        "letters": pages.letters(found),
        "assumed": drift.assumed(found),
    }
    answer = render(request, "sources/letters.html", context)
    answer.headers.setdefault("Cache-Control", "private, no-store")
    return answer


@require_safe
def raw_letter(request: HttpRequest, name: str, letter: int) -> HttpResponse:
    """The bytes of one dead letter as they came, as a file."""
    found, _person = access.kept_source(request, name)
    row = access.letter(found, letter)
    answer = HttpResponse(bytes(row.raw), content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="{found.name}-{row.pk}.bin"'
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_POST
def act(request: HttpRequest, name: str) -> HttpResponse:
    """Pause, resume, ask now, read letters again."""
    found, person = access.kept_source(request, name)
    what = request.POST.get("act", "")
    if what not in _ACTS:
        raise Invalid("act", _("There is no such act."))
    operation, said = _ACTS[what]
    operation(source=found, by=person)
    catalogue_queries.forget()
    messages.success(request, said())
    return redirect("sources:letters" if what == "retry" else "sources:source", name=found.name)


@require_POST
def columns(request: HttpRequest, name: str) -> HttpResponse:
    """Decide what a column is that was taken for a missing one."""
    found, person = access.kept_source(request, name)
    column, what = request.POST.get("column", "")[:120], request.POST.get("act", "")
    if what == "accept":
        drift.accept(source=found, column=column, by=person, home=settings.MARU.home)
        messages.success(request, _("It is the column's new name from now on."))
    elif what == "reject":
        drift.reject(source=found, column=column, by=person, home=settings.MARU.home)
        messages.success(request, _("It is left out. Records wait as dead letters until the column is back."))
    else:
        raise Invalid("act", _("There is no such act."))
    catalogue_queries.forget()
    return redirect("sources:letters", name=found.name)


def _page(request: HttpRequest, name: str) -> dict[str, object]:
    page = pages.source_page(access.source(name))
    data = {"ages": words.age_units(), "states": _state_words(), "tones": words.STATE_TONES}
    return {
        "page": page,
        "keeps": access.may_keep(request, page.office_id),
        "data": data,
        "every": words.age(page.every_s),
        "fresh": words.age(page.card.fresh_s),
        "kept_percent": None if page.kept is None else f"{100 * page.kept:.1f}",
    }


def _state_words() -> dict[str, str]:
    return {code: str(title) for code, title in words.STATES.items()}
