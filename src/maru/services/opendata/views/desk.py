"""The desk of officials: what waits, publishing from a source, a service or a file, describing, held files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from maru.commons.offices.queries import answering
from maru.commons.sources.licences import licence_words
from maru.platform.access.refusals import Invalid, NotFound, Refusal
from maru.services.opendata import access
from maru.services.opendata.contracts import CATEGORIES, Decision, Finding, LicenceView
from maru.services.opendata.engine.licences import CHOICES, licence_address, licence_title
from maru.services.opendata.forms import DatasetForm, ReasonForm, RowsForm, UploadForm
from maru.services.opendata.operations import describing, publishing, uploads
from maru.services.opendata.queries import datasets, origins
from maru.services.opendata.queries import desk as queries
from maru.services.opendata.queries import held as held_files
from maru.services.opendata.queries.views import category_name
from maru.services.opendata.views.replies import done, refused, status_of, tried

_PAGE = 50


@dataclass(frozen=True)
class FindingRow:
    """What was found in a column. ``mask``: leaving it out is proposed."""

    column: str
    title: str
    count: int
    percent: str
    examples: tuple[str, ...]
    certain: bool
    mask: bool


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What waits for a decision, and the datasets of this person's offices."""
    offices = queries.offices_of(access.publisher(request))
    pages = Paginator(queries.rows(office_ids=offices), _PAGE)
    page = pages.get_page(request.GET.get("page", "1"))
    context = {"held": held_files.held(office_ids=offices), "rows": page.object_list, "pages": page}
    return render(request, "opendata/desk.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest) -> HttpResponse:
    """Sources and offers; one press publishes one."""
    person = access.publisher(request)
    back = reverse("opendata:desk_publish")
    if request.method == "POST":
        name = request.POST.get("name", "")[:120].replace("\x00", "")
        act = publishing.publish_offer if request.POST.get("origin") == "offer" else publishing.publish_source
        try:
            access.check_office(person, origins.office_of(name, offered=act is publishing.publish_offer))
            made = act(name=name, by=person)
        except Refusal as refusal:
            return refused(request, back, refusal)
        return done(request, reverse("opendata:dataset", args=[made.slug]), _("It is published."))
    text = request.GET.get("q", "")[:100].replace("\x00", "")
    page = Paginator(origins.publishable(text=text), _PAGE).get_page(request.GET.get("page", "1"))
    names = {one.code: one.name for one in answering()}
    rows = [replace(one, office=names.get(one.office, one.office)) for one in page.object_list]
    context = {"here": _("Publish"), "rows": rows, "pages": page, "text": text}
    return render(request, "opendata/desk_publish.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """A file becomes a dataset, or waits if it seems to hold personal data."""
    person = access.publisher(request)
    form = UploadForm(request.POST or None, request.FILES or None, **_choices())

    def take(sent: UploadForm) -> HttpResponse:
        data = sent.cleaned_data
        access.check_office(person, data["office"])
        made = uploads.publish_upload(
            body=data["file"].read(),
            file_name=data["file"].name,
            by=person,
            titles=sent.titles(),
            summaries=sent.summaries(),
            category=data["category"],
            office=data["office"],
            licence=_licence(data["licence"]),
        )
        if made.state == "held":
            url = reverse("opendata:desk_held", args=[made.slug])
            return done(request, url, _("It is uploaded, and waits for a decision."))
        return done(request, reverse("opendata:dataset", args=[made.slug]), _("It is published."))

    answer = tried(request, form, take)
    context = {"here": _("Upload a file"), "form": form}
    return answer or render(request, "opendata/desk_upload.html", context, status=status_of(form))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Words, field, office, licence and columns of a dataset."""
    found, person = access.edited(request, slug)
    view = datasets.view_of(slug, viewer=access.reader(request))
    form = DatasetForm(
        request.POST or None,
        columns=view.columns,
        initial=DatasetForm.initial_of(view),
        **_choices(view.card.licence),
    )

    def save(sent: DatasetForm) -> HttpResponse:
        changes: dict[str, Any] = sent.description()
        if changes["office"] != (view.card.office.code if view.card.office else ""):
            access.check_office(person, changes["office"])
        if sent.cleaned_data["licence"] != view.card.licence.id:
            changes["licence"] = _licence(sent.cleaned_data["licence"])
        describing.edit(dataset=found, by=person, **changes)
        return done(request, request.path, _("Saved."))

    answer = tried(request, form, save)
    if answer is not None:
        return answer
    context = {
        "here": view.card.title,
        "card": view.card,
        "form": form,
        "withdrawing": ReasonForm(auto_id="withdraw_%s"),
        "rows_form": RowsForm(auto_id="rows_%s"),
    }
    return render(request, "opendata/desk_dataset.html", context, status=status_of(form))


@require_POST
def new_rows(request: HttpRequest, slug: str) -> HttpResponse:
    """A file with new rows; held like any other if it seems to hold personal data."""
    found, person = access.edited(request, slug)
    back = reverse("opendata:desk_dataset", args=[slug])
    form = RowsForm(request.POST, request.FILES)
    try:
        if found.origin != "upload" or not form.is_valid():
            raise Invalid("file", _("Please choose a file."))
        given = form.cleaned_data["file"]
        uploads.publish_upload(
            body=given.read(),
            file_name=given.name,
            by=person,
            dataset=found,
            complete=form.cleaned_data["complete"],
        )
    except Refusal as refusal:
        return refused(request, back, refusal)
    if any(one.slug == slug for one in held_files.held(office_ids=queries.offices_of(person))):
        message = _("It is uploaded, and waits for a decision.")
        return done(request, reverse("opendata:desk_held", args=[slug]), message)
    return done(request, reverse("opendata:history", args=[slug]), _("The new rows are published."))


@require_POST
def restore(request: HttpRequest, slug: str) -> HttpResponse:
    """Bring a withdrawn dataset back."""
    found, person = access.edited(request, slug)
    back = reverse("opendata:desk_dataset", args=[slug])
    try:
        describing.restore(dataset=found, by=person)
    except Refusal as refusal:
        return refused(request, back, refusal)
    return done(request, back, _("It is published."))


@require_POST
def withdraw(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a dataset from the plaza, with a reason."""
    found, person = access.edited(request, slug)
    try:
        describing.withdraw(dataset=found, reason=request.POST.get("reason", ""), by=person)
    except Refusal as refusal:
        return refused(request, reverse("opendata:desk_dataset", args=[slug]), refusal)
    return done(request, reverse("opendata:desk"), _("It is withdrawn."))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def held(request: HttpRequest, slug: str) -> HttpResponse:
    """A held file with what was found, masked; and the decision."""
    waiting, person = access.upload(request, slug)
    form = ReasonForm(request.POST or None)

    def decide(sent: ReasonForm) -> HttpResponse:
        decision = cast(Decision, request.POST.get("decision", ""))
        columns = tuple(dict.fromkeys(request.POST.getlist("columns")))
        if decision not in {"release", "reject", "mask"}:
            raise Invalid("decision", _("Please choose what happens with the file."))
        uploads.decide_held(
            upload=waiting,
            decision=decision,
            columns=columns if decision == "mask" else (),
            reason=sent.cleaned_data["reason"],
            by=person,
        )
        message = _("The file is rejected and deleted.") if decision == "reject" else _("It is published.")
        return done(request, reverse("opendata:desk"), message)

    answer = tried(request, form, decide)
    if answer is not None:
        return answer
    view = held_files.held_file(waiting.dataset.slug)
    if view is None:
        raise NotFound
    context = {
        "here": view.title,
        "held": view,
        "findings": [_finding(one) for one in view.findings],
        "form": form,
    }
    return render(request, "opendata/desk_held.html", context, status=status_of(form))


@never_cache
@require_safe
def remarks(request: HttpRequest) -> HttpResponse:
    """Open questions and defect reports of this person's offices."""
    offices = queries.offices_of(access.publisher(request))
    context = {"here": _("Questions and defects"), "remarks": queries.open_remarks(office_ids=offices)}
    return render(request, "opendata/desk_remarks.html", context)


def _finding(one: Finding) -> FindingRow:
    return FindingRow(
        column=one.column,
        title=one.title,
        count=one.count,
        percent=f"{one.share * 100:.3g}",
        examples=one.examples,
        certain=one.certain,
        mask=True,
    )


def _choices(own: LicenceView | None = None) -> dict[str, list[tuple[str, str]]]:
    licences = [(code, licence_words(code)) for code in CHOICES]
    if own is not None and own.id not in dict(licences):
        licences.insert(0, (own.id, own.name))
    return {
        "offices": [(one.code, one.name) for one in answering()],
        "categories": [(code, category_name(code)) for code in CATEGORIES],
        "licences": licences,
    }


def _licence(code: str) -> LicenceView:
    return LicenceView(code, licence_title(code), licence_address(code))
