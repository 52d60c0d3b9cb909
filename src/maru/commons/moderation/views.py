"""Pages of the moderators: blocked words and blocked writers. The queue of a broadcast is the room's own."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from maru.commons.moderation import access, operations, queries
from maru.commons.moderation.forms import TryForm, WordForm
from maru.platform.access.refusals import Refusal
from maru.platform.access.roles import staff_page


@require_GET
@staff_page("moderator")
def words(request: HttpRequest) -> HttpResponse:
    """The list."""
    return _page(request, WordForm())


@require_POST
@staff_page("moderator")
def add(request: HttpRequest) -> HttpResponse:
    """Block a word."""
    form = WordForm(request.POST)
    if form.is_valid():
        try:
            operations.add_word(by=access.moderator(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            messages.success(request, _("The word is blocked."))
            return redirect("blocked_words")
    return _page(request, form, status=422)


@require_POST
@staff_page("moderator")
def remove(request: HttpRequest, key: int) -> HttpResponse:
    """Take a word from the list."""
    operations.remove_word(word=access.word(request, key), by=access.moderator(request))
    messages.success(request, _("The word is no longer blocked."))
    return redirect("blocked_words")


@require_POST
@staff_page("moderator")
def lift(request: HttpRequest, key: int) -> HttpResponse:
    """End a block."""
    operations.lift_block(block=access.block(request, key), by=access.moderator(request))
    messages.success(request, _("The block is lifted."))
    return redirect("blocked_words")


def _page(request: HttpRequest, form: WordForm, status: int = 200) -> HttpResponse:
    trial = TryForm(request.GET if request.GET.get("text") else None)
    verdict = operations.check_text(trial.cleaned_data["text"]) if trial.is_valid() else None
    page = Paginator(queries.words(), 100).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "trial": trial,
        "verdict": verdict,
        "page": page,
        "blocks": list(queries.blocks()[:100]),
    }
    return render(request, "moderation/words.html", context, status=status)
