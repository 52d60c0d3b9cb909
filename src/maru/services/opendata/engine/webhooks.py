"""Calling a webhook: only machines of the open Internet, signed, without following redirects. No Django.

The name is resolved once, every address it has is checked, and the call goes to the address that was checked: a name that
means another machine a moment later changes nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

TIMEOUT_S = 10.0
LONGEST_S = 20.0
MOST_ANSWER = 64 * 1024
MOST_ADDRESS = 500
# Seconds to wait after the first, second … failure; after the last one the notice is given up.
BACK_OFF = (30, 120, 600, 3_600, 4 * 3_600, 12 * 3_600, 24 * 3_600)
Resolve = Callable[[str, int], Sequence[str]]


class AddressFault(Exception):
    """The address may not be called. ``code``: address, scheme, credentials, port, unknown, private."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Result:
    """What came of a call; ``status`` 0 if there was no answer. ``detail`` is fit for the owner's eyes."""

    status: int
    detail: str = ""

    @property
    def done(self) -> bool:
        """It was taken."""
        return 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """The receiver wants no more (410)."""
        return self.status == 410


def resolve(host: str, port: int) -> Sequence[str]:
    """Every address of a name. Raises AddressFault for an unknown one."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError, OSError) as fault:
        raise AddressFault("unknown") from fault
    return [str(one[4][0]) for one in found]


def is_public(address: str) -> bool:
    """Whether an address is one of the open Internet, also one of version 4 that hides in one of version 6."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(known, ipaddress.IPv6Address):
        inner = known.ipv4_mapped or known.sixtofour or (known.teredo[1] if known.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if known in ipaddress.ip_network("64:ff9b::/96"):
            return is_public(str(ipaddress.IPv4Address(int(known) & 0xFFFFFFFF)))
    return known.is_global and not known.is_multicast and not known.is_reserved


def check_address(address: str, find: Resolve = resolve) -> tuple[str, str, int, str]:
    """(address to call, host, port, path) of a webhook that may be called. Raises AddressFault."""
    if len(address) > MOST_ADDRESS or not address.isascii() or not address.isprintable() or " " in address:
        raise AddressFault("address")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as fault:
        raise AddressFault("address") from fault
    if parts.scheme not in {"http", "https"}:
        raise AddressFault("scheme")
    if parts.username or parts.password or "@" in parts.netloc:
        raise AddressFault("credentials")
    host = (parts.hostname or "").rstrip(".")
    if not host or any(letter in host for letter in "\\/#?"):
        raise AddressFault("address")
    port = port or (443 if parts.scheme == "https" else 80)
    if port not in {80, 443} and port < 1024:
        raise AddressFault("port")
    found = list(find(host, port))
    if not found:
        raise AddressFault("unknown")
    if not all(map(is_public, found)):
        raise AddressFault("private")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return found[0], host, port, path


def signature(secret: str, moment: str, body: bytes) -> str:
    """What proves that the house sent it: HMAC-SHA256 of ``<time>.<body>``, so that an old call cannot be sent again."""
    return "sha256=" + hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()


def call(
    address: str, body: bytes, *, secret: str, moment: str, number: str, find: Resolve = resolve
) -> Result:
    """POST the body, once. Never raises for what the other side does."""
    try:
        target, host, port, path = check_address(address, find)
    except AddressFault as fault:
        return Result(0, f"address: {fault.code}")
    secure = address.lower().startswith("https:")
    headers = {
        "Host": host if port in {80, 443} else f"{host}:{port}",
        "Content-Type": "application/json",
        "User-Agent": "Maru-Webhook/1",
        "Maru-Event": "dataset",
        "Maru-Delivery": number,
        "Maru-Timestamp": moment,
        "Maru-Signature": signature(secret, moment, body),
        "Connection": "close",
    }
    connection = _Pinned(target, host, port, secure)
    # Each wait has its limit; an answer of a byte now and then needs one for all.
    clock = threading.Timer(LONGEST_S, connection.cut)
    clock.daemon = True
    clock.start()
    try:
        connection.request("POST", path, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read(MOST_ANSWER)
        if connection.late:
            return Result(0, "TimeoutError")
        return Result(answer.status, "" if 200 <= answer.status < 300 else f"answered {answer.status}")
    except (OSError, http.client.HTTPException, ValueError) as fault:
        return Result(0, type(fault).__name__)
    finally:
        clock.cancel()
        connection.close()


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was checked, whatever the name means now; the certificate is that of the name."""

    def __init__(self, target: str, host: str, port: int, secure: bool) -> None:
        super().__init__(host, port, timeout=TIMEOUT_S)
        self._target = target
        self._secure = secure
        self.late = False

    def cut(self) -> None:
        """End it from another thread: whoever waits for it gets an OSError or the end of the answer."""
        self.late = True
        if self.sock is not None:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)

    def connect(self) -> None:
        """Open it."""
        self.sock = socket.create_connection((self._target, self.port), TIMEOUT_S)
        if self._secure:
            context = ssl.create_default_context()
            # Known before it shakes hands, so that this can be cut off as well.
            self.sock = context.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()
