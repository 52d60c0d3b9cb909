"""The only way to a staff page: ask for a role, get a refusal that says what is missing."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from maru.platform.access.refusals import NotAllowed, SecondFactorNeeded, SignInNeeded

Rest = ParamSpec("Rest")
View = Callable[Concatenate[HttpRequest, Rest], HttpResponse]


class StaffMember(Protocol):
    """What this module needs of an account."""

    pk: Any

    @property
    def is_authenticated(self) -> bool:
        """False for a stranger."""
        ...

    def has_role(self, role: str, office_id: int | None = None) -> bool:
        """Whether the role is held."""
        ...

    def has_second_factor(self) -> bool:
        """Whether signing in asks for more than a password."""
        ...


def require_person(request: HttpRequest) -> Any:
    """The signed-in person; SignInNeeded if there is none."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        raise SignInNeeded
    return user


def require_role(request: HttpRequest, *roles: str) -> Any:
    """The signed-in person if they hold any of ``roles`` and passed a second step where the city demands it."""
    person = cast(StaffMember, require_person(request))
    if not any(person.has_role(role) for role in roles):
        raise NotAllowed
    require_second_factor(person)
    return person


def require_second_factor(person: StaffMember) -> None:
    """SecondFactorNeeded unless the account has one or the city made it optional (MARU_STAFF_MFA)."""
    if settings.MARU.staff_mfa == "required" and not person.has_second_factor():
        raise SecondFactorNeeded


def staff_page(*roles: str) -> Callable[[View[Rest]], View[Rest]]:
    """Decorator of a view: ``require_role`` before anything else, and nothing of it kept in caches."""

    def decorate(view: View[Rest]) -> View[Rest]:
        @wraps(view)
        def inner(request: HttpRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
            require_role(request, *roles)
            response = view(request, *args, **kwargs)
            response.headers.setdefault("Cache-Control", "private, no-store")
            return response

        inner.required_roles = roles  # type: ignore[attr-defined]  # read by the invariant test of all URLs
        return cast("View[Rest]", inner)

    return decorate


def signed_in_page(view: View[Rest]) -> View[Rest]:
    """Decorator of a view for anyone signed in."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponse:
        require_person(request)
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    inner.required_roles = ("citizen",)  # type: ignore[attr-defined]  # read by the invariant test of all URLs
    return cast("View[Rest]", inner)
