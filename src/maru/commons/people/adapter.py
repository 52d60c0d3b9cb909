"""How django-allauth is fitted into the house."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from maru.commons.people.models import Person


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Sign-in by e-mail; after it, only back to pages of this house."""

    def is_safe_url(self, url: str | None) -> bool:
        """Whether a ``next`` address stays in the house."""
        request: HttpRequest | None = self.request
        hosts = {request.get_host()} if request is not None else set()
        return bool(url) and url_has_allowed_host_and_scheme(url, hosts)


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Sign-in by an OpenID Connect provider: takes over name and nickname once, never a role."""

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> Person:
        """Fill a new account from what the provider says."""
        person: Person = super().populate_user(request, sociallogin, data)
        told = sociallogin.account.extra_data
        told = told.get("userinfo") or told.get("id_token") or told
        person.name = str(told.get("name") or "")[:100]
        person.nickname = str(told.get("nickname") or told.get("preferred_username") or "")[:40]
        person.language = getattr(request, "LANGUAGE_CODE", "")[:10]
        return person
