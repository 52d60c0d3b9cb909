"""Devices: how the hall knows a citizen without an account, so that one device is one vote.

A signed cookie holds a random token; what is stored anywhere else is only a keyed hash of it. The cookie is set
when a page first needs a device (writing, voting), never for mere reading.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import cast

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

COOKIE = "maru_device"
LIFETIME = 400 * 86_400  # 400 days: the longest that browsers keep a cookie
_SALT = "maru.people.devices"


def device_of(request: HttpRequest) -> str:
    """The device's hash (64 hex digits); a device not known yet gets its cookie with this response."""
    known = known_device(request)
    if known:
        return known
    token = secrets.token_urlsafe(24)
    request.device_fresh_token = token  # type: ignore[attr-defined]  # read by keep_device
    request.device_known = _hash(token)  # type: ignore[attr-defined]
    return cast(str, request.device_known)  # type: ignore[attr-defined]


def known_device(request: HttpRequest) -> str:
    """The device's hash, or "" if this browser has none: for reading, where no cookie may be set."""
    cached = getattr(request, "device_known", None)
    if cached is None:
        cached = _read(request)
        request.device_known = cached  # type: ignore[attr-defined]
    return cast(str, cached)


def keep_device(request: HttpRequest, response: HttpResponse) -> None:
    """Set the cookie of a device that ``device_of`` made for this request; called by the middleware."""
    token = getattr(request, "device_fresh_token", "")
    if token:
        response.set_cookie(
            COOKIE,
            signing.Signer(salt=_SALT).sign(token),
            max_age=LIFETIME,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure(),
        )


def _read(request: HttpRequest) -> str:
    signed = request.COOKIES.get(COOKIE, "")
    if not signed:
        return ""
    try:
        return _hash(signing.Signer(salt=_SALT).unsign(signed))
    except signing.BadSignature:
        return ""


def _hash(token: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), token.encode(), hashlib.sha256).hexdigest()
