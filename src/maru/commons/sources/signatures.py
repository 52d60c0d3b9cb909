"""Who pushed this? An HMAC-SHA256 over the body with the source's secret, as most senders of webhooks write it.

``X-Maru-Signature: sha256=HEX`` (or ``X-Hub-Signature-256``), of the body alone; with ``X-Maru-Timestamp`` (unix time)
of ``{timestamp}.{body}``, which is then refused when it is older than five minutes. A declaration may name another header in
``[options] signature_header``.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Mapping

HEADERS = ("x-maru-signature", "x-hub-signature-256")
TIMESTAMP = "x-maru-timestamp"
_OLDEST_S = 300.0
_STAMPED = re.compile(rb"\d{9,13}(?:\.\d+)?\.(?!\d)")


def sign(secret: str, body: bytes, timestamp: str = "") -> str:
    """The value of the header."""
    text = f"{timestamp}.".encode() + body if timestamp else body
    return "sha256=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def is_signed(
    secret: str, body: bytes, headers: Mapping[str, str], *, header: str = "", now: float | None = None
) -> bool:
    """Whether the body carries the right signature. ``headers`` are asked by lower-case names."""
    given = next(
        (headers[name] for name in ([header.lower()] if header else HEADERS) if headers.get(name)), ""
    )
    timestamp = headers.get(TIMESTAMP, "")
    if timestamp:
        try:
            age = abs((time.time() if now is None else now) - float(timestamp))
        except ValueError:
            return False
        if not age <= _OLDEST_S:
            return False
    elif _STAMPED.match(body):
        # Without its header, the body "{timestamp}.{body}" would carry the signature of a delivery of long ago.
        return False
    if given and not given.startswith("sha256="):
        given = f"sha256={given}"
    return hmac.compare_digest(given.encode(), sign(secret, body, timestamp).encode())
