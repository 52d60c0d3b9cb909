"""API tokens: the page of one's own, and the administrators' way to take back those of others."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from maru.commons.people import access, operations, queries
from maru.commons.people.forms import TokenForm
from maru.platform.access.limits import declare, limit
from maru.platform.access.refusals import Refusal
from maru.platform.access.roles import signed_in_page, staff_page

MAKE_TOKEN = declare("people.token", times=20, seconds=3600)


@require_http_methods(["GET", "POST"])
@signed_in_page
def tokens(request: HttpRequest) -> HttpResponse:
    """One's tokens; making one shows it in the answer to that very request, and never again."""
    person = access.token_holder(request)
    form = TokenForm(request.POST if request.method == "POST" else None)
    made = ""
    if request.method == "POST" and form.is_valid():
        limit(request, MAKE_TOKEN.name)
        try:
            made, _token = operations.create_token(person=person, by=person, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            form = TokenForm()
    context = {"form": form, "made": made, "tokens": queries.tokens_of(person)}
    return render(request, "people/tokens.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in_page
def revoke(request: HttpRequest, key: int) -> HttpResponse:
    """Take a token back at once."""
    # Whoever lost the second step must still be able to close what is open.
    person = access.own_account(request)
    operations.revoke_token(token=access.own_token(person, key), by=person)
    messages.success(request, _("The token is revoked."))
    return redirect("tokens")


@require_POST
@staff_page("administrator")
def revoke_of(request: HttpRequest, key: int, token_key: int) -> HttpResponse:
    """Take back a token of somebody."""
    someone = access.account(request, key)
    operations.revoke_token(token=access.own_token(someone, token_key), by=access.own_account(request))
    messages.success(request, _("The token is revoked."))
    return redirect("person", key=key)
