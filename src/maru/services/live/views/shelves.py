"""Programmes and topics: what broadcasts are ordered by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from maru.platform.access.refusals import Refusal
from maru.services.live import access
from maru.services.live.forms import ProgrammeForm, TopicForm, refuse
from maru.services.live.operations import shelves as operations
from maru.services.live.queries import shelves as queries
from maru.services.live.views.replies import done, refused


@never_cache
@require_safe
def programmes(request: HttpRequest) -> HttpResponse:
    """All series."""
    access.producer(request)
    return render(request, "live/shelf_programmes.html", {"entries": queries.programmes()})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def programme_new(request: HttpRequest) -> HttpResponse:
    """A new series."""
    person = access.producer(request)

    def create(form: ProgrammeForm) -> str:
        operations.create_programme(
            slug=form.cleaned_data["slug"], titles=form.titles(), summaries=form.summaries(), by=person
        )
        return _("The programme is made.")

    form = ProgrammeForm(request.POST or None)
    return _edit(request, "live/shelf_programme.html", form, create, "live:programmes")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def programme(request: HttpRequest, slug: str) -> HttpResponse:
    """Address and words of one series."""
    person = access.producer(request)
    found = access.programme(slug)
    entry = queries.programme_entry(found)

    def edit(form: ProgrammeForm) -> str:
        operations.edit_programme(
            programme=found,
            slug=form.cleaned_data["slug"],
            titles=form.titles(),
            summaries=form.summaries(),
            by=person,
        )
        return _("Saved.")

    present = {"slug": entry.code, **ProgrammeForm.initial_words(entry.names, entry.summaries)}
    form = ProgrammeForm(request.POST or None, initial=present)
    return _edit(request, "live/shelf_programme.html", form, edit, "live:programmes", entry)


@require_POST
def programme_delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Remove a series that holds no broadcast."""
    person = access.producer(request)
    try:
        operations.delete_programme(programme=access.programme(slug), by=person)
    except Refusal as refusal:
        return refused(request, reverse("live:programmes"), refusal)
    return done(request, reverse("live:programmes"), _("The programme is deleted."))


@never_cache
@require_safe
def topics(request: HttpRequest) -> HttpResponse:
    """All topics."""
    access.producer(request)
    return render(request, "live/shelf_topics.html", {"entries": queries.topics()})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def topic_new(request: HttpRequest) -> HttpResponse:
    """A new topic."""
    person = access.producer(request)

    def create(form: TopicForm) -> str:
        operations.create_topic(code=form.cleaned_data["code"], names=form.names(), by=person)
        return _("The topic is made.")

    form = TopicForm(request.POST or None)
    return _edit(request, "live/shelf_topic.html", form, create, "live:topics")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def topic(request: HttpRequest, code: str) -> HttpResponse:
    """Code and names of one topic."""
    person = access.producer(request)
    found = access.topic(code)
    entry = queries.topic_entry(found)

    def edit(form: TopicForm) -> str:
        operations.edit_topic(topic=found, code=form.cleaned_data["code"], names=form.names(), by=person)
        return _("Saved.")

    present = {"code": entry.code, **TopicForm.initial_names(entry.names)}
    form = TopicForm(request.POST or None, initial=present)
    return _edit(request, "live/shelf_topic.html", form, edit, "live:topics", entry)


@require_POST
def topic_delete(request: HttpRequest, code: str) -> HttpResponse:
    """Remove a topic that no broadcast has."""
    person = access.producer(request)
    try:
        operations.delete_topic(topic=access.topic(code), by=person)
    except Refusal as refusal:
        return refused(request, reverse("live:topics"), refusal)
    return done(request, reverse("live:topics"), _("The topic is deleted."))


def _edit(
    request: HttpRequest,
    template: str,
    form: Any,
    act: Callable[[Any], str],
    shelf: str,
    entry: Any = None,
) -> HttpResponse:
    """Show the form; if it was sent, do ``act``, which says what was done, and go to the shelf."""
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                message = act(form)
            except Refusal as refusal:
                refuse(form, refusal)
            else:
                return done(request, reverse(shelf), message)
    return render(request, template, {"form": form, "entry": entry}, status=status)
