"""How django-allauth is fitted into the house."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Sign-in by e-mail; after it, only back to pages of this house."""

    def is_safe_url(self, url: str | None) -> bool:
        """Whether a ``next`` address stays in the house."""
        request: HttpRequest | None = self.request
        hosts = {request.get_host()} if request is not None else set()
        return bool(url) and url_has_allowed_host_and_scheme(url, hosts)
