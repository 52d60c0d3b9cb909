"""The developers' corner: keys, examples, how much is used, apps that people made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from maru.platform.access.refusals import Refusal
from maru.platform.access.roles import require_person
from maru.services.opendata import access
from maru.services.opendata.forms import AppForm, KeyForm
from maru.services.opendata.operations import corner as operations
from maru.services.opendata.operations import keys as key_operations
from maru.services.opendata.queries import catalogue, datasets, keys
from maru.services.opendata.queries import corner as queries
from maru.services.opendata.queries.usage import usage
from maru.services.opendata.views.examples import Example, examples
from maru.services.opendata.views.replies import done, refused, status_of, tried

_MEETINGS = 4


@dataclass(frozen=True)
class Interface:
    """One of the ways to call the data."""

    name: str
    address: str
    use: str


@never_cache
@require_safe
def corner(request: HttpRequest) -> HttpResponse:
    """The corner's first page."""
    return _page(request)


def _page(request: HttpRequest, form: KeyForm | None = None, new_key: str = "") -> HttpResponse:
    person = access.person_of(request)
    here = reverse("opendata:developers")
    form = form or KeyForm()
    context = {
        "corner_tab": here,
        "examples": _examples(request),
        "interfaces": _interfaces(),
        "usage": usage(days=30),
        "signed_in": person is not None,
        "keys": keys.keys_of(person) if person else [],
        "key_form": form,
        "new_key": new_key,
        "sign_in_url": f"{reverse('account_login')}?{urlencode({'next': here})}",
        "meetings": queries.meetings()[:_MEETINGS],
    }
    return render(request, "opendata/developers.html", context, status=422 if form.errors else 200)


def _examples(request: HttpRequest) -> list[Example]:
    """Of the dataset that is used most: what is shown runs as it stands."""
    found = catalogue.find(order="used", size=1).cards
    if not any(one.uses for one in found):
        # Nobody has used anything yet: a dataset with places answers every interface.
        found = catalogue.find(order="rows", has_map=True, size=1).cards or found
    if not found:
        return []
    view = datasets.view_of(found[0].slug)
    return examples(view, base=request.build_absolute_uri("/").rstrip("/"))[:5]


def _interfaces() -> list[Interface]:
    return [
        Interface(
            _("Path"),
            "/openapi/{KEY}/json/{SERVICE}/1/5/",
            _("Old programs of the path grammar: change the host only"),
        ),
        Interface("REST", "/api/v1/datasets/{slug}/rows", _("New programs: cursors, filters, facets")),
        Interface("CKAN", "/api/3/action/datastore_search", _("ckanapi and harvesters")),
        Interface("SODA", "/resource/{slug}.json", _("Questions in the query string: $where, $group")),
        Interface("OGC API Features", "/ogc/collections", _("Maps: QGIS, ArcGIS, OpenLayers")),
        Interface("DCAT-AP, DCAT-US", "/catalog.jsonld", _("Other catalogues")),
        Interface(
            _("Everything at once"),
            reverse("opendata:bulk"),
            _("One file with all datasets, made each night"),
        ),
    ]


@require_POST
def key_new(request: HttpRequest) -> HttpResponse:
    """Make a key; the answer is the only place where it can be read."""
    person = require_person(request)
    form = KeyForm(request.POST)

    def make(sent: KeyForm) -> HttpResponse:
        access.limit_writing(request)
        made = key_operations.register_key(person=person, purpose=sent.cleaned_data["purpose"])
        return _page(request, new_key=made.key)

    return _private(tried(request, form, make) or _page(request, form))


@require_POST
def key_act(request: HttpRequest, number: int) -> HttpResponse:
    """Replace a key (the old one goes on for a week) or end it."""
    person = require_person(request)
    back = reverse("opendata:developers")
    try:
        if request.POST.get("act") == "rotate":
            made = key_operations.rotate_key(key_id=number, person=person)
            return _private(_page(request, new_key=made.key))
        key_operations.revoke_key(key_id=number, person=person)
    except Refusal as refusal:
        return refused(request, back, refusal)
    return done(request, back, _("The key is ended."))


@require_safe
def apps(request: HttpRequest) -> HttpResponse:
    """The showcase, and above it what this browser sent in."""
    device = access.reader(request).device
    mine = [one for one in queries.apps(device=device) if one.state != "published"] if device else []
    return render(request, "opendata/apps.html", {"apps": queries.apps(), "mine": mine})


@require_http_methods(["GET", "HEAD", "POST"])
def app_new(request: HttpRequest) -> HttpResponse:
    """Send an app in."""
    dataset = request.GET.get("dataset", "")[:80].replace("\x00", "")
    initial = {"datasets": f"/data/{dataset}/"} if dataset else {}
    form = AppForm(request.POST or None, kinds=queries.app_kinds(), initial=initial)

    def send(sent: AppForm) -> HttpResponse:
        access.limit_writing(request)
        data: dict[str, Any] = sent.cleaned_data
        operations.submit_app(
            datasets=sent.slugs(),
            person=access.person_of(request),
            device=access.speaker(request).device,
            **{name: data[name] for name in ("name", "summary", "address", "kind", "maker", "email")},
        )
        return done(request, reverse("opendata:apps"), _("Thank you. Someone of the city looks at it now."))

    answer = tried(request, form, send)
    return answer or render(request, "opendata/app_new.html", {"form": form}, status=status_of(form))


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    return response
