"""Notice of change as Atom: of all datasets, or of one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.http import http_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from maru.commons.offices.city import current_city
from maru.services.opendata import access
from maru.services.opendata.contracts import Change
from maru.services.opendata.queries import datasets as queries
from maru.services.opendata.views.frame import language


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """What is new, has new data, was described anew or was withdrawn."""
    title = _("Changes of the open data of %(city)s") % {"city": current_city().name}
    return _feed(request, queries.changes(limit=100), title, reverse("opendata:home"))


@require_safe
def dataset_changes(request: HttpRequest, slug: str) -> HttpResponse:
    """The same of one dataset."""
    view = queries.view_of(slug, viewer=access.reader(request))
    found = queries.changes(slug=slug, limit=100)
    return _feed(request, found, view.card.title, reverse("opendata:dataset", args=[slug]))


def _feed(request: HttpRequest, found: tuple[Change, ...], title: str, page: str) -> HttpResponse:
    def absolute(path: str) -> str:
        return request.build_absolute_uri(path)

    words = {
        "published": _("Published"),
        "data": _("New data"),
        "described": _("Described anew"),
        "withdrawn": _("Withdrawn"),
    }
    feed = Atom1Feed(
        title=title,
        link=absolute(page),
        description=title,
        language=language(),
        feed_url=absolute(request.path),
        author_name=current_city().name,
    )
    for one in found:
        # The address of the entry is its identity: it may never change.
        address = absolute(reverse("opendata:history", args=[one.slug]) + f"#e{one.number}")
        feed.add_item(
            title=f"{one.title}: {words[one.kind]}",
            link=address,
            description=one.text or words[one.kind],
            unique_id=address,
            pubdate=one.at,
            updateddate=one.at,
        )
    response = HttpResponse(content_type="application/atom+xml; charset=utf-8")
    feed.write(response, "utf-8")
    response["Cache-Control"] = "public, max-age=60"
    if found:
        response["Last-Modified"] = http_date(found[0].at.timestamp())
    return response
