"""Tickets to the staff channels: ``{unix expiry}.{signature}``, good for one channel until they expire."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time


def _signature(secret: str, channel: str, until: int) -> str:
    # A key of its own, so that a signature made elsewhere with the same secret can never open a channel.
    key = hashlib.sha256(b"maru.stream.token\0" + secret.encode()).digest()
    mac = hmac.new(key, f"{until}\0{channel}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def sign(secret: str, channel: str, ttl_s: int, now: float | None = None) -> str:
    """A ticket to ``channel`` for ``ttl_s`` seconds from ``now`` (Unix seconds; default the clock)."""
    until = int(time.time() if now is None else now) + ttl_s
    return f"{until}.{_signature(secret, channel, until)}"


def verify(secret: str, channel: str, token: str, now: float | None = None) -> int | None:
    """Unix second until which ``token`` opens ``channel``; None if it does not, or no longer."""
    digits, _, signature = token.partition(".")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12 and signature.isascii()):
        return None
    until = int(digits)
    if not hmac.compare_digest(signature, _signature(secret, channel, until)):
        return None
    return until if until > (time.time() if now is None else now) else None
