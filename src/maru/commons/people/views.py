"""Pages of accounts: one's own, and those for administrators."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import logout
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from maru.commons.people import access, operations, queries
from maru.commons.people.forms import AuditFilter, DeleteForm, GrantForm, PeopleFilter, ProfileForm
from maru.platform.access.refusals import Refusal
from maru.platform.access.roles import signed_in_page, staff_page
from maru.platform.audit.queries import entries

_PER_PAGE = 50


@require_http_methods(["GET", "POST"])
@signed_in_page
def profile(request: HttpRequest) -> HttpResponse:
    """One's own data."""
    person = access.own_account(request)
    form = ProfileForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        operations.edit_profile(person=person, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("profile")
    return render(request, "people/profile.html", {"form": form, "person": person})


@require_http_methods(["GET", "POST"])
@signed_in_page
def delete(request: HttpRequest) -> HttpResponse:
    """Delete one's own account."""
    person = access.own_account(request)
    form = DeleteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            operations.erase_person(person=person, email=form.cleaned_data["email"])
        except Refusal as refusal:
            form.add_error("email" if refusal.field == "email" else None, str(refusal))
        else:
            logout(request)
            messages.success(request, _("Your account is deleted."))
            return redirect("home")
    return render(request, "people/delete.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
@staff_page("administrator")
def people(request: HttpRequest) -> HttpResponse:
    """Search accounts."""
    form = PeopleFilter(request.GET or None)
    wanted = form.cleaned_data if form.is_valid() else {"q": "", "role": ""}
    found = queries.find_people(words=wanted["q"], role=wanted["role"])
    page = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "people/people.html", {"form": form, "page": page})


@require_GET
@staff_page("administrator")
def person(request: HttpRequest, key: int) -> HttpResponse:
    """One account and its roles."""
    return _person_page(request, key, GrantForm())


@require_POST
@staff_page("administrator")
def grant(request: HttpRequest, key: int) -> HttpResponse:
    """Give a role."""
    someone = access.account(request, key)
    form = GrantForm(request.POST)
    if form.is_valid():
        try:
            operations.grant_role(person=someone, by=access.own_account(request), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            messages.success(request, _("The role was given."))
            return redirect("person", key=key)
    return _person_page(request, key, form, status=422)


@require_POST
@staff_page("administrator")
def revoke(request: HttpRequest, key: int, grant_key: int) -> HttpResponse:
    """Take a role."""
    someone = access.account(request, key)
    operations.revoke_role(grant=access.grant_of(request, someone, grant_key), by=access.own_account(request))
    messages.success(request, _("The role was taken."))
    return redirect("person", key=key)


@require_POST
@staff_page("administrator")
def set_active(request: HttpRequest, key: int) -> HttpResponse:
    """Close or open an account."""
    someone = access.account(request, key)
    operations.set_active(
        person=someone, active=request.POST.get("active") == "1", by=access.own_account(request)
    )
    return redirect("person", key=key)


@require_GET
@staff_page("administrator")
def audit(request: HttpRequest) -> HttpResponse:
    """Everything staff did."""
    form = AuditFilter(request.GET or None)
    wanted = form.cleaned_data if form.is_valid() else {"actor": "", "act": "", "target": ""}
    page = Paginator(entries(**wanted), _PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    names = queries.names_of({entry.actor for entry in shown})
    rows = [{"entry": entry, "who": names.get(entry.actor, entry.actor)} for entry in shown]
    return render(request, "people/audit.html", {"form": form, "page": page, "rows": rows})


def _person_page(request: HttpRequest, key: int, form: GrantForm, status: int = 200) -> HttpResponse:
    someone = access.account(request, key)
    is_self = someone.pk == request.user.pk
    context = {"someone": someone, "form": form, "is_self": is_self, "tokens": queries.tokens_of(someone)}
    return render(request, "people/person.html", context, status=status)
