"""API tokens: what they look like, and how one is known again on the Open API.

A token is ``maru_`` and 43 characters of chance (256 bits). Because nobody can guess that, a plain SHA-256 is
enough of a keeper, and finding it is one look into an index.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from maru.commons.people.models import ApiToken, Person
from maru.platform.access.refusals import SignInNeeded

_SHOWN = 12
# A busy program must not write to the database with each of its requests.
_NOTED_EVERY = timedelta(minutes=1)


class TokenRefused(SignInNeeded):
    """401: the token was never given, or is revoked, or expired, or its account is closed."""

    code = "bad_token"
    title = _("This token is not valid")
    advice = _("Make a new one on the page of your account.")


def new_token() -> tuple[str, str, str]:
    """A fresh token, its digest (64 hex digits), and the beginning by which its owner tells it from others."""
    token = f"maru_{secrets.token_urlsafe(32)}"
    return token, digest_of(token), token[:_SHOWN]


def digest_of(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def presented(request: HttpRequest) -> str | None:
    """The token that came with a request to the Open API ("" if the header names none); None without the header.

    Other schemes are not ours: a proxy before the house may ask for a password of its own.
    """
    if not request.path.startswith("/api/"):
        return None
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def speak(request: HttpRequest, token: str) -> Person:
    """The person for whom ``token`` speaks; marks the request (see ``by_token``). Raises TokenRefused."""
    now = timezone.now()
    found = ApiToken.objects.select_related("person").filter(digest=digest_of(token)).first()
    if found is None or not found.is_live or not found.person.is_active:
        raise TokenRefused
    if found.last_used_at is None or found.last_used_at < now - _NOTED_EVERY:
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=now)
    request.speaks_by_token = True  # type: ignore[attr-defined]  # read by by_token
    person = found.person
    person.vouched = found.vouched
    return person


def by_token(request: HttpRequest) -> bool:
    """Whether a token, not a browser's session, says who speaks: then no other site can have sent the request."""
    return bool(getattr(request, "speaks_by_token", False))
