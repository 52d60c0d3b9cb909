"""Where an outside system may send us on to: never from the open Internet into a network of the house.

What is fetched is shown (dead letters, datasets), so a system that answers "it is at http://169.254.169.254/" would read
for its owner what only we can reach. A name that means another machine a moment later is not caught here: the firewall
of the house is the second wall.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit


def leads_inside(address: str, target: str) -> bool:
    """Whether ``target`` lies in a private network and ``address``, which names it, does not."""
    one, other = urlsplit(address), urlsplit(target)
    if one.hostname == other.hostname:
        return False
    return not is_open(other.hostname or "") and is_open(one.hostname or "")


def is_open(host: str) -> bool:
    """Whether every address of a host is one of the open Internet. An unknown name is: nothing can be asked there."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return True
    return all(_is_global(str(one[4][0])) for one in found)


def _is_global(text: str) -> bool:
    known = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(known, ipaddress.IPv6Address):
        inner = known.ipv4_mapped or known.sixtofour
        if inner is None and known in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(known) & 0xFFFFFFFF)
        if inner is not None:
            return inner.is_global
    return known.is_global and not known.is_multicast
