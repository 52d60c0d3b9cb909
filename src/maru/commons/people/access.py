"""The only way from a request to an account."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest

from maru.commons.people.models import ApiToken, Grant, Person, Role
from maru.platform.access.refusals import NotFound
from maru.platform.access.roles import require_person, require_role, require_second_factor


def own_account(request: HttpRequest) -> Person:
    """The signed-in person; SignInNeeded otherwise."""
    return cast(Person, require_person(request))


def token_holder(request: HttpRequest) -> Person:
    """The signed-in person; an official only with a second step, since a token opens what staff pages open."""
    person = own_account(request)
    if person.is_official:
        require_second_factor(person)
    return person


def own_token(person: Person, key: int) -> ApiToken:
    """A token of that person; NotFound otherwise."""
    found = ApiToken.objects.filter(pk=key, person=person).first()
    if found is None:
        raise NotFound
    return found


def account(request: HttpRequest, key: int) -> Person:
    """Any account, for an administrator; NotFound if there is none."""
    require_role(request, Role.ADMINISTRATOR)
    found = Person.objects.filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def grant_of(request: HttpRequest, person: Person, key: int) -> Grant:
    """One grant of that person, for an administrator."""
    require_role(request, Role.ADMINISTRATOR)
    found = Grant.objects.filter(pk=key, person=person).select_related("person", "office").first()
    if found is None:
        raise NotFound
    return found
